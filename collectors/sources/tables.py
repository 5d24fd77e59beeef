"""Reads the rows of a window out of a table or view in PostgreSQL.

The query casts PostgreSQL's types to those that files have; cells are then read by the same rules.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
from psycopg import sql

from driftdeck.collectors.frames import cells
from driftdeck.collectors.ledger import MOST_LEFT_OUT, Ledger, Reason
from driftdeck.collectors.sources.errors import SourceError, SourceGoneError, naming
from driftdeck.collectors.sources.parts import Part, with_times
from driftdeck.collectors.sources.postgres import (
    NAIVE,
    PLAIN,
    SLACK,
    TEXTS,
    ZONED,
    Database,
    identifier,
    is_naive,
)
from driftdeck.collectors.sources.times import localise
from driftdeck.collectors.sources.typed import Reading, coerce_columns, why_not
from driftdeck.declare import Table, Window

INTEGER, NUMBER = re.compile(r"-?[0-9]+"), re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,2})?")
WHOLE, FRACTIONS = ("int2", "int4", "int8"), ("numeric", "float4", "float8")
FIRST, LAST = "0001-01-02", "9999-12-30"
"""Times outside are no row's: infinity, and years that Python does not know."""


def read_window(
    database: Database, source: Table, window: Window, names: Sequence[str], reading: Reading
) -> Part:
    """The named columns and the time of a window's rows, in any order. Raises SourceError."""
    kinds = database.columns()
    naive = is_naive(source, kinds)
    low, high = window.start, window.end
    if naive:
        zone = ZoneInfo(source.naive)
        low, high = (end.astimezone(zone).replace(tzinfo=None) for end in (low, high))
        low, high = low - SLACK, high + SLACK
    condition = sql.SQL("{time} >= {} and {time} < {}").format(
        sql.Literal(low), sql.Literal(high), time=sql.Identifier(source.time)
    )
    part = _read(database, source, names, kinds, condition, reading)
    if not naive or part.frame.empty:
        return part
    times = part.frame[source.time]
    inside = (times >= window.start) & (times < window.end)
    ledger = part.ledger.without(Reason.ELSEWHERE, int((~inside).sum()))
    return Part(part.frame.loc[inside].reset_index(drop=True), ledger)


@dataclass(frozen=True)
class RowsWithoutTime:
    """Rows of a table that are in no window. table_rows: about how many the table has in all."""

    ledger: Ledger
    table_rows: float

    def warnings(self, rows: int) -> tuple[str, ...]:
        """A sentence where they are more than 1 % of the table, or of a window with more `rows`."""
        if self.ledger.read <= MOST_LEFT_OUT * max(self.table_rows, rows):
            return ()
        return (
            f"{self.ledger.sentence('rows')}, of about {self.table_rows:.0f}; no window has them",
        )


def count_rows_without_time(database: Database, source: Table) -> RowsWithoutTime:
    """The rows that are in no window, for want of a time that can be read. Raises SourceError."""
    query = sql.SQL(
        "select count(*) - count({time}) as none, count({time}) as endless,"
        " (select reltuples::float8 from pg_class where oid = {name}::regclass) as estimate"
        " from {} where {time} is null or {time} < {} or {time} > {}"
    ).format(
        identifier(source.name),
        sql.Literal(FIRST),
        sql.Literal(LAST),
        name=sql.Literal(identifier(source.name).as_string(None)),
        time=sql.Identifier(source.time),
    )
    [row] = database.rows(query)
    if row["estimate"] is None or row["estimate"] < 1:  # never analysed, or a view
        counted = sql.SQL("select count(*) as rows from {}").format(identifier(source.name))
        row["estimate"] = database.rows(counted)[0]["rows"]
    ledger = Ledger(row["none"] + row["endless"]).without(Reason.NO_TIME, row["none"])
    ledger = ledger.without(Reason.UNREADABLE_TIME, row["endless"], "infinity")
    return RowsWithoutTime(ledger, row["estimate"])


def read_labels(
    database: Database, source: Table, target: str, ids: Sequence[str], reading: Reading
) -> Part:
    """The labels of rows, whenever they became known: columns on, target, time. Raises SourceError.

    target: the column of the label. ids: of the rows, spelled by `cells.identifier`.
    """
    kinds = database.columns()
    is_naive(source, kinds)
    for name in (source.on, target):
        if name not in kinds:
            raise SourceError(
                f"{source.name}: no column {name!r}; it has {', '.join(map(repr, kinds))}"
            )
    condition = has_id(source.on, kinds[source.on], ids)
    part = _read(database, source, [source.on, target], kinds, condition, reading)
    for name in (source.on, target):
        if name not in part.frame:
            raise SourceError(f"{source.name}: {why_not(part.frame, name)} among the labels")
    return part


def _read(
    database: Database,
    source: Table,
    names: Sequence[str],
    kinds: dict[str, str],
    condition: sql.Composable,
    reading: Reading,
) -> Part:
    """The named columns and the time of the rows that meet a condition.

    kinds: PostgreSQL's type by column. A column of a view may fail as it is read: then the others
    are read without it. Raises SourceError.
    """

    def fetch(names: Sequence[str]) -> pa.Table:
        columns = select_list(source.time, names, kinds, reading)
        query = sql.SQL("select {} from {} where {}")
        return database.read(query.format(columns, identifier(source.name), condition))

    try:
        return _to_part(fetch(names), source, reading)
    except SourceGoneError:
        raise
    except SourceError:
        unreadable = _find_unreadable(fetch, [name for name in names if name in kinds])
        if not unreadable:
            raise
    return _to_part(
        fetch([name for name in names if name not in unreadable]), source, reading, unreadable
    )


