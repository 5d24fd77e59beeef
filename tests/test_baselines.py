"""Drift against the window before, or windows alike: that of a monitor which refers to them."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ["DO_NOT_TRACK"] = "1"

import pandas as pd
import psycopg
import pytest
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import Choice
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import list_reference_days, make_reference
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.calibrate import list_calibrated, measure_windows
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.baselines import Baselines, list_baseline_windows
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
NEAR = 1e-9
INDEX = Choice(index=True, evidently=False, report=False)
PREVIOUS = (d.drift(baseline=d.PREVIOUS), d.prediction_drift(baseline=d.PREVIOUS),
            d.target_drift(baseline=d.PREVIOUS))  # fmt: skip
DAY = date(2024, 2, 14)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-five days, of which each moves a little; 20 January is not there."""
    folder = tmp_path_factory.mktemp("log")
    for n in range(45):
        day = date(2024, 1, 1) + timedelta(days=n)
        if day != date(2024, 1, 20):
            write_day(folder, day, rows(day, count=150, shift=0.05 * (n % 7)))
    return folder


def monitor(log: Path, *metrics: d.Metric, **changes: Any) -> d.Monitor:
    """A monitor of that log."""
    return small_monitor(str(log), metrics=metrics, min_rows=1, **changes)


def collected(
    settings: Settings, watched: d.Monitor, name: str | date, **changes: Any
) -> WindowResult:
    """A window as a job collects it."""
    reader = Reader(watched, settings)
    reference = load_reference(reader, watched, list_reference_days(watched, None))
    return collect(
        watched, find_window(watched, name), reader, lambda _: reference, NOW,
        baselines=Baselines(watched, reader), **changes,
    )  # fmt: skip


def numbers(result: WindowResult) -> dict[tuple[str, str], float | None]:
    """By metric and column."""
    return {v.series.key: v.outcome.value for v in result.values if v.segment is None}


def reasons(result: WindowResult) -> set[str]:
    """Of the series without a number."""
    return {v.outcome.reason for v in result.values if v.outcome.value is None}


def of_days(log: Path, days: Sequence[date]) -> pd.DataFrame:
    """The rows of days, as they are stored."""
    return pd.concat([pd.read_parquet(log / f"date={day}") for day in days], ignore_index=True)


def by_evidently(now: pd.DataFrame, then: pd.DataFrame) -> dict[str, float]:
    """Evidently's own numbers of the two columns, by the methods that the monitor has."""
    definition = DataDefinition(numerical_columns=["x"], categorical_columns=["c"])
    sides = [Dataset.from_pandas(f[["x", "c"]], data_definition=definition) for f in (now, then)]
    methods = {c.name: d.drift().method(c.kind).name for c in (d.number("x"), d.category("c"))}
    metrics = [ValueDrift(column=name, method=method) for name, method in methods.items()]
    report = Report(metrics).run(current_data=sides[0], reference_data=sides[1])
    return {r["config"]["column"]: float(r["value"]) for r in report.dict()["metrics"]}


@pytest.mark.parametrize("day", [DAY, date(2024, 1, 2), date(2024, 1, 31)])
def test_previous_is_a_monitor_whose_reference_is_yesterday(
    settings: Settings, log: Path, day: date
) -> None:
    """By both engines, and by Evidently itself."""
    yesterday = day - timedelta(days=1)
    found = numbers(collected(settings, monitor(log, *PREVIOUS), day, backfill=True, check_every=1))
    plain = (d.drift(), d.prediction_drift(), d.target_drift())
    other = monitor(log, *plain, reference=d.Between(str(yesterday), str(yesterday)))
    wanted = numbers(collected(settings, other, day))

    assert len(found) == 4
    for (metric, column), value in wanted.items():
        assert found[f"{metric}_previous", column] == pytest.approx(value, abs=NEAR)
        assert value is not None
    theirs = by_evidently(of_days(log, [day]), of_days(log, [yesterday]))
    assert found["drift_previous", "x"] == pytest.approx(theirs["x"], abs=NEAR)
    assert found["drift_previous", "c"] == pytest.approx(theirs["c"], abs=NEAR)


