"""Loads the simulated outages into two tables of the schema `outages`."""

import pandas as pd
import psycopg
from psycopg import sql

from examples.outages.simulate import all_days, simulate

TABLES = """
create schema if not exists outages;
create table if not exists outages.predicted (
    outage_id text primary key,
    predicted_for timestamptz not null,
    district text,
    wind_speed double precision,
    temperature double precision,
    line_load double precision,
    predicted_minutes double precision,
    model_version text
);
create index if not exists predicted_for on outages.predicted (predicted_for);
create table if not exists outages.observed (
    outage_id text primary key,
    reported_at timestamptz not null,
    observed_minutes double precision
);
grant usage on schema outages to collector;
grant select on all tables in schema outages to collector;
"""


def load(connection: psycopg.Connection) -> int:
    """Create the tables and add the outages that are not there; return how many predictions.

    connection: of a role that may create schemas; committed at the end. Raises psycopg.Error.
    """
    days = [simulate(day) for day in all_days()]
    with connection.transaction():
        connection.execute(TABLES)
        added = _copy(connection, "predicted", pd.concat([day[0] for day in days]))
        _copy(connection, "observed", pd.concat([day[1] for day in days]))
    return added


def _copy(connection: psycopg.Connection, table: str, frame: pd.DataFrame) -> int:
    target, staged = sql.Identifier("outages", table), sql.Identifier(f"staged_{table}")
    connection.execute(
        sql.SQL("create temp table {} (like {}) on commit drop").format(staged, target)
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("copy {} ({}) from stdin").format(staged, columns)) as copy,
    ):
        for row in frame.itertuples(index=False, name=None):
            copy.write_row(row)
    query = sql.SQL("insert into {} select * from {} on conflict do nothing")
    return connection.execute(query.format(target, staged)).rowcount
