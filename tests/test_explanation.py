"""The explanation of a breach: what moved, where, how much of the prediction goes with it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from conftest import rows, small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import choose_for_calibration
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference, make_reference
from driftdeck.collectors.windows.explanation import _compute_share, explain
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.declare import Monitor

DAY = date(2024, 1, 9)


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    """The small monitor."""
    return small_monitor()


@pytest.fixture(scope="module")
def reference(monitor: Monitor) -> Reference:
    """Four quiet days."""
    days = [rows(date(2024, 1, n), count=1000) for n in range(1, 5)]
    return make_reference(monitor, pd.concat(days, ignore_index=True), "")


def said(monitor: Monitor, frame: pd.DataFrame, reference: Reference) -> str:
    """What is stored of a window."""
    window = monitor.every.window(DAY)
    return measure_rows(
        monitor,
        window,
        CoercedRows(monitor, frame, window.end),
        Comparison(reference),
        list(monitor.series()),
        choose_for_calibration(monitor),
    ).explanation


def test_a_quiet_day_needs_no_explanation(monitor: Monitor, reference: Reference) -> None:
    """Nothing is beyond its alert threshold, so nothing is said."""
    assert said(monitor, rows(DAY, count=600), reference) == ""


def test_a_shift_is_named_with_its_direction(monitor: Monitor, reference: Reference) -> None:
    """The shifted column, its direction, where, and that the predictions went with it."""
    text = said(monitor, rows(DAY, count=600, shift=1.0), reference)

    assert text.startswith("x is higher: median ")
    assert "most gained at" in text
    assert "c:" not in text
    share = int(text.split("distance goes ")[1].split("%")[0])
    assert share > 80
    assert "association, not cause" in text
    assert said(monitor, rows(DAY, count=600, shift=1.0), reference) == text


def test_a_category_is_named_with_its_shares(monitor: Monitor, reference: Reference) -> None:
    """The categories that grew and shrank; predictions that stayed are said to have stayed."""
    frame = rows(DAY, count=600)
    frame["c"] = np.where(np.arange(600) < 540, "a", "b")
    text = said(monitor, frame, reference)

    assert "c: most gained at a (3" in text
    assert "to 90%), most lost at c (3" in text
    assert "The predictions are within their thresholds." in text


def test_the_column_furthest_beyond_its_level_comes_first(reference: Reference) -> None:
    """Whichever side is bad: the smaller of two p-values, though its column is declared last."""
    tested = d.drift(number=d.KS, category=d.CHI_SQUARE, warn=0.9, alert=0.5)
    monitor = small_monitor(columns=(d.category("c"), d.number("x")), metrics=(tested,))
    frame = rows(DAY, count=600, shift=1.0)
    frame.loc[frame.index[:50], "c"] = "a"
    text = said(monitor, frame, reference)

    assert text.index("x is higher") < text.index("c: most gained at a")


def test_labels_speak(monitor: Monitor, reference: Reference) -> None:
    """Wrong predictions without any drift, and a breach whose labels are not there yet."""
    wrong = rows(DAY, count=600)
    wrong["y"] = 1 - wrong["y"]
    assert "No column drifted beyond its thresholds." in said(monitor, wrong, reference)
    assert "The labels agree: Accuracy is 0." in said(monitor, wrong, reference)
    waiting = rows(DAY, count=600, shift=1.0)
    waiting["y"] = None
    assert "The labels cannot tell yet." in said(monitor, waiting, reference)


def test_what_nobody_judges_is_not_called_quiet(reference: Reference) -> None:
    """No word of columns whose drift is not measured; a warning is no alert, and one is not two."""
    metrics = (d.missing(alert=0.05), d.accuracy(warn=0.99, alert=0.01))
    frame = rows(DAY, count=600)
    frame.loc[::2, "x"] = None
    text = said(small_monitor(metrics=metrics), frame, reference)

    assert text == (
        "Values are missing of x. The labels show no harm:"
        " 1 performance metric is within its alert threshold."
    )


def test_missing_values_are_named(monitor: Monitor, reference: Reference) -> None:
    """A column that is half missing is in breach without drifting."""
    frame = rows(DAY, count=600)
    frame.loc[::2, "x"] = None

    assert "600 rows." not in said(monitor, frame, reference)
    assert "The window has 900 rows." in said(monitor, rows(DAY, count=900), reference)
    assert "Values are missing of x." in said(monitor, frame, reference)


def test_shares_are_of_the_column_that_moved(monitor: Monitor, reference: Reference) -> None:
    """All of the distance goes with the column that drives the prediction, none with another; and
    it cannot be told with a column whose reference values no longer occur."""
    current = CoercedRows(monitor, rows(DAY, count=4000, shift=1.0))
    far = CoercedRows(monitor, rows(DAY, count=4000, shift=9.0))
    x, c = monitor.columns
    prediction = monitor.prediction_column
    assert prediction is not None

    assert _compute_share(current, reference, prediction, x) > 0.8
    assert _compute_share(current, reference, prediction, c) < 0.1
    assert _compute_share(far, reference, prediction, x) is None


def test_without_a_reference_nothing_is_said(monitor: Monitor) -> None:
    """There is nothing to compare with."""
    assert explain(monitor, CoercedRows(monitor, rows(DAY)), None, []) == ""
