"""A day that is about to be damaged, and one way of damaging it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from string import Template
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from soak.days.house import DAY, House, Kind, part

FILES = ("parquet", "csv")
TABLES = ("table", "view")
ANY = ("x", "n", "p", "c", "g")
"""The columns that are watched, but the target."""


@dataclass
class Scene:
    """A day of a kind that is about to be damaged. labels: whether in the source of its labels.
    column: the one that is damaged, where only one is."""

    house: House
    kind: Kind
    random: Random
    labels: bool
    column: str = ""
    path: Path = field(init=False)
    frame: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self.frame = part(self.kind, DAY, self.labels)
        if not self.kind.is_table:
            self.path = self.house.path(self.kind, DAY, self.labels)

    @property
    def place(self) -> str:
        """What an error must name: a part of the file's path, or the table."""
        return f"{self.kind.name}_y" if self.labels else self.kind.name

    @property
    def time(self) -> str:
        """The column of times."""
        return "known" if self.labels else "at"

    def write(self, frame: pd.DataFrame) -> None:
        """The day anew."""
        self.house.write(self.path.parent, self.kind.form, frame, self.path.name)

    def store(self, table: pa.Table) -> None:
        """The day anew, as Arrow has it."""
        pq.write_table(table, self.path)

    def replaced(self, values: Any, column: str = "") -> None:
        """The day with other values of a column."""
        self.write(self.frame.assign(**{column or self.column: values}))

    def array(self, values: pa.Array) -> None:
        """The day with an array of Arrow as a column."""
        table = pa.Table.from_pandas(self.frame, preserve_index=False)
        self.store(table.set_column(self.frame.columns.get_loc(self.column), self.column, values))

    def sql(self, text: str) -> None:
        """Statements about the table: $t is it, or what a view looks at, $v the view, $c the
        column, $day what holds of its day's rows."""
        table = f"soak.{self.place}{'_rows' if self.kind.form == 'view' else ''}"
        names = {"t": table, "v": f"soak.{self.place}", "c": self.column}
        query = Template(text).substitute(names, day=f"{self.time} >= '{DAY}'")
        self.house.admin.execute(query.encode())


@dataclass(frozen=True)
class Damage:
    """One way in which a day is bad.

    forms: of sources that may suffer it. columns: of which one is damaged, none where the whole day
    is. of_labels: whether it befalls a source of labels. leaves_out: whether rows are left out, so
    that the numbers of the others are right, too, if it is said. moves: whether rows come to be of
    another day, which is all right where no folder or name says of which they are.
    """

    name: str
    apply: Callable[[Scene], None]
    forms: Collection[str] = FILES
    columns: Collection[str] = ()
    of_labels: bool = False
    leaves_out: bool = False
    moves: bool = False
