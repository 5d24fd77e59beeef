"""Reads Parquet: only the columns that are asked for, and of a window only what may be in it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from driftdeck.collectors.sources.errors import SourceError, cause
from driftdeck.declare import Window

SLACK = timedelta(hours=26)
"""Times without a zone are compared as if they were UTC, with so much room on either side."""
MANY_ROWS = 100_000
INDEX = "__index_level_"
"""What pandas calls an index without a name."""


def read_names(path: Path) -> list[str]:
    """The columns of a file, in order. Raises SourceError."""
    with open_file(path) as file:
        return list(file.schema_arrow.names)


def read_schema(file: pq.ParquetFile) -> dict[str, str]:
    """The type of each column of a file, but pandas' nameless index; how words are packed, which
    depends on how many there are, is no part of it."""
    fields = (field for field in file.schema_arrow if not field.name.startswith(INDEX))
    return {field.name: _name_type(field.type) for field in fields}


def _name_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _name_type(kind.value_type)
    return str(kind).removeprefix("large_")


def read_rows(
    file: pq.ParquetFile, names: Sequence[str], time_column: str, window: Window | None
) -> tuple[pa.Table, int, dict[str, str]]:
    """(the named columns, number of rows left out, reason by column that cannot be read).

    time_column: of the rows' times. window: leaves out rows that cannot be in it; row groups that
    cannot have one are not read, nor counted. What pandas had as an index is a column like any
    other. Raises whatever Arrow does where the times cannot be read.
    """
    groups = list(range(file.num_row_groups))
    if window is not None and time_column in names:
        groups = [n for n in groups if _may_hold(file, n, time_column, window)]
    # Threads cost a small file more than they bring.
    threads = file.metadata.num_rows > MANY_ROWS
    unreadable: dict[str, str] = {}
    try:
        table = file.read_row_groups(groups, columns=list(names), use_threads=threads)
    except (pa.ArrowException, OSError, ValueError):
        table = file.read_row_groups(groups, columns=[time_column])
        for name in names:
            if name == time_column:
                continue
            try:
                single = file.read_row_groups(groups, columns=[name])
                table = table.append_column(name, single.column(name))
            except (pa.ArrowException, OSError, ValueError) as error:
                unreadable[name] = cause(error)
    nearby = table if window is None else _filter_near(table, time_column, window)
    return nearby, table.num_rows - nearby.num_rows, unreadable


def _filter_near(table: pa.Table, time_column: str, window: Window) -> pa.Table:
    """The rows whose time is missing or may lie in a window: fewer rows for pandas to convert."""
    times = table.column(time_column)
    if not pa.types.is_timestamp(times.type):
        return table
    slack = timedelta(0) if times.type.tz else SLACK
    low, high = (
        pa.scalar(end.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
        for end in (window.start - slack, window.end + slack)
    )
    naive = pc.cast(times, pa.timestamp("us"), safe=False)
    inside = pc.and_(pc.greater_equal(naive, low), pc.less(naive, high))
    return table.filter(pc.or_kleene(inside, pc.is_null(times)))


def read_batches(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a file, so many at a time, without pandas' nameless index. Raises SourceError."""
    with open_file(path) as file:
        names = [n for n in file.schema_arrow.names if not n.startswith(INDEX)]
        unique = [name for name in names if names.count(name) == 1]
        yield from file.iter_batches(rows, columns=unique)


@contextmanager
def open_file(path: Path) -> Iterator[pq.ParquetFile]:
    """A file, closed behind the block. Raises SourceError, also for what fails in the block."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        message = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SourceError(
            f"{path}: is no whole Parquet file: {message}; if it is being written, write it beside"
            " and rename it when it is done; if not, make it anew or move it away"
        ) from error


def _may_hold(file: Any, group: int, time_column: str, window: Window) -> bool:
    """Whether a row group's statistics leave it possible that it has rows of a window."""
    metadata = file.metadata.row_group(group)
    number = next(
        (
            n
            for n in range(metadata.num_columns)
            if metadata.column(n).path_in_schema == time_column
        ),
        None,
    )
    statistics = None if number is None else metadata.column(number).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    if not isinstance(statistics.min, (datetime, date)):
        return True
    try:
        low, high = (pd.Timestamp(bound) for bound in (statistics.min, statistics.max))
        slack = SLACK if low.tz is None else timedelta(0)
        low, high = (
            bound.tz_localize("UTC") if bound.tz is None else bound for bound in (low, high)
        )
        return bool(low - slack < window.end and high + slack >= window.start)
    except (ValueError, OverflowError):  # of a year that pandas does not know
        return True
