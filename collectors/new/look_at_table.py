"""Looks at a table nobody has declared yet."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
from psycopg import sql

from collectors.new.look_at_files import SAMPLE, Looked, Options, by_day, tidy
from collectors.new.time_column import choose
from collectors.sources import SourceError
from collectors.sources.tables import NAIVE, ZONED, columns_of, fetch
from monitors.declare import Table
from settings import Settings

TIMES = "('timestamp with time zone', 'timestamp without time zone', 'date')"
LOCAL = {"localhost": "127.0.0.1", "": "127.0.0.1"}


def is_uri(text: str) -> bool:
    """Whether a text is the address of a database."""
    return text.startswith(("postgresql://", "postgres://"))


def is_monitoring(settings: Settings, uri: str) -> bool:
    """Whether an address is that of the monitoring database itself."""
    parts = urlsplit(uri)
    host = LOCAL.get(parts.hostname or "", parts.hostname or "")
    mine = LOCAL.get(settings.postgres_host, settings.postgres_host)
    there = (host, parts.port or 5432, parts.path.lstrip("/"))
    return there == (mine, settings.postgres_port, settings.postgres_db)


def look_at_table(
    connection: psycopg.Connection, name: str, address: str, options: Options
) -> Looked:
    """See what a table holds, the only one with times where no name is given.

    Raises ValueError, SourceError.
    """
    name = name or _only_table(connection)
    bare = Table(name, time="?", address=address)
    try:
        kinds = columns_of(connection, bare)
        sample, spread = _sample(connection, name)
    except (SourceError, psycopg.Error) as error:
        said = str(error).splitlines()[0]
        raise SourceError(
            f"{said}; name one with --table schema.table, which the user of the address may select"
        ) from error
    times = {column for column, kind in kinds.items() if kind in (ZONED, *NAIVE)}
    asked = options.time
    if asked in kinds and asked not in times:
        raise SourceError(f"{name}: {asked!r} is no timestamp; read a view that makes it one")
    if not asked and not times:
        raise SourceError(f"{name}: no column is a timestamp; read a view that makes one")
    among = sample[[column for column in sample if column in times]] if not asked else sample
    column = choose(among, asked, "", name, options.option)
    zoned = kinds[column.name] == ZONED
    source = Table(
        name, time=column.name, address=address, naive="" if zoned else options.zone
    )  # fmt: skip
    local = _local(sample[column.name], zoned, options.zone)
    days = _days(connection, source, options.zone) if spread > 1 else by_day(local)
    return Looked(source, tidy(sample), local.dt.date, days, zoned, spread)


def _sample(connection: psycopg.Connection, name: str) -> tuple[pd.DataFrame, int]:
    """Rows of a table, all or every so many-th, and how many-th."""
    table = sql.Identifier(*name.split("."))
    row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    count = row[0] if row else 0
    if not count:
        raise SourceError(f"{name}: has no rows")
    spread = -(-count // SAMPLE)
    connection.execute("select setseed(0.5)")
    query = sql.SQL("select * from {} where random() < %s").format(table)
    return fetch(connection, query, [1.0 / spread if spread > 1 else 2.0]), spread


def _local(times: pd.Series, zoned: bool, zone: str) -> pd.Series:
    if zoned:
        return pd.to_datetime(times, utc=True).dt.tz_convert(ZoneInfo(zone))
    return pd.to_datetime(times)


def _days(connection: psycopg.Connection, source: Table, zone: str) -> pd.DataFrame:
    """Rows of each day, and the seconds from midnight to its first and last."""
    time = sql.Identifier(source.time)
    local = time if source.naive else sql.SQL("{} at time zone {}").format(time, sql.Literal(zone))
    query = sql.SQL(
        'select t::date as day, count(*) as rows, min(extract(epoch from t::time)) as "first",'
        ' max(extract(epoch from t::time)) as "last" from (select ({})::timestamp as t from {}) x'
        " where t is not null group by 1 order by 1"
    ).format(local, sql.Identifier(*source.name.split(".")))
    return fetch(connection, query, []).set_index("day").astype(int)


def _only_table(connection: psycopg.Connection) -> str:
    """The only table or view with a column of times. Raises ValueError listing several."""
    found = connection.execute(
        "select distinct c.table_schema, c.table_name from information_schema.columns c"
        " where c.table_schema not in ('pg_catalog', 'information_schema', 'monitoring')"
        f" and c.data_type in {TIMES} order by 1, 2"
    ).fetchall()
    names = [table if schema == "public" else f"{schema}.{table}" for schema, table in found]
    if len(names) != 1:
        said = _listed(names) if names else "no table with a timestamp that this user may see"
        raise ValueError(f"the database holds {said}; say which with --table schema.table")
    return names[0]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
