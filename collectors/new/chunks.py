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

CHUNK_ROWS = 200_000
SEPARATORS = ",;\t|"
HEAD_ROWS = 200


@dataclass(frozen=True)
class ChunkReader:
    """Reads Parquet, some rows at a time; columns whose name a file has twice are left out."""

    decimal: str = "."

    def read(self, path: Path) -> Iterator[pd.DataFrame]:
        """The rows of a file as it stores them. Raises SourceError."""
        with naming(path):
            for batch in parquet.read_batches(path, CHUNK_ROWS):
                yield to_frame(pa.Table.from_batches([batch]))

    def list_repeated_names(self, path: Path) -> list[str]:
        """The names that a file has more than once. Raises SourceError."""
        return _list_repeated(parquet.read_names(path))

    def declared_options(self) -> dict[str, str]:
        """The options of the source that reading needs, to be declared, by name."""
        return {}


@dataclass(frozen=True)
class CsvChunkReader(ChunkReader):
    """Reads CSV as text, some rows at a time."""

    separator: str = ","

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "CsvChunkReader":
        """A reader with the separator and decimal mark of the first rows of the first file that has
        any. Raises SourceError."""
        first = next((path for path in paths if csv.read_header(path, ",")), paths[0])
        column_counts = {
            separator: len(csv.read_header(first, separator)) for separator in SEPARATORS
        }
        separator = max(column_counts, key=lambda separator: column_counts[separator])
        reader = cls(".", separator)
        chunks = (chunk for path in paths for chunk in reader.read(path) if len(chunk))
        head = next(chunks, pd.DataFrame()).head(HEAD_ROWS)
        texts = head.stack().astype(str) if head.size else pd.Series(dtype=str)
        commas = int(texts.str.fullmatch(r"[+-]?\d+,\d+").sum())
        points = int(texts.str.fullmatch(r"[+-]?\d+\.\d+").sum())
        return replace(reader, decimal="," if separator != "," and commas > points else ".")

    def read(self, path: Path) -> Iterator[pd.DataFrame]:
        source = Csv("?", time="?", separator=self.separator)
        head = csv.read_head(path, self.separator)
        all_names = head.names
        names = [name for name in all_names if all_names.count(name) == 1]
        if not all_names:  # an empty file, of which the collectors read nothing either
            return
        if not names:
            raise SourceError(f"{path}: every column of it is there more than once")
        for batch in csv.read_batches(path, source, head, names):
            yield to_frame(pa.Table.from_batches([batch]))

    def list_repeated_names(self, path: Path) -> list[str]:
        return _list_repeated(csv.read_header(path, self.separator))

    def declared_options(self) -> dict[str, str]:
        return {"separator": self.separator, "decimal": self.decimal}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A table in pandas, types as stored: text as text, whole numbers exact."""
    return pd.DataFrame({name: _to_series(table.column(name)) for name in table.column_names})


def _to_series(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pd.Series(column.to_numpy(zero_copy_only=False), dtype=object)
    if pa.types.is_float32(column.type) or pa.types.is_float16(column.type):
        return pd.Series(cells.numbers(column).values)
    if pa.types.is_decimal(column.type):
        series = column.to_pandas()
        return pd.Series(cells.numbers(column).values, series.index)
    if pa.types.is_dictionary(column.type):
        return _to_series(column.cast(column.type.value_type))
    return times_to_pandas(column)


def _list_repeated(names: Sequence[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
