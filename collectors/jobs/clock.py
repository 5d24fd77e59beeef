"""The one clock: now, or the moment that is being played."""

from datetime import datetime

import psycopg


def read_clock(connection: psycopg.Connection) -> datetime:
    """What time it is, as the database says."""
    moment = read_clock_within(connection)
    connection.commit()
    return moment


def read_clock_within(connection: psycopg.Connection) -> datetime:
    """The same within a transaction that goes on."""
    row = connection.execute("select monitoring.now()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment
