"""Feeds monitoring.dummy_metrics, a random row at a time."""

import time
import uuid
from collections.abc import Callable
from random import Random

import psycopg

TABLE = """
create table if not exists monitoring.dummy_metrics (
    timestamp timestamptz not null,
    value1 integer,
    value2 text,
    value3 double precision
);
create index if not exists dummy_metrics_timestamp_idx on monitoring.dummy_metrics (timestamp);
"""
"""In the schema of the metrics, whose rights it gets: the collector adds rows, Grafana reads."""
INSERT = "insert into monitoring.dummy_metrics values (monitoring.now() - %s * interval '1 second',"
HALF_HOUR, THREE_DAYS = 1800, 3 * 86400
RANDOM = Random()


def make(connection: psycopg.Connection) -> None:
    """Make the table where it is missing. connection: of the schema's owner."""
    with connection.transaction():
        connection.execute(TABLE)


def feed(
    connection: psycopg.Connection,
    every: float = 5.0,
    rows: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
    random: Random = RANDOM,
) -> int:
    """Insert a row every few seconds until stopped by Ctrl-C (or after `rows`); return how many.

    every: seconds between rows. Each row is committed and printed. Raises psycopg.Error.
    """
    sent = 0
    try:
        while rows is None or sent < rows:
            value1, value2, value3 = _row(random)
            connection.execute(INSERT + " %s, %s, %s)", [0, value1, value2, value3])
            connection.commit()
            sent += 1
            print(f"row {sent}: value1={value1} value2={value2} value3={value3:.3f}", flush=True)
            if sent != rows:
                sleep(every)
    except KeyboardInterrupt:
        print(f"\nstopped after {sent} rows")
    return sent


def seed(connection: psycopg.Connection, random: Random = RANDOM) -> int:
    """Give an empty table a past: a row each five minutes of three days, then each ten seconds.

    Returns how many rows were added: 0 where there are some. Raises psycopg.Error.
    """
    found = connection.execute("select exists (select from monitoring.dummy_metrics)").fetchone()
    if found and found[0]:
        return 0
    ages = [*range(THREE_DAYS, HALF_HOUR, -300), *range(HALF_HOUR, 0, -10)]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(INSERT + " %s, %s, %s)", [(age, *_row(random)) for age in ages])
    return len(ages)


def _row(random: Random) -> tuple[int, str, float]:
    value2 = uuid.UUID(int=random.getrandbits(128), version=4)
    return random.randint(0, 1000), str(value2), random.random()
