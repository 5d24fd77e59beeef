"""Which stored windows confirmed a breach: the first of each span in which an alert stood."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import psycopg

from driftdeck import firing
from driftdeck.declare import Monitor, Segment

READ_AT_ONCE = 20_000
"""So many values are fetched at once: of segments and hours there are millions."""


class StoredSeries(NamedTuple):
    """Whose values they are. column: of the series, or its class; '' for the whole data set.
    segment: None for the whole window."""

    metric: str
    column: str = ""
    segment: Segment | None = None


@dataclass(frozen=True)
class Judgement:
    """A stored value that was judged. side: 1 in breach above its threshold, -1 below, 0 not.
    rows: how many stand behind it."""

    start: datetime
    value: float
    side: int
    rows: int


def load_judgements(
    connection: psycopg.Connection, monitor: Monitor
) -> Iterator[tuple[StoredSeries, list[Judgement]]]:
    """The judged values of each series, in order, without those that are expected: as the rules
    see them. Of segments they are those that are judged today."""
    judged = [(slice_.name, metric) for slice_ in monitor.slices for metric in slice_.judged]
    zone = monitor.every.zone
    with connection.transaction(), connection.cursor("judgements") as cursor:
        cursor.itersize = READ_AT_ONCE
        cursor.execute(
            "select metric, column_name, slice_column, slice_value, window_start, value,"
            " case when value > alert_above then 1 when value < alert_below then -1 else 0 end,"
            " row_count from monitoring.metric where monitor = %s and breached is not null"
            " and (slice_column = '' or (slice_column, metric) in"
            " (select * from unnest(%s::text[], %s::text[])))"
            " order by metric, column_name, slice_column, slice_value, window_start",
            [monitor.name, [name for name, _ in judged], [metric for _, metric in judged]],
        )
        for (metric, column, *segment), rows in groupby(cursor, key=lambda row: row[:4]):
            yield (
                StoredSeries(metric, column, Segment(*segment) if segment[0] else None),
                [
                    Judgement(*row[4:])
                    for row in rows
                    if not monitor.is_expected(metric, column, row[4].astimezone(zone).date())
                ],
            )


def find_confirmed(connection: psycopg.Connection, monitor: Monitor) -> list[datetime]:
    """The starts of the windows that confirmed a breach of any series, in order.

    Those without rows are left out: there is nothing to report of them.
    """
    firings = {metric.name: metric.firing for metric in monitor.metrics}
    starts: set[datetime] = set()
    for series, windows in load_judgements(connection, monitor):
        if series.metric in firings:
            standing = firing.confirm(firings[series.metric], [window.side for window in windows])
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
