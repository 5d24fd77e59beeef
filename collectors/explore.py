"""For a person at a notebook: the data of a day, its report, and what drifted between two spans."""

from datetime import UTC, date, datetime

import pandas as pd
from evidently.core.report import Snapshot

from collectors.choice import BY_HAND
from collectors.collect import from_rows
from collectors.reference import Reference, days_of, from_frame, load_reference
from collectors.sources import Reader
from collectors.windows import window_of
from collectors.workspace import page
from monitors.declare.windows import days
from monitors.load import named
from settings import Settings, load_settings

Days = tuple[date, date]
"""First and last day, both included."""


class Explorer:
    """The data of one monitor, looked at as the collectors do. Needs no database for Parquet.

    Raises KeyError for an unknown monitor, SourceError where the data is not there.
    """

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        given = settings or load_settings()
        self.monitor = named(name, given.monitors_dir)
        self._reader = Reader(self.monitor, given)

    def rows(self, first: date, last: date | None = None) -> pd.DataFrame:
        """The rows of a day, or of every day of a span, with the labels that are known by now."""
        now = datetime.now(UTC)
        spanned = days(first, last or first)
        frames = [self._reader.read(window_of(self.monitor, day), now).frame for day in spanned]
        return pd.concat(frames, ignore_index=True)

    def report(self, day: date, against: Days | None = None) -> Snapshot:
        """The report of a day: the one that the daily run keeps.

        against: the days compared with, by default the monitor's reference; windows of a version
        that was trained by `retrain` may have another. It shows itself in Jupyter; `.dict()` gives
        its numbers and tests.
        """
        compared = list(days(*against)) if against else days_of(self.monitor, None)
        reference = load_reference(self._reader, self.monitor, compared)
        return self._report(self.rows(day), day, reference)

    def between(self, then: Days, now: Days) -> pd.Series:
        """How far each column of the second span lies from the first, the furthest first.

        In units of its alert level, where it has one: above 1 would be a breach.
        """
        reference = from_frame(self.monitor, self.rows(*then), "")
        window = window_of(self.monitor, now[0])
        series = [one for one in self.monitor.series() if one.method is not None]
        collected = from_rows(self.monitor, window, self.rows(*now), reference, series, BY_HAND)
        found = {}
        for value in collected.values:
            level = value.levels.alert_above if value.levels else None
            if value.outcome.value is not None:
                found[value.series.key[1]] = value.outcome.value / (level or 1.0)
        return pd.Series(found, name="times the alert level").sort_values(ascending=False)

    def _report(self, frame: pd.DataFrame, day: date, reference: Reference | None) -> Snapshot:
        window = window_of(self.monitor, day)
        series = list(self.monitor.series())
        collected = from_rows(self.monitor, window, frame, reference, series, BY_HAND)
        return Snapshot.load_model(page(self.monitor, collected))
