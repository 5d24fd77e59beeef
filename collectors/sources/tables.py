"""Reads the rows of a window out of a table or view in PostgreSQL."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
from psycopg import sql

from collectors.sources.errors import SourceError
from collectors.sources.times import localised
from database import Role, connect
from monitors.declare import Table, Window
from settings import Settings

ZONED, NAIVE = 1184, (1114, 1082)
"""PostgreSQL's numbers of `timestamptz`, and of `timestamp` and `date`."""
SLACK = timedelta(hours=3)
"""Where clocks change, times without a zone are no order: so much more is read, then cut."""


def open_table(settings: Settings, source: Table) -> psycopg.Connection:
    """A connection to a table's database. Raises SourceError, SettingsError."""
    if not source.address:
        return connect(settings, Role.COLLECTOR)
    address = settings.source_uri(source.address)
    try:
        return psycopg.connect(address, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise SourceError(f"{source.name}: {str(error).strip()}") from error


def between(
    settings: Settings, source: Table, window: Window, names: Sequence[str]
) -> pd.DataFrame:
    """The named columns of the rows of a window, sorted by time. Raises SourceError."""
    with open_table(settings, source) as connection:
        present = columns_of(connection, source)
        wanted = [name for name in names if name in present]
        if is_naive(source, present):
            return _between_naive(connection, source, window, wanted)
        query = _within(source, wanted)
        return fetch(connection, query, [window.start, window.end])


def _between_naive(
    connection: psycopg.Connection, source: Table, window: Window, wanted: list[str]
) -> pd.DataFrame:
    zone = ZoneInfo(source.naive)
    low, high = (end.astimezone(zone).replace(tzinfo=None) for end in (window.start, window.end))
    names = [*wanted, source.time] if source.time not in wanted else wanted
    query = _within(source, names)
    frame = fetch(connection, query, [low - SLACK, high + SLACK])
    times = _localised(frame[source.time], source)
    inside = (times >= window.start) & (times < window.end)
    return frame.loc[inside, wanted].reset_index(drop=True)


def labels(
    settings: Settings, source: Table, target: str, ids: Sequence[object], now: datetime
) -> pd.DataFrame:
    """The labels of rows that were known by `now`: columns on, target. Raises SourceError."""
    with open_table(settings, source) as connection:
        naive = is_naive(source, columns_of(connection, source))
        until = now.astimezone(ZoneInfo(source.naive)).replace(tzinfo=None) if naive else now
        query = sql.SQL("select {}, {} from {} where {} = any(%s) and {} <= %s").format(
            sql.Identifier(source.on),
            sql.Identifier(target),
            sql.Identifier(*source.name.split(".")),
            sql.Identifier(source.on),
            sql.Identifier(source.time),
        )
        return fetch(connection, query, [ids, until])


def first_day(settings: Settings, source: Table, zone: ZoneInfo) -> date | None:
    """The day of a zone on which a table begins, None where it is empty. Raises SourceError."""
    with open_table(settings, source) as connection:
        naive = is_naive(source, columns_of(connection, source))
        query = sql.SQL("select min({}) from {}").format(
            sql.Identifier(source.time), sql.Identifier(*source.name.split("."))
        )
        row = connection.execute(query).fetchone()
    if not row or row[0] is None:
        return None
    first = _localised(pd.Series([row[0]]), source).iloc[0] if naive else row[0]
    day: date = first.astimezone(zone).date()
    return day


def is_naive(source: Table, present: dict[str, int]) -> bool:
    """Whether the time column has no zone and the declaration says which it is of."""
    if source.time not in present:
        raise SourceError(f"{source.name}: no column {source.time!r}, the time of each row")
    kind = present[source.time]
    if kind == ZONED:
        return False
    if kind not in NAIVE:
        raise SourceError(
            f"{source.name}: {source.time!r} is no timestamp; read a view that makes it one"
        )
    if not source.naive:
        localised(pd.Series(dtype="datetime64[ns]"), "", f"{source.name}: {source.time!r}")
    return True


def columns_of(connection: psycopg.Connection, source: Table) -> dict[str, int]:
    """A table's columns with PostgreSQL's number of their type. Raises SourceError."""
    query = sql.SQL("select * from {} limit 0").format(sql.Identifier(*source.name.split(".")))
    try:
        described = connection.execute(query).description or []
    except psycopg.Error as error:
        raise SourceError(f"{source.name}: {str(error).splitlines()[0]}") from error
    return {column.name: column.type_code for column in described}


def fetch(
    connection: psycopg.Connection, query: sql.Composed, parameters: Sequence[object]
) -> pd.DataFrame:
    """What a query answers, as a frame."""
    cursor = connection.execute(query, parameters)
    names = [column.name for column in cursor.description or []]
    return pd.DataFrame(cursor.fetchall(), columns=names)


def _within(source: Table, names: Sequence[str]) -> sql.Composed:
    """The named columns of the rows from a time up to another, by time."""
    return sql.SQL("select {} from {} where {} >= %s and {} < %s order by {}").format(
        sql.SQL(", ").join(sql.Identifier(name) for name in names),
        sql.Identifier(*source.name.split(".")),
        *[sql.Identifier(source.time)] * 3,
    )


def _localised(times: pd.Series, source: Table) -> pd.Series:
    return localised(pd.to_datetime(times), source.naive, f"{source.name}: {source.time!r}")
