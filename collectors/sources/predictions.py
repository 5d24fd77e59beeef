"""The rows of a monitor's source, without the labels that have a source of their own."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import pandas as pd

from driftdeck.collectors.ledger import Ledger
from driftdeck.collectors.sources import joins, tables
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.files import make_log
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.tables import RowsWithoutTime
from driftdeck.collectors.sources.typed import Reading
from driftdeck.declare import Monitor, Table, Window
from driftdeck.declare.periods import days

MOST_DAYS = 30 * 366
"""A source that begins so long ago has a time that is wrong, such as 0 seconds since 1970."""


@dataclass(frozen=True)
class Predictions:
    """The rows of one monitor, with the prediction of each."""

    sources: Sources

    @property
    def _monitor(self) -> Monitor:
        return self.sources.monitor

    def read_window(self, window: Window, names: Sequence[str] | None = None) -> Part:
        """The rows of a window, in any order. names: of the columns; None for all that are watched.
        Raises SourceError."""
        source = self._monitor.source
        columns = self.sources.columns() if names is None else names
        if isinstance(source, Table):
            database = self.sources.database(source)
            return tables.read_window(database, source, window, columns, Reading.of(self._monitor))
        return make_log(self.sources, source).read_window(window, columns)

    def first_day(self, now: datetime) -> date:
        """The local day on which the source begins; today where it is empty.

        Raises SourceError where that is so long ago that it is no row's day.
        """
        source, zone = self._monitor.source, self._monitor.every.zone
        today = now.astimezone(zone).date()
        if isinstance(source, Table):
            first = tables.first_day(self.sources.database(source), source, zone)
        else:
            first = make_log(self.sources, source).first_day(zone)
        if first is not None and (today - first).days > MOST_DAYS:
            raise SourceError(
                f"{source.place}: its first row is of {first}, by {source.time!r}; mend the times"
                ' that are wrong, or say in the declaration since when it is watched: starts="..."'
            )
        return first or today

    @cached_property
    def rows_without_time(self) -> RowsWithoutTime:
        """A table's rows without a time: no window has them, so each warns of them."""
        source = self._monitor.source
        if isinstance(source, Table):
            return tables.count_rows_without_time(self.sources.database(source), source)
        return RowsWithoutTime(Ledger(), 0)

    def has_any(self, ids: Collection[str], window: Window, last: date) -> bool:
        """Whether a row outside a window has one of the ids. last: of files, the last day searched.

        Raises SourceError.
        """
        source, on = self._monitor.source, self.sources.on
        if isinstance(source, Table):
            return tables.has_any(self.sources.database(source), source, on, sorted(ids))
        first = min(self.first_day(window.end), window.day)
        others = _sort_outwards(window.day, first, max(last, window.day))
        if self._monitor.every.length < timedelta(days=1):
            others.insert(0, window.day)
        return any(
            not set(ids).isdisjoint(joins.list_distinct(joins.normalise_ids(frame[on])))
            for frame in self._read_days(others, on)
            if on in frame
        )

    def _read_days(self, spanned: Iterable[date], name: str) -> Iterator[pd.DataFrame]:
        """One column of the rows of each day, without days that cannot be read."""
        source, every = self._monitor.source, self._monitor.every
        assert not isinstance(source, Table)
        if source.layout == "undated":
            yield (
                make_log(self.sources, source)
                .read_labels(every.containing(datetime.now(UTC)), [name])
                .frame
            )
            return
        for window in (window for day in spanned for window in every.days(day, day)):
            try:
                yield self.read_window(window, [name]).frame
            except SourceError:
                continue


def _sort_outwards(day: date, first: date, last: date) -> list[date]:
    """The other days of a span, the nearest first."""
    others = [other for other in days(first, last) if other != day]
    return sorted(others, key=lambda other: abs((other - day).days))
