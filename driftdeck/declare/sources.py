"""Where a monitor's rows lie."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from driftdeck.declare.errors import DeclarationError, require

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
Layout = Literal["folders", "dated", "undated"]
EPOCHS = ("s", "ms", "us", "ns")
"""What `format` says of times that are numbers: so many since 1970, in UTC."""


@dataclass(frozen=True)
class Files:
    """A log in files; what Parquet and Csv share.

    folder: below the data folder of the settings, or an absolute path; a single file, too, where
        the layout is "undated".
    time: the column that says when a row happened (or, for labels, became known).
    on: for labels, the column that names the row in both sources.
    partition: what the folders of a day are called.
    timezone: of the days in the names of folders and files; '' means the monitor's own.
    layout: "folders": a folder a day, `<folder>/<partition>=YYYY-MM-DD/*`. "dated": files with
        their day in their name, `2026-01-05.csv`, `log_20260105.parquet`. "undated": files of any
        names, days mixed.
    naive: the zone of times that name none; '' means that such times are an error.
    format: of times written as text, as strptime has it, '' for ISO 8601; or "s", "ms", "us", "ns"
        where they are numbers since 1970.

    A label lies in the folder or dated file of its row's day; undated ones are all looked at.
    """

    folder: str
    time: str
    on: str = ""
    partition: str = "date"
    timezone: str = ""
    layout: Layout = "folders"
    naive: str = ""
    format: str = ""

    suffixes: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        require(bool(self.folder), "source: folder", "''", "name the folder of the log")
        require(bool(self.time), "source: time", "''", "name the column with each row's time")
        require(
            self.layout in get_args(Layout),
            "source: layout",
            f"{self.layout!r}",
            f"choose among {', '.join(get_args(Layout))}",
        )
        _check_zone("timezone", self.timezone)
        _check_zone("naive", self.naive)
        require(
            not self.format or "%" in self.format or self.format in EPOCHS,
            "source: format",
            f"{self.format!r}",
            f'write it as strptime has it, "%d/%m/%Y %H:%M", or one of {", ".join(EPOCHS)}',
        )

    @property
    def place(self) -> str:
        """What names it in errors."""
        return self.folder


@dataclass(frozen=True)
class Parquet(Files):
    """A log in Parquet. Of undated files only the row groups of a window's time are read."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)


@dataclass(frozen=True)
class Csv(Files):
    """A log in CSV, `.csv` or `.csv.gz`.

    An undated log is parsed whole, once a process, and kept: one that grows wants a file a day.

    separator: between values. decimal: the mark before a number's fraction. na: words that, like
        an empty field, say that a value is missing, in every column: ("NA", "-").
    """

    separator: str = ","
    decimal: str = "."
    na: tuple[str, ...] = ()

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".csv.gz")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("separator", "decimal"):
            value = getattr(self, name)
            require(len(value) == 1, f"source: {name}", f"{value!r}", "give one character")
        require(
            isinstance(self.na, tuple) and all(isinstance(word, str) for word in self.na),
            "source: na",
            f"{self.na!r}",
            'give a tuple of words: na=("NA",)',
        )


@dataclass(frozen=True)
class Table:
    """A table or view in PostgreSQL.

    name: `table` or `schema.table`.
    time, on: as for files.
    address: the environment variable that holds the database's URI; '' means the monitoring
        database itself. A URI is a secret, so it never stands in a declaration.
    naive: the zone of a time column without one (`timestamp`, `date`); '' makes it an error.
    """

    name: str
    time: str
    on: str = ""
    address: str = ""
    naive: str = ""

    def __post_init__(self) -> None:
        parts = self.name.split(".")
        require(
            len(parts) <= 2 and all(IDENTIFIER.fullmatch(part) for part in parts),
            "source: name",
            f"{self.name!r}",
            "write table or schema.table",
        )
        require(bool(self.time), "source: time", "''", "name the column with each row's time")
        require(
            not self.address or bool(re.fullmatch(r"[A-Z][A-Z0-9_]*", self.address)),
            "source: address",
            f"{self.address!r}",
            "name an environment variable such as OUTAGES_URI; the URI itself is a secret",
        )
        _check_zone("naive", self.naive)

    @property
    def place(self) -> str:
        """What names it in errors."""
        return self.name


def _check_zone(field: str, name: str) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DeclarationError(
            f"source: {field}", f"no time zone {name!r}", "use an IANA name: Europe/Lisbon"
        ) from error


Source = Parquet | Csv | Table
