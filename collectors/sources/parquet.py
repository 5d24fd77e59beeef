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
"""Statistics of times without a zone are compared as if they were UTC, with so much room."""
MANY_ROWS = 100_000
INDEX = "__index_level_"
"""What pandas calls an index without a name."""


def names_in(path: Path) -> list[str]:
    """The columns of a file, in order. Raises SourceError."""
    with opened(path) as file:
        return list(file.schema_arrow.names)


def rows_of(
    file: pq.ParquetFile, names: Sequence[str], column: str, window: Window | None
) -> tuple[pa.Table, int, dict[str, str]]:
    """The named columns; with a window only of rows that may be in it, and how many are not; and
    why some columns cannot be read.

    column: of the rows' times. Row groups that cannot have a row of the window are not read, nor
    counted. What pandas had as an index is a column like any other. Raises what is wrong with the
    times.
    """
    groups = list(range(file.num_row_groups))
    if window is not None and column in names:
        groups = [n for n in groups if _may_hold(file, n, column, window)]
    # Threads cost a small file more than they bring.
    threads = file.metadata.num_rows > MANY_ROWS
    why: dict[str, str] = {}
    try:
        table = file.read_row_groups(groups, columns=list(names), use_threads=threads)
    except (pa.ArrowException, OSError, ValueError):
        table = file.read_row_groups(groups, columns=[column])
        for name in names:
            if name == column:
                continue
            try:
                alone = file.read_row_groups(groups, columns=[name])
                table = table.append_column(name, alone.column(name))
            except (pa.ArrowException, OSError, ValueError) as error:
                why[name] = cause(error)
    near = table if window is None else _near(table, column, window)
    return near, table.num_rows - near.num_rows, why


def _near(table: pa.Table, column: str, window: Window) -> pa.Table:
    """The rows whose time is missing or may lie in a window, before they cost any more."""
    times = table.column(column)
    if not pa.types.is_timestamp(times.type):
        return table
    slack = timedelta(0) if times.type.tz else SLACK
    low, high = (
        pa.scalar(end.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
        for end in (window.start - slack, window.end + slack)
    )
    plain = pc.cast(times, pa.timestamp("us"), safe=False)
    inside = pc.and_(pc.greater_equal(plain, low), pc.less(plain, high))
    return table.filter(pc.or_kleene(inside, pc.is_null(times)))


def batches_of(path: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a file, so many at a time, without pandas' nameless index. Raises SourceError."""
    with opened(path) as file:
        names = [n for n in file.schema_arrow.names if not n.startswith(INDEX)]
        unique = [name for name in names if names.count(name) == 1]
        yield from file.iter_batches(rows, columns=unique)


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """A file, so long as it is needed. Raises SourceError, of its reading, too."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SourceError(
            f"{path}: is no whole Parquet file: {said}; if it is being written, write it beside and"
            " rename it when it is done; if not, make it anew or move it away"
        ) from error


def _may_hold(file: Any, group: int, column: str, window: Window) -> bool:
    """Whether a row group's statistics leave it possible that it has rows of a window."""
    metadata = file.metadata.row_group(group)
    place = next(
        (n for n in range(metadata.num_columns) if metadata.column(n).path_in_schema == column),
        None,
    )
    statistics = None if place is None else metadata.column(place).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    if not isinstance(statistics.min, (datetime, date)):
        return True
    try:
        low, high = (pd.Timestamp(bound) for bound in (statistics.min, statistics.max))
        slack = SLACK if low.tz is None else timedelta(0)
        low, high = (one.tz_localize("UTC") if one.tz is None else one for one in (low, high))
        return bool(low - slack < window.end and high + slack >= window.start)
    except (ValueError, OverflowError):  # of a year that pandas does not know
        return True