@pytest.mark.parametrize(
    ("baseline", "back"),
    [
        (d.SAME, range(7, 29, 7)),
        (d.same("weekday", weeks=2), (7, 14)),
        (d.same("hour", weeks=1), range(1, 8)),
    ],
    ids=["weekdays", "two weeks", "days"],
)
def test_same_is_a_monitor_whose_reference_is_those_days(
    settings: Settings, log: Path, baseline: d.Baseline, back: Sequence[int]
) -> None:
    """All of them as one, but the one that is not there."""
    days = [DAY - timedelta(days=n) for n in back]
    days = [day for day in days if day != date(2024, 1, 20)]
    watched = monitor(log, d.drift(baseline=baseline))
    found = numbers(collected(settings, watched, DAY, backfill=True, check_every=1))
    theirs = by_evidently(of_days(log, [DAY]), of_days(log, days))

    assert found["drift_same", "x"] == pytest.approx(theirs["x"], abs=NEAR)
    assert found["drift_same", "c"] == pytest.approx(theirs["c"], abs=NEAR)


@pytest.mark.parametrize("baseline", [d.PREVIOUS, d.SAME, d.same("hour", weeks=1)], ids=str)
def test_hours_are_compared_with_hours(settings: Settings, log: Path, baseline: d.Baseline) -> None:
    """The window before is that of the hours before; one alike began at the same time."""
    watched = monitor(log, d.drift(baseline=baseline), every=d.Hourly(6))
    found = numbers(collected(settings, watched, f"{DAY}T00"))
    back = {"previous": [6], "same": range(168, 673, 168)}[baseline.name]
    if baseline.unit == "hour":
        back = range(24, 169, 24)
    start = pd.Timestamp(DAY, tz="UTC")
    every = of_days(log, [DAY - timedelta(days=n) for n in range(30) if n != 25])
    every = every.sort_values("at", ignore_index=True)

    def cut(begins: pd.Timestamp) -> pd.DataFrame:
        return every[(every["at"] >= begins) & (every["at"] < begins + pd.Timedelta(hours=6))]

    then = pd.concat([cut(start - pd.Timedelta(hours=n)) for n in back], ignore_index=True)
    theirs = by_evidently(cut(start).reset_index(drop=True), then)
    name = f"drift_{baseline.name}"
    assert found[name, "x"] == pytest.approx(theirs["x"], abs=NEAR)
    assert found[name, "c"] == pytest.approx(theirs["c"], abs=NEAR)


def test_a_segment_is_compared_with_its_own_rows(settings: Settings, log: Path) -> None:
    """Of the window before, too."""
    watched = monitor(log, *PREVIOUS[:1], slices=(d.by("c"), d.where("above", "x > 0")))
    result = collected(settings, watched, DAY)
    now, then = of_days(log, [DAY]), of_days(log, [DAY - timedelta(days=1)])
    of_x = {(v.segment.slice, v.segment.value): v.outcome.value for v in result.values
            if v.segment and v.series.key == ("drift_previous", "x")}  # fmt: skip
    assert set(of_x) == {("c", "a"), ("c", "b"), ("c", "c"), ("above", "true")}
    for (name, value), number in of_x.items():
        sides = [f[f["c"] == value] if name == "c" else f[f["x"] > 0] for f in (now, then)]
        theirs = by_evidently(*(side.reset_index(drop=True) for side in sides))
        assert number == pytest.approx(theirs["x"], abs=NEAR)


def test_where_there_is_none_the_reason_says_so(settings: Settings, log: Path) -> None:
    """The first window, one after a gap: no number, and no fault of theirs; the others have one."""
    metrics = (d.drift(), *PREVIOUS[:1], d.drift(baseline=d.SAME))
    watched = monitor(log, *metrics)
    first = collected(settings, watched, date(2024, 1, 1))
    assert reasons(first) == {
        "there are no rows of the window before",
        "there are no rows of the same weekday before",
    }
    assert numbers(first)["drift", "x"] is not None
    assert (first.status, first.error) == (Status.OK, "")
    after = collected(settings, watched, date(2024, 1, 21))
    assert reasons(after) == {"there are no rows of the window before"}
    assert after.status is Status.OK
    assert numbers(after)["drift_same", "x"] is not None
    later = collected(settings, monitor(log, *metrics, starts="2024-02-14"), DAY)
    assert len(reasons(later)) == 2, "what is not watched is no baseline"


