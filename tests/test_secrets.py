"""Passwords of ours stay ours: in no environment, before nobody's own."""

import os
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest
from evidently.ui.service.storage.sql.components import DatabaseComponent
from evidently.ui.service.storage.sql.utils import migrate_database
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.reports.workspace import Workspace
from driftdeck.collectors.retraining.training import train
from driftdeck.database import Role, evidently_uri, uri
from driftdeck.settings import Settings
from driftdeck.stack.evidently import configuration


def used(settings: Settings) -> None:
    """Everything that connects to Evidently's database: the workspace, its migration, the UI."""
    Workspace(settings).prune(small_monitor())
    migrate_database(evidently_uri(settings))
    parts = configuration(settings, "127.0.0.1").components
    [database] = [part for part in parts if isinstance(part, DatabaseComponent)]
    database.get_engine().connect().close()


@pytest.mark.parametrize("theirs", ["", "of another database"])
def test_evidently_leaves_the_environment_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, theirs: str
) -> None:
    """Its password, of odd characters, reaches its database by no variable and no URI; one that
    somebody has set for a source of their own stays, and is not tried."""
    monkeypatch.setenv("PGPASSWORD", theirs)
    before = dict(os.environ)
    used(settings)

    assert dict(os.environ) == before
    assert evidently_uri(settings).count(":") == 2  # of the scheme and the port
    with create_engine(evidently_uri(settings)).connect() as connection:
        assert connection.execute(text("select current_user")).scalar() == "evidently"


def test_a_training_sees_no_password(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is somebody else's program."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    used(settings)
    asks = "import os; print('PGPASSWORD' in os.environ)"
    monitor = small_monitor(
        retrain=d.Retrain(f'{sys.executable} -c "{asks}"', metrics=("accuracy",))
    )
    assert monitor.retrain is not None
    trained = train(monitor.retrain, monitor, monitor.every.window(date(2024, 1, 11)))

    assert (trained.status, trained.version) == ("done", "False")


def test_a_users_own_password_file_is_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a source of theirs, also after a report was kept in the same process."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    used(settings)
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"*:*:*:grafana_reader:{settings.grafana_reader_password}\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    theirs = uri(settings, Role.READER).replace(f":{settings.grafana_reader_password}@", "@")

    with psycopg.connect(theirs) as connection:
        assert connection.info.user == "grafana_reader"


def test_other_logins_get_no_password_of_ours(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the user and the database that were named: SQLAlchemy is others' library, too."""
    monkeypatch.delenv("PGPASSWORD", raising=False)
    used(settings)
    other = evidently_uri(settings).replace("evidently@", "collector@")

    with pytest.raises(OperationalError, match="no password supplied"):
        create_engine(other).connect()
