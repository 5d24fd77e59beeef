"""What is judged by segment, by hour and by class: replays, reports, trainings, explanations."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import rows, small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import choose_for_calibration
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import (
    Reference,
    list_reference_days,
    make_reference,
)
from driftdeck.collectors.retraining.retraining import _find_reason
from driftdeck.collectors.thresholds.episodes import StoredSeries, find_confirmed, load_judgements
from driftdeck.collectors.thresholds.replay import replay
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.declare.thresholds import ThresholdKey

DAY = date(2024, 1, 9)
WHOLE = ("", "")
A, B = ("c", "a"), ("c", "b")


def sliced(**changes: object) -> d.Monitor:
    """The small monitor with a slice that judges accuracy and drift, of those that it has."""
    metrics = small_monitor(**{**changes, "retrain": None}).metrics
    judged = [metric.name for metric in metrics if metric.name in ("accuracy", "drift")]
    return small_monitor(**{"slices": (d.by("c", values=("a", "b"), judged=judged),), **changes})


def put(
    connection: psycopg.Connection,
    monitor: d.Monitor,
    window: d.Window,
    values: Mapping[tuple[str, str], float | None],
    level: float = 0.6,
) -> None:
    """Store an accuracy of the whole and of segments, with the threshold of the time."""
    for segment, value in values.items():
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " slice_column, slice_value, value, reason, unit, row_count, alert_below)"
            " values (%s, %s, %s, 'accuracy', %s, %s, %s, %s, 'share', 1, %s)",
            [monitor.name, window.start, window.end, *segment, value,
             None if value is not None else "none", level],
        )  # fmt: skip


def days(monitor: d.Monitor, count: int) -> Iterator[d.Window]:
    """Windows after the reference."""
    return monitor.every.days(DAY, DAY + timedelta(days=count - 1))


@pytest.mark.parametrize("seed", range(20))
def test_a_segment_confirms_by_itself(connection: psycopg.Connection, seed: int) -> None:
    """Breaches of one segment and of another, or of the whole, never count together."""
    dice = random.Random(seed)
    monitor = sliced(metrics=(d.accuracy(alert=0.6, firing=d.Firing(2, 3)),))
    windows = list(days(monitor, 12))
    keys = [WHOLE, A, B]
    table = {key: [dice.choice([0.5, 0.9, None]) for _ in windows] for key in keys}
    for n, window in enumerate(windows):
        put(connection, monitor, window, {key: table[key][n] for key in keys})
    onsets = set()
    for key in keys:
        judged = [(w, v < 0.6) for w, v in zip(windows, table[key], strict=True) if v is not None]
        stands = [sum(breached for _, breached in judged[max(0, n - 2) : n + 1]) >= 2
                  for n in range(len(judged))]  # fmt: skip
        onsets |= {
            judged[n][0].start
            for n in range(len(judged))
            if stands[n] and not (n and stands[n - 1])
        }

    assert find_confirmed(connection, monitor) == sorted(onsets)


def test_what_a_slice_does_not_judge_any_more_is_not_read(connection: psycopg.Connection) -> None:
    """Its rule is gone, too."""
    [window] = days(sliced(), 1)
    put(connection, sliced(), window, {WHOLE: 0.5, A: 0.5})
    unjudged = small_monitor(slices=(d.by("c", judged=("drift",)),))

    segments = [key.segment for key, _ in load_judgements(connection, sliced())]
    assert segments == [None, d.Segment("c", "a")]
    assert [key for key, _ in load_judgements(connection, unjudged)] == [StoredSeries("accuracy")]


def test_a_replay_judges_each_segment_by_its_own(
    connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """A segment's thresholds, and each hour's, as calibrated; one line a segment."""
    like = d.Quantiles(same=d.same("hour"))
    monitor = small_monitor(
        every=d.Hourly(12),
        metrics=(d.accuracy(quantiles=like, firing=d.Firing(1, 1)),),
        slices=(d.by("c", values=("a", "b"), judged=("accuracy",)),),
        calibrated=MappingProxyType({
            ThresholdKey("accuracy", like="00"): d.Thresholds(alert_below=0.8),
            ThresholdKey("accuracy", like="12"): d.Thresholds(alert_below=0.4),
            ThresholdKey("accuracy", "", *A, "00"): d.Thresholds(alert_below=0.1),
            ThresholdKey("accuracy", "", *A, "12"): d.Thresholds(alert_below=0.2),
        }),
    )  # fmt: skip
    for window in monitor.every.within(DAY, DAY + timedelta(days=2)):
        put(connection, monitor, window, {WHOLE: 0.5, A: 0.5, B: 0.5}, level=0.6)

    assert replay(connection, monitor) == 0
    table = capsys.readouterr().out
    lines = [[cell.strip() for cell in line.split("│")[1:-1]]
             for line in table.splitlines() if "accuracy" in line]  # fmt: skip
    assert [line[2:] for line in lines] == [
        ["", "2, by hour or weekday", "1", "3", "6", "3"],
        ["c = a", "2, by hour or weekday", "1", "0", "6", "0"],
    ]
    assert "2 series would have alerted otherwise" in table


@pytest.mark.parametrize(("counted", "reason"), [
    (False, ""),
    (True, "2 of the newest 3 judged windows in breach: accuracy of c = a"),
])  # fmt: skip
def test_segments_call_for_a_training_only_if_the_plan_says_so(
    connection: psycopg.Connection, counted: bool, reason: str
) -> None:
    """By default the whole does; a segment's judged windows push none of the whole's out."""
    plan = d.Retrain("true", metrics=("accuracy",), after=2, of=3, segments=counted)
    monitor = sliced(retrain=plan)
    windows = list(days(monitor, 4))
    for window in windows[:2]:
        put(connection, monitor, window, {WHOLE: 0.5, A: 0.9})
    put(connection, monitor, windows[2], {WHOLE: 0.9, A: 0.5})
    assert _find_reason(connection, monitor, plan, windows[2]) == (
        "3 of the newest 3 judged windows in breach: accuracy, accuracy of c = a" if counted else ""
    )
    connection.execute("truncate monitoring.metric_value")
    for window in windows[:2]:
        put(connection, monitor, window, {WHOLE: 0.9, A: 0.5})
    assert _find_reason(connection, monitor, plan, windows[1]) == reason


def test_a_plan_that_counts_segments_needs_some() -> None:
    """Else it says nothing."""
    plan = d.Retrain("true", metrics=("recall",), segments=True)
    with pytest.raises(d.DeclarationError, match="no slice judges a metric whose breaches count"):
        sliced(retrain=plan)


def test_a_breach_by_class_counts(connection: psycopg.Connection) -> None:
    """Metrics of a class are of performance, as those of the whole are."""
    monitor = by_classes(retrain=d.Retrain("true", after=1, of=1))
    [window] = monitor.every.days(DAY, DAY)
    connection.execute(
        "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
        " column_name, value, unit, row_count, alert_below)"
        " values ('small', %s, %s, 'class_recall', 'late', 0.1, 'share', 1, 0.6)",
        [window.start, window.end],
    )
    assert monitor.retrain is not None
    reason = _find_reason(connection, monitor, monitor.retrain, window)
    assert reason == "1 of the newest 1 judged windows in breach: class_recall late"


@pytest.mark.parametrize(
    ("every", "breach", "last"),
    [
        (d.Daily(), datetime(2024, 1, 20, tzinfo=UTC), date(2024, 1, 20)),
        (d.Hourly(1), datetime(2024, 1, 20, 3, tzinfo=UTC), date(2024, 1, 19)),
        (d.Hourly(6), datetime(2024, 1, 20, 18, tzinfo=UTC), date(2024, 1, 20)),
        (d.Weekly(), datetime(2024, 1, 15, tzinfo=UTC), date(2024, 1, 21)),
        (d.Monthly(), datetime(2024, 2, 1, tzinfo=UTC), date(2024, 2, 29)),
    ],
    ids=repr,
)
def test_a_new_version_is_compared_with_days_that_were_over(
    every: d.Every, breach: datetime, last: date
) -> None:
    """Up to the end of the window in breach: its own day only if that was over with it."""
    plan = d.Retrain("true", metrics=("accuracy",), reference=d.Days(7))
    monitor = small_monitor(retrain=plan, every=every)
    found = [window.day for window in list_reference_days(monitor, breach)]

    assert found == [last - timedelta(days=n) for n in range(6, -1, -1)]


def test_without_a_day_that_was_over_the_reference_is_the_declared_one() -> None:
    """A breach in the first hours of a monitor."""
    plan = d.Retrain("true", metrics=("accuracy",), reference=d.Days(7))
    monitor = small_monitor(retrain=plan, every=d.Hourly(1))
    found = list_reference_days(monitor, datetime(2024, 1, 1, 3, tzinfo=UTC))

    assert found == list_reference_days(monitor, None)


def said(monitor: d.Monitor, frame: pd.DataFrame, reference: Reference) -> str:
    """What is stored of a window."""
    series = list(monitor.series())
    choice = choose_for_calibration(monitor)
    [window] = monitor.every.days(DAY, DAY)
    current = CoercedRows(monitor, frame, window.end)
    return measure_rows(monitor, window, current, Comparison(reference), series, choice).explanation


@pytest.fixture(scope="module")
def reference() -> Reference:
    """Four quiet days of the sliced monitor."""
    quiet = [rows(date(2024, 1, n), count=1000) for n in range(1, 5)]
    return make_reference(sliced(), pd.concat(quiet, ignore_index=True), "")


def test_a_segment_that_moved_is_named_while_the_whole_is_quiet(reference: Reference) -> None:
    """With what moved in it, against the same segment of the reference."""
    frame = rows(DAY, count=600)
    frame.loc[frame["c"] == "b", "x"] += 0.6
    text = said(sliced(metrics=(d.drift(warn=0.3, alert=0.45),)), frame, reference)

    assert text.startswith(
        "The whole is within its alert thresholds. In c = b: x is higher: median"
    )
    assert "c = a" not in text
    then = reference.data[sliced().columns[0]].values
    assert then is not None
    kept = then[np.asarray(reference.data[sliced().columns[1]].values == "b")]
    assert f"against {np.median(kept):.4g};" in text


def test_the_whole_is_described_by_its_own_values(reference: Reference) -> None:
    """Not once for each of its segments."""
    text = said(sliced(), rows(DAY, count=600, shift=1.0), reference)

    assert text.startswith("x is higher: median")
    assert text.count(" x is higher") == 2
    assert text.index("In c = ") > text.index("The labels")
    assert "more columns moved" not in text


def by_classes(**changes: object) -> d.Monitor:
    """A classifier of two classes in words."""
    metrics = (d.recall(average="class", alert=0.6), d.prediction_drift(warn=0.1, alert=0.2))
    prediction = d.label("said", classes=("late", "on time"))
    return small_monitor(prediction=prediction, metrics=metrics, **changes)


def in_words(frame: pd.DataFrame, late: float) -> pd.DataFrame:
    """Labels and predictions in words; so much of the late is told."""
    truth = np.where(frame["y"] == 1, "late", "on time")
    told = np.where((truth == "late") & (frame["p"].rank(pct=True) < late), "late", "on time")
    return frame.assign(y=truth, said=told)


def test_classes_are_named() -> None:
    """The class whose recall is in breach, and where the predictions went."""
    monitor = by_classes()
    quiet = [in_words(rows(date(2024, 1, n), count=1000), 2) for n in range(1, 5)]
    known = make_reference(monitor, pd.concat(quiet, ignore_index=True), "")
    text = said(monitor, in_words(rows(DAY, count=600), 0.5), known)

    assert "The labels agree: Recall of 'late' is 0." in text
    assert "on time' is" not in text
    assert "The predictions moved, most gained at on time (" in text


def test_other_alerts_are_named(reference: Reference) -> None:
    """Metrics that have no sentence of their own."""
    monitor = sliced(metrics=(d.unseen(alert=0.1), d.drift(warn=0.3, alert=0.4)))
    frame = rows(DAY, count=600)
    frame.loc[::2, "c"] = "z"

    assert "Beyond the alert threshold: Unseen values of c is 0.5." in said(
        monitor, frame, reference
    )
