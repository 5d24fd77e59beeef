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
    """A log in files: what `d.Parquet` and `d.Csv` share.

    A label lies in the folder or dated file of its row's day; undated ones are all looked at.

    Args:
        folder: Below the data folder of the settings, or an absolute path; a single file, too,
            where the layout is "undated".
        time: The column that says when a row happened (or, for labels, became known).
        on: For labels, the column that names the row in both sources.
        partition: What the folders of a day are called: `<folder>/<partition>=YYYY-MM-DD/*`.
        timezone: Of the days in the names of folders and files, as "Europe/Lisbon"; '' means the
            monitor's own.
        layout: "folders": a folder a day. "dated": files with their day in their name,
            `2026-01-05.csv`, `log_20260105.parquet`. "undated": files of any names, days mixed.
        naive: The time zone of times that name none; '' means that such times are an error.
        format: Of times written as text, as strptime has it, '' for ISO 8601; or "s", "ms", "us",
            "ns" where they are numbers since 1970, in UTC.

    Raises:
        DeclarationError: An empty folder or time, an unknown layout, time zone or format.

    Example:
        >>> d.Parquet("churn", time="answered_at", layout="dated").place
        'churn'
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
    """A log in Parquet. Of undated files only the row groups of a window's time are read.

    Args:
        folder: Below the data folder of the settings, or an absolute path; a single file, too,
            where the layout is "undated".
        time: The column that says when a row happened (or, for labels, became known).
        on: For labels, the column that names the row in both sources.
        partition: What the folders of a day are called: `<folder>/<partition>=YYYY-MM-DD/*`.
        timezone: Of the days in the names of folders and files, as "Europe/Lisbon"; '' means the
            monitor's own.
        layout: "folders": a folder a day. "dated": files with their day in their name,
            `2026-01-05.csv`, `log_20260105.parquet`. "undated": files of any names, days mixed.
        naive: The time zone of times that name none; '' means that such times are an error.
        format: Of times written as text, as strptime has it, '' for ISO 8601; or "s", "ms", "us",
            "ns" where they are numbers since 1970, in UTC.

    Raises:
        DeclarationError: An empty folder or time, an unknown layout, time zone or format.

    Example:
        >>> d.Parquet("churn", time="answered_at", timezone="Europe/Lisbon").partition
        'date'
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)


@dataclass(frozen=True)
class Csv(Files):
    """A log in CSV, `.csv` or `.csv.gz`.

    An undated log is parsed whole, once a process, and kept: one that grows wants a file a day.

    Args:
        folder: Below the data folder of the settings, or an absolute path; a single file, too,
            where the layout is "undated".
        time: The column that says when a row happened (or, for labels, became known).
        on: For labels, the column that names the row in both sources.
        partition: What the folders of a day are called: `<folder>/<partition>=YYYY-MM-DD/*`.
        timezone: Of the days in the names of folders and files, as "Europe/Lisbon"; '' means the
            monitor's own.
        layout: "folders": a folder a day. "dated": files with their day in their name,
            `2026-01-05.csv`, `log_20260105.parquet`. "undated": files of any names, days mixed.
        naive: The time zone of times that name none; '' means that such times are an error.
        format: Of times written as text, as strptime has it, '' for ISO 8601; or "s", "ms", "us",
            "ns" where they are numbers since 1970, in UTC.
        separator: Between values, one character.
        decimal: The mark before a number's fraction, one character.
        na: Words that, like an empty field, say that a value is missing, in every column.

    Raises:
        DeclarationError: As for Parquet; a separator or decimal of more than one character, or
            words that are no tuple.

    Example:
        >>> d.Csv("sales.csv", time="sold", layout="undated", separator=";", decimal=",").suffixes
        ('.csv', '.csv.gz')
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

    Args:
        name: `table` or `schema.table`.
        time: The column that says when a row happened (or, for labels, became known).
        on: For labels, the column that names the row in both sources.
        address: The environment variable that holds the database's URI, such as "CRM_URI"; '' means
            the monitoring database itself. A URI is a secret, so it never stands in a declaration.
        naive: The time zone of a time column without one (`timestamp`, `date`); '' makes it an
            error.

    Raises:
        DeclarationError: A name that is none, no time, a URI in place of a variable's name, or an
            unknown time zone.

    Example:
        >>> d.Table("crm.departures", time="known_at", on="customer_id", address="CRM_URI").place
        'crm.departures'
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
