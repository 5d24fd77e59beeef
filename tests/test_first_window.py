"""A window that has none before it to be compared with."""

from datetime import date

from conftest import rows, small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import choose_for_calibration
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.baselines import list_baseline_windows
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.measure import Comparison, measure_rows

DAY = date(2024, 1, 1)
METRICS = (
    d.drift(baseline=d.PREVIOUS, alert=1.0, columns=("x",)),
    d.row_count(unjudged="new"),
)


def measured(columns: tuple[d.Column, ...]) -> WindowResult:
    """The first window of a log."""
    monitor = small_monitor(metrics=METRICS, columns=columns)
    window = find_window(monitor, DAY)
    assert not list(list_baseline_windows(monitor, d.PREVIOUS, window))
    comparison = Comparison(baselines={"previous": "there are no rows of the window before"})
    return measure_rows(
        monitor,
        window,
        CoercedRows(monitor, rows(DAY), window.end),
        comparison,
        list(monitor.series()),
        choose_for_calibration(monitor),
    )


def test_the_first_window_lacks_nothing() -> None:
    """It has no number, and the reason; nobody is told that it was only partly measured."""
    result = measured((d.number("x"),))
    drift = result.values[0].outcome

    assert (drift.value, drift.reason) == (None, "there are no rows of the window before")
    assert result.status is Status.OK


def test_a_column_that_is_gone_is_a_fault_all_the_same() -> None:
    """Not being compared excuses no column."""
    assert measured((d.number("x"), d.number("gone"))).status is Status.PARTIAL