def test_an_unreadable_window_before_costs_this_one_that_number_only(
    settings: Settings, tmp_path: Path
) -> None:
    """Its own status tells what is wrong with it."""
    for n in (1, 2, 3, 4, 9, 10):
        write_day(tmp_path, date(2024, 1, n), rows(date(2024, 1, n)))
    (tmp_path / "date=2024-01-09" / "part-0.parquet").write_bytes(b"PAR1 cut off")
    watched = monitor(tmp_path, d.drift(), *PREVIOUS[:1])
    result = collected(settings, watched, date(2024, 1, 10))

    assert reasons(result) == {"there are no rows of the window before"}
    assert numbers(result)["drift", "x"] is not None
    assert result.status is Status.OK
    assert collected(settings, watched, date(2024, 1, 9)).status is Status.FAILED


def test_a_column_that_was_missing_before_is_named(settings: Settings, tmp_path: Path) -> None:
    """As of the reference."""
    for n in (1, 2, 3, 4, 9, 10):
        frame = rows(date(2024, 1, n))
        write_day(tmp_path, date(2024, 1, n), frame.assign(x=None) if n == 9 else frame)
    result = collected(settings, monitor(tmp_path, *PREVIOUS[:1]), date(2024, 1, 10))
    assert reasons(result) == {"every value of x in the window before is missing"}


def test_it_is_stored_by_its_baseline(
    settings: Settings, connection: psycopg.Connection, log: Path
) -> None:
    """Beside each other, each under its name; from one runner over many windows as from one."""
    watched = monitor(log, d.drift(), *PREVIOUS[:1], d.drift(baseline=d.SAME))
    runner = Runner(watched, settings, connection)
    days = [DAY - timedelta(days=n) for n in (2, 1, 0)]
    runner.run_batch([find_window(watched, day) for day in days])
    stored = connection.execute(
        "select metric, baseline, count(*), count(value) from monitoring.metric"
        " where column_name = 'x' group by 1, 2 order by 1"
    ).fetchall()
    assert stored == [
        ("drift", "reference", 3, 3),
        ("drift_previous", "previous", 3, 3),
        ("drift_same", "same", 3, 3),
    ]
    for day in days:
        alone = numbers(collected(settings, watched, day))
        values = connection.execute(
            "select metric, column_name, value from monitoring.metric where window_start = %s",
            [find_window(watched, day).start],
        ).fetchall()
        for metric, column, value in values:
            assert value == pytest.approx(alone[metric, column], abs=NEAR), (metric, column, day)


def test_thresholds_are_found_on_the_reference_against_the_same_baseline(
    settings: Settings, log: Path
) -> None:
    """Each of its windows against its own day before, or days alike; without one it gives none."""
    span = d.Between("2024-01-02", "2024-01-22")
    watched = monitor(
        log, *PREVIOUS[:1], d.drift(baseline=d.SAME), reference=span, starts="2024-01-01"
    )
    found = measure_windows(watched, Reader(watched, settings), list_calibrated(watched))
    days = [date(2024, 1, n) for n in range(2, 23) if n != 20]
    with_before = [day for day in days if day != date(2024, 1, 21)]
    wanted = [
        by_evidently(of_days(log, [day]), of_days(log, [day - timedelta(days=1)]))["x"]
        for day in with_before
    ]
    assert found[ThresholdKey("drift_previous", "x")] == pytest.approx(wanted, abs=NEAR)
    alike = {day: [day - timedelta(days=n) for n in (7, 14, 21)] for day in days}
    alike = {day: [o for o in others if o >= date(2024, 1, 1) and o.day != 20]
             for day, others in alike.items()}  # fmt: skip
    wanted = [by_evidently(of_days(log, [day]), of_days(log, others))["x"]
              for day, others in alike.items() if others]  # fmt: skip
    assert found[ThresholdKey("drift_same", "x")] == pytest.approx(wanted, abs=NEAR)


def names(watched: d.Monitor, baseline: d.Baseline, name: str) -> list[str]:
    """Of the windows of a baseline."""
    window = watched.every.parse(name)
    return [other.name for other in list_baseline_windows(watched, baseline, window)]


