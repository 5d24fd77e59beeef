"""A bad day costs neither its neighbours nor the columns that are well, and is told."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.cli import main
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources import predictions
from driftdeck.collectors.values import Status
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.database.errors import is_outage
from driftdeck.diagnostics import LOG
from driftdeck.settings import Settings
from soak.days.house import House
from soak.days.run import Number, Soak, cases, judge

SEED = 20
DAY = date(2024, 1, 5)


@pytest.fixture
def soak(settings: Settings, connection: psycopg.Connection, tmp_path: Path) -> Iterator[Soak]:
    """A house in which days are damaged."""
    house = House(settings, tmp_path / "house")
    try:
        yield Soak(house)
    finally:
        house.admin.execute("drop schema if exists soak, soak_kept cascade")
        house.admin.close()
        LOG.handlers.clear()


def test_a_hundred_bad_days(soak: Soak) -> None:
    """None costs a neighbour, a good column or a stored number; each is told, and by name."""
    faults = {str(case): found for case in cases(100, SEED) if (found := soak.play(case).faults)}
    assert faults == {}


def test_the_judge_of_bad_days_sees_each_fault(soak: Soak) -> None:
    """What would be a fault is told as one: the hundred days are not good for want of looking."""
    hours = (c for c in cases(600, SEED) if c.kind.name == "parquet_hours")
    case = next(c for c in hours if c.column == "x" and c.command == "due" and not c.stored)
    right = soak.undamaged(case.kind)
    seen = soak.play(case)
    assert seen.faults == []
    morning, evening = seen.rows
    of_k = Number(morning, "drift", "c", "k", is_threshold=False)
    seen.healthy.clear()
    seen.numbers[of_k] = 9.0
    seen.numbers[of_k._replace(start=evening, metric="drift_previous")] = 9.0
    seen.numbers[of_k._replace(column="g", segment="")] = None
    seen.numbers[of_k._replace(column="n", is_threshold=True)] = None
    seen.output += "Traceback (most recent call last)"
    seen.rows[morning] = ("failed", "something failed")
    found = Counter(fault.partition(":")[0] for fault in judge(case, case.kind.name, seen, right))
    assert found == {
        "neighbours not collected": 1, "tracebacks": 1, "nothing named": 1, "wrong numbers": 2,
        "columns lost": 2,
    }  # fmt: skip
    del seen.rows[morning]
    assert "no row" in list(judge(case, case.kind.name, seen, right))


@pytest.mark.parametrize("column", ["x", "c"])
def test_a_column_that_is_gone_costs_its_own_numbers_only(
    column: str, connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """A number or a word: its series have the reason, the others their numbers."""
    for n in range(1, 5):
        write_day(tmp_path, date(2024, 1, n), rows(date(2024, 1, n), 60))
    write_day(tmp_path, DAY, rows(DAY, 60).drop(columns=column))
    monitor = small_monitor(str(tmp_path))
    outcome = Runner(monitor, settings, connection).run(find_window(monitor, DAY))
    assert outcome.status is Status.PARTIAL
    assert f"column {column} is not in the data" in outcome.error
    lost = connection.execute(
        "select metric, column_name from monitoring.metric_value where value is null order by 1"
    ).fetchall()
    assert lost == [("drift", column), ("missing_share", column)]
    counts = connection.execute(
        "select sum(n) from monitoring.histogram, unnest(counts) n"
        " where column_name = any(%s) group by column_name order by 1",
        [[column, "p"]],
    ).fetchall()
    assert counts == [(0,), (60,)]


def declared(folder: Path, changes: dict[str, str]) -> Path:
    """A folder of small monitors. changes: of each, as source text."""
    folder.mkdir()
    for name, change in changes.items():
        (folder / f"{name}.py").write_text(
            f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
            f"MONITOR = small_monitor(name={name!r}, title={name!r}, {change})\n"
        )
    return folder


@pytest.mark.parametrize("arguments", [["due", "--no-report"], ["due", "--list"],
    ["backfill", "all", "--missing", "--reports", "0", "--workers", "1"]])  # fmt: skip
def test_what_nobody_foresaw_costs_one_monitor(
    arguments: list[str], connection: psycopg.Connection, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Any error of one is a sentence with its name; an outage of the database ends the command."""
    for n in range(1, 6):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n), 60))
    play(connection, "2024-01-06T03:00Z")
    log = f"folder={str(tmp_path / 'log')!r}, starts={str(DAY)!r}"
    odd = log.replace(f"starts={str(DAY)!r}", "starts=''")
    folder = declared(tmp_path / "declared", {"aa": log, "mm": odd, "zz": log})
    mine = settings.model_copy(update={"monitors": (str(folder),), "stack_dir": tmp_path / "stack"})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    raised: Exception = ZeroDivisionError("of nobody")

    def fail(*_: object) -> date:
        raise raised

    monkeypatch.setattr(predictions.Predictions, "first_day", fail)
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert "mm: ZeroDivisionError: of nobody" in said.err
    assert "Traceback" not in said.err + said.out
    for name in ("aa", "zz"):
        assert f"{name}{' ' if 'due' in arguments else ':'}" in said.out
    assert "Traceback" in (tmp_path / "stack" / "driftdeck.log").read_text()

    connection.execute("truncate monitoring.window_status, monitoring.metric_value")
    connection.commit()
    raised = psycopg.OperationalError("the server is gone")
    assert main(arguments) == 1
    assert "zz " not in capsys.readouterr().out
    LOG.handlers.clear()


