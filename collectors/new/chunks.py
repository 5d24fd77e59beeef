"""Reads files of unknown columns some rows at a time, by the collectors' own readers."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from driftdeck.collectors.frames import cells
from driftdeck.collectors.sources import csv, parquet
from driftdeck.collectors.sources.errors import SourceError, naming
from driftdeck.collectors.sources.typed import times_to_pandas
from driftdeck.declare import Csv

CHUNK = 200_000
SEPARATORS = ",;\t|"
HEAD = 200


@dataclass(frozen=True)
class Chunks:
    """Parquet, some rows at a time; a name that a file has twice is left out of it."""

    decimal: str = "."

    def chunks(self, path: Path) -> Iterator[pd.DataFrame]:
        """The rows of a file as it stores them. Raises SourceError."""
        with naming(path):
            for batch in parquet.read_batches(path, CHUNK):
                yield frame_of(pa.Table.from_batches([batch]))

    def twice(self, path: Path) -> list[str]:
        """The names that a file has more than once. Raises SourceError."""
        return _twice(parquet.read_names(path))

    def said(self) -> dict[str, str]:
        """What of the reading is to be declared."""
        return {}


@dataclass(frozen=True)
class CsvChunks(Chunks):
    """CSV as text, some rows at a time."""

    separator: str = ","

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "CsvChunks":
        """Told from the first rows of the first file that has any. Raises SourceError."""
        first = next((path for path in paths if csv.read_header(path, ",")), paths[0])
        counted = {s: len(csv.read_header(first, s)) for s in SEPARATORS}
        separator = max(counted, key=lambda one: counted[one])
        reading = cls(".", separator)
        chunks = (chunk for path in paths for chunk in reading.chunks(path) if len(chunk))
        head = next(chunks, pd.DataFrame()).head(HEAD)
        texts = head.stack().astype(str) if head.size else pd.Series(dtype=str)
        commas = int(texts.str.fullmatch(r"[+-]?\d+,\d+").sum())
        points = int(texts.str.fullmatch(r"[+-]?\d+\.\d+").sum())
        return replace(reading, decimal="," if separator != "," and commas > points else ".")

    def chunks(self, path: Path) -> Iterator[pd.DataFrame]:
        source = Csv("?", time="?", separator=self.separator)
        begins = csv.read_head(path, self.separator)
        present = begins.names
        names = [name for name in present if present.count(name) == 1]
        if not present:  # an empty file, of which the collectors read nothing either
            return
        if not names:
            raise SourceError(f"{path}: every column of it is there more than once")
        for batch in csv.read_batches(path, source, begins, names):
            yield frame_of(pa.Table.from_batches([batch]))

    def twice(self, path: Path) -> list[str]:
        return _twice(csv.read_header(path, self.separator))

    def said(self) -> dict[str, str]:
        return {"separator": self.separator, "decimal": self.decimal}


def frame_of(table: pa.Table) -> pd.DataFrame:
    """A table as pandas has it: text as text, whole numbers exact."""
    return pd.DataFrame({name: _column(table.column(name)) for name in table.column_names})


def _column(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pd.Series(column.to_numpy(zero_copy_only=False), dtype=object)
    if pa.types.is_float32(column.type) or pa.types.is_float16(column.type):
        return pd.Series(cells.numbers(column).values)
    if pa.types.is_decimal(column.type):
        found = column.to_pandas()
        return pd.Series(cells.numbers(column).values, found.index)
    if pa.types.is_dictionary(column.type):
        return _column(column.cast(column.type.value_type))
    return times_to_pandas(column)


def _twice(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
