"""A day's rows, read, hashed, joined with their labels and coerced once, for all of its windows of
hours: each is a stretch of them."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.ledger import Ledger
from driftdeck.declare import Monitor, Window

Files = tuple[tuple[str, int, int, int, int], ...]
"""The path of each, with its facts: see `paths.read_facts`."""
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
    rows. labels: None where the rows carry them. no_rows: what a window has in which none lie.
    """

    monitor: Monitor
    frame: pd.DataFrame
    hashes: np.ndarray
    names: tuple[str, ...]
    ledger: Ledger
    labels: DayLabels | None
    moments: np.ndarray = field(init=False)
    coerced: CoercedRows = field(init=False)
    no_rows: pd.DataFrame = field(init=False)
    nothing: CoercedRows = field(init=False)

    def __post_init__(self) -> None:
        times = self.frame[self.monitor.source.time]
        moments = times.astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
        object.__setattr__(self, "moments", moments)
        object.__setattr__(self, "coerced", CoercedRows(self.monitor, self.frame))
        object.__setattr__(self, "no_rows", self.frame.loc[:, list(self.names)].iloc[:0])
        object.__setattr__(self, "nothing", CoercedRows(self.monitor, self.no_rows))

    def find(self, window: Window) -> slice:
        """Where the rows of a window lie."""
        ends = [pd.Timestamp(end).value for end in (window.start, window.end)]
        begin, end = (int(place) for place in self.moments.searchsorted(ends))
        return slice(begin, end)

    def coerce(self, place: slice, window: Window) -> CoercedRows | None:
        """The rows of a window, coerced; None where that depends on which rows are looked at: a
        complaint counts those that cannot be used."""
        if place.start == place.stop:
            return self.nothing.take(np.arange(0), end=window.end)
        if self.coerced.complaints:
            return None
        return self.coerced.take(np.arange(place.start, place.stop), end=window.end)


class Days:
    """Days that were read; as many as are worth their memory."""

    def __init__(self) -> None:
        self._days: OrderedDict[Hashable, DayRows | None] = OrderedDict()
        self._files: dict[Window, Files] | None = None

    def look(self, days: Window, describe: Callable[[], Files]) -> Files:
        """The files of some days; as they were when they were looked at first, within
        `look_once`."""
        if self._files is None:
            return describe()
        if days not in self._files:
            self._files[days] = describe()
        return self._files[days]

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