def test_a_process_beside_keeps_the_log_too(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The terminal has the sentence, the log where it happened."""
    write_day(tmp_path / "log", DAY, rows(DAY, 60))
    (tmp_path / "log" / f"date={DAY}" / "part-0.parquet").write_bytes(b"")
    play(connection, "2024-01-06T03:00Z")
    log = f"folder={str(tmp_path / 'log')!r}, starts={str(DAY)!r}, reference=None,"
    metrics = "metrics=(d.missing(alert=0.5),)"
    folder = declared(tmp_path / "declared", {"small": log + metrics})
    mine = settings.model_copy(update={"monitors": (str(folder),), "stack_dir": tmp_path / "stack"})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    assert main(["backfill", "small", "--workers", "2", "--reports", "0"]) == 1
    assert "part-0.parquet: is no whole Parquet file" in capsys.readouterr().out
    assert "Traceback" in (tmp_path / "stack" / "driftdeck.log").read_text()
    LOG.handlers.clear()


def test_what_is_an_outage() -> None:
    """The rows' own faults are none; two that store one window at once are told as before."""
    errors = psycopg.errors
    assert not any(map(is_outage, (errors.CheckViolation(), psycopg.DataError(), ValueError())))
    assert all(map(is_outage, (psycopg.OperationalError(), errors.UniqueViolation(),
                               errors.InsufficientPrivilege())))  # fmt: skip


def play(connection: psycopg.Connection, moment: str) -> None:
    """Set the one clock."""
    connection.execute("delete from monitoring.clock")
    connection.execute("insert into monitoring.clock (played_at) values (%s)", [moment])
    connection.commit()


def test_a_window_that_cannot_be_stored_costs_no_other(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """Of a batch the database refuses one window: that one fails, with a row of its own."""
    days = [date(2024, 1, n) for n in range(1, 8)]
    for day in days:
        write_day(tmp_path / "log", day, rows(day, 60))
    connection.execute(
        "alter table monitoring.window_status add constraint refused"
        " check (not (status = 'ok' and window_start = '2024-01-06Z'))"
    )
    connection.commit()
    monitor = small_monitor(str(tmp_path / "log"))
    try:
        runner = Runner(monitor, settings, connection, backfill=True)
        outcomes = runner.run_batch([find_window(monitor, day) for day in days[4:]])
    finally:
        connection.rollback()
        connection.execute("alter table monitoring.window_status drop constraint refused")
        connection.commit()
    assert [one.status for one in outcomes] == [Status.OK, Status.FAILED, Status.OK]
    assert outcomes[1].error.startswith(str(tmp_path / "log"))
    assert "refused" in outcomes[1].error
    stored = connection.execute(
        "select status from monitoring.window_status order by window_start"
    ).fetchall()
    assert stored == [("ok",), ("failed",), ("ok",)]


def of(connection: psycopg.Connection) -> tuple[str, str, int, float | None]:
    """(status, error, count of values, the worst) of the day that is stored."""
    row = connection.execute(
        "select status, error, (select count(value) from monitoring.metric_value), worst_value"
        " from monitoring.window_status"
    ).fetchone()
    connection.commit()
    assert row is not None
    return row


def test_a_day_that_lost_its_rows_keeps_its_numbers_until_somebody_says_so(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It is said once and stays visible; the rows come back by themselves, or go by --empty."""
    for n in range(1, 6):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n), 60))
    play(connection, "2024-01-06T03:00Z")
    log = f"folder={str(tmp_path / 'log')!r}, starts={str(DAY)!r}"
    folder = declared(tmp_path / "declared", {"small": log})
    mine = settings.model_copy(update={"monitors": (str(folder),), "stack_dir": tmp_path / "stack"})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    monkeypatch.setattr("driftdeck.collectors.sources.state.SETTLED", -1e9)
    assert main(["due", "--no-report"]) == 0
    status, error, count, worst = of(connection)
    assert (status, error) == ("ok", None)
    assert count
    part = tmp_path / "log" / f"date={DAY}" / "part-0.parquet"
    kept = part.rename(tmp_path / "kept")
    capsys.readouterr()

    assert main(["due", "--no-report"]) == 0
    said = "no rows any more, where 60 were measured"
    assert said in capsys.readouterr().out
    assert of(connection)[0] == "partial"
    assert said in of(connection)[1]
    assert of(connection)[2:] == (count, worst)
    assert main(["due", "--no-report"]) == 0
    assert "nothing is due" in capsys.readouterr().out
    assert main(["backfill", "small", "--workers", "1", "--reports", "0"]) == 0
    assert of(connection)[2:] == (count, worst)

    kept.rename(part)
    assert main(["due", "--no-report"]) == 0
    assert of(connection) == ("ok", None, count, worst)
    part.unlink()
    run = ["run", "small", "--date", str(DAY), "--no-report"]
    assert main(run) == 0
    assert of(connection)[:1] == ("partial",)
    assert main([*run, "--empty"]) == 0
    assert of(connection)[0] == "empty"
    assert of(connection)[2] < count
    assert main(run) == 0
    assert of(connection)[0] == "empty"
    LOG.handlers.clear()


def test_a_log_does_not_begin_with_time_itself(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """A row of 1970 makes no window of each day since: it is said, and the newest is collected."""
    play(connection, "2024-01-06T03:00Z")
    frame = rows(DAY, 60)
    frame.loc[0, "at"] = pd.Timestamp(0, tz="UTC")
    frame.to_parquet(tmp_path / "log.parquet")
    source = d.Parquet(str(tmp_path), time="at", layout="undated")
    monitor = small_monitor(source=source, starts="")
    assert [w.day for w, _ in find_due_windows(connection, monitor, settings)] == [DAY]
    said = capsys.readouterr().err
    assert "its first row is of 1970-01-01, by 'at'" in said
    assert 'starts="..."' in said


def test_a_prediction_that_is_no_probability_costs_its_own_number_only(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """The database takes no share beyond 1: that one has a reason, the others are stored."""
    write_day(tmp_path, DAY, rows(DAY, 60).assign(p=np.linspace(1, 2, 60)))
    mean = d.prediction_mean(unjudged="drawn")
    monitor = small_monitor(
        str(tmp_path), reference=None, metrics=(mean, d.row_count(unjudged="grows"))
    )
    outcome = Runner(monitor, settings, connection).run(find_window(monitor, DAY))
    assert outcome.status is Status.PARTIAL
    assert "prediction_mean of p: came out as 1.5, and a share" in outcome.error
    stored = connection.execute(
        "select metric, value from monitoring.metric_value order by metric"
    ).fetchall()
    assert stored == [("prediction_mean", None), ("row_count", 60.0)]
