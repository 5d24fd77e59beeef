"""Reads Parquet: only the columns that are asked for, and of a window only what may be in it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from monitors.declare import Window

SLACK = timedelta(hours=26)
"""Statistics of times without a zone are compared as if they were UTC, with so much room."""

MANY_ROWS = 100_000


def read_parquet(
    path: Path, names: Sequence[str], column: str, window: Window | None
) -> pd.DataFrame:
    """The named columns that the file has; with a window only of row groups that may be in it.

    What pandas had as an index is a column like any other.
    """
    with pq.ParquetFile(path) as file:
        present = set(file.schema_arrow.names)
        wanted = [name for name in dict.fromkeys(names) if name in present]
        groups = list(range(file.num_row_groups))
        if window is not None and column in present:
            groups = [n for n in groups if _may_hold(file, n, column, window)]
        # Threads cost a small file more than they bring.
        threads = file.metadata.num_rows > MANY_ROWS
        table = file.read_row_groups(groups, columns=wanted, use_threads=threads)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, use_threads=threads)
    return frame


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
    low, high = (pd.Timestamp(bound) for bound in (statistics.min, statistics.max))
    slack = SLACK if low.tz is None else timedelta(0)
    low, high = (one.tz_localize("UTC") if one.tz is None else one for one in (low, high))
    return bool(low - slack < window.end and high + slack >= window.start)
