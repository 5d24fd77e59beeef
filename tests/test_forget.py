"""What is stored and no longer declared is named, and removed by the command that is named."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from driftdeck.cli import main
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.reports.workspace import Workspace, make_project_id
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.database import connect
from driftdeck.load import find_monitor, load
from driftdeck.settings import Settings

Run = Callable[..., str]


@pytest.fixture
def run(
    small_house: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """What one of the collectors' commands says in a house with twelve days, when it went well."""
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: small_house)
    Workspace(small_house).forget("small", None)

    def said(*arguments: str) -> str:
        capsys.readouterr()
        assert main(list(arguments)) == 0
        return capsys.readouterr().out

    return said


def redeclare(settings: Settings, changes: str) -> None:
    """Change the declaration of the small monitor."""
    path = settings.monitors_dir / "small.py"
    text = path.read_text().replace(
        "MONITOR = small", "from dataclasses import replace\nSMALL = small"
    )
    path.write_text(f"{text}MONITOR = replace(SMALL, {changes})\n")
    load.cache_clear()


def collect(settings: Settings, *days: int) -> None:
    """Collect some days as they are declared now."""
    monitor = find_monitor("small", *settings.monitor_folders)
    with connect(settings) as connection:
        runner = Runner(monitor, settings, connection)
        for day in days:
            runner.run(find_window(monitor, monitor.last_day.replace(day=day)), report=True)


def stored(connection: psycopg.Connection) -> dict[str, int]:
    """Rows by table, of those tables that have rows of monitors."""
    connection.rollback()
    tables = ("metric_value", "histogram", "window_status", "reference_histogram", "model_version")
    return {
        table: connection.execute(f"select count(*) from monitoring.{table}").fetchone()[0]
        for table in tables
    }


def days_of_two_values(connection: psycopg.Connection) -> int:
    """How many windows overlap another of the same monitor."""
    row = connection.execute(
        "select count(*) from monitoring.window_status a join monitoring.window_status b"
        " on a.monitor = b.monitor and a.window_start < b.window_start"
        " and a.window_end > b.window_start"
    ).fetchone()
    return row[0] if row else 0


def test_what_is_declared_is_not_left_over(run: Run) -> None:
    """Nothing is said where nothing is amiss."""
    assert "left over" not in run("collected")
    assert run("collected", "--leftovers") == ""


def test_windows_of_another_time_zone_are_named_and_go(
    run: Run, small_house: Settings, connection: psycopg.Connection
) -> None:
    """A day has one value again; the windows of the present zone stay as they are."""
    redeclare(
        small_house,
        "every=d.Daily(timezone='Asia/Tokyo'), source=replace(SMALL.source, timezone='UTC')",
    )
    collect(small_house, 6, 7, 8)
    assert days_of_two_values(connection) == 6
    said = run("collected", "--leftovers")
    assert "small: 12 windows stored of another time zone than Asia/Tokyo" in said
    command = re.search(r"`driftdeck ([^`]+)`", said)[1].split()
    before = stored(connection)
    assert "nothing is removed" in run(*command)
    assert stored(connection) == before
    assert "12 of window_status" in run(*command, "--yes")

    assert run("collected", "--leftovers") == ""
    assert stored(connection)["window_status"] == 3
    assert days_of_two_values(connection) == 0
    row = connection.execute(
        "select v.first_window = min(w.window_start) and v.last_window = max(w.window_start)"
        " from monitoring.model_version v join monitoring.window_status w using (monitor)"
        " group by v.first_window, v.last_window"
    ).fetchone()
    assert row == (True,)


def test_days_before_a_later_start_are_named_and_go(
    run: Run, small_house: Settings, connection: psycopg.Connection
) -> None:
    """Those outside of the declared span only."""
    redeclare(small_house, "starts='2024-01-09', ends='2024-01-11'")
    said = run("collected")
    assert "8 windows stored from before 2024-01-09" in said
    assert "1 window stored from after 2024-01-11" in said
    assert "9 of window_status" in run("forget", "small", "--leftovers", "--yes")

    assert run("collected", "--leftovers") == ""
    assert stored(connection)["window_status"] == 3


def test_old_days_go(run: Run, small_house: Settings, connection: psycopg.Connection) -> None:
    """Before a local day, with their reports; and one is told how they stay away."""
    collect(small_house, 3, 6)
    said = run("forget", "small", "--before", "2024-01-05", "--yes")

    assert "4 of window_status" in said
    assert "1 Evidently report removed" in said
    assert "set `starts` of small to 2024-01-05" in said
    assert stored(connection)["window_status"] == 8
    assert stored(connection)["reference_histogram"] > 0


def test_a_removed_monitor_is_named_and_goes(
    run: Run, small_house: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """All of it, its reports too, and nothing of another's."""
    collect(small_house, 5, 6)
    (small_house.monitors_dir / "small.py").rename(tmp_path / "small.py")
    load.cache_clear()
    connection.execute(
        "insert into monitoring.retraining (monitor, started_at, status, reason)"
        " values ('small', now(), 'done', 'x'), ('other', now(), 'done', 'x')"
    )
    connection.commit()
    said = run("collected", "--leftovers")
    assert "small: is declared no longer, 12 windows stored" in said
    assert "other: is declared no longer, 0 windows stored" in said
    assert len(Workspace(small_house)._list_reports(make_project_id("small"))) == 2
    said = run("forget", "small", "--yes")

    assert "2 Evidently reports removed" in said
    assert "`make build`, then `make apply`" in said
    assert set(stored(connection).values()) == {0}
    assert connection.execute("select monitor from monitoring.retraining").fetchall() == [
        ("other",)
    ]
    assert Workspace(small_house)._list_reports(make_project_id("small")) == []
    assert "nothing of that is stored" in run("forget", "small", "--yes")


def test_a_renamed_monitor_has_no_leftover_windows_of_its_own(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not declared has no declared windows: one is told to take all."""
    assert main(["forget", "nobody", "--leftovers"]) == 2
    assert "leave out --leftovers" in capsys.readouterr().err
