"""What the database itself refuses, and what its roles may do."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from conftest import SECRET
from driftdeck.database import Role, connect, migrate
from driftdeck.project import SettingsError
from driftdeck.settings import Settings, load_settings

START = datetime(2024, 1, 1, tzinfo=UTC)
GOOD = {
    "monitor": "m",
    "window_start": START,
    "window_end": START + timedelta(days=1),
    "metric": "drift",
    "value": 0.5,
    "unit": "share",
    "row_count": 10,
}


def insert(connection: psycopg.Connection, **changes: object) -> None:
    """One value, with changes to a good one."""
    row = {**GOOD, **changes}
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
    query = sql.SQL("insert into monitoring.metric_value ({}) values ({})").format(names, marks)
    with connection.transaction():
        connection.execute(query, list(row.values()))


@pytest.mark.parametrize(
    "changes",
    [
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": float("-inf")},
        {"value": 1.8},
        {"value": -0.1},
        {"value": None},
        {"reason": "why"},
        {"value": None, "reason": ""},
        {"window_end": START},
        {"baseline": "yesterday"},
        {"row_count": -1},
        {"label_coverage": 1.1},
        {"monitor": ""},
    ],
)
def test_bad_rows_are_refused(connection: psycopg.Connection, changes: dict[str, object]) -> None:
    """NaN, infinities, shares beyond 1, a value with a reason or neither: none can be stored."""
    insert(connection)
    with pytest.raises(psycopg.errors.CheckViolation):
        insert(connection, metric="other", **changes)

    stored = connection.execute("select count(*) from monitoring.metric_value").fetchone()
    assert stored == (1,)


def test_view_says_when_a_level_is_breached(connection: psycopg.Connection) -> None:
    """A breach is strict on both sides, and NULL where there is no level."""
    insert(connection, metric="at", alert_above=0.5)
    insert(connection, metric="over", alert_above=0.4)
    insert(connection, metric="under", alert_below=0.6)
    insert(connection, metric="unjudged")
    found = dict(connection.execute("select metric, breached from monitoring.metric").fetchall())

    assert found == {"at": False, "over": True, "under": True, "unjudged": None}


def test_reader_can_only_read(settings: Settings, connection: psycopg.Connection) -> None:
    """Grafana's role may select, with a time limit, and nothing else."""
    with connect(settings, Role.READER) as reader:
        assert reader.execute("select count(*) from metric_value").fetchone() is not None
        assert reader.execute("show statement_timeout").fetchone() == ("30s",)
        reader.execute("set default_transaction_read_only = off")
        reader.commit()
        for statement in ("delete from monitoring.metric_value", "create table t (a int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)
            reader.rollback()


def test_migrating_again_applies_nothing(settings: Settings) -> None:
    """Migrations are applied once, however often they are asked for."""
    assert migrate(settings) == []


def test_odd_characters_connect(settings: Settings) -> None:
    """A password of odd characters reaches the database as it is."""
    with connect(settings, Role.COLLECTOR) as connection:
        assert connection.info.password == SECRET


@pytest.mark.parametrize("secret", ["two words", "tab\there", ""])
def test_blank_in_a_secret_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """A secret that could never connect is refused before anything starts."""
    monkeypatch.setenv("GRAFANA_READER_PASSWORD", secret)

    with pytest.raises(SettingsError, match="GRAFANA_READER_PASSWORD"):
        load_settings()


def test_played_clock_is_the_clock(connection: psycopg.Connection) -> None:
    """monitoring.now() is the real time unless a played one is set."""
    real = connection.execute("select monitoring.now() = now()").fetchone()
    connection.execute("insert into monitoring.clock (played_at) values (%s)", [START])
    played = connection.execute("select monitoring.now()").fetchone()

    assert real == (True,)
    assert played == (START,)
