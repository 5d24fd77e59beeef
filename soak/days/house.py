"""A small house in which days are damaged: a monitor of each kind of source between two neighbours
that nothing is wrong with, all of them over one database. Each has two segments, whose drift is
judged, and drift against the window before."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg

from driftdeck.database import Role, connect
from driftdeck.settings import Settings

DAY = date(2024, 1, 5)
"""The day that is damaged."""
EVE = date(2024, 1, 4)
"""The day before, the first that is watched."""
DAYS = [date(2024, 1, 1), date(2024, 1, 2), EVE, DAY]
"""Of which there are rows: the reference's, and those that are watched."""
MORNING_AFTER = "2024-01-06T03:00:00Z"
ROWS = 60
BEFORE, AFTER = "aa", "zz"
"""The neighbours: collected before the monitor of the bad day, and after it."""
DECLARATION = """\
from driftdeck import declare as d

MONITOR = d.Monitor(
    name={name!r}, title={name!r}, description="Random rows.", owner="soak",
    source={source}, labels={labels}, starts={starts!r}, every={every},
    reference=d.Between("2024-01-01", "2024-01-02"),
    columns=(d.number("x"), d.number("n"), d.category("c"), d.category("g")),
    prediction=d.probability("p", cut=0.5), target="y", model_version="version",
    metrics=(
        d.drift(warn=0.2, alert=0.4), d.missing(warn=0.01, alert=0.05),
        d.drift(baseline=d.PREVIOUS, warn=0.2, alert=0.4),
        d.row_count(unjudged="grows"), d.accuracy(warn=0.7, alert=0.6),
        d.prediction_mean(unjudged="drawn"), d.target_mean(unjudged="drawn"),
    ),
    slices=(d.by("g", metrics=("drift", "drift_previous", "accuracy"), judged=("drift",)),),
    never_late="nobody waits for it", min_rows=5,
)
"""
STORED = ("metric_value", "histogram", "confusion", "window_status", "model_version")
COLUMNS = {
    "id": "text", "at": "timestamptz", "x": "float8", "n": "int8", "c": "text", "g": "text",
    "p": "float8", "y": "int8", "version": "text",
}  # fmt: skip


def rows(day: date) -> pd.DataFrame:
    """The rows of a day, the same whenever one asks."""
    random = np.random.default_rng(day.toordinal())
    x = random.normal(0, 1, ROWS).round(6)
    p = (1 / (1 + np.exp(-2 * x))).round(6)
    minutes = pd.to_timedelta(np.arange(ROWS) * 20, unit="min")
    return pd.DataFrame(
        {
            "id": [f"{day}-{n}" for n in range(ROWS)],
            "at": pd.Timestamp(day, tz="UTC") + minutes,
            "x": x,
            "n": random.integers(0, 9, ROWS),
            "c": random.choice(["a", "b", "ü"], ROWS),
            "g": random.choice(["k", "l"], ROWS),
            "p": p,
            "y": (random.random(ROWS) < p).astype(int),
            "version": "v1",
        }
    )


@dataclass(frozen=True)
class Kind:
    """A kind of source. form: parquet, csv, table or view. layout: of files. labels: whether the
    truth lies in a source of its own, of the same form. starts, every: as in a declaration."""

    name: str
    form: str
    layout: str = "folders"
    labels: bool = False
    starts: str = str(EVE)
    every: str = "d.Daily()"

    @property
    def is_table(self) -> bool:
        """Whether it lies in PostgreSQL."""
        return self.form in ("table", "view")

    def source(self, place: str, on: bool = False) -> str:
        """Its declaration. place: folder or table."""
        columns = ', time="known", on="id"' if on else ', time="at"'
        if self.is_table:
            return f'd.Table("soak.{place}"{columns})'
        return f'd.{self.form.title()}("{place}"{columns}, layout="{self.layout}")'


KINDS = [
    *(Kind(f"{form}_{layout}", form, layout) for form in ("parquet", "csv")
      for layout in ("folders", "dated", "undated")),
    Kind("csv_open", "csv", "undated", starts=""),
    Kind("parquet_labels", "parquet", labels=True),
    Kind("csv_labels", "csv", "dated", labels=True),
    Kind("table", "table"), Kind("view", "view"), Kind("table_labels", "table", labels=True),
    Kind("parquet_hours", "parquet", every="d.Hourly(12)"),
]  # fmt: skip