def test_baselines_follow_the_local_clock() -> None:
    """Over both changes: by hours of the clock, of which one is not there, and one is doubled."""
    zone = "America/New_York"
    hours = monitor(Path("log"), d.row_count(unjudged="-"), every=d.Hourly(timezone=zone))
    week = d.same("weekday", weeks=2)

    assert names(hours, d.PREVIOUS, "2024-03-10T03") == ["2024-03-10T01"]
    assert names(hours, d.PREVIOUS, "2024-11-03T02") == ["2024-11-03T01"]
    assert names(hours, week, "2024-03-17T02") == ["2024-03-03T02"], "the hour was left out"
    assert names(hours, week, "2024-03-17T03") == ["2024-03-10T03", "2024-03-03T03"]
    assert names(hours, week, "2024-11-10T01") == ["2024-11-03T01", "2024-10-27T01"]
    assert names(hours, d.same("hour", weeks=1), "2024-03-12T02") == [
        f"2024-03-{n:02}T02" for n in (11, 9, 8, 7, 6, 5)
    ]
    pairs = monitor(Path("log"), d.row_count(unjudged="-"), every=d.Hourly(2, timezone=zone))
    assert names(pairs, week, "2024-03-10T02") == ["2024-03-03T02", "2024-02-25T02"]
    assert names(pairs, week, "2024-03-17T02") == ["2024-03-10T02", "2024-03-03T02"]
    weeks = monitor(Path("log"), d.row_count(unjudged="-"), every=d.Weekly(timezone=zone))
    assert names(weeks, d.PREVIOUS, "2024-W11") == ["2024-W10"]
    assert names(weeks, week, "2024-W12") == ["2024-W11", "2024-W10"]
    months = monitor(Path("log"), d.row_count(unjudged="-"), every=d.Monthly(timezone=zone))
    assert names(months, d.PREVIOUS, "2024-03") == ["2024-02"]
    assert names(months, d.PREVIOUS, "2024-01") == [], "before it is watched"


def test_a_day_that_was_left_out_is_no_like_one() -> None:
    """Apia had no 30 December 2011: a Friday is not compared with the Saturday after it."""
    row_count = d.row_count(unjudged="-")
    apia = replace(
        monitor(Path("log"), row_count, every=d.Daily(timezone="Pacific/Apia")),
        starts="2011-12-01", reference=None,
    )  # fmt: skip

    fridays = ["2011-12-23", "2011-12-16", "2011-12-09"]
    assert names(apia, d.same("weekday"), "2012-01-06") == fridays
    assert names(apia, d.PREVIOUS, "2011-12-31") == ["2011-12-29"]


def test_months_are_like_no_others() -> None:
    """Neither a baseline nor a threshold for each weekday on which a month began."""
    alike = d.Quantiles(same=d.same("weekday"))
    for metric in (d.drift(baseline=d.SAME), d.row_count(quantiles=alike)):
        with pytest.raises(d.DeclarationError, match="months have neither a weekday"):
            monitor(Path("log"), metric, every=d.Monthly())


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "America/Havana"])
@pytest.mark.parametrize("hours", [1, 2, 3, 6])
def test_windows_alike_are_named_alike(zone: str, hours: int) -> None:
    """Whatever their first moment is: the hour of a window is that of its name."""
    every = d.Hourly(hours, timezone=zone)
    for window in every.within(date(2024, 1, 1), date(2024, 12, 31)):
        assert every.likeness(window, "hour") == window.name[-2:]
        day = date.fromisoformat(window.name[:10])
        assert every.likeness(window, "weekday") == f"{day:%A}".lower()
        assert window.start.astimezone(ZoneInfo(zone)).date() == day


def test_a_window_is_compared_with_its_reference_beside(log: Path) -> None:
    """Given rows, not read: each metric has its own side."""
    watched = monitor(log, d.drift(), *PREVIOUS[:1])
    window = watched.every.parse("2024-02-14")
    now, before = of_days(log, [DAY]), of_days(log, [DAY - timedelta(days=1)])
    reference = make_reference(watched, of_days(log, [date(2024, 1, 3)]), "")
    comparison = Comparison(reference, {"previous": CoercedRows(watched, before)})
    current = CoercedRows(watched, now, window.end)
    series = list(watched.series())
    found = numbers(measure_rows(watched, window, current, comparison, series, INDEX))
    assert found["drift", "x"] == pytest.approx(
        by_evidently(now, of_days(log, [date(2024, 1, 3)]))["x"], abs=NEAR
    )
    assert found["drift_previous", "x"] == pytest.approx(by_evidently(now, before)["x"], abs=NEAR)
