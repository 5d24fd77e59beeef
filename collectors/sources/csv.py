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
LONGEST_EXCERPT = 60


@dataclass(frozen=True)
class Head:
    """How a file begins.

    names: of the columns, in the header; none of an empty file. blank_lines: how many stand above
    the header. has_rows: whether anything stands below it.
    """

    names: list[str]
    blank_lines: int = 0
    has_rows: bool = False


def read_header(path: Path, separator: str) -> list[str]:
    """The names in the first line that is not empty; none of an empty file. Raises SourceError."""
    return read_head(path, separator).names


def read_head(path: Path, separator: str) -> Head:
    """How a file begins. Raises SourceError."""
    names: list[str] = []
    blank_lines = 0
    try:
        with _open_text(path) as file:
            for row in csv.reader(file, delimiter=separator):
                if not names:
                    "".join(row).encode()  # what is no text was read as halves of characters
                if row and names:
                    return Head(names, blank_lines, has_rows=True)
                names, blank_lines = row or names, blank_lines + (not row and not names)
    except (*BROKEN, pa.ArrowException, OSError, csv.Error) as error:
        raise unreadable_error(path, error) from error
    return Head(names, blank_lines)


def read_batches(
    path: Path, source: Csv, head: Head, names: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The rows of a file, a block at a time: each field as text, null where it is empty.

    source: how the file is written. head: of this file. names: the columns to read; those that the
    header does not have are skipped, and no name may stand in it twice. Raises SourceError.
    """
    present = head.names
    selected = [name for name in names if name in present]
    if not head.has_rows:
        return
    invalid_rows: list[pa_csv.InvalidRow] = []
    has_line_breaks = False
    try:
        with _open_parser(path, source, head, invalid_rows) as reader:
            for batch in reader:
                columns = [batch.column(present.index(name)) for name in selected]
                yield pa.record_batch(columns, selected)
                has_line_breaks = has_line_breaks or any(
                    _has_line_breaks(column) for column in batch.columns
                )
    except (pa.ArrowException, OSError) as error:
        raise (
            _ragged_error(path, invalid_rows[0], present)
            if invalid_rows
            else unreadable_error(path, error)
        ) from error
    if has_line_breaks:
        _check_quotes(path, source, present)


def _open_parser(
    path: Path, source: Csv, head: Head, invalid_rows: list[pa_csv.InvalidRow]
) -> pa_csv.CSVStreamingReader:
    """Opens a file for reading in blocks, every field as text.

    invalid_rows: takes the first row whose length is not the header's; reading ends there.
    """

    def refuse(row: pa_csv.InvalidRow) -> str:
        invalid_rows.append(row)
        return "error"

    # Columns are numbered, since a header may have a name twice.
    numbers = [str(n) for n in range(len(head.names))]
    return pa_csv.open_csv(
        path,
        read_options=pa_csv.ReadOptions(
            block_size=BLOCK,
            use_threads=False,
            skip_rows=head.blank_lines,
            column_names=numbers,
            skip_rows_after_names=1,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=source.separator, newlines_in_values=True, invalid_row_handler=refuse
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(numbers, pa.string()),
            null_values=[""],
            check_utf8=False,  # a column that is no text costs the others nothing
            strings_can_be_null=True,
        ),
    )


def _ragged_error(path: Path, row: pa_csv.InvalidRow, present: list[str]) -> SourceError:
    """The error of a row with more or fewer fields than the header has names."""
    place = f"{path}: row {row.number}" if row.number else str(path)
    return SourceError(
        f"{place} has {row.actual_columns} fields where the header names {len(present)}:"
        f" {_shorten(row.text)}; write every field, and quote those that hold a separator"
    )


def _shorten(text: str) -> str:
    return repr(text if len(text) <= LONGEST_EXCERPT else text[:LONGEST_EXCERPT] + "...")


def _has_line_breaks(column: pa.Array) -> bool:
    matches = pc.match_substring_regex(column, r"[\r\n]")
    return bool(pc.any(matches).as_py())


def _check_quotes(path: Path, source: Csv, present: list[str]) -> None:
    """Raise SourceError where a quote that is not closed has swallowed rows.

    It may be closed by the next one that comes along: then what stands behind that one is no
    separator, or a line within the quotes is written as a row is.
    """
    position = present.index(source.time) if source.time in present else 0
    times: set[str] = set()
    try:
        with _open_text(path) as file:
            for row in csv.reader(file, delimiter=source.separator, strict=True):
                swallowed = [line for cell in row for line in re.split(r"[\r\n]+", cell)[1:]]
                for line in swallowed:
                    fields = line.split(source.separator)
                    is_row = max(position + 1, 2) <= len(fields) <= len(present)
                    if is_row and _mask_digits(fields[position]) in times:
                        raise SourceError(
                            f"{path}: a quote before {_shorten(line)} is not closed, and swallows"
                            " rows; close it, or write a quote within quotes twice"
                        )
                if len(row) == len(present) and not swallowed:
                    times.add(_mask_digits(row[position]))
    except csv.Error as error:
        raise SourceError(
            f"{path}: its quotes do not fit ({error}); close each, and write those within quotes"
            " twice"
        ) from error


def _mask_digits(text: str) -> str:
    """The pattern of a text, with 9 for each digit, so that times written alike are equal."""
    return re.sub(r"\d", "9", text.strip())


def _open_text(path: Path) -> io.TextIOBase:
    """The text of a file, unzipped; bytes that are not UTF-8 become lone surrogates."""
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path), "utf-8-sig", "surrogateescape", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def unreadable_error(path: Path, error: Exception) -> SourceError:
    """A parser's error as one that names the file and the mend."""
    message = first_line(error)
    if isinstance(error, UnicodeError) or is_no_text(error):
        return SourceError(f"{path}: is not written in UTF-8 ({message}); save it so")
    if isinstance(error, FileNotFoundError):
        return SourceGoneError(f"{path}: is gone; put it back, or run again once it is written")
    if path.name.lower().endswith(".gz"):
        return SourceError(f"{path}: is no whole gzip file ({message}); write it anew")
    return SourceError(
        f"{path}: is no CSV that can be read: {message}; make it anew or move it away"
    )
