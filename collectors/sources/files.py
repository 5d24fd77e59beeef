"""Reads the rows of a window out of files: by folder, by the day in a name, or by their times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from driftdeck.collectors.sources import csv, parquet
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError, naming
from driftdeck.collectors.sources.ledger import Ledger, Reason
from driftdeck.collectors.sources.parts import Part, joined_parts, timed
from driftdeck.collectors.sources.paths import Paths, facts
from driftdeck.collectors.sources.times import Times
from driftdeck.collectors.sources.typed import Reading, typed
from driftdeck.declare import Csv, Files, Window

MOST_ASTRAY = 0.05
"""Of a day's partition, a larger share of rows of other days means that the zone is wrong."""
ZONES = pd.Timedelta(hours=26)
"""No two time zones are further apart."""
SHOWN, LONGEST = 12, 40
"""So many names of columns are shown, and so many signs of each."""


@dataclass(frozen=True)
class Log:
    """The rows of a declared source of files. reading: how its cells are read."""

    paths: Paths
    reading: Reading

    @property
    def source(self) -> Files:
        """As it is declared."""
        return self.paths.source

    def between(self, window: Window, names: Sequence[str]) -> Part:
        """The named columns of the rows of a window, in any order. Raises SourceError."""
        part = self._read(self.paths.of(window), names, window)
        if part.frame.empty:
            return part
        times = part.frame[self.source.time]
        if times.min() >= window.start and times.max() < window.end:
            return part
        inside = (times >= window.start) & (times < window.end)
        outside = int((~inside).sum())
        self._check_outside(times, inside, window)
        reason = Reason.ELSEWHERE if self.paths.are_shared else Reason.OUTSIDE
        ledger = part.ledger.without(reason, outside, str(times[~inside].iloc[0]))
        return Part(part.frame.loc[inside].reset_index(drop=True), ledger)

    def labels(self, window: Window, names: Sequence[str]) -> Part:
        """The named columns of what may be labels of a window's rows, and when each was known."""
        return self._read(self.paths.of(window), names, None)

    def _check_outside(self, times: Times, inside: "pd.Series[bool]", window: Window) -> None:
        """Raise SourceError where so many rows lie outside that it is the wrong zone, or day."""
        outside = int((~inside).sum())
        if self.paths.are_shared or outside <= MOST_ASTRAY * len(times):
            return
        near = (times >= window.start - ZONES) & (times < window.end + ZONES)
        mend = f'say {type(self.source).__name__}(..., timezone="...") for the zone that the'
        mend += " partitions follow"
        if int((~near).sum()) > outside / 2:
            mend = f"no time zone is so far away, e.g. {times[~near].iloc[0]}; mend the times"
        raise SourceError(
            f"{self.source.folder}: by {self.source.time!r} {outside} of {len(times)} rows of"
            f" partition {window.day} lie outside that day in {self.paths.zone.key}; {mend}"
        )

    def first_day(self, zone: ZoneInfo) -> date | None:
        """The day of a zone on which the log begins, None where it is empty. Raises SourceError."""
        if self.source.layout == "undated":
            frame = self._read(self.paths.of(None), [], None).frame
            first = None if frame.empty else frame[self.source.time].min()
            return None if first is None else first.tz_convert(zone).date()
        days = sorted(day for day, _ in self.paths.by_day())
        if not days:
            return None
        return datetime.combine(days[0], time(), self.paths.zone).astimezone(zone).date()

    def _read(self, paths: Sequence[Path], names: Sequence[str], window: Window | None) -> Part:
        """The named columns and the time of files; of a window what the files tell apart."""
        wanted = tuple(dict.fromkeys((*names, self.source.time)))
        undated = self.source.layout == "undated"
        if undated and (window is None or isinstance(self.source, Csv)):
            return _parsed_once(self, tuple((str(p), *facts(p)) for p in paths), wanted)
        return joined_parts([self.read_file(p, wanted, window if undated else None) for p in paths])

    def read_file(self, path: Path, names: Sequence[str], window: Window | None) -> Part:
        """The named columns of a file's rows that have a time. Raises SourceError."""
        with naming(path):
            table, twice, beyond, why = self._table(path, names, window)
            if not table.num_columns:
                return Part(pd.DataFrame(), Ledger())
            frame = typed(table, self.source.time, twice, self.reading, str(path), why)
            part = timed(frame, self.source, str(path))
        ledger = replace(part.ledger, read=part.ledger.read + beyond)
        return Part(part.frame, ledger.without(Reason.ELSEWHERE, beyond))

    def _table(
        self, path: Path, names: Sequence[str], window: Window | None
    ) -> tuple[pa.Table, list[str], int, dict[str, str]]:
        """A file's columns, the names that it has twice, how many rows are surely of other windows,
        and why some columns cannot be read."""
        if isinstance(self.source, Csv):
            begins = csv.head(path, self.source.separator)
            there, twice = self._present(path, begins.names, names)
            texts = pa.schema([(name, pa.string()) for name in there])
            batches = csv.batches_of(path, self.source, begins, there)
            return pa.Table.from_batches(batches, texts), twice, 0, {}
        with parquet.opened(path) as file:
            there, twice = self._present(path, file.schema_arrow.names, names)
            table, beyond, why = parquet.rows_of(file, there, self.source.time, window)
        return table, twice, beyond, {name: f"{path}: {reason}" for name, reason in why.items()}

    def _present(
        self, path: Path, present: Sequence[str], names: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """Those names that a file has once, and those that it has several times."""
        if present:
            self._need_time(path, present)
        twice = [name for name in names if present.count(name) > 1]
        return [name for name in names if present.count(name) == 1], twice

    def _need_time(self, path: Path, present: Sequence[str]) -> None:
        """Raise SourceError where a file does not have the column of times, once."""
        count = present.count(self.source.time)
        if count == 1:
            return
        has = "no" if not count else f"{count} times the"
        names = [repr(name[:LONGEST]) for name in present[:SHOWN]]
        said = ", ".join(names) + (", ..." if len(present) > SHOWN else "")
        raise SourceError(
            f"{path}: {has} column {self.source.time!r}, the time of each row; it has {said};"
            " is it the right file, and written with the separator that is declared?"
        )


def log_of(sources: Sources, source: Files) -> Log:
    """The rows of a source of a monitor."""
    reading = Reading.of(sources.monitor)
    if isinstance(source, Csv):
        reading = replace(reading, decimal=source.decimal, missing=source.na)
    return Log(sources.paths(source), reading)


@lru_cache(maxsize=4)
def _parsed_once(
    log: Log, stamps: tuple[tuple[str, int, int, int, int], ...], names: tuple[str, ...]
) -> Part:
    """All of an undated log; read again only when a file has changed."""
    return joined_parts([log.read_file(Path(path), names, None) for path, *_ in stamps])
