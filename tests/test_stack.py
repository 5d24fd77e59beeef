"""Questions, and a stack proved end to end on the embedded database."""

import contextlib
import os
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from conftest import small_monitor
from driftdeck.database import Role, connect
from driftdeck.database.embedded import Embedded, EmbeddedError
from driftdeck.firing import breached_query, confirm
from driftdeck.grafana.variables import fill
from driftdeck.settings import IsolatedSettings, Settings
from driftdeck.stack import steps
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import Program
from driftdeck.stack.runtime import choose
from driftdeck.verify.checks import Query, QueryResult, judge_result
from driftdeck.verify.queries import parse_time

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def test_variables_are_quoted_as_the_browser_does() -> None:
    """A value replaces its variable in both spellings, quotes doubled, longer names untouched."""
    text = "'$column' '${column}' '$columns'"

    assert fill(text, {"column": "o'clock"}, sql=True) == "'o''clock' 'o''clock' '$columns'"
    assert fill("in (${c})", {"c": ("a", "b'")}, sql=True) == "in ('a','b''')"
    since = {"__from": "1357000000000"}
    assert fill("${__from:date} $__from", since) == "2013-01-01T00:26:40Z 1357000000000"
    assert fill("${__from:date:seconds}", since) == "1357000000"
    assert fill("$c and [[c:pipe]]", {"c": ("a", "b")}) == "a + b and a|b"


def test_ranges_are_moments() -> None:
    """Relative and absolute ends of a dashboard's range become moments."""
    now = datetime(2026, 1, 10, tzinfo=UTC)

    assert parse_time("now", now) == now
    assert parse_time("now-90d", now) == now - timedelta(days=90)
    assert parse_time("2013-01-01T00:00:00.000Z", now) == datetime(2013, 1, 1, tzinfo=UTC)
    assert parse_time("1357000000000", now) == datetime(2013, 1, 1, 0, 26, 40, tzinfo=UTC)
    noon = now.replace(hour=12)
    assert parse_time("now-1d/d", noon) == datetime(2026, 1, 9, tzinfo=UTC)
    assert parse_time("now/d", noon, end=True) == datetime(2026, 1, 10, 23, 59, 59, 999000, UTC)
    assert parse_time("now/w", noon) == datetime(2026, 1, 5, tzinfo=UTC)
    assert parse_time("now/M", noon, end=True) == datetime(2026, 1, 31, 23, 59, 59, 999000, UTC)
    assert parse_time("now/y", noon, end=True) == datetime(2026, 12, 31, 23, 59, 59, 999000, UTC)


@pytest.mark.parametrize(
    ("answer", "excuse", "ok"),
    [
        (QueryResult(3, ("time", "number")), "", True),
        (QueryResult(0), "", False),
        (QueryResult(0), "nothing has failed", True),
        (QueryResult(3, ("string", "number")), "", False),
        (QueryResult(3, ("time", "string")), "", False),
        (QueryResult(0, error="no such table"), "nothing has failed", False),
    ],
)
def test_answers_are_judged(answer: QueryResult, excuse: str, ok: bool) -> None:
    """A drawn query needs rows, a time and a number; only a stated reason excuses none."""
    question = Query("p", "select 1", "time_series", NOW, NOW, "u", excuse)

    assert judge_result(question, answer).ok is ok


VALUES = [0.1, 0.9, 0.9, 0.1, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9]


@pytest.mark.parametrize("count", range(1, len(VALUES) + 1))
def test_rule_fires_exactly_at_k_of_n(connection: psycopg.Connection, count: int) -> None:
    """The rule's two queries agree with counting k of the newest n windows, level by level."""
    monitor = small_monitor()
    metric = monitor.metrics[0]
    for n, value in enumerate(VALUES[:count]):
        window = monitor.every.window(date(2024, 1, 1) + timedelta(days=n))
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " column_name, value, unit, row_count, alert_above) values"
            " ('small', %s, %s, 'drift', 'x', %s, 'distance', 1, %s)",
            [window.start, window.end, value, 0.4 + n / 100],
        )
    sides = [
        connection.execute(breached_query(monitor, metric, "above", name).encode()).fetchall()
        for name in ("value", "level")
    ]
    fires = bool(sides[0]) and sides[0][0][1] > sides[1][0][1]
    series = next(one for one in monitor.series() if one.key == ("drift", "x"))

    assert fires == confirm(series.metric.firing, [value > 0.4 for value in VALUES[:count]])[-1]


