"""Parquet a folder a day, many read and written together: a call costs more than a file's rows."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def paths(log: Path) -> list[Path]:
    """The files of a log, by day."""
    return sorted(log.glob("date=*/part-0.parquet"))


def read(files: Sequence[Path]) -> tuple[pd.DataFrame, list[int]]:
    """The rows of files, in order, and how many are of each. There is at least one file."""
    found = ds.dataset([str(path) for path in files], format="parquet")
    counts = [fragment.count_rows() for fragment in found.get_fragments()]
    return found.to_table().to_pandas(ignore_metadata=True), counts


def write(rows: pd.DataFrame, days: pd.Series, folder: Path) -> None:
    """A file a day. days: YYYY-MM-DD of each row, ascending."""
    runs = [(day, len(list(same))) for day, same in groupby(days.tolist())]
    files = [folder / f"date={day}" / "part-0.parquet" for day, _ in runs]
    replace(files, rows, [count for _, count in runs])


def replace(files: Sequence[Path], rows: pd.DataFrame, counts: Sequence[int]) -> None:
    """Give files their share of the rows, each at once, so that no reader sees half a file."""
    table, begins = pa.Table.from_pandas(rows, preserve_index=False), 0
    for path, count in zip(files, counts, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".partial")
        pq.write_table(table.slice(begins, count), beside)
        beside.replace(path)
        begins += count
