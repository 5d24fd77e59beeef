"""Reads the rows of a window out of files: by folder, by the day in a name, or by their times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from driftdeck.collectors.frames.schema import SCHEMA
from driftdeck.collectors.ledger import Ledger, Reason
from driftdeck.collectors.sources import csv, parquet
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError, naming
from driftdeck.collectors.sources.parts import Part, join_parts, with_times
from driftdeck.collectors.sources.paths import Paths, read_facts
from driftdeck.collectors.sources.times import Times
from driftdeck.collectors.sources.typed import Reading, coerce_columns
from driftdeck.declare import Csv, Files, Window

MOST_OUTSIDE = 0.05
"""A larger share of rows of other days in a day's partition means that the zone is wrong."""
ZONE_SPAN = pd.Timedelta(hours=26)
"""No two time zones are further apart."""
CSV_TYPE = "text"
MOST_NAMES, LONGEST_NAME = 12, 40
"""So many names of columns stand in an error, and so many characters of each."""


@dataclass(frozen=True)
class Log:
    """The rows of a declared source of files. reading: how its cells are read."""

    paths: Paths
    reading: Reading

    @property
    def source(self) -> Files:
        """As it is declared."""
        return self.paths.source

    def read_window(self, window: Window, names: Sequence[str]) -> Part:
        """The named columns of the rows of a window, in any order. Raises SourceError."""
        part = self._read(self.paths.for_window(window), names, window)
        if part.frame.empty:
            return part
        times = part.frame[self.source.time]
        if times.min() >= window.start and times.max() < window.end:
            return self._with_schema(part, part.frame, np.ones(len(times), bool))
        inside = (times >= window.start) & (times < window.end)
        days = self.paths.days_of(window)
        in_days = (times >= days.start) & (times < days.end)
        ledger = part.ledger.without(Reason.ELSEWHERE, int((in_days & ~inside).sum()))
        if not in_days.all():
            self._check_outside(times, in_days, days)
            reason = Reason.ELSEWHERE if self.paths.are_shared else Reason.OUTSIDE
            example = str(times[~in_days].iloc[0])
            ledger = ledger.without(reason, int((~in_days).sum()), example)
        frame = part.frame.loc[inside].reset_index(drop=True)
        return self._with_schema(Part(frame, ledger, part.schemas), frame, inside.to_numpy())

    def _with_schema(self, part: Part, frame: pd.DataFrame, inside: np.ndarray) -> Part:
        """Rows with the columns of the files that they come of, where somebody asks.

        frame: the rows. inside: which of all that were read they are.
        """
        if not self.reading.schema:
            return part
        described = frame.copy(deep=False)
        described.attrs[SCHEMA] = part.schema_of(inside)
        return Part(described, part.ledger)

    def read_labels(self, window: Window, names: Sequence[str]) -> Part:
        """The named columns of what may be labels of a window's rows, with the time of each, when
        the label became known. Raises SourceError."""
        is_undated = self.source.layout == "undated"
        return self._read(self.paths.for_window(window), names, None if is_undated else window)

    def _check_outside(self, times: Times, inside: "pd.Series[bool]", window: Window) -> None:
        """Raise SourceError where so many rows lie outside the window that its zone must be wrong.

        times: of the rows of the window's partition. inside: whether each lies in the window.
        """
        outside = int((~inside).sum())
        if self.paths.are_shared or outside <= MOST_OUTSIDE * len(times):
            return
        near = (times >= window.start - ZONE_SPAN) & (times < window.end + ZONE_SPAN)
        mend = f'say {type(self.source).__name__}(..., timezone="...") for the zone that the'
        mend += " partitions follow"
        if int((~near).sum()) > outside / 2:
            mend = f"no time zone is so far away, e.g. {times[~near].iloc[0]}; mend the times"
        raise SourceError(
            f"{self.source.folder}: by {self.source.time!r} {outside} of {len(times)} rows of"
            f" partition {window.name} lie outside that day in {self.paths.zone.key}; {mend}"
        )

    def first_day(self, zone: ZoneInfo) -> date | None:
        """The day of a zone on which the log begins, None where it is empty. Raises SourceError."""
        if self.source.layout == "undated":
            frame = self._read(self.paths.for_window(None), [], None).frame
            first = None if frame.empty else frame[self.source.time].min()
            return None if first is None else first.tz_convert(zone).date()
        days = sorted(day for day, _ in self.paths.by_day())
        if not days:
            return None
        return datetime.combine(days[0], time(), self.paths.zone).astimezone(zone).date()

    def _read(self, paths: Sequence[Path], names: Sequence[str], window: Window | None) -> Part:
        """The named columns and the time of files.

        window: of undated Parquet, rows that are surely outside it may be left out; None for all.
        """
        columns = tuple(dict.fromkeys((*names, self.source.time)))
        is_undated = self.source.layout == "undated"
        if is_undated:
            is_read_whole = window is None or isinstance(self.source, Csv)
        else:  # a day's file is read once for all of its hours
            is_read_whole = window is not None and self.paths.days_of(window) != window
        if is_read_whole:
            return _read_once(
                self, tuple((str(path), *read_facts(path)) for path in paths), columns
            )
        return join_parts(
            [self.read_file(path, columns, window if is_undated else None) for path in paths]
        )

    def read_file(self, path: Path, names: Sequence[str], window: Window | None) -> Part:
        """The named columns of a file's rows that have a time. Raises SourceError."""
        with naming(path):
            table, repeated, outside, unreadable, schema = self._read_table(path, names, window)
            if not table.num_columns:
                return Part(pd.DataFrame(), Ledger())
            frame = coerce_columns(
                table, self.source.time, repeated, self.reading, str(path), unreadable
            )
            part = with_times(frame, self.source, str(path))
        ledger = replace(part.ledger, read=part.ledger.read + outside)
        schemas = ((schema, len(part.frame)),) if self.reading.schema else ()
        return Part(part.frame, ledger.without(Reason.ELSEWHERE, outside), schemas)

    def _read_table(
        self, path: Path, names: Sequence[str], window: Window | None
    ) -> tuple[pa.Table, list[str], int, dict[str, str], dict[str, str]]:
        """(columns, names that the file has several times, number of rows that are surely of other
        windows and left out, reason by column that cannot be read, type by column)."""
        if isinstance(self.source, Csv):
            head = csv.read_head(path, self.source.separator)
            unique, repeated = self._split_names(path, head.names, names)
            schema = pa.schema([(name, pa.string()) for name in unique])
            batches = csv.read_batches(path, self.source, head, unique)
            types = dict.fromkeys(head.names, CSV_TYPE)
            return pa.Table.from_batches(batches, schema), repeated, 0, {}, types
        with parquet.open_file(path) as file:
            unique, repeated = self._split_names(path, file.schema_arrow.names, names)
            table, outside, unreadable = parquet.read_rows(file, unique, self.source.time, window)
            types = parquet.read_schema(file) if self.reading.schema else {}
        return (
            table,
            repeated,
            outside,
            {name: f"{path}: {reason}" for name, reason in unreadable.items()},
            types,
        )

    def _split_names(
        self, path: Path, present: Sequence[str], names: Sequence[str]
    ) -> tuple[list[str], list[str]]:
        """(names that a file has once, names that it has several times); others it has not.

        present: every name of the file; none of an empty one. Raises SourceError without a time.
        """
        if present:
            self._check_time_column(path, present)
        repeated = [name for name in names if present.count(name) > 1]
        return [name for name in names if present.count(name) == 1], repeated

    def _check_time_column(self, path: Path, present: Sequence[str]) -> None:
        """Raise SourceError where a file does not have the column of times, once."""
        count = present.count(self.source.time)
        if count == 1:
            return
        count_text = "no" if not count else f"{count} times the"
        names = [repr(name[:LONGEST_NAME]) for name in present[:MOST_NAMES]]
        listing = ", ".join(names) + (", ..." if len(present) > MOST_NAMES else "")
        raise SourceError(
            f"{path}: {count_text} column {self.source.time!r}, the time of each row; it has"
            f" {listing}; is it the right file, and written with the separator that is declared?"
        )


def make_log(sources: Sources, source: Files) -> Log:
    """The rows of a source of files, read as the monitor's columns need them."""
    reading = Reading.of(sources.monitor)
    if isinstance(source, Csv):
        reading = replace(reading, decimal=source.decimal, missing=source.na)
    return Log(sources.paths(source), reading)


@lru_cache(maxsize=4)
def _read_once(
    log: Log, stamps: tuple[tuple[str, int, int, int, int], ...], names: tuple[str, ...]
) -> Part:
    """All rows of an undated log; the cache reads it again only when a file has changed.

    stamps: path of each file, and `read_facts` of it.
    """
    return join_parts([log.read_file(Path(path), names, None) for path, *_ in stamps])