def test_three_declared_files_prove_themselves(small_house: Settings) -> None:
    """A team's own folder of monitors: collected, built, and every query answers."""
    from driftdeck.generator.artefacts import artefacts, pages
    from driftdeck.verify.database import verify
    from driftdeck.verify.provisioning import Provisioning

    mine = small_house.model_copy(update={"uid_prefix": "mine-"})
    excuses = {page.uid: page.may_be_empty() for page in pages(mine)}
    checks = list(verify(mine, Provisioning(artefacts(mine), excuses), lambda address: ""))

    failed = [f"{c.name}: {c.detail}" for c in checks if not c.ok]
    assert failed == []
    assert len(checks) > 40


def test_wrong_runtime_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a Grafana that is not there says which variable to set."""
    monkeypatch.setattr("driftdeck.stack.local.shutil.which", lambda name: None)
    settings = IsolatedSettings(runtime="grafana", grafana_bin="")
    with pytest.raises(StackError, match="set GRAFANA_BIN to one"):
        choose(settings)

    named = settings.model_copy(update={"grafana_bin": "/nowhere/grafana"})
    with pytest.raises(StackError, match="GRAFANA_BIN=/nowhere/grafana is no program"):
        choose(named)


def test_taken_port_is_a_clear_error(settings: Settings, tmp_path: Path) -> None:
    """Starting where something listens already names the port and the variable."""
    with pytest.raises(
        EmbeddedError, match=f"port {settings.postgres_port} is taken; .*POSTGRES_PORT"
    ):
        Embedded(tmp_path / "other", settings.postgres_port).start("postgres", "x", "x")


@pytest.mark.skipif(os.geteuid() != 0, reason="the server runs as another user only for root")
def test_a_running_server_is_found_behind_a_closed_folder(settings: Settings) -> None:
    """A folder above that was closed meanwhile is opened again; nobody is told of a taken port."""
    server = Embedded(settings.stack_dir / "postgres", settings.postgres_port)
    above = server.folder.parent
    above.chmod(0o700)
    try:
        assert server.running()
    finally:
        above.chmod(0o711)


def test_programs_end_by_their_own_pid(tmp_path: Path) -> None:
    """A program is found by pid and start time, and stopped; a stale pid file is no program."""
    program = Program("sleeper", tmp_path)
    program.start(["sleep", "60"], {})

    assert program.running()
    assert program.stop()
    assert not program.running()
    (tmp_path / "sleeper.pid").write_text("1 123.0")
    assert not program.running()


def test_who_waits_for_the_hour_ends_what_has_no_limit(
    settings: Settings,
    connection: psycopg.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader that has taken its own time limit away is ended between two collections."""
    with connect(settings, Role.READER, autocommit=True) as reader:
        reader.execute("set statement_timeout = 0")
        ended = threading.Event()

        def run() -> None:
            with contextlib.suppress(psycopg.OperationalError):
                reader.execute("select pg_sleep(600)")
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        minutes = iter(range(40))

        def sleep(_: float) -> None:
            if next(minutes, None) is None or ended.wait(0.2):
                raise KeyboardInterrupt

        overlong = "select monitoring.end_overlong_statements('1 second')"
        monkeypatch.setattr(steps, "end_overlong_statements", lambda c: c.execute(overlong))
        monkeypatch.setattr(steps, "fill", lambda _: None)
        monkeypatch.setattr(steps, "COLLECTED", tmp_path / "collected")
        monkeypatch.setattr(time, "sleep", sleep)
        with pytest.raises(KeyboardInterrupt):
            steps.watch(settings)
        assert ended.is_set()
