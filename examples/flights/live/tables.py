"""The two tables of the service: what was answered, and what came true later."""

from collections.abc import Sequence

import pandas as pd
import psycopg
from psycopg import sql

from examples.flights.model import CATEGORIES, NUMBERS

LOGGED = (
    *("flight_id", "scheduled_departure", "model_version"),
    *NUMBERS,
    *CATEGORIES,
    "late_probability",
)
OUTCOME = ("flight_id", "late", "arrived_at")
NUMBER_COLUMNS = ",\n    ".join(f"{name} double precision" for name in NUMBERS)
CATEGORY_COLUMNS = ",\n    ".join(f"{name} text" for name in CATEGORIES)
TABLES = f"""
create schema if not exists live;
create table if not exists live.predictions (
    flight_id text primary key,
    scheduled_departure timestamptz not null,
    model_version text not null,
    {NUMBER_COLUMNS},
    {CATEGORY_COLUMNS},
    late_probability double precision not null
);
create index if not exists scheduled_departure on live.predictions (scheduled_departure);
create table if not exists live.outcomes (
    flight_id text primary key,
    late integer not null,
    arrived_at timestamptz not null
);
grant usage on schema live to collector;
grant select, insert on all tables in schema live to collector;
"""


def make(connection: psycopg.Connection) -> None:
    """Make the tables where they are missing. connection: of a role that may make schemas."""
    with connection.transaction():
        connection.execute(TABLES)


def add(
    connection: psycopg.Connection, table: str, columns: Sequence[str], rows: pd.DataFrame
) -> None:
    """Add the named columns of rows, NaN as NULL; a row that is there stays as it is."""
    given = rows[list(columns)].astype(object)
    values = given.where(given.notna(), None).itertuples(index=False, name=None)
    query = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        sql.Identifier("live", table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(query, list(values))


def between(connection: psycopg.Connection, start: str, end: str) -> pd.DataFrame:
    """The predictions of New York days from `start` up to, not with, `end`, with what is known.

    Columns: those of live.predictions, late (NaN where unknown), day (YYYY-MM-DD).
    """
    cursor = connection.execute(
        "select p.*, o.late::float as late,"
        " to_char(p.scheduled_departure at time zone 'America/New_York', 'YYYY-MM-DD') as day"
        " from live.predictions p left join live.outcomes o on o.flight_id = p.flight_id"
        " where p.scheduled_departure >= %s::timestamp at time zone 'America/New_York'"
        " and p.scheduled_departure < %s::timestamp at time zone 'America/New_York'"
        " order by p.scheduled_departure, p.flight_id",
        [start, end],
    )
    names = [column.name for column in cursor.description or []]
    return pd.DataFrame(cursor.fetchall(), columns=names)
