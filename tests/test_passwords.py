"""Passwords that nobody has chosen: random, kept for this user only, and never in anybody's way."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from adbc_driver_postgresql import dbapi as adbc

from driftdeck.database import Role, passwords, uri
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.database.errors import sentence
from driftdeck.settings import SECRETS, IsolatedSettings, Settings
from driftdeck.stack import commands
from driftdeck.stack.compose import as_compose_reads
from driftdeck.stack.local import Local
from driftdeck.stack.steps import environment
from repository import ROOT

DEFAULTS = {name: Settings.model_fields[name].default for name in SECRETS}
OWN = {
    "init": set(SECRETS),
    "collectors": {"collector_password", "evidently_password"},
    "evidently": {"evidently_password", "grafana_reader_password"},
    "grafana": {"grafana_reader_password"},
    "postgres": {"postgres_password"},
}
"""What each service of compose may know: its own role's; the UI also finds a day's report."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A house with a running database whose superuser has the password that is everybody's."""
    folder = tmp_path_factory.mktemp("old")
    chosen = IsolatedSettings(stack_dir=folder, postgres_port=free_port())
    server = Embedded(folder / "postgres", chosen.postgres_port)
    server.start(chosen.postgres_user, chosen.postgres_password, chosen.postgres_db)
    yield chosen
    server.stop()


def accepts(settings: Settings, password: str) -> bool:
    """Whether the superuser's password is this one."""
    login = settings.model_copy(update={"postgres_password": password})
    try:
        psycopg.connect(uri(login, Role.ADMIN)).close()
    except psycopg.OperationalError:
        return False
    return True


def fresh(settings: Settings, **chosen: str) -> Settings:
    """The settings as the next process reads them; chosen: as its environment has them."""
    given = {"stack_dir": settings.stack_dir, "postgres_port": settings.postgres_port}
    return Settings(root=settings.stack_dir, **given, **chosen)


