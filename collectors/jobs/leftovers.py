"""What is stored and no longer declared: named with the command that removes it, and removed.

A window is left over if its monitor is gone, if it lies before `starts` or after `ends`, or if the
monitor's windows are cut otherwise now. Beside the present windows it would be a second value
of the same day.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg

from driftdeck.declare import Monitor, Window

MONITORS = (
    "select monitor from monitoring.window_status union select monitor from monitoring.retraining"
    " union select monitor from monitoring.model_version"
    " union select monitor from monitoring.reference_histogram"
)
TABLES = (
    "select c.table_name, bool_or(c.column_name = 'window_end')"
    " from information_schema.columns c join information_schema.tables t"
    " using (table_schema, table_name)"
    " where t.table_type = 'BASE TABLE' and c.table_schema = (select n.nspname from pg_namespace n"
    " join pg_class o on o.relnamespace = n.oid"
    " where o.oid = 'monitoring.window_status'::regclass)"
    " group by 1 having bool_or(c.column_name = 'monitor') order by 2 desc, 1"
)
"""Every table with rows of monitors, and whether these are of windows: these first, since others
are referred to by them."""
OF_WINDOWS = (
    "monitor = %s and (window_start, window_end) in"
    " (select * from unnest(%s::timestamptz[], %s::timestamptz[]))"
)
UNREFERENCED = {
    "model_version": "not exists (select from monitoring.window_status w"
    " where w.monitor = t.monitor and w.model_version = t.model_version)",
    "reference_histogram": "not exists (select from monitoring.window_status w"
    " where w.monitor = t.monitor and w.reference_hash = t.reference_hash)"
    " and not exists (select from monitoring.histogram h"
    " where h.monitor = t.monitor and h.reference_hash = t.reference_hash)",
}
"""What nothing refers to any more once some windows are gone."""


def find_leftovers(connection: psycopg.Connection, monitors: Sequence[Monitor]) -> Iterator[str]:
    """A sentence, with the command that removes it, for each thing that is left over.

    monitors: all that are declared. Raises psycopg.Error.
    """
    declared = {monitor.name: monitor for monitor in monitors}
    for (name,) in connection.execute(f"{MONITORS} order by 1").fetchall():
        windows = list_stored_windows(connection, name)
        if name not in declared:
            yield (
                f"{name}: is declared no longer, {format_count(len(windows), 'window')} stored;"
                f" `driftdeck forget {name}` removes all of it"
            )
            continue
        reasons = Counter(
            filter(None, (explain_leftover(declared[name], window) for window in windows))
        )
        for why, count in reasons.items():
            yield (
                f"{name}: {format_count(count, 'window')} stored {why}; `driftdeck forget"
                f" {name} --leftovers` removes {'them' if count != 1 else 'it'}"
            )


def explain_leftover(monitor: Monitor, window: Window) -> str:
    """Why a stored window is left over, '' if it is not."""
    day = window.start.astimezone(monitor.every.zone).date()
    declared = monitor.every.containing(window.start)
    if declared != window:
        difference = abs((declared.end - declared.start) - (window.end - window.start))
        is_long = monitor.every.length >= timedelta(days=1)  # a change of clocks is no other length
        starts = [each.start.astimezone(monitor.every.zone).time() for each in (declared, window)]
        if difference <= timedelta(hours=1 if is_long else 0) and starts[0] != starts[1]:
            return f"of another time zone than {monitor.every.timezone}, beside its own"
        return f"that are no {monitor.every.nouns}, beside its own"
    if monitor.first_day is not None and day < monitor.first_day:
        return f"from before {monitor.first_day}, its `starts`"
    if monitor.last_day is not None and day > monitor.last_day:
        return f"from after {monitor.last_day}, its `ends`"
    return ""


def list_stored_windows(connection: psycopg.Connection, name: str) -> list[Window]:
    """Every window of a monitor that is stored, oldest first. Raises psycopg.Error."""
    rows = connection.execute(
        "select window_start, window_end from monitoring.window_status where monitor = %s"
        " order by 1, 2",
        [name],
    )
    return [Window(start, end) for start, end in rows]


def select_before(windows: Sequence[Window], day: date, zone: ZoneInfo) -> list[Window]:
    """Those that start before a local day."""
    first = datetime.combine(day, time(tzinfo=zone))
    return [window for window in windows if window.start < first]


def remove(
    connection: psycopg.Connection, name: str, windows: Sequence[Window] | None
) -> Mapping[str, int]:
    """Delete a monitor's rows, of some windows or, for None, all; how many by table.

    In the caller's transaction, so that it may look at the numbers and roll back.
    Raises psycopg.Error.
    """
    counts: dict[str, int] = {}
    values: list[object]
    for table, of_windows in connection.execute(TABLES).fetchall():
        if windows is None:
            query, values = "monitor = %s", [name]
        elif of_windows:
            starts, ends = [w.start for w in windows], [w.end for w in windows]
            query, values = OF_WINDOWS, [name, starts, ends]
        elif table in UNREFERENCED:
            query, values = f"monitor = %s and {UNREFERENCED[table]}", [name]
        else:
            continue  # trainings say which reference a version has that may still be in use
        deleted = connection.execute(
            f"delete from monitoring.{table} t where {query}".encode(), values
        )
        counts[table] = deleted.rowcount
    connection.execute(
        "update monitoring.model_version v set first_window = w.first, last_window = w.last"
        " from (select model_version, min(window_start) first, max(window_start) last"
        " from monitoring.window_status where monitor = %s group by 1) w"
        " where v.monitor = %s and v.model_version = w.model_version",
        [name, name],
    )
    return {table: count for table, count in counts.items() if count}


def format_count(number: int, noun: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
