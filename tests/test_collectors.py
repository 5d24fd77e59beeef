"""A window's way from its source to its rows, also where the data is bad."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines.evidently import skip_plots
from driftdeck.collectors.frames.reference import Reference, list_reference_days
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.calendar import find_window, list_complete_windows
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.errors import UsageError
from driftdeck.settings import Settings

DAY = date(2024, 1, 10)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A log with a reference of four quiet days."""
    folder = tmp_path_factory.mktemp("log")
    for n in range(1, REFERENCE_DAYS + 1):
        write_day(folder, date(2024, 1, n), rows(date(2024, 1, n)))
    return folder


@pytest.fixture(scope="module")
def monitor(log: Path) -> d.Monitor:
    """The declaration of that log."""
    return small_monitor(str(log))


@pytest.fixture(scope="module")
def reference(monitor: d.Monitor, settings: Settings) -> Reference:
    """Its reference."""
    found = load_reference(Reader(monitor, settings), monitor, list_reference_days(monitor, None))
    assert found is not None
    return found


@pytest.fixture
def measure(
    monitor: d.Monitor, reference: Reference, settings: Settings, log: Path
) -> Callable[[pd.DataFrame], WindowResult]:
    """Collect a frame as if it were the log of one day."""

    def run(frame: pd.DataFrame) -> WindowResult:
        write_day(log, DAY, frame)
        window = find_window(monitor, DAY)
        return collect(monitor, window, Reader(monitor, settings), lambda _: reference, NOW)

    return run


def values(collected: WindowResult) -> dict[tuple[str, str], float | None]:
    """Stored numbers by series key."""
    return {value.series.key: value.outcome.value for value in collected.values}


def reasons(collected: WindowResult) -> dict[tuple[str, str], str]:
    """Reasons by series key, of the series that have one."""
    return {v.series.key: v.outcome.reason for v in collected.values if v.outcome.reason}


def test_quiet_day_is_ok_and_complete(
    measure: Callable[[pd.DataFrame], WindowResult], monitor: d.Monitor
) -> None:
    """Every promised series of a good day has a number, nothing beyond its alert threshold."""
    collected = measure(rows(DAY))

    assert collected.status is Status.OK
    assert [value.series.key for value in collected.values] == [s.key for s in monitor.series()]
    assert None not in values(collected).values()
    assert max(value.state or 0 for value in collected.values) < 2


def test_planted_drift_moves_the_number(measure: Callable[[pd.DataFrame], WindowResult]) -> None:
    """A shift of two standard deviations in x breaches x, leaves c quiet."""
    levels = {v.series.key: v.state for v in measure(rows(DAY, shift=2.0)).values}

    assert levels["drift", "x"] == 2
    assert levels["drift", "c"] == 0
    assert levels["prediction_drift", "p"] == 2


def drop(name: str) -> Change:
    """The frame without a column."""
    return lambda frame: frame.drop(columns=name)


def put(name: str, make: Callable[[pd.DataFrame], object]) -> Change:
    """The frame with a column replaced."""
    return lambda frame: frame.assign(**{name: make(frame)})


