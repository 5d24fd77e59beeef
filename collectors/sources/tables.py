"""Reads the rows of a window out of a table or view in PostgreSQL.

What PostgreSQL stores is brought to the types of files by the query; what a cell says is then the
same rule.
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
from driftdeck.collectors.sources.errors import SourceError, SourceGoneError, naming
from driftdeck.collectors.sources.ledger import MOST_LEFT_OUT, Ledger, Reason
from driftdeck.collectors.sources.parts import Part, timed
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
from driftdeck.collectors.sources.times import localised
from driftdeck.collectors.sources.typed import Reading, typed, why_not
from driftdeck.declare import Table, Window

INTEGER, NUMBER = re.compile(r"-?[0-9]+"), re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,2})?")
WHOLE, FRACTIONS = ("int2", "int4", "int8"), ("numeric", "float4", "float8")
FIRST, LAST = "0001-01-02", "9999-12-30"
"""Times beyond are those of no row: infinity, and years that nothing else knows."""


def between(
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
    within = sql.SQL("{time} >= {} and {time} < {}").format(
        sql.Literal(low), sql.Literal(high), time=sql.Identifier(source.time)
    )
    part = _read(database, source, names, kinds, within, reading)
    if not naive or part.frame.empty:
        return part
    times = part.frame[source.time]
    inside = (times >= window.start) & (times < window.end)
    ledger = part.ledger.without(Reason.ELSEWHERE, int((~inside).sum()))
    return Part(part.frame.loc[inside].reset_index(drop=True), ledger)


@dataclass(frozen=True)
class Timeless:
    """Rows of a table that are in no window. of: how many rows the table has, as far as known."""

    ledger: Ledger
    of: float

    def warnings(self, rows: int) -> tuple[str, ...]:
        """A sentence where they are many. rows: of a window, if the table's count is not known."""
        if self.ledger.read <= MOST_LEFT_OUT * max(self.of, rows):
            return ()
        return (f"{self.ledger.sentence('rows')}, of about {self.of:.0f}; no window has them",)


def timeless(database: Database, source: Table) -> Timeless:
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
    return Timeless(ledger, row["estimate"])


def labels(
    database: Database, source: Table, target: str, ids: Sequence[str], reading: Reading
) -> Part:
    """The labels of rows, whenever they were known: columns on, target, time. Raises SourceError.

    ids: as `cells.identifier` has them.
    """
    kinds = database.columns()
    is_naive(source, kinds)
    for name in (source.on, target):
        if name not in kinds:
            raise SourceError(
                f"{source.name}: no column {name!r}; it has {', '.join(map(repr, kinds))}"
            )
    theirs = belongs(source.on, kinds[source.on], ids)
    part = _read(database, source, [source.on, target], kinds, theirs, reading)
    for name in (source.on, target):
        if name not in part.frame:
            raise SourceError(f"{source.name}: {why_not(part.frame, name)} among the labels")
    return part


def _read(
    database: Database,
    source: Table,
    names: Sequence[str],
    kinds: dict[str, str],
    which: sql.Composable,
    reading: Reading,
) -> Part:
    """The named columns and the time of some rows. which: of them, as SQL. Of a view a column may
    fail as it is read: then the others are read without it. Raises SourceError."""

    def ask(names: Sequence[str]) -> pa.Table:
        columns = selected(source.time, names, kinds, reading)
        query = sql.SQL("select {} from {} where {}")
        return database.read(query.format(columns, identifier(source.name), which))

    try:
        return _timed(ask(names), source, reading)
    except SourceGoneError:
        raise
    except SourceError:
        why = _why_not(ask, [name for name in names if name in kinds])
        if not why:
            raise
    return _timed(ask([name for name in names if name not in why]), source, reading, why)


def _why_not(ask: Callable[[Sequence[str]], pa.Table], names: Sequence[str]) -> dict[str, str]:
    """The columns that cannot be read even alone, and why. Raises SourceError where the times
    cannot."""
    ask([])
    why = {}
    for name in names:
        try:
            ask([name])
        except SourceError as error:
            why[name] = str(error)
    return why


def has_any(database: Database, source: Table, name: str, ids: Sequence[str]) -> bool:
    """Whether a table has a row with one of some ids. Raises SourceError."""
    query = sql.SQL("select exists (select from {} where {}) as there").format(
        identifier(source.name), belongs(name, database.columns()[name], ids)
    )
    return bool(database.rows(query)[0]["there"])


def labels_since(
    database: Database, source: Table, target: str, since: datetime, most: int, reading: Reading
) -> Part:
    """The first labels that became known from a moment on. Raises SourceError."""
    kinds = database.columns()
    if is_naive(source, kinds):
        since = since.astimezone(ZoneInfo(source.naive)).replace(tzinfo=None)
    query = sql.SQL("select {} from {} where {time} >= {} order by {time} limit {}").format(
        selected(source.time, [source.on, target], kinds, reading),
        identifier(source.name),
        sql.Literal(since),
        sql.Literal(most),
        time=sql.Identifier(source.time),
    )
    return _timed(database.read(query), source, reading)


def array(ids: Sequence[str], kind: str) -> sql.Composable:
    """Identifiers as an array of a column's type, without those that it cannot hold."""
    if kind in WHOLE:
        wanted = [one for one in ids if INTEGER.fullmatch(one) and -(2**63) <= int(one) < 2**63]
        kind = "int8"
    elif kind in FRACTIONS:
        wanted = [one for one in ids if NUMBER.fullmatch(one)]
    elif kind == "uuid":
        wanted = [one for one in ids if cells.UUID_TEXT.fullmatch(one)]
    else:
        wanted, kind = [text for one in ids for text in _spellings(one) if "\0" not in text], "text"
    return sql.SQL("{}::{}").format(
        sql.Literal("{" + ",".join(map(_quoted, wanted)) + "}"), sql.SQL(f"{kind}[]")
    )


def belongs(name: str, kind: str, ids: Sequence[str]) -> sql.Composable:
    """Whether a column's value is one of some identifiers."""
    cast = "" if kind in (*WHOLE, *FRACTIONS, *TEXTS, "uuid") else "::text"
    return sql.SQL("{}" + cast + " = any({})").format(sql.Identifier(name), array(ids, kind))


def _spellings(one: str) -> list[str]:
    """How text may write an identifier."""
    if cells.UUID_TEXT.fullmatch(one):
        return [one, one.upper()]
    return [text for text, word in cells.BOOLEANS.items() if word == one] or [one]


def _quoted(text: str) -> str:
    """A text within the literal of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def selected(
    time: str, names: Sequence[str], kinds: dict[str, str], reading: Reading
) -> sql.Composable:
    """The columns that are there, of types that Arrow has; the time, if there is one, last."""
    wanted = [name for name in names if name in kinds and name != time]
    columns = [_column(name, kinds[name], name in reading.numbers) for name in wanted]
    return sql.SQL(", ").join([*columns, *([sql.Identifier(time)] if time else [])])


def _column(name: str, kind: str, number: bool) -> sql.Composable:
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
    known = localised(first, source.naive, place) if naive else first
    day: date = known.iloc[0].astimezone(zone).date()
    return day


def _timed(
    table: pa.Table,
    source: Table,
    reading: Reading,
    why: Mapping[str, str] = MappingProxyType({}),
) -> Part:
    """Rows with their times in UTC. why: some columns cannot be read. Raises SourceError."""
    with naming(source.name):
        return timed(typed(table, source.time, (), reading, source.name, why), source, source.name)
