"""Which windows are due: computed from the database and the sources, whenever one asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import psycopg

from collectors.clock import clock
from collectors.sources.declared import Sources
from collectors.sources.errors import SourceError, SourceGoneError
from collectors.sources.state import states
from collectors.store import STILL_OPEN, store_state
from collectors.windows import complete_windows
from monitors.declare import Monitor, Window
from settings import Settings

if TYPE_CHECKING:
    from collectors.sources.reader import Reader


@dataclass(frozen=True)
class Stored:
    """What is stored of a window. state: of its source when it was read. opens_at: when a label
    that was there already is known, None if none."""

    status: str
    fingerprint: str
    state: str
    opens_at: datetime | None


def due_windows(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings
) -> Iterator[tuple[Window, str]]:
    """Each complete window that is missing, failed or stale, with the reason, oldest first.

    Stale is a window whose end lies less than 30 days back and whose source says something else
    than when it was collected. Sources are asked cheaply first, and read only where they differ.
    """
    now = clock(connection)
    stored = _stored(connection, monitor)
    reader = cache(lambda: _reader(monitor, settings))
    first = monitor.first_day or reader().first_day(now)
    windows = list(complete_windows(monitor, now, first))
    present: dict[Window, str] | None = None
    for n, window in enumerate(windows):
        known = stored.get(window.start)
        if known is not None and known.status != "failed":
            if now - window.end >= STILL_OPEN:
                continue
            if present is None:
                present = states(Sources(monitor, settings), _collected(windows[n:], stored), now)
            state = present[window]
            if _is_same(known, state, now):
                continue
            if not _changed(connection, reader(), window, now, known, state):
                continue
            why = "stale: its rows or labels have changed"
        else:
            why = "missing" if known is None else "failed before"
        yield window, why
        if monitor.retrain is not None:  # a new model may have answered the log anew
            present = None


def _collected(windows: Sequence[Window], stored: Mapping[datetime, Stored]) -> list[Window]:
    """Those that were collected well."""
    return [w for w in windows if w.start in stored and stored[w.start].status != "failed"]


def _stored(connection: psycopg.Connection, monitor: Monitor) -> dict[datetime, Stored]:
    rows = connection.execute(
        "select window_start, status, source_fingerprint, source_state, opens_at"
        " from monitoring.window_status where monitor = %s",
        [monitor.name],
    )
    return {start: Stored(*rest) for start, *rest in rows}


def _reader(monitor: Monitor, settings: Settings) -> "Reader":
    from collectors.sources.reader import Reader  # takes long, and mostly nothing is read

    return Reader(monitor, settings)


def _is_same(known: Stored, state: str, now: datetime) -> bool:
    """Whether a source, unread, is as it was when a window was collected."""
    return bool(state) and state == known.state and not (known.opens_at and known.opens_at <= now)


def _changed(
    connection: psycopg.Connection,
    reader: "Reader",
    window: Window,
    now: datetime,
    known: Stored,
    state: str,
) -> bool:
    """Whether its rows or labels say something else; if not, its present state is stored."""
    try:
        rows = reader.read(window, now)
    except SourceGoneError:
        return False  # what was stored stays; a source that is gone is no news of the window
    except SourceError:
        return True  # it says something that cannot be used: that is told by collecting it
    if rows.fingerprint != known.fingerprint:
        return True
    store_state(connection, reader.monitor, window, state, rows.opens_at)
    return False