def _find_unreadable(
    fetch: Callable[[Sequence[str]], pa.Table], names: Sequence[str]
) -> dict[str, str]:
    """The reason by column that cannot be read even alone. Raises SourceError where the times
    cannot. fetch: reads columns by name."""
    fetch([])
    unreadable = {}
    for name in names:
        try:
            fetch([name])
        except SourceError as error:
            unreadable[name] = str(error)
    return unreadable


def has_any(database: Database, source: Table, name: str, ids: Sequence[str]) -> bool:
    """Whether a table has a row with one of some ids. Raises SourceError."""
    query = sql.SQL("select exists (select from {} where {}) as there").format(
        identifier(source.name), has_id(name, database.columns()[name], ids)
    )
    return bool(database.rows(query)[0]["there"])


def read_labels_since(
    database: Database, source: Table, target: str, since: datetime, most: int, reading: Reading
) -> Part:
    """The first labels, at most `most`, that became known from a moment on. Raises SourceError."""
    kinds = database.columns()
    if is_naive(source, kinds):
        since = since.astimezone(ZoneInfo(source.naive)).replace(tzinfo=None)
    query = sql.SQL("select {} from {} where {time} >= {} order by {time} limit {}").format(
        select_list(source.time, [source.on, target], kinds, reading),
        identifier(source.name),
        sql.Literal(since),
        sql.Literal(most),
        time=sql.Identifier(source.time),
    )
    return _to_part(database.read(query), source, reading)


def id_array(ids: Sequence[str], kind: str) -> sql.Composable:
    """Identifiers as an SQL array of a column's type `kind`, without those that it cannot hold."""
    if kind in WHOLE:
        usable = [id_ for id_ in ids if INTEGER.fullmatch(id_) and -(2**63) <= int(id_) < 2**63]
        kind = "int8"
    elif kind in FRACTIONS:
        usable = [id_ for id_ in ids if NUMBER.fullmatch(id_)]
    elif kind == "uuid":
        usable = [id_ for id_ in ids if cells.UUID_TEXT.fullmatch(id_)]
    else:
        usable, kind = [text for id_ in ids for text in _spellings(id_) if "\0" not in text], "text"
    return sql.SQL("{}::{}").format(
        sql.Literal("{" + ",".join(map(_quote, usable)) + "}"), sql.SQL(f"{kind}[]")
    )


def has_id(name: str, kind: str, ids: Sequence[str]) -> sql.Composable:
    """The condition that a column of type `kind` holds one of the identifiers."""
    cast = "" if kind in (*WHOLE, *FRACTIONS, *TEXTS, "uuid") else "::text"
    return sql.SQL("{}" + cast + " = any({})").format(sql.Identifier(name), id_array(ids, kind))


def _spellings(id_: str) -> list[str]:
    """The texts that a column may hold for an identifier."""
    if cells.UUID_TEXT.fullmatch(id_):
        return [id_, id_.upper()]
    return [text for text, word in cells.BOOLEANS.items() if word == id_] or [id_]


def _quote(text: str) -> str:
    """A text as an element of an array literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def select_list(
    time: str, names: Sequence[str], kinds: dict[str, str], reading: Reading
) -> sql.Composable:
    """The SELECT list of the named columns that exist, cast to types that Arrow has; the time last.

    time: its column, '' for none. kinds: PostgreSQL's type by column. reading: which are numbers.
    """
    present = [name for name in names if name in kinds and name != time]
    columns = [_select_column(name, kinds[name], name in reading.numbers) for name in present]
    return sql.SQL(", ").join([*columns, *([sql.Identifier(time)] if time else [])])


def _select_column(name: str, kind: str, number: bool) -> sql.Composable:
    column = sql.Identifier(name)
    if kind == "numeric" and not number:  # by value, as decimals of files are
        form = "nullif(trim_scale({0}), 'NaN')::text as {0}"
    elif kind in (ZONED, *NAIVE):
        form = f"case when {{0}} between '{FIRST}' and '{LAST}' then {{0}} end as {{0}}"
    elif kind in PLAIN:
        form = "{0}"
    else:
        form = "{0}::text as {0}"
    return sql.SQL(form).format(column)


def first_day(database: Database, source: Table, zone: ZoneInfo) -> date | None:
    """The day of a zone on which a table begins, None where it is empty. Raises SourceError."""
    naive = is_naive(source, database.columns())
    query = sql.SQL("select min({time}) as first from {} where {time} between {} and {}").format(
        identifier(source.name),
        sql.Literal(FIRST),
        sql.Literal(LAST),
        time=sql.Identifier(source.time),
    )
    [row] = database.rows(query)
    if row["first"] is None:
        return None
    first = pd.Series(pd.to_datetime([row["first"]]))
    place = f"{source.name}: {source.time!r}"
    zoned = localise(first, source.naive, place) if naive else first
    day: date = zoned.iloc[0].astimezone(zone).date()
    return day


def _to_part(
    table: pa.Table,
    source: Table,
    reading: Reading,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> Part:
    """Rows with their times in UTC. unreadable: the reason by column. Raises SourceError."""
    with naming(source.name):
        return with_times(
            coerce_columns(table, source.time, (), reading, source.name, unreadable),
            source,
            source.name,
        )
