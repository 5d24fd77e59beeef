"""Labels that come later than a month are measured, for as long as is declared."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.jobs.store import find_finished_windows
from driftdeck.collectors.sources import state
from driftdeck.collectors.sources.reader import Reader
from driftdeck.settings import Settings

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
ROWS = 40


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this moment count as written long ago."""
    monkeypatch.setattr(state, "SETTLED", -1e9)


def rows(day: datetime) -> pd.DataFrame:
    """Rows of a day, each with its label."""
    at = pd.Timestamp(day) + pd.to_timedelta(range(ROWS), unit="min")
    ids = [f"{day:%d}-{n}" for n in range(ROWS)]
    return pd.DataFrame({"id": ids, "at": at, "x": 1.0, "p": 0.4, "y": 0})


def monitor(folder: Path, **changes: object) -> d.Monitor:
    """A monitor whose labels lie in a file of their own."""
    for day in DAYS:
        part = folder / "log" / f"date={day:%Y-%m-%d}" / "part.parquet"
        part.parent.mkdir(parents=True, exist_ok=True)
        if not part.exists():
            rows(day).drop(columns="y").to_parquet(part)
    labels = d.Parquet(str(folder / "y.parquet"), time="at", on="id", layout="undated")
    return small_monitor(
        source=d.Parquet(str(folder / "log"), time="at"), labels=labels, columns=(d.number("x"),),
        starts="2024-01-01", ends="2024-01-03", reference=None, model_version="",
        metrics=(d.missing(alert=0.5), d.accuracy(alert=0.1)), **changes,
    )  # fmt: skip


def play(connection: psycopg.Connection, days: float) -> datetime:
    """Set the one clock, so many days after the first window's end."""
    moment = FIRST + timedelta(days=1 + days)
    connection.execute("delete from monitoring.clock")
    connection.execute("insert into monitoring.clock (played_at) values (%s)", [moment])
    connection.commit()
    return moment


def arrive(folder: Path, count: int, after: float) -> None:
    """So many labels of each day are known, so many days after its end."""
    frames = [rows(day).iloc[:count].assign(at=day + timedelta(days=1 + after)) for day in DAYS]
    pd.concat(frames)[["id", "at", "y"]].to_parquet(folder / "y.parquet")


def catch_up(connection: psycopg.Connection, watched: d.Monitor, settings: Settings) -> list[str]:
    """Collect what is due: the days."""
    runner = Runner(watched, settings, connection)
    found = []
    for window, _ in find_due_windows(connection, watched, settings):
        runner.run(window)
        found.append(f"{window.day:%d}")
    return found


def stored(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """(status, labels) of each window."""
    found = connection.execute(
        "select status, labelled_count from monitoring.window_status order by window_start"
    ).fetchall()
    connection.commit()
    return [(status, count) for status, count in found]


@pytest.mark.parametrize(
    ("within", "measured"), [(None, False), (d.Days(40), False), (d.Days(90), True)]
)
def test_labels_of_two_months_later_are_measured_where_that_is_declared(
    within: d.Days | None, measured: bool, connection: psycopg.Connection, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    """None at first, some after 50 days, all after 60; by default a window closes after 30."""
    watched = monitor(tmp_path, **({"labels_within": within} if within else {}))
    arrive(tmp_path, 0, 0)
    play(connection, 5)
    assert catch_up(connection, watched, settings) == ["01", "02", "03"]
    assert stored(connection) == [("waiting", 0)] * 3
    now = play(connection, 55)
    arrive(tmp_path, 25, 50)
    assert len(find_finished_windows(connection, watched, now)) == (0 if measured else 3)
    wanted = ["01", "02", "03"] if measured else []
    assert catch_up(connection, watched, settings) == wanted
    assert stored(connection) == ([("ok", 25)] * 3 if measured else [("waiting", 0)] * 3)
    play(connection, 65)
    arrive(tmp_path, ROWS, 60)
    assert catch_up(connection, watched, settings) == wanted
    assert stored(connection) == ([("ok", ROWS)] * 3 if measured else [("waiting", 0)] * 3)


def test_only_windows_that_lack_labels_stay_open(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """They are asked, not read; those that have all of them, or are old, not even asked."""
    watched = monitor(tmp_path, labels_within=d.Days(90))
    arrive(tmp_path, ROWS, 1)
    frame = pd.read_parquet(tmp_path / "y.parquet")
    frame[frame["id"] != "02-7"].to_parquet(tmp_path / "y.parquet")
    play(connection, 5)
    catch_up(connection, watched, settings)
    assert stored(connection) == [("ok", ROWS), ("ok", ROWS - 1), ("ok", ROWS)]

    asked: list[list[str]] = []
    ask = state.describe_states

    def spied(sources: object, windows: list[d.Window], now: datetime) -> dict[d.Window, str]:
        asked.append([f"{window.day:%d}" for window in windows])
        return ask(sources, windows, now)  # type: ignore[arg-type]

    monkeypatch.setattr("driftdeck.collectors.jobs.due.describe_states", spied)
    monkeypatch.setattr(Reader, "read", lambda *_: pytest.fail("read"))
    play(connection, 60)
    assert catch_up(connection, watched, settings) == []
    assert asked == [["02"]]
    play(connection, 92)
    assert catch_up(connection, watched, settings) == []
    assert asked == [["02"]]


@pytest.mark.parametrize(
    "declare",
    [
        lambda folder: monitor(folder, labels_within=d.Days(7)),
        lambda _: small_monitor(
            labels_within=d.Days(60), target=None, metrics=(d.missing(alert=0.5),)
        ),
    ],
)
def test_a_span_that_means_nothing_is_refused(
    declare: Callable[[Path], d.Monitor], tmp_path: Path
) -> None:
    """Shorter than windows stay open anyway, or where no labels are waited for."""
    with pytest.raises(d.DeclarationError, match="labels_within"):
        declare(tmp_path)


def test_labels_that_are_gone_are_said_and_what_they_told_is_kept(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """Until they are back, or until somebody says that there are none."""
    watched = monitor(tmp_path)
    arrive(tmp_path, ROWS, 1)
    play(connection, 5)
    catch_up(connection, watched, settings)
    values = "select count(value), max(label_coverage) from monitoring.metric_value"
    before = connection.execute(values).fetchone()
    arrive(tmp_path, 0, 1)
    assert catch_up(connection, watched, settings) == ["01", "02", "03"]
    assert stored(connection) == [("partial", ROWS)] * 3
    assert connection.execute(values).fetchone() == before
    row = connection.execute("select min(error), max(error) from monitoring.window_status")
    for error in row.fetchone() or ():
        assert error.startswith(f"{tmp_path / 'y.parquet'}: no labels any more, where {ROWS}")
        assert error.endswith("--empty")
    assert catch_up(connection, watched, settings) == []
    arrive(tmp_path, ROWS, 1)
    assert catch_up(connection, watched, settings) == ["01", "02", "03"]
    assert stored(connection) == [("ok", ROWS)] * 3
    arrive(tmp_path, 0, 1)
    Runner(watched, settings, connection, may_empty=True).run(watched.every.window(FIRST.date()))
    assert stored(connection)[0] == ("waiting", 0)
