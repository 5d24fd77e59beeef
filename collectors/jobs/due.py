"""Which windows are due: computed from the database and the sources, whenever one asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import psycopg

from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.store import store_state
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError, SourceGoneError
from driftdeck.collectors.sources.state import describe_states
from driftdeck.collectors.windows.calendar import (
    list_baseline_windows,
    list_baselines,
    list_complete_windows,
)
from driftdeck.declare import Monitor, Window
from driftdeck.declare.periods import OPEN
from driftdeck.diagnostics import tell
from driftdeck.settings import Settings

if TYPE_CHECKING:
    from driftdeck.collectors.sources.reader import Reader

FAILED = "failed before"
OTHERS_CHANGED = "stale: what it is compared with has changed"
"""A window whose baseline was collected anew; the windows compared with it stay as they are."""


@dataclass(frozen=True)
class StoredWindow:
    """What is stored of a window. state: of its source when it was read. opens_at: when a label
    that was there already is known, None if none. lacks_labels: whether some rows have none."""

    status: str
    fingerprint: str
    state: str
    opens_at: datetime | None
    lacks_labels: bool

    def is_open(self, monitor: Monitor, window: Window, now: datetime) -> bool:
        """Whether it is looked at again: its rows, or its labels, may still come."""
        span = monitor.labels_within if self.lacks_labels else OPEN
        return now - window.end < span.delta


def find_due_windows(
    connection: psycopg.Connection, monitor: Monitor, settings: Settings
) -> Iterator[tuple[Window, str]]:
    """Each complete window that is missing, failed or stale, with the reason, oldest first.

    Stale is a window whose source says something else than when it was collected, and whose end
    lies less than 30 days back, or, where it lacks labels, less than `labels_within` of the
    monitor. Sources are asked cheaply first, and read only where they differ. So is an open one
    that is compared with a missing, failed or stale one.
    """
    now = read_clock(connection)
    stored = _load_stored(connection, monitor)
    reader = cache(lambda: _make_reader(monitor, settings))
    first = monitor.first_day or find_first_day(connection, reader(), now)
    windows = list(list_complete_windows(monitor, now, first))
    states: dict[Window, str] | None = None
    baselines, renewed = list_baselines(monitor), set[Window]()
    for n, window in enumerate(windows):
        known = stored.get(window.start)
        why = "missing" if known is None else FAILED
        if known is not None and known.status != "failed":
            if not known.is_open(monitor, window, now):
                continue
            if states is None:
                open_windows = _list_open(monitor, windows[n:], stored, now)
                states = describe_states(Sources(monitor, settings), open_windows, now)
            state = states[window]
            is_same = _is_same(known, state, now) or not _has_changed(
                connection, reader(), window, now, known, state
            )
            others = {o for b in baselines for o in list_baseline_windows(monitor, b, window)}
            if is_same and not others & renewed:
                continue
            why = OTHERS_CHANGED if is_same else "stale: its rows or labels have changed"
        if why not in (OTHERS_CHANGED, FAILED):
            renewed.add(window)
        yield window, why
        if why == FAILED and baselines and _is_mended(connection, monitor, window):
            renewed.add(window)  # one that fails again would have the others collected for ever
        if monitor.retrain is not None:  # a new model may have answered the log anew
            states = None


def find_first_day(connection: psycopg.Connection, reader: "Reader", now: datetime) -> date:
    """The first day of a monitor's windows: as declared, or on which its source begins.

    Of a source that does not tell it is that of what is stored, or the newest that is over: so that
    its fault has a window in which it is told. Raises SourceError where the source is not there.
    """
    monitor = reader.monitor
    if monitor.first_day is not None:
        return monitor.first_day
    try:
        return reader.first_day(now)
    except SourceGoneError:
        raise
    except SourceError as error:
        tell(error, monitor=monitor.name)
    zone = monitor.every.zone
    starts = [start.astimezone(zone).date() for start in _load_stored(connection, monitor)]
    return min(starts, default=now.astimezone(zone).date() - timedelta(days=1))


def _list_open(
    monitor: Monitor,
    windows: Sequence[Window],
    stored: Mapping[datetime, StoredWindow],
    now: datetime,
) -> list[Window]:
    """Those that were collected well, and are looked at again."""
    known = [(window, stored[window.start]) for window in windows if window.start in stored]
    return [
        window
        for window, status in known
        if status.status != "failed" and status.is_open(monitor, window, now)
    ]


def _load_stored(connection: psycopg.Connection, monitor: Monitor) -> dict[datetime, StoredWindow]:
    rows = connection.execute(
        "select window_start, status, source_fingerprint, source_state, opens_at,"
        " coalesce(labelled_count < row_count, false)"
        " from monitoring.window_status where monitor = %s",
        [monitor.name],
    )
    return {start: StoredWindow(*rest) for start, *rest in rows}


def _is_mended(connection: psycopg.Connection, monitor: Monitor, window: Window) -> bool:
    """Whether a window that had failed has been collected well since."""
    query = (
        "select from monitoring.window_status where monitor = %s and window_start = %s"
        " and status <> 'failed'"
    )
    mended = connection.execute(query, [monitor.name, window.start]).rowcount > 0
    connection.commit()
    return mended


def _make_reader(monitor: Monitor, settings: Settings) -> "Reader":
    from driftdeck.collectors.sources.reader import Reader  # takes long, and mostly nothing is read

    return Reader(monitor, settings)


def _is_same(known: StoredWindow, state: str, now: datetime) -> bool:
    """Whether a source, unread, is as it was when a window was collected."""
    return bool(state) and state == known.state and not (known.opens_at and known.opens_at <= now)


def _has_changed(
    connection: psycopg.Connection,
    reader: "Reader",
    window: Window,
    now: datetime,
    known: StoredWindow,
    state: str,
) -> bool:
    """Whether its rows or labels say something else; if not, its present state is stored."""
    try:
        rows = reader.read(window, now)
    except SourceGoneError:
        return False  # what was stored stays; a source that is gone is no news of the window
    except Exception:
        return True  # it says something that cannot be used: that is told by collecting it
    if rows.fingerprint != known.fingerprint:
        return True
    store_state(connection, reader.monitor, window, state, rows.opens_at)
    return False