@dataclass
class House:
    """Folders and a database. settings: of a database that is migrated."""

    settings: Settings
    folder: Path
    admin: psycopg.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.admin = connect(self.settings, Role.ADMIN, autocommit=True)
        self.admin.execute("delete from monitoring.clock")
        self.admin.execute("insert into monitoring.clock (played_at) values (%s)", [MORNING_AFTER])
        for day in DAYS:
            self.write(self.folder / "data" / "good" / f"date={day}", "parquet", rows(day))
        for kind in KINDS:
            declared = self.folder / "monitors" / kind.name
            declared.mkdir(parents=True)
            good = Kind("good", "parquet")
            for name, own in ((BEFORE, good), ("bad", kind), (AFTER, good)):
                labels = own.source(f"{own.name}_y", on=True) if own.labels else None
                text = DECLARATION.format(
                    name=name, source=own.source(own.name), labels=labels, starts=own.starts,
                    every=own.every,
                )  # fmt: skip
                (declared / f"{name}.py").write_text(text)

    def of(self, kind: Kind) -> Settings:
        """The settings with which a kind's monitors are collected."""
        monitors = self.folder / "monitors" / kind.name
        return self.settings.model_copy(
            update={
                "monitors": (str(monitors),),
                "data_dir": self.folder / "data",
                "stack_dir": self.folder / "stack",
            }
        )

    def path(self, kind: Kind, day: date, labels: bool = False) -> Path:
        """The file of a day."""
        root = self.folder / "data" / (f"{kind.name}_y" if labels else kind.name)
        if kind.layout == "folders":
            return root / f"date={day}" / f"part-0.{kind.form}"
        name = str(day) if kind.layout == "dated" else f"part{day:%d}"
        return root / f"{name}.{kind.form}"

    def lay(self, kind: Kind) -> None:
        """Undamaged days, whatever lay there."""
        for labels in (False, True) if kind.labels else (False,):
            if kind.is_table:
                self._lay_table(kind, labels)
                continue
            root = self.folder / "data" / (f"{kind.name}_y" if labels else kind.name)
            shutil.rmtree(root, ignore_errors=True)
            for day in DAYS:
                path = self.path(kind, day, labels)
                self.write(path.parent, kind.form, part(kind, day, labels), path.name)

    def _lay_table(self, kind: Kind, labels: bool) -> None:
        name = f"{kind.name}_y" if labels else kind.name
        frame = pd.concat([part(kind, day, labels) for day in DAYS])
        table = f"{name}_rows" if kind.form == "view" else name
        types = {**COLUMNS, "known": "timestamptz"}
        columns = ", ".join(f"{column} {types[str(column)]}" for column in frame)
        self.admin.execute("create schema if not exists soak")
        self.admin.execute(f"drop view if exists soak.{kind.name}" if table != name else "select 1")
        self.admin.execute(f"drop table if exists soak.{table} cascade")
        self.admin.execute(f"create table soak.{table} ({columns})")
        with self.admin.cursor().copy(f"copy soak.{table} from stdin") as copy:
            for row in frame.itertuples(index=False):
                copy.write_row(row)
        if table != name:
            self.admin.execute(f"create view soak.{name} as select * from soak.{table}")
        self.grant()

    def grant(self) -> None:
        """Let the collector read what lies there now."""
        self.admin.execute("grant usage on schema soak to collector")
        self.admin.execute("grant select on all tables in schema soak to collector")

    @staticmethod
    def write(folder: Path, form: str, frame: pd.DataFrame, name: str = "") -> None:
        """A frame as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (name or f"part-0.{form}")
        if form == "parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False)

    def forget(self, monitors: Sequence[str]) -> None:
        """As if nothing had been collected of some monitors."""
        for table in STORED:
            self.admin.execute(
                f"delete from monitoring.{table} where monitor = any(%s)", [list(monitors)]
            )

    def keep(self, kind: Kind) -> None:
        """Remember what is stored of a kind's monitor."""
        for table in STORED:
            kept = f"soak_kept.{kind.name}_{table}"
            self.admin.execute("create schema if not exists soak_kept")
            self.admin.execute(f"drop table if exists {kept}")
            self.admin.execute(
                f"create table {kept} as select * from monitoring.{table} where monitor = 'bad'"
            )

    def recall(self, kind: Kind) -> None:
        """Store it again: what PostgreSQL computes itself it wants from nobody."""
        for table in STORED:
            row = self.admin.execute(
                "select string_agg(quote_ident(column_name), ', ')"
                " from information_schema.columns where table_schema = 'monitoring'"
                " and table_name = %s and is_generated = 'NEVER'",
                [table],
            ).fetchone()
            assert row is not None
            self.admin.execute(
                f"insert into monitoring.{table} ({row[0]})"
                f" select {row[0]} from soak_kept.{kind.name}_{table}"
            )


def part(kind: Kind, day: date, labels: bool) -> pd.DataFrame:
    """What lies in one of a kind's sources of a day."""
    frame = rows(day)
    if labels:
        return frame.assign(known=frame["at"] + pd.Timedelta("2h"))[["id", "known", "y"]]
    return frame.drop(columns="y") if kind.labels else frame
