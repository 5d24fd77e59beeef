"""For a person at a notebook: rows, the report of a window, and what drifted between two spans."""

from dataclasses import replace
from datetime import date

import pandas as pd
from evidently.core.report import Snapshot

from driftdeck.collectors.engines.choice import BY_HAND
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference, list_reference_days, make_reference
from driftdeck.collectors.reports.workspace import make_snapshot
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Value, WindowResult
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.collectors.windows.reference import load_reference, read_windows
from driftdeck.declare import REFERENCE, Monitor, Series, Thresholds, Window
from driftdeck.declare.methods import BreachSide
from driftdeck.load import find_monitor
from driftdeck.settings import Settings, load_settings

Days = tuple[date, date]
"""First and last day, both included."""


FALLBACK = {
    BreachSide.HIGH: Thresholds(alert_above=1.0),
    BreachSide.LOW: Thresholds(alert_below=0.0),
}
"""What a drift value without a threshold is measured by, by the side on which it is bad."""


class Explorer:
    """The data of one monitor, looked at as the collectors do. Needs no database for Parquet.

    Raises UnknownMonitorError, SourceError where the data is not there.
    """

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        settings = settings or load_settings()
        self.monitor = find_monitor(name, *settings.monitor_folders)
        self._reader = Reader(self.monitor, settings)

    def rows(self, first: date, last: date | None = None) -> pd.DataFrame:
        """The rows of a day, or of every day of a span, with the labels that are known by now."""
        return self._read(list(self.monitor.every.days(first, last or first)))

    def report(self, name: date | str, against: Days | None = None) -> Snapshot:
        """The report of a window: the one that its run keeps.

        name: of the window, as "2013-03-01T08"; of a monitor of days also the day. against: the
        days compared with, by default the monitor's reference; windows of a version that was
        trained by `retrain` may have another. It shows itself in Jupyter; `.dict()` gives its
        numbers and tests. Raises UsageError for a window that is none.
        """
        window = find_window(self.monitor, name)
        compared = (
            list(self.monitor.every.days(*against))
            if against
            else list_reference_days(self.monitor, None)
        )
        reference = load_reference(self._reader, self.monitor, compared)
        whole, series = replace(self.monitor, slices=()), list(self.monitor.series())
        result = _measure(whole, self._read([window]), window, reference, series)
        return Snapshot.load_model(make_snapshot(self.monitor, result))

    def between(self, then: Days, now: Days) -> pd.Series:
        """How far each column of the second span lies from the first, the furthest first.

        then, now: the first and the last day of each span. In times its alert threshold, as in the
        drift panel: above 1 would be a breach. Where there is no threshold yet, or one for each
        hour or weekday, it is the distance itself, or what a p-value lacks of 1.
        """
        of_all = {
            key: thresholds for key, thresholds in self.monitor.calibrated.items() if not key.like
        }
        whole = replace(self.monitor, slices=(), calibrated=of_all)
        reference = make_reference(whole, self.rows(*then), "")
        series = [s for s in whole.series() if s.method and s.metric.baseline == REFERENCE]
        [first, *_] = whole.every.days(*now)
        result = _measure(whole, self.rows(*now), first, reference, series)
        times = {value.series.key[1]: _compute_times(value) for value in result.values}
        return (
            pd.Series(times, name="times the alert threshold", dtype=float)
            .dropna()
            .sort_values(ascending=False)
        )

    def _read(self, windows: list[Window]) -> pd.DataFrame:
        frames = [rows.frame for rows in read_windows(self._reader, windows)]
        return pd.concat(frames, ignore_index=True)


def _measure(
    monitor: Monitor,
    frame: pd.DataFrame,
    window: Window,
    reference: Reference | None,
    series: list[Series],
) -> WindowResult:
    current = CoercedRows(monitor, frame, window.end)
    return measure_rows(monitor, window, current, Comparison(reference), series, BY_HAND)


def _compute_times(value: Value) -> float | None:
    """How far beyond its threshold a drift value is, or beyond that of FALLBACK."""
    if value.times_threshold is not None or value.outcome.value is None:
        return value.times_threshold
    return FALLBACK[value.series.metric.breach_side].times_threshold(value.outcome.value)
