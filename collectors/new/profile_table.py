"""Profiles a table that nobody has declared yet."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
from psycopg import sql

from driftdeck.collectors.new.chunks import to_frame
from driftdeck.collectors.new.profile_files import SAMPLE_ROWS, DataProfile, TimeOptions, parse_text
from driftdeck.collectors.new.time_column import choose_time_column
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.postgres import NAIVE, ZONED, Database, identifier
from driftdeck.collectors.sources.tables import FIRST, LAST, count_rows_without_time, select_list
from driftdeck.collectors.sources.times import parse_times
from driftdeck.collectors.sources.typed import Reading
from driftdeck.database import place
from driftdeck.database import uri as monitoring
from driftdeck.declare import Table
from driftdeck.errors import UsageError
from driftdeck.settings import Settings

TIMES = "('timestamp with time zone', 'timestamp without time zone', 'date')"
LOCAL = {"localhost": "127.0.0.1", "": "127.0.0.1"}


def is_uri(text: str) -> bool:
    """Whether a text is the address of a database."""
    return text.startswith(("postgresql://", "postgres://"))


def is_monitoring(settings: Settings, uri: str) -> bool:
    """Whether an address is that of the monitoring database itself."""
    (host, *address), (own, *monitoring_host) = place(uri), place(monitoring(settings))
    return (LOCAL.get(host, host), address) == (LOCAL.get(own, own), monitoring_host)


def profile_table(database: Database, name: str, address: str, options: TimeOptions) -> DataProfile:
    """The profile of a table. Raises UsageError, SourceError.

    name: of the table. address: the variable that holds the database's URI, '' for the monitoring
    database.
    """
    table = Table(name, time="?", address=address)
    kinds = database.columns()
    times = [column for column, kind in kinds.items() if kind in (ZONED, *NAIVE)]
    stated = options.time
    if stated in kinds and stated not in times:
        raise SourceError(f"{name}: {stated!r} is no timestamp; read a view that makes it one")
    if not stated and not times:
        raise SourceError(f"{name}: no column is a timestamp; read a view that makes one")
    nested = tuple(column for column, kind in kinds.items() if is_nested(kind))
    flat = [column for column in kinds if column not in nested]
    sample, stride = _read_sample(database, table, flat, kinds)
    column = choose_time_column(
        sample[times] if not stated else sample, stated, "", name, options.option
    )
    zoned = kinds[column.name] == ZONED
    source = Table(name, time=column.name, address=address, naive="" if zoned else options.zone)
    place = f"{name}: {column.name!r}"
    parsed = parse_times(sample[column.name], place, naive=source.naive)
    days = _count_by_day(database, source, options.zone)
    without_time = count_rows_without_time(database, source).ledger
    has_time = parsed.times.notna()
    local = parsed.times[has_time].dt.tz_convert(ZoneInfo(options.zone))
    sample = sample[has_time].reset_index(drop=True)
    return DataProfile(
        source,
        parse_text(sample),
        local.dt.date.reset_index(drop=True),
        local.dt.hour.reset_index(drop=True),
        days,
        zoned,
        sample,
        stride,
        replace(without_time, read=without_time.read + int(days["rows"].sum())),
        nested=nested,
    )


def is_nested(kind: str) -> bool:
    """Whether a type of PostgreSQL holds no single value."""
    return kind.startswith("_") or kind in ("json", "jsonb", "bytea", "hstore", "xml")


def _read_sample(
    database: Database, source: Table, names: Sequence[str], kinds: dict[str, str]
) -> tuple[pd.DataFrame, int]:
    """(random rows of a table, stride): one in `stride` rows, all where it is 1.

    names: of the columns. kinds: PostgreSQL's type by column.
    """
    table = identifier(source.name)
    count = database.rows(sql.SQL("select count(*) as n from {}").format(table))[0]["n"]
    if not count:
        raise SourceError(f"{source.name}: has no rows")
    stride = -(-count // SAMPLE_ROWS)
    query = sql.SQL("select {} from {} where random() < {}").format(
        select_list("", names, kinds, Reading(frozenset(names))),
        table,
        sql.Literal(1.0 / stride if stride > 1 else 2.0),
    )
    database.read(sql.SQL("select setseed(0.5)::text as seed"))
    return to_frame(database.read(query)), stride


def _count_by_day(database: Database, source: Table, zone: str) -> pd.DataFrame:
    """By day, `rows`, the seconds from midnight to its `first` and `last` row, and the rows of each
    hour, under 0 to 23."""
    time = sql.Identifier(source.time)
    local = time if source.naive else sql.SQL("{} at time zone {}").format(time, sql.Literal(zone))
    hours = [
        sql.SQL("count(*) filter (where extract(hour from t) = {}) as {}").format(
            sql.Literal(hour), sql.Identifier(str(hour))
        )
        for hour in range(24)
    ]
    query = sql.SQL(
        'select t::date as day, count(*) as rows, min(extract(epoch from t::time))::int as "first",'
        ' max(extract(epoch from t::time))::int as "last", {} from'
        " (select ({})::timestamp as t from {}"
        " where {} between {} and {}) x where t is not null group by 1 order by 1"
    ).format(
        sql.SQL(", ").join(hours),
        local,
        identifier(source.name),
        time,
        sql.Literal(FIRST),
        sql.Literal(LAST),
    )
    days: pd.DataFrame = database.read(query).to_pandas().set_index("day").astype(int)
    return days.rename(columns={str(hour): hour for hour in range(24)})


def find_only_table(connection: psycopg.Connection, settings: Settings) -> str:
    """The only table or view with a column of times. Raises UsageError listing several."""
    rows = connection.execute(
        "select distinct c.table_schema, c.table_name from information_schema.columns c"
        " where c.table_schema <> all(%s)"
        f" and c.data_type in {TIMES} order by 1, 2",
        [["pg_catalog", "information_schema", settings.postgres_schema, settings.reports_schema]],
    ).fetchall()
    names = [table if schema == "public" else f"{schema}.{table}" for schema, table in rows]
    if len(names) != 1:
        content = (
            _format_list(names) if names else "no table with a timestamp that this user may see"
        )
        raise UsageError(f"the database holds {content}; say which with --table schema.table")
    return names[0]


def _format_list(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
