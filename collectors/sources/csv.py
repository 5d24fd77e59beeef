"""Reads CSV: a field is the text that is written, whatever else its file holds."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from collectors.sources.errors import SourceError
from monitors.declare import Csv

BLOCK = 1 << 22
"""So many bytes are parsed at once."""
EXCERPT = 60


def header(path: Path, separator: str) -> list[str]:
    """The names in the first line that is not empty; none of an empty file. Raises SourceError."""
    try:
        with _opened(path) as file:
            return next((row for row in csv.reader(file, delimiter=separator) if row), [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error


def batches_of(path: Path, source: Csv, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """The rows of a file some at a time: each field as text, null where it is empty.

    names: the columns wanted, each once in the header; all where None. Raises SourceError.
    """
    present = header(path, source.separator)
    wanted = [name for name in (names or present) if name in present]
    refused: list[pa_csv.InvalidRow] = []
    last = None
    try:
        with _parser(path, source, len(present), refused) as reader:
            for batch in reader:
                columns = [batch.column(present.index(name)) for name in wanted]
                yield pa.record_batch(columns, wanted)
                last = batch.column(len(present) - 1)[-1].as_py() if len(batch) else last
    except (pa.ArrowException, OSError) as error:
        raise _ragged(path, refused[0], present) if refused else unreadable(path, error) from error
    if last and "\n" in last and not _ends_quoted(path):
        raise SourceError(f"{path}: a quote is never closed: {_excerpt(last)}; close it")


def _parser(
    path: Path, source: Csv, columns: int, refused: list[pa_csv.InvalidRow]
) -> pa_csv.CSVStreamingReader:
    """Of every field as text; rows of another length than the header end it and are remembered."""

    def refuse(row: pa_csv.InvalidRow) -> str:
        refused.append(row)
        return "error"

    # Columns are told by their place: names may be there twice.
    places = [str(n) for n in range(columns)]
    return pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(
            block_size=BLOCK, use_threads=False, column_names=places, skip_rows_after_names=1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=source.separator, newlines_in_values=True, invalid_row_handler=refuse
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _ragged(path: Path, row: pa_csv.InvalidRow, present: list[str]) -> SourceError:
    """Of a row with too many or too few fields nobody can tell which is which."""
    place = f"{path}: row {row.number}" if row.number else str(path)
    return SourceError(
        f"{place} has {row.actual_columns} fields where the header names {len(present)}:"
        f" {_excerpt(row.text)}; write every field, and quote those that hold a separator"
    )


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= EXCERPT else text[:EXCERPT] + "...")


def _ends_quoted(path: Path) -> bool:
    """Whether the last sign of a file closes a quote."""
    with _opened(path) as file:
        end = ""
        while block := file.read(BLOCK):
            end = (end + block)[-8:]
    return end.rstrip("\r\n").endswith('"')


def _opened(path: Path) -> io.TextIOBase:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")  # type: ignore[return-value]
    return path.open(encoding="utf-8-sig", newline="")


def unreadable(path: Path, error: Exception) -> SourceError:
    """What a parser says of a file, with its name and the mend."""
    return SourceError(
        f"{path}: is no CSV in UTF-8 that can be read: {str(error).strip().splitlines()[-1]};"
        " convert it, or move it away"
    )
