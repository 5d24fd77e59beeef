"""Which stored windows confirmed a breach: the first of each span in which an alert stood."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from driftdeck.declare import Firing, Monitor


def mark_standing(firing: Firing, breached: Sequence[bool]) -> list[bool]:
    """Whether an alert stands after each window: k of the newest n are in breach.

    breached: one for each judged window, in order.
    """
    k, n = firing.k, firing.n
    return [sum(breached[max(0, i - n + 1) : i + 1]) >= k for i in range(len(breached))]


def mark_beginnings(stands: Sequence[bool]) -> list[bool]:
    """Whether an alert begins to stand at each window. stands: as `mark_standing` has it."""
    return [now and not before for before, now in zip([False, *stands], stands, strict=False)]


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
    firing = {metric.name: metric.firing for metric in monitor.metrics}
    confirmed: set[datetime] = set()
    for (metric, _), windows in load_judgements(connection, monitor).items():
        if metric in firing:
            stands = mark_standing(firing[metric], [window.breached for window in windows])
            confirmed |= {
                window.start
                for window, begins in zip(windows, mark_beginnings(stands), strict=True)
                if begins and window.rows
            }
    return sorted(confirmed)


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
