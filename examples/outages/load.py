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
grant select, insert on all tables in schema outages to collector;
"""


def make(connection: psycopg.Connection) -> None:
    """Make the tables where they are missing. connection: of a role that may make schemas."""
    with connection.transaction():
        connection.execute(TABLES)


def load(connection: psycopg.Connection) -> int:
    """Add the outages that are not there; return how many predictions. Raises psycopg.Error.

    connection: of a role that may insert; committed at the end.
    """
    days = [simulate(day) for day in all_days()]
    with connection.transaction():
        added = _add(connection, "predicted", pd.concat([day[0] for day in days]))
        _add(connection, "observed", pd.concat([day[1] for day in days]))
    return added


def _add(connection: psycopg.Connection, table: str, frame: pd.DataFrame) -> int:
    target = sql.Identifier("outages", table)
    known = connection.execute(sql.SQL("select outage_id from {}").format(target)).fetchall()
    fresh = frame[~frame["outage_id"].isin([row[0] for row in known])]
    query = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        target,
        sql.SQL(", ").join(map(sql.Identifier, frame.columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(frame.columns)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, list(fresh.itertuples(index=False, name=None)))
        return max(cursor.rowcount, 0)
