"""Which stored windows confirmed a breach: the first of each span in which an alert stood."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import psycopg

from monitors.declare import Firing, Monitor


def standing(firing: Firing, breached: Sequence[bool]) -> list[bool]:
    """Whether k of the newest n windows are in breach, after each window."""
    k, n = firing.k, firing.n
    return [sum(breached[max(0, i - n + 1) : i + 1]) >= k for i in range(len(breached))]


def begins(stands: Sequence[bool]) -> list[bool]:
    """Where an alert begins to stand."""
    return [now and not before for before, now in zip([False, *stands], stands, strict=False)]


def confirmed(connection: psycopg.Connection, monitor: Monitor) -> list[datetime]:
    """The starts of the windows that confirmed a breach of any series, in order.

    Those without rows are left out: there is nothing to report of them.
    """
    rows = connection.execute(
        "select metric, column_name, window_start, breached from monitoring.metric"
        " where monitor = %s and breached is not null and row_count > 0 order by window_start",
        [monitor.name],
    )
    judged: dict[tuple[str, str], list[tuple[datetime, bool]]] = defaultdict(list)
    for metric, column, start, breached in rows:
        judged[metric, column].append((start, breached))
    firing = {metric.name: metric.firing for metric in monitor.metrics}
    found: set[datetime] = set()
    for (metric, _), windows in judged.items():
        if metric in firing:
            first = begins(standing(firing[metric], [breached for _, breached in windows]))
            found |= {start for (start, _), new in zip(windows, first, strict=True) if new}
    return sorted(found)


def newest(connection: psycopg.Connection, monitor: Monitor, number: int) -> list[datetime]:
    """The starts of the newest windows that have rows, newest first."""
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and status not in ('failed', 'empty')"
        " order by window_start desc limit %s",
        [monitor.name, number],
    )
    return [row[0] for row in rows]


def reported(connection: psycopg.Connection, monitor: Monitor) -> set[datetime]:
    """The starts of the windows that have a report."""
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and report_path <> ''",
        [monitor.name],
    )
    return {row[0] for row in rows}
