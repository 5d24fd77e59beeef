"""For a person at a notebook: the data of a day, its report, and what drifted between two spans."""

from dataclasses import replace
from datetime import date

import pandas as pd
from evidently.core.report import Snapshot

from driftdeck.collectors.engines.choice import BY_HAND
from driftdeck.collectors.frames.reference import Reference, list_reference_days, make_reference
from driftdeck.collectors.reports.workspace import make_snapshot
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Value, WindowResult
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.collectors.windows.reference import load_reference, read_windows
from driftdeck.declare import REFERENCE, Series, Thresholds
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
        days = list(self.monitor.every.days(first, last or first))
        frames = [rows.frame for rows in read_windows(self._reader, days)]
        return pd.concat(frames, ignore_index=True)

    def report(self, day: date, against: Days | None = None) -> Snapshot:
        """The report of a day: the one that the daily run keeps.

        against: the days compared with, by default the monitor's reference; windows of a version
        that was trained by `retrain` may have another. It shows itself in Jupyter; `.dict()` gives
        its numbers and tests.
        """
        compared = (
            list(self.monitor.every.days(*against))
            if against
            else list_reference_days(self.monitor, None)
        )
        reference = load_reference(self._reader, self.monitor, compared)
        return self._report(self.rows(day), day, reference)

    def between(self, then: Days, now: Days) -> pd.Series:
        """How far each column of the second span lies from the first, the furthest first.

        then, now: the first and the last day of each span. In times its alert threshold, as in the
        drift panel: above 1 would be a breach. Where there is no threshold yet it is the distance
        itself, or what a p-value lacks of 1.
        """
        reference = make_reference(self.monitor, self.rows(*then), "")
        series = [s for s in self.monitor.series() if s.method and s.metric.baseline == REFERENCE]
        result = self._measure(self.rows(*now), now[0], reference, series)
        times = {value.series.key[1]: _compute_times(value) for value in result.values}
        return (
            pd.Series(times, name="times the alert threshold", dtype=float)
            .dropna()
            .sort_values(ascending=False)
        )

    def _report(self, frame: pd.DataFrame, day: date, reference: Reference | None) -> Snapshot:
        result = self._measure(frame, day, reference, list(self.monitor.series()))
        return Snapshot.load_model(make_snapshot(self.monitor, result))

    def _measure(
        self, frame: pd.DataFrame, day: date, reference: Reference | None, series: list[Series]
    ) -> WindowResult:
        """The whole of some rows, without segments. day: for the name of the window."""
        whole = replace(self.monitor, slices=())
        [window] = self.monitor.every.days(day, day)
        return measure_rows(whole, window, frame, Comparison(reference), series, BY_HAND)


def _compute_times(value: Value) -> float | None:
    """How far beyond its threshold a drift value is, or beyond that of FALLBACK."""
    if value.times_threshold is not None or value.outcome.value is None:
        return value.times_threshold
    return FALLBACK[value.series.metric.breach_side].times_threshold(value.outcome.value)
