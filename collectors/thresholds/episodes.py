"""Which stored windows confirmed a breach: the first of each span in which an alert stood."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import psycopg

from driftdeck import firing
from driftdeck.declare import Monitor


@dataclass(frozen=True)
class Judgement:
    """A stored value that was judged. rows: how many stand behind it."""

    start: datetime
    value: float
    breached: bool
    rows: int


def load_judgements(
    connection: psycopg.Connection, monitor: Monitor
) -> dict[tuple[str, str], list[Judgement]]:
    """The judged values of each series, in order, without those that are expected: as the rules
    see them."""
    rows = connection.execute(
        "select metric, column_name, window_start, value, breached, row_count"
        " from monitoring.metric where monitor = %s and breached is not null"
        " order by window_start",
        [monitor.name],
    )
    zone = monitor.every.zone
    judgements: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for metric, column, start, *rest in rows:
        if not monitor.is_expected(metric, column, start.astimezone(zone).date()):
            judgements[metric, column].append(Judgement(start, *rest))
    return judgements


def find_confirmed(connection: psycopg.Connection, monitor: Monitor) -> list[datetime]:
    """The starts of the windows that confirmed a breach of any series, in order.

    Those without rows are left out: there is nothing to report of them.
    """
    firings = {metric.name: metric.firing for metric in monitor.metrics}
    starts: set[datetime] = set()
    for (metric, _), windows in load_judgements(connection, monitor).items():
        if metric in firings:
            standing = firing.confirm(firings[metric], [window.breached for window in windows])
            onsets = zip(windows, firing.find_onsets(standing), strict=True)
            starts |= {window.start for window, begins in onsets if begins and window.rows}
    return sorted(starts)


def find_newest(connection: psycopg.Connection, monitor: Monitor, number: int) -> list[datetime]:
    """The starts of the newest windows that have rows, newest first. number: at most so many."""
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and status not in ('failed', 'empty')"
        " order by window_start desc limit %s",
        [monitor.name, number],
    )
    return [row[0] for row in rows]


def find_reported(connection: psycopg.Connection, monitor: Monitor) -> set[datetime]:
    """The starts of the windows that have a report."""
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and report_path <> ''",
        [monitor.name],
    )
    return {row[0] for row in rows}