def test_a_data_folder_with_the_old_defaults_is_adopted(
    old: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next start, also where that was killed between; later starts find what was kept, and
    a variable that is set once locks nobody out."""
    for name in SECRETS:
        monkeypatch.delenv(name.upper(), raising=False)

    def start(**chosen: str) -> Settings:
        house = Local(fresh(old, **chosen), grafana=False)
        house._choose_passwords()
        house.start_database()
        return house.settings

    passwords.chosen(old)  # killed after this
    assert accepts(old, DEFAULTS["postgres_password"])
    first = start()
    assert first.postgres_password not in DEFAULTS.values()
    assert accepts(old, first.postgres_password)
    assert not accepts(old, DEFAULTS["postgres_password"])
    assert start() == first
    assert start(postgres_password="of-a-variable").postgres_password == "of-a-variable"
    assert accepts(old, "of-a-variable")
    assert not accepts(old, first.postgres_password)
    assert start().postgres_password == "of-a-variable"


def test_another_password_is_told(old: Settings, tmp_path: Path) -> None:
    """One that nobody here knows is a sentence; the database keeps it."""
    wrong = old.model_copy(update={"postgres_password": "wrong", "stack_dir": tmp_path})
    with pytest.raises(passwords.PasswordError, match="set POSTGRES_PASSWORD"):
        passwords.adopt(wrong, ["this neither"])


def test_only_this_user_reads_what_is_kept(tmp_path: Path) -> None:
    """Each role has a password of its own, in a file of its own; what somebody chose stays."""
    chosen = passwords.chosen(IsolatedSettings(stack_dir=tmp_path, evidently_password="mine"))
    made = {name: getattr(chosen, name) for name in SECRETS}
    kept = {file.name: file for file in chosen.secrets.iterdir()}

    assert made["evidently_password"] == "mine"
    assert set(kept) == set(SECRETS) - {"evidently_password"}
    assert len(set(made.values()) - set(DEFAULTS.values())) == len(SECRETS)
    assert chosen.secrets.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in kept.values()} == {0o600}
    assert passwords.chosen(IsolatedSettings(stack_dir=tmp_path, evidently_password="x")) != chosen


def test_settings_read_what_is_kept_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment and `.env` win, as ever; a team's committed settings know no password."""
    for name in SECRETS:
        monkeypatch.delenv(name.upper(), raising=False)
    passwords.chosen(IsolatedSettings(root=tmp_path, stack_dir=tmp_path))
    env = tmp_path / ".env"
    env.write_text("COLLECTOR_PASSWORD='of-the-file'\n")
    monkeypatch.setenv("EVIDENTLY_PASSWORD", "of-the-environment")
    monkeypatch.setenv("STACK_DIR", str(tmp_path))
    read = Settings(root=tmp_path)
    kept = (tmp_path / "secrets" / "grafana_reader_password").read_text()

    assert read.grafana_reader_password == kept != DEFAULTS["grafana_reader_password"]
    assert (read.collector_password, read.evidently_password) == (
        "of-the-file",
        "of-the-environment",
    )
    committed = IsolatedSettings(root=tmp_path, stack_dir=tmp_path)
    assert {name: getattr(committed, name) for name in SECRETS} == DEFAULTS


def test_no_program_is_handed_a_secret(settings: Settings) -> None:
    """It reads those that it needs, of the files of its stack."""
    secret = settings.model_copy(
        update={"grafana_admin_password": "of-the-admin", "grafana_token": "a-token"}
    )
    handed = {
        name for name, value in environment(secret).items() if name not in os.environ and value
    }

    assert "POSTGRES_PORT" in handed
    assert not [name for name in handed if "PASSWORD" in name or "TOKEN" in name]


def test_a_service_of_compose_knows_its_own_password_only() -> None:
    """The superuser's is the database's and init's, which ends at once."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    known = {
        name: {secret for secret in SECRETS if secret.upper() in service["environment"]}
        for name, service in services.items()
    }

    assert known == OWN


def test_services_of_compose_are_confined() -> None:
    """Non-root, nothing written outside their volumes, no rights to gain, no memory without end."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["user"] not in ("", "0", "root"), name
        assert {"mem_limit", "pids_limit", "tmpfs"} <= set(service), name
        assert "." in service["image"].rpartition(":")[2] or name in ("init", *APPS), name
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert "healthcheck" in service or name == "init", name


APPS = ("collectors", "evidently")


def test_compose_does_not_use_what_another_runtime_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its containers read the environment and `.env`; so does who connects to them."""
    for name in SECRETS:
        monkeypatch.delenv(name.upper(), raising=False)
    (tmp_path / ".env").write_text("COLLECTOR_PASSWORD='of-the-file'\n")
    local = passwords.chosen(IsolatedSettings(root=tmp_path, stack_dir=tmp_path))
    read = as_compose_reads(local)

    assert read.collector_password == "of-the-file"
    assert read.postgres_password == DEFAULTS["postgres_password"]


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:s3cr%ZZet@127.0.0.1:1/db",
        "postgresql://u:s3cr et@127.0.0.1:1/db",
        "postgresql://u:s3cr%00et@127.0.0.1:1/db",
        "postgresql://u:s3cr/et@127.0.0.1:1/db",
        "postgresql://u:1@s3cret:1@127.0.0.1:1/db?application=s3cret",
        "user=u password='s3cret",
        "user=u password=s3cr et",
        "host=127.0.0.1 port=1 password=s3cret",
    ],
)
@pytest.mark.parametrize("connect", [psycopg.connect, adbc.connect])
def test_no_error_of_an_address_tells_its_password(
    connect: Callable[[str], object], address: str
) -> None:
    """Neither the part that cannot be read, which often is one."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever a driver raises
        connect(address)

    assert "s3cr" not in sentence(raised.value)


@pytest.mark.parametrize(("password", "said"), [("admin", "admin/admin"), ("s3cret", "GRAFANA_AD")])
def test_up_prints_no_password_that_somebody_chose(password: str, said: str) -> None:
    """Logs of CI are read by many."""
    told = commands._first_login(IsolatedSettings(grafana_admin_password=password))

    assert said in told
    assert "s3cret" not in told
