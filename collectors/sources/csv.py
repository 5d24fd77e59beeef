"""Reads CSV: a field is the text that is written, whatever else its file holds."""

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from driftdeck.collectors.sources.errors import (
    BROKEN,
    SourceError,
    SourceGoneError,
    first_line,
    is_no_text,
)
from driftdeck.declare import Csv

BLOCK = 1 << 22
"""So many bytes are parsed at once."""
EXCERPT = 60


@dataclass(frozen=True)
class Head:
    """How a file begins. names: of the columns, none of an empty file. above: how many empty lines
    stand above them. rows: whether something stands below."""

    names: list[str]
    above: int = 0
    rows: bool = False


def header(path: Path, separator: str) -> list[str]:
    """The names in the first line that is not empty; none of an empty file. Raises SourceError."""
    return head(path, separator).names


def head(path: Path, separator: str) -> Head:
    """How a file begins. Raises SourceError."""
    names: list[str] = []
    above = 0
    try:
        with _opened(path) as file:
            for row in csv.reader(file, delimiter=separator):
                if not names:
                    "".join(row).encode()  # what is no text was read as halves of characters
                if row and names:
                    return Head(names, above, rows=True)
                names, above = row or names, above + (not row and not names)
    except (*BROKEN, pa.ArrowException, OSError, csv.Error) as error:
        raise unreadable(path, error) from error
    return Head(names, above)


def batches_of(
    path: Path, source: Csv, begins: Head, names: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a file some at a time: each field as text, null where it is empty.

    names: the columns wanted, each once in the header. Raises SourceError.
    """
    present = begins.names
    wanted = [name for name in names if name in present]
    if not begins.rows:
        return
    refused: list[pa_csv.InvalidRow] = []
    broken = False
    try:
        with _parser(path, source, begins, refused) as reader:
            for batch in reader:
                columns = [batch.column(present.index(name)) for name in wanted]
                yield pa.record_batch(columns, wanted)
                broken = broken or any(_has_line_breaks(column) for column in batch.columns)
    except (pa.ArrowException, OSError) as error:
        raise _ragged(path, refused[0], present) if refused else unreadable(path, error) from error
    if broken:
        _check_quotes(path, source, present)


def _parser(
    path: Path, source: Csv, begins: Head, refused: list[pa_csv.InvalidRow]
) -> pa_csv.CSVStreamingReader:
    """Of every field as text; rows of another length than the header end it and are remembered."""

    def refuse(row: pa_csv.InvalidRow) -> str:
        refused.append(row)
        return "error"

    # Columns are told by their place: names may be there twice.
    places = [str(n) for n in range(len(begins.names))]
    return pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(
            block_size=BLOCK,
            use_threads=False,
            skip_rows=begins.above,
            column_names=places,
            skip_rows_after_names=1,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=source.separator, newlines_in_values=True, invalid_row_handler=refuse
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            null_values=[""],
            check_utf8=False,  # a column that is no text costs the others nothing
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


def _has_line_breaks(column: pa.Array) -> bool:
    found = pc.match_substring_regex(column, r"[\r\n]")
    return bool(pc.any(found).as_py())


def _check_quotes(path: Path, source: Csv, present: list[str]) -> None:
    """Raise SourceError where a quote that is not closed has swallowed rows.

    It may be closed by the next one that comes along: then what stands behind that one is no
    separator, or a line within the quotes is written as a row is.
    """
    place = present.index(source.time) if source.time in present else 0
    times: set[str] = set()
    try:
        with _opened(path) as file:
            for row in csv.reader(file, delimiter=source.separator, strict=True):
                swallowed = [line for cell in row for line in re.split(r"[\r\n]+", cell)[1:]]
                for line in swallowed:
                    fields = line.split(source.separator)
                    is_row = max(place + 1, 2) <= len(fields) <= len(present)
                    if is_row and _form(fields[place]) in times:
                        raise SourceError(
                            f"{path}: a quote before {_excerpt(line)} is not closed, and swallows"
                            " rows; close it, or write a quote within quotes twice"
                        )
                if len(row) == len(present) and not swallowed:
                    times.add(_form(row[place]))
    except csv.Error as error:
        raise SourceError(
            f"{path}: its quotes do not fit ({error}); close each, and write those within quotes"
            " twice"
        ) from error


def _form(text: str) -> str:
    """How a time is written: its digits as 9."""
    return re.sub(r"\d", "9", text.strip())


def _opened(path: Path) -> io.TextIOBase:
    """The text of a file; bytes that are none as halves of characters."""
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path), "utf-8-sig", "surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def unreadable(path: Path, error: Exception) -> SourceError:
    """What a parser says of a file, with its name and the mend of this cause."""
    said = first_line(error)
    if isinstance(error, UnicodeError) or is_no_text(error):
        return SourceError(f"{path}: is not written in UTF-8 ({said}); save it so")
    if isinstance(error, FileNotFoundError):
        return SourceGoneError(f"{path}: is gone; put it back, or run again once it is written")
    if path.name.lower().endswith(".gz"):
        return SourceError(f"{path}: is no whole gzip file ({said}); write it anew")
    return SourceError(f"{path}: is no CSV that can be read: {said}; make it anew or move it away")
