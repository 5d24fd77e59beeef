"""Which windows are due: computed from the database and the sources, whenever one asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from collectors.runner import clock
from collectors.sources import Reader, SourceError
from collectors.store import STILL_OPEN
from collectors.windows import complete_windows
from monitors.declare import Monitor, Window
from settings import Settings

LOCK = 728_413_906


def due_windows(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings
) -> Iterator[tuple[Window, str]]:
    """Each complete window that is missing, failed or stale, with the reason, oldest first.

    Stale is a window that may still change (its end lies less than 30 days back, or its labels
    are not all there) and whose source says something else than when it was collected.
    """
    now = clock(connection)
    reader = Reader(monitor, settings)
    stored = _stored(connection, monitor)
    for window in complete_windows(monitor, now, monitor.first_day or reader.first_day(now)):
        if window.start not in stored:
            yield window, "missing"
            continue
        status, fingerprint = stored[window.start]
        if status == "failed":
            yield window, "failed before"
        elif now - window.end < STILL_OPEN and _changed(reader, window, now, fingerprint):
            yield window, "stale: its rows or labels have changed"


def _stored(connection: psycopg.Connection, monitor: Monitor) -> dict[datetime, tuple[str, str]]:
    rows = connection.execute(
        "select window_start, status, source_fingerprint from monitoring.window_status"
        " where monitor = %s",
        [monitor.name],
    )
    return {start: (status, fingerprint) for start, status, fingerprint in rows}


def _changed(reader: Reader, window: Window, now: datetime, fingerprint: str) -> bool:
    try:
        return reader.read(window, now).fingerprint != fingerprint
    except SourceError:
        return False  # what was stored stays; a source that is gone is no news of the window


@contextmanager
def locked(connection: psycopg.Connection, monitor: Monitor) -> Iterator[bool]:
    """Whether this process alone runs a monitor's due windows, until the block ends."""
    key = [LOCK, monitor.name]
    row = connection.execute("select pg_try_advisory_lock(%s, hashtext(%s))", key).fetchone()
    connection.commit()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            connection.rollback()
            connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", key)
            connection.commit()
