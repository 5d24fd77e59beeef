"""Where a monitor's rows lie."""

import re
from dataclasses import dataclass

from monitors.declare.errors import require

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


@dataclass(frozen=True)
class Parquet:
    """A log in Parquet, one folder a day: `<folder>/<partition>=YYYY-MM-DD/*.parquet`.

    folder: below the data folder of the settings, or an absolute path.
    time: the column that says when a row happened (or, for labels, became known).
    on: for labels, the column that names the row in both sources.
    timezone: of the partitions' days; '' means the monitor's own.
    """

    folder: str
    time: str
    on: str = ""
    partition: str = "date"
    timezone: str = ""

    def __post_init__(self) -> None:
        require(bool(self.folder), "source: folder", "''", "name the folder of the log")
        require(bool(self.time), "source: time", "''", "name the column with each row's time")


@dataclass(frozen=True)
class Table:
    """A table or view in PostgreSQL.

    name: `table` or `schema.table`.
    time, on: as for Parquet.
    address: the environment variable that holds the database's URI; '' means the monitoring
        database itself. A URI is a secret, so it never stands in a declaration.
    """

    name: str
    time: str
    on: str = ""
    address: str = ""

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


Source = Parquet | Table
