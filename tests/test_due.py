"""What is due: computed from the store and the sources, safe at any moment and twice at once."""

from datetime import date, datetime
from pathlib import Path

import psycopg
import pytest

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck.cli import main
from driftdeck.collectors.jobs import commands
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.database import connect
from driftdeck.database.embedded import free_port
from driftdeck.database.locks import held
from driftdeck.declare import Monitor
from driftdeck.settings import Settings

FIRST, LAST = REFERENCE_DAYS + 1, REFERENCE_DAYS + 6


@pytest.fixture
def monitor(connection: psycopg.Connection, tmp_path: Path) -> Monitor:
    """The small monitor on the morning after its last day."""
    for n in range(1, LAST + 1):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n)))
    play(connection, LAST + 1)
    return small_monitor(str(tmp_path / "log"))


def play(connection: psycopg.Connection, day: int) -> None:
    """Set the one clock."""
    connection.execute(
        "insert into monitoring.clock (played_at) values (%s) on conflict (only_one)"
        " do update set played_at = excluded.played_at",
        [datetime.fromisoformat(f"2024-01-{day:02}T03:00:00+00:00")],
    )
    connection.commit()


def due(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings
) -> list[tuple[int, str]]:
    """(day, first word of the reason) of what is due."""
    found = find_due_windows(connection, monitor, settings)
    return [(window.day.day, why.split(":")[0]) for window, why in found]


def once(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> int:
    """What is due of a monitor, collected."""
    with connect(settings, autocommit=True) as locking:
        return commands._collect_monitor(settings, connection, locking, monitor)


def test_a_week_asleep_is_caught_up_in_order(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Everything missing is run, oldest first; then nothing is due; then only the new day."""
    assert due(connection, monitor, settings) == [(n, "missing") for n in range(1, LAST + 1)]
    assert once(settings, connection, monitor) == 0
    days = [line for line in capsys.readouterr().out.splitlines() if line.endswith("missing")]
    assert days == [f"small 2024-01-{n:02}: missing" for n in range(1, LAST + 1)]
    assert due(connection, monitor, settings) == []
    play(connection, LAST + 2)

    assert due(connection, monitor, settings) == [(LAST + 1, "missing")]


def test_the_list_says_what_is_due_and_runs_nothing(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A line a window, monitor and day first; asked again, it says the same."""
    monkeypatch.setattr(commands, "_find_monitors", lambda *_: [monitor])
    wanted = [f"small 2024-01-{n:02}\tmissing" for n in range(1, LAST + 1)]
    for _ in range(2):
        assert commands.list_due(settings) == 0
        assert capsys.readouterr().out.splitlines() == wanted


def test_failed_and_changed_windows_are_due(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings, tmp_path: Path
) -> None:
    """A window that failed, and one whose rows or labels came later; an unchanged one is not."""
    runner = Runner(monitor, settings, connection)
    for window, _ in list(find_due_windows(connection, monitor, settings)):
        runner.run(window)
    connection.execute(
        "update monitoring.window_status set status = 'failed', error = 'x'"
        " where extract(day from window_start) = %s",
        [FIRST],
    )
    connection.commit()
    write_day(tmp_path / "log", date(2024, 1, LAST), rows(date(2024, 1, LAST), count=500))

    assert due(connection, monitor, settings) == [(FIRST, "failed before"), (LAST, "stale")]


def test_long_closed_windows_are_not_read_again(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings, tmp_path: Path
) -> None:
    """After a month a window is history, even if its source is gone."""
    runner = Runner(monitor, settings, connection)
    for window, _ in list(find_due_windows(connection, monitor, settings)):
        runner.run(window)
    connection.execute("update monitoring.clock set played_at = '2024-03-20T00:00:00Z'")
    connection.commit()
    write_day(tmp_path / "log", date(2024, 1, LAST), rows(date(2024, 1, LAST), count=500))

    assert {why for _, why in due(connection, monitor, settings)} == {"missing"}


def test_twice_at_once_is_once(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """While one process is at a monitor, another leaves it alone; the lock ends with the block."""
    with connect(settings, autocommit=True) as own, held(own, "due small") as lock:
        assert lock is not None
        assert once(settings, connection, monitor) == 0
        assert "another process is at it" in capsys.readouterr().out
    with connect(settings, autocommit=True) as own, held(own, "due small") as lock:
        assert lock is not None


def test_a_source_that_is_gone_costs_the_others_nothing(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One monitor's address is not set, another's data is not there: the third is collected."""
    declared = tmp_path / "declared"
    declared.mkdir()
    changes = {
        "away": "name='away', title='Away', source=d.Table('x', time='at', address='NO_SUCH_URI')",
        "gone": "name='gone', title='Gone', source=d.Parquet('nowhere', time='at'), starts=''",
        "small": "",
    }
    for name, change in changes.items():
        (declared / f"{name}.py").write_text(
            "import sys\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
            f"MONITOR = small_monitor({'' if change else repr(str(tmp_path / 'log'))}{change})\n"
        )
    mine = settings.model_copy(update={"monitors": (str(declared),), "data_dir": tmp_path})

    assert commands.collect_due(mine, report=False) == 1
    said = capsys.readouterr()
    assert "gone: gone: no folder" in said.err
    assert f"small 2024-01-{LAST:02}: ok" in said.out


def test_again_and_again_survives_a_database_that_is_gone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the first pass on; where it is missing, and what to do, is said each time."""
    port = free_port()
    away = settings.model_copy(update={"postgres_port": port})
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(commands.time, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        commands.collect_due(away, every=7.0)
    told = capsys.readouterr().err.splitlines()

    assert slept == [7.0, 7.0]
    assert len(told) == 2
    assert all(line.startswith(f"driftdeck: the database at 127.0.0.1:{port} ") for line in told)
    assert all("is the server running there" in line for line in told)


def test_a_connection_that_is_lost_says_where(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The server is asked something by a connection that it has ended."""

    def lost(given: Settings, *_: object, **__: object) -> int:
        with connect(given) as own:
            connection.execute("select pg_terminate_backend(%s)", [own.info.backend_pid])
            try:
                own.execute("select 1")
            except psycopg.Error:
                own.execute("select 1")
        return 0

    monkeypatch.setattr(commands, "collect_due", lost)
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: settings)
    assert main(["due"]) == 1
    told = capsys.readouterr().err

    assert told.startswith(f"driftdeck: the database at {settings.database} says: the connection")
    assert "is the server up? The next run tries again" in told