BAD = {
    "all null number": (put("x", lambda f: np.nan), [("drift", "x")]),
    "all null category": (put("c", lambda f: None), [("drift", "c")]),
    "missing column": (drop("x"), [("drift", "x"), ("missing_share", "x")]),
    "missing prediction": (
        drop("p"),
        [("prediction_drift", "p"), *((m, "") for m in ("accuracy", "recall", "log_loss"))],
    ),
    "text in numbers": (put("x", lambda f: ["n/a"] * len(f)), [("drift", "x")]),
    "all infinite": (put("x", lambda f: np.inf), [("drift", "x")]),
    "one class": (put("y", lambda f: 0), [("recall", ""), ("roc_auc", ""), ("log_loss", "")]),
    "three classes": (
        put("y", lambda f: np.arange(len(f)) % 3),
        [
            ("accuracy", ""),
            ("precision", ""),
            ("recall", ""),
            ("roc_auc", ""),
            ("log_loss", ""),
            ("target_mean", "y"),
        ],
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_one_bad_column_never_loses_the_others(
    case: str, measure: Callable[[pd.DataFrame], WindowResult], monitor: d.Monitor
) -> None:
    """What cannot be measured has a reason; every other series has its number."""
    change, lost = BAD[case]
    collected = measure(change(rows(DAY)))

    assert collected.status in (Status.PARTIAL, Status.WAITING)
    assert collected.error
    assert set(lost) <= set(reasons(collected))
    unharmed = {s.key for s in monitor.series()} - set(lost)
    related = {"accuracy", "precision", "recall", "roc_auc", "log_loss"}
    kept = {key for key in unharmed if key[0] not in related}
    assert {key for key in kept if values(collected)[key] is None} == set()


GOOD = {
    "decimals": put("x", lambda f: [Decimal(str(v)) for v in f["x"]]),
    "numbers as text": put("x", lambda f: f["x"].astype(str)),
    "nullable floats": put("x", lambda f: f["x"].astype("Float64")),
    "boolean labels": put("y", lambda f: f["y"].astype(bool)),
    "float labels": put("y", lambda f: f["y"].astype(float)),
    "text labels": put("y", lambda f: f["y"].astype(str)),
    "extra column": put("z", lambda f: 1),
}


@pytest.mark.parametrize("case", sorted(GOOD))
def test_other_types_give_the_same_numbers(
    case: str, measure: Callable[[pd.DataFrame], WindowResult]
) -> None:
    """Decimal, text, nullable and boolean columns measure as plain ones do."""
    plain = values(measure(rows(DAY)))
    other = values(measure(GOOD[case](rows(DAY))))

    assert {k: pytest.approx(v, abs=1e-9) for k, v in plain.items()} == other


def test_some_unusable_values_are_counted_and_named(
    measure: Callable[[pd.DataFrame], WindowResult],
) -> None:
    """Infinities count as missing, the rest is measured, and the status row says so."""
    frame = rows(DAY)
    frame.loc[:19, "x"] = np.inf
    collected = measure(frame)

    assert values(collected)["missing_share", "x"] == pytest.approx(20 / len(frame))
    assert values(collected)["drift", "x"] is not None
    assert collected.status is Status.PARTIAL
    assert "20 infinite" in collected.error


def test_the_fingerprint_is_of_the_content_alone(
    monitor: d.Monitor, settings: Settings, log: Path
) -> None:
    """The same rows written again, in another order, are the same; one other value is not."""
    day = date(2024, 1, 20)
    window = find_window(monitor, day)
    reader = Reader(monitor, settings)
    frame = rows(day)
    changed = frame.copy()
    changed.loc[0, "x"] += 1e-9

    said = []
    for written in (frame, frame.iloc[::-1], changed):
        write_day(log, day, written)
        said.append(reader.read(window, NOW).fingerprint)

    assert said[0] == said[1] != said[2]


def test_a_word_as_prediction_is_watched_by_its_drift(
    log: Path, settings: Settings, measure: Callable[[pd.DataFrame], WindowResult]
) -> None:
    """Text that is predicted, and text that was true, cost no other series its number."""
    wordy = small_monitor(
        str(log),
        prediction=d.category("c"),
        columns=(d.number("x"), d.number("p")),
        target=d.category("y"),
        metrics=(
            d.drift(warn=0.01, alert=0.02),
            d.prediction_drift(warn=0.01, alert=0.02),
            d.target_drift(warn=0.2, alert=0.4),
        ),
    )
    measure(rows(DAY, shift=2.0).assign(c="a"))
    reader = Reader(wordy, settings)
    reference = load_reference(reader, wordy, list_reference_days(wordy, None))
    collected = collect(wordy, find_window(wordy, DAY), reader, lambda _: reference, NOW)

    assert collected.status is Status.OK
    assert None not in values(collected).values()
    assert "x is higher" in collected.explanation


def test_what_nobody_looks_at_is_measured_alike(
    measure: Callable[[pd.DataFrame], WindowResult],
) -> None:
    """Without pictures the numbers and their levels are the same."""
    drawn = measure(rows(DAY))
    with skip_plots():
        plain = measure(rows(DAY))

    assert plain.values == drawn.values
    assert plain.histograms == drawn.histograms


def test_empty_day_counts_zero_rows(measure: Callable[[pd.DataFrame], WindowResult]) -> None:
    """No rows: the row count is 0, everything else has that reason, no drift is made up."""
    collected = measure(rows(DAY).iloc[:0])

    assert collected.status is Status.EMPTY
    assert values(collected)["row_count", ""] == 0
    assert set(values(collected).values()) == {0, None}


def test_too_few_rows_are_stored_unjudged(measure: Callable[[pd.DataFrame], WindowResult]) -> None:
    """Below min_rows a number is stored, and nothing but the row count is judged."""
    collected = measure(rows(DAY, count=20))
    judged = {value.series.key for value in collected.values if value.state is not None}

    assert values(collected)["drift", "x"] is not None
    assert judged == {("row_count", "")}


def test_shares_cannot_be_swapped(
    monitor: d.Monitor, measure: Callable[[pd.DataFrame], WindowResult], reference: Reference
) -> None:
    """Distances are in standard deviations of the reference, not of the window."""
    frame = rows(DAY)
    frame["x"] = frame["x"] * 10
    from scipy.stats import wasserstein_distance

    known = reference.data[monitor.columns[0]].present
    expected = wasserstein_distance(known, frame["x"]) / known.std(ddof=0)
    assert values(measure(frame))["drift", "x"] == pytest.approx(expected, abs=1e-9)


def test_a_partition_of_another_zone_is_refused(
    log: Path, settings: Settings, reference: Reference
) -> None:
    """Rows outside their partition's day are an error that names the mend, never dropped."""
    write_day(log, DAY, rows(DAY))
    monitor = small_monitor(str(log), every=d.Daily(timezone="Asia/Tokyo"))

    with pytest.raises(SourceError, match=r"lie outside that day in Asia/Tokyo; say Parquet"):
        Reader(monitor, settings).read(monitor.every.window(DAY), NOW)

    partitioned = small_monitor(
        str(log),
        every=d.Daily(timezone="Asia/Tokyo"),
        source=d.Parquet(str(log), time="at", timezone="UTC"),
    )
    read = Reader(partitioned, settings).read(partitioned.every.window(DAY), NOW)
    assert 0 < len(read.frame) < 400


def test_days_are_23_and_25_hours_where_clocks_change() -> None:
    """Windows follow the local day over daylight saving, without gap or overlap."""
    monitor = small_monitor(every=d.Daily(timezone="America/New_York"), starts="2013-03-09")
    windows = list(
        list_complete_windows(monitor, datetime(2013, 11, 5, tzinfo=UTC), date(2013, 3, 9))
    )
    hours = {w.day: (w.end.timestamp() - w.start.timestamp()) / 3600 for w in windows}

    assert (hours[date(2013, 3, 10)], hours[date(2013, 11, 3)]) == (23, 25)
    assert all(a.end == b.start for a, b in pairwise(windows))


def test_a_day_outside_the_period_is_refused() -> None:
    """Asking for a day that is not watched says which are."""
    with pytest.raises(UsageError, match=r"small watches 2024-01-01; 2023-12-31 lies outside"):
        find_window(small_monitor(), date(2023, 12, 31))


def snapshot(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Every stored value and status, without when and how long."""
    stored = connection.execute(
        "select monitor, window_start, metric, column_name, value, reason, alert_above,"
        " alert_below, row_count from monitoring.metric_value order by 1, 2, 3, 4"
    ).fetchall()
    status = connection.execute(
        "select monitor, window_start, status, row_count, labelled_count, error, worst_level"
        " from monitoring.window_status order by 1, 2"
    ).fetchall()
    bins = connection.execute("select * from monitoring.histogram order by 1, 2, 4").fetchall()
    return [*stored, *status, *bins]


def test_repeating_a_run_changes_nothing(
    monitor: d.Monitor, settings: Settings, log: Path, connection: psycopg.Connection
) -> None:
    """Twice the same window, the same rows."""
    write_day(log, DAY, rows(DAY))
    runner = Runner(monitor, settings, connection)
    runner.run(find_window(monitor, DAY))
    once = snapshot(connection)
    runner.run(find_window(monitor, DAY))

    assert len(once) > len(list(monitor.series()))
    assert once == snapshot(connection)


def test_late_labels_replace_the_reasons(
    settings: Settings, log: Path, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Before labels arrive performance waits; after, the same window has numbers."""
    frame = rows(DAY)
    labels = frame[["id", "y"]].assign(known=frame["at"] + pd.Timedelta(days=3))
    for day in (date(2024, 1, n) for n in range(1, REFERENCE_DAYS + 1)):
        past = rows(day)
        write_day(tmp_path / "log", day, past.drop(columns="y"))
        write_day(tmp_path / "labels", day, past[["id", "y"]].assign(known=past["at"]))
    write_day(tmp_path / "log", DAY, frame.drop(columns="y"))
    write_day(tmp_path / "labels", DAY, labels)
    monitor = small_monitor(
        str(tmp_path / "log"), labels=d.Parquet(str(tmp_path / "labels"), time="known", on="id")
    )
    played = "insert into monitoring.clock (played_at) values (%s)"
    connection.execute(played, [datetime(2024, 1, 11, 6, tzinfo=UTC)])
    runner = Runner(monitor, settings, connection)

    assert runner.run(find_window(monitor, DAY)).status is Status.WAITING
    before = connection.execute(
        "select count(*) from monitoring.metric where reason like 'no labels yet%%'"
    ).fetchone()
    connection.execute("delete from monitoring.clock")
    assert runner.run(find_window(monitor, DAY)).status is Status.OK
    after = connection.execute(
        "select count(*), count(reason), min(label_coverage) from monitoring.metric"
        " where metric in ('accuracy', 'recall', 'target_drift')"
    ).fetchone()
    assert before is not None
    assert before[0] >= 5
    assert after == (3, 0, 1.0)


def test_a_failure_keeps_what_was_measured(
    settings: Settings, log: Path, connection: psycopg.Connection
) -> None:
    """When a source has gone, the status says failed and yesterday's numbers stay."""
    write_day(log, DAY, rows(DAY))
    Runner(small_monitor(str(log)), settings, connection).run(find_window(small_monitor(), DAY))
    gone = small_monitor(str(log / "nowhere"))
    outcome = Runner(gone, settings, connection).run(find_window(gone, DAY))
    kept = connection.execute("select count(value) from monitoring.metric").fetchone()
    status = connection.execute("select status, error from monitoring.collection").fetchone()

    assert outcome.status is Status.FAILED
    assert kept is not None
    assert kept[0] > 10
    assert status is not None
    assert status[0] == "failed"
    assert "prepare the data first" in status[1]
