"""A day's rows, read, hashed, joined with their labels and coerced once, for all of its windows of
hours: each is a stretch of them."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.partition import Partition
from driftdeck.collectors.ledger import Ledger
from driftdeck.declare import Monitor, Window

Files = tuple[tuple[str, int, int, int, int], ...]
"""The path of each, with its facts: see `paths.read_facts`."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REMEMBERED_ROWS = 2_000_000
"""Days of so many rows stay: baselines go back to those before."""


@dataclass(frozen=True, eq=False)
class DayLabels:
    """The labels of a day, of which each is of one row at most.

    labelled: (rows,) whether a row has one. ledger: of all that were read, `count` of which can be
    used. newest: when the last became known. place: the source, for warnings.
    """

    labelled: np.ndarray
    ledger: Ledger
    count: int
    newest: datetime
    place: str


@dataclass(frozen=True, eq=False)
class DayRows:
    """The rows of whole days in the order of `Reader.read`, labels joined.

    hashes: (rows,) by `hash_rows`. names: of the columns before labels were joined. ledger: of the
    rows. labels: None where the rows carry them.
    """

    monitor: Monitor
    frame: pd.DataFrame
    hashes: np.ndarray
    names: tuple[str, ...]
    ledger: Ledger
    labels: DayLabels | None
    moments: np.ndarray = field(init=False)
    coerced: CoercedRows = field(init=False)

    def __post_init__(self) -> None:
        times = self.frame[self.monitor.source.time]
        moments = times.astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
        object.__setattr__(self, "moments", moments)
        object.__setattr__(self, "coerced", CoercedRows(self.monitor, self.frame))

    def find(self, window: Window) -> slice:
        """Where the rows of a window lie."""
        ends = [_in_nanoseconds(end) for end in (window.start, window.end)]
        begin, end = self.moments.searchsorted(ends).tolist()
        return slice(begin, end)

    def coerce(self, place: slice, window: Window) -> CoercedRows | None:
        """The rows of a window, of which there are some, coerced; None where that depends on which
        rows are looked at: a complaint counts those that cannot be used."""
        if self.coerced.complaints:
            return None
        if window in self._windows:
            return self._windows[window]
        return self.coerced.take(np.arange(place.start, place.stop), end=window.end)

    @cached_property
    def _windows(self) -> dict[Window, CoercedRows]:
        """The rows of each of the monitor's windows, coerced."""
        every, [first, last] = self.monitor.every, self.moments[[0, -1]].tolist()
        windows = [every.containing(EPOCH + timedelta(microseconds=first // 1000))]
        while _in_nanoseconds(windows[-1].end) <= last:
            windows.append(every.containing(windows[-1].end))
        starts = [_in_nanoseconds(window.start) for window in windows]
        number = np.searchsorted(starts, self.moments, "right") - 1
        partition = Partition(number.astype(np.int16), len(windows))
        parts = self.coerced.part(partition, [window.end for window in windows])
        return dict(zip(windows, parts, strict=True))


def _in_nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


class Days:
    """Days that were read; as many as are worth their memory."""

    def __init__(self) -> None:
        self._days: OrderedDict[Hashable, DayRows | None] = OrderedDict()
        self._files: dict[Window, Files] | None = None
        self._no_rows: dict[tuple[str, ...], tuple[pd.DataFrame, CoercedRows]] = {}

    def look(self, days: Window, describe: Callable[[], Files]) -> Files:
        """The files of some days; as they were when they were looked at first, within
        `look_once`."""
        if self._files is None:
            return describe()
        if days not in self._files:
            self._files[days] = describe()
        return self._files[days]

    def find_no_rows(self, day: DayRows) -> tuple[pd.DataFrame, CoercedRows]:
        """What a window has in which no rows lie, and the same coerced: alike for all days with
        these columns."""
        if day.names not in self._no_rows:
            frame = day.frame.loc[:, list(day.names)].iloc[:0]
            self._no_rows[day.names] = frame, CoercedRows(day.monitor, frame)
        return self._no_rows[day.names]

    @contextmanager
    def look_once(self) -> Iterator[None]:
        """Look at the files of each day once meanwhile."""
        self._files = {}
        try:
            yield
        finally:
            self._files = None

    def __contains__(self, key: Hashable) -> bool:
        return key in self._days

    def __getitem__(self, key: Hashable) -> DayRows | None:
        self._days.move_to_end(key)
        return self._days[key]

    def __setitem__(self, key: Hashable, day: DayRows | None) -> None:
        self._days[key] = day
        while len(self._days) > 1 and self._count() > REMEMBERED_ROWS:
            self._days.popitem(last=False)

    def _count(self) -> int:
        return sum(len(day.hashes) + 1000 for day in self._days.values() if day is not None)
