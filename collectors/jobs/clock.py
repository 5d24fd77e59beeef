"""The one clock: now, or the moment that is being played."""

from datetime import datetime

import psycopg


def read_clock(connection: psycopg.Connection) -> datetime:
    """What time it is, as the database says."""
    row = connection.execute("select monitoring.now()").fetchone()
    connection.commit()
    assert row is not None
    moment: datetime = row[0]
    return moment
