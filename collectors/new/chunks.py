"""Reads files of unknown columns some rows at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 200_000
SEPARATORS = ",;\t|"


class Chunks:
    """Parquet, some rows at a time."""

    decimal: str = "."

    def chunks(self, path: Path) -> Iterator[pd.DataFrame]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(CHUNK):
                frame = pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)
                yield frame[[name for name in frame if not name.startswith("__index_level_")]]

    def said(self) -> dict[str, str]:
        """What of the reading is to be declared."""
        return {}


@dataclass
class CsvChunks(Chunks):
    """CSV as text, some rows at a time."""

    separator: str
    decimal: str

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "CsvChunks":
        """Told from the first file's first rows."""
        counted: dict[str, int] = {}
        for separator in SEPARATORS:
            head = _csv(paths[0], separator, nrows=200)
            counted[separator] = 0 if head is None else head.shape[1]
        separator = max(counted, key=lambda one: counted[one])
        head = _csv(paths[0], separator, nrows=200)
        texts = pd.Series(dtype=str) if head is None else head.stack().astype(str)
        commas = int(texts.str.fullmatch(r"[+-]?\d+,\d+").sum())
        points = int(texts.str.fullmatch(r"[+-]?\d+\.\d+").sum())
        return cls(separator, "," if separator != "," and commas > points else ".")

    def chunks(self, path: Path) -> Iterator[pd.DataFrame]:
        found = _csv(path, self.separator, chunksize=CHUNK)
        yield from () if found is None else found

    def said(self) -> dict[str, str]:
        """What of the reading is to be declared."""
        return {"separator": self.separator, "decimal": self.decimal}


def _csv(path: Path, separator: str, **given: Any) -> Any:
    try:
        return pd.read_csv(path, sep=separator, dtype="str", encoding="utf-8-sig", **given)
    except pd.errors.EmptyDataError:
        return None
    except (ValueError, OSError) as error:
        if "nrows" in given:
            return None
        said = str(error).strip().splitlines()[-1]
        raise ValueError(f"{path}: is no CSV in UTF-8 that can be read: {said}") from error
