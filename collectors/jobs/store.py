"""Stores a collection in one transaction: values, thresholds, histograms and the status row."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Json

from driftdeck.collectors.jobs.clock import read_clock_within
from driftdeck.collectors.ledger import Ledger
from driftdeck.collectors.values import Status, Value, WindowResult
from driftdeck.database.locks import hold
from driftdeck.database.text import make_storable
from driftdeck.declare import Monitor, Thresholds, Window
from driftdeck.declare.periods import OPEN

if TYPE_CHECKING:
    import numpy as np

    from driftdeck.collectors.frames.reference import Reference

VALUES = {
    "monitor": "text",
    "window_start": "timestamptz",
    "window_end": "timestamptz",
    "metric": "text",
    "column_name": "text",
    "slice_column": "text",
    "slice_value": "text",
    "baseline": "text",
    "model_version": "text",
    "value": "float8",
    "reason": "text",
    "unit": "text",
    "method": "text",
    "warn_below": "float8",
    "alert_below": "float8",
    "warn_above": "float8",
    "alert_above": "float8",
    "row_count": "int8",
    "label_coverage": "float8",
    "collected_at": "timestamptz",
}
"""The columns of a value, with the types that a binary copy needs."""
UNJUDGED = Thresholds()
OF_WINDOW = "monitor = %s and window_start = %s and window_end = %s"
OF_WINDOWS = (
    "monitor = %s and (window_start, window_end) in"
    " (select * from unnest(%s::timestamptz[], %s::timestamptz[]))"
)
KEY = ("monitor", "window_start", "window_end")
STATUS = {
    "monitor": "text",
    "window_start": "timestamptz",
    "window_end": "timestamptz",
    "status": "text",
    "row_count": "int8",
    "labelled_count": "int8",
    "model_version": "text",
    "error": "text",
    "engine": "text",
    "source_fingerprint": "text",
    "reference_hash": "text",
    "versions": "jsonb",
    "seconds": "float8",
    "worst_level": "int2",
    "worst_metric": "text",
    "worst_column": "text",
    "worst_slice": "text",
    "worst_segment": "text",
    "worst_value": "float8",
    "explanation": "text",
    "rows_read": "int8",
    "rows_left_out": "jsonb",
    "labels_read": "int8",
    "labels_left_out": "jsonb",
    "source_state": "text",
    "opens_at": "timestamptz",
}
"""The columns of a status, and their types."""

UPDATE_LOST = (
    "update monitoring.window_status set status = %s, error = %s, source_fingerprint = %s,"
    f" source_state = %s, opens_at = %s, collected_at = monitoring.now() where {OF_WINDOW}"
)


def store(connection: psycopg.Connection, windows: Sequence[WindowResult]) -> None:
    """Replace everything stored for windows of a monitor; a failed one keeps older values.

    One without values, partial since its rows or labels are gone, keeps all that was measured.
    Processes that store windows of one monitor do so one after another. Raises psycopg.Error, and
    then nothing of any of the windows has changed.
    """
    if not windows:
        return
    with connection.transaction(), connection.cursor() as cursor:
        hold(connection, _format_lock(windows[0].monitor))
        measured = [w for w in windows if w.values and w.status is not Status.FAILED]
        failed = [w for w in windows if w.values and w.status is Status.FAILED]
        _delete_measured(cursor, windows[0].monitor, [w.window for w in measured])
        # What was measured before a failure stays; only series without a row get the reason.
        new = [*measured, *(w for w in failed if not _is_stored(cursor, w))]
        _copy_values(cursor, new, read_clock_within(connection))
        _copy_histograms(cursor, measured)
        _copy_confusion(cursor, measured)
        _replace_status(cursor, [w for w in windows if not _keeps_all(w)])
        cursor.executemany(UPDATE_LOST, [_make_lost_row(w) for w in windows if _keeps_all(w)])
        _remember_versions(cursor, windows)


def store_state(
    connection: psycopg.Connection,
    monitor: Monitor,
    window: Window,
    state: str,
    opens_at: datetime | None,
) -> None:
    """Remember by what the source of a window is told to be as it was collected."""
    connection.execute(
        f"update monitoring.window_status set source_state = %s, opens_at = %s where {OF_WINDOW}",
        [state, opens_at, monitor.name, window.start, window.end],
    )
    connection.commit()


def store_report(
    connection: psycopg.Connection, result: WindowResult, path: str, pruned: Sequence[str]
) -> None:
    """Remember where the report of a window is kept; no window links to one that is gone."""
    with connection.transaction():
        hold(connection, _format_lock(result.monitor))
        connection.execute(
            f"update monitoring.window_status set report_path = %s where {OF_WINDOW}",
            [path, *_make_key(result)],
        )
        connection.execute(
            "update monitoring.window_status set report_path = '' where report_path = any(%s)",
            [list(pruned)],
        )


def store_reference(connection: psycopg.Connection, monitor: str, reference: "Reference") -> None:
    """The reference's histograms, once for each content of the reference."""
    rows = []
    for bins in reference.bins:
        histogram = bins.count(reference.data[bins.column])
        labels = [make_storable(label) for label in bins.labels]
        rows.append((monitor, reference.hash, bins.column.name, labels, list(histogram.counts)))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into monitoring.reference_histogram values (%s, %s, %s, %s, %s)"
            " on conflict do nothing",
            rows,
        )


def _format_lock(monitor: str) -> str:
    """By which a monitor's rows are replaced by one process at a time."""
    return f"store {monitor}"


def _make_key(result: WindowResult) -> tuple[object, ...]:
    return result.monitor, result.window.start, result.window.end


def _keeps_all(result: WindowResult) -> bool:
    """Whether its rows or labels are gone, so that all that was measured of them stays."""
    return result.status is Status.PARTIAL and not result.values


def _make_lost_row(result: WindowResult) -> tuple[object, ...]:
    return (
        result.status.value, make_storable(result.error), result.source_fingerprint,
        result.source_state, result.opens_at, *_make_key(result),
    )  # fmt: skip


def count_measured_rows(
    connection: psycopg.Connection, monitor: str, windows: Sequence[Window]
) -> dict[Window, tuple[int, int]]:
    """How many rows, and how many labels, stand behind what is stored of each window of a
    monitor of which something is."""
    counts = connection.execute(
        "select window_start, window_end, max(row_count),"
        " coalesce(max(row_count) filter (where label_coverage > 0), 0)"
        f" from monitoring.metric_value where {OF_WINDOWS} and value is not null group by 1, 2",
        _list_keys(monitor, windows),
    )
    return {Window(start, end): (rows, labels) for start, end, rows, labels in counts}


def _list_keys(monitor: str, windows: Sequence[Window]) -> list[object]:
    """The parameters of `OF_WINDOWS`."""
    return [monitor, [window.start for window in windows], [window.end for window in windows]]


def _delete_measured(cursor: psycopg.Cursor, monitor: str, windows: Sequence[Window]) -> None:
    """What was measured of windows of a monitor, before it is written anew."""
    for table in ("metric_value", "histogram", "confusion") if windows else ():
        cursor.execute(
            f"delete from monitoring.{table} where {OF_WINDOWS}", _list_keys(monitor, windows)
        )


def _is_stored(cursor: psycopg.Cursor, result: WindowResult) -> bool:
    """Whether values of a window are there."""
    cursor.execute(
        f"select 1 from monitoring.metric_value where {OF_WINDOW} limit 1", _make_key(result)
    )
    return cursor.fetchone() is not None


def _copy_values(
    cursor: psycopg.Cursor, windows: Sequence[WindowResult], collected_at: datetime
) -> None:
    """Binary, which is some times faster than inserts; see benchmarks/store.py. collected_at: asked
    once, since its default would be computed for each row."""
    with cursor.copy(
        f"copy monitoring.metric_value ({', '.join(VALUES)}) from stdin (format binary)"
    ) as copy:
        copy.set_types(list(VALUES.values()))
        for result in windows:
            for row in make_value_rows(result, collected_at):
                copy.write_row(row)


def _copy_histograms(cursor: psycopg.Cursor, windows: Sequence[WindowResult]) -> None:
    """As text, since psycopg makes binary arrays, and the text of times, in Python."""
    with cursor.copy("copy monitoring.histogram from stdin") as copy:
        for result in windows:
            start, end = result.window.start.isoformat(), result.window.end.isoformat()
            for histogram in result.histograms:
                counts = ",".join(map(str, histogram.counts))
                column, digest = histogram.column, result.reference_hash
                copy.write_row((result.monitor, start, end, column, digest, f"{{{counts}}}"))


def make_value_rows(result: WindowResult, collected_at: datetime) -> Iterator[tuple[object, ...]]:
    """What is stored of each value of a window, as `VALUES` has it."""
    key, model_version = _make_key(result), make_storable(result.model_version)
    for value in result.values:
        series, outcome = value.series, value.outcome
        metric, column = series.key
        method, thresholds = series.method, value.thresholds or UNJUDGED
        yield (
            *key,
            metric,
            make_storable(column),
            *_segment(value),
            series.metric.baseline.name,
            model_version,
            outcome.value,
            make_storable(outcome.reason) or None,
            series.unit.name,
            method.name if method else "",
            thresholds.warn_below,
            thresholds.alert_below,
            thresholds.warn_above,
            thresholds.alert_above,
            value.rows,
            value.coverage,
            collected_at,
        )


def _segment(value: Value) -> tuple[str, str]:
    """The slice and the value of a segment, '' of the whole window."""
    if value.segment is None:
        return "", ""
    return value.segment.slice, make_storable(value.segment.value)


def _copy_confusion(cursor: psycopg.Cursor, windows: Sequence[WindowResult]) -> None:
    with cursor.copy("copy monitoring.confusion from stdin (format binary)") as copy:
        copy.set_types(["text", "timestamptz", "timestamptz", "text", "text", "int8"])
        for window in windows:
            if window.confusion is None:
                continue
            classes = [make_storable(name) for name in window.confusion.classes]
            for label, counts in zip(classes, window.confusion.counts, strict=True):
                for predicted, count in zip(classes, counts, strict=True):
                    copy.write_row((*_make_key(window), label, predicted, count))


def _replace_status(cursor: psycopg.Cursor, windows: Sequence[WindowResult]) -> None:
    """All in one statement, as JSON: for each PostgreSQL plans the functions that a row calls, and
    the text of a statement with thousands of parameters is long to read."""
    names = ", ".join(STATUS)
    changes = ", ".join(f"{name} = excluded.{name}" for name in STATUS if name not in KEY)
    types = ", ".join(f"{name} {type_}" for name, type_ in STATUS.items())
    rows = [dict(zip(STATUS, make_status_row(window), strict=True)) for window in windows]
    cursor.execute(
        f"insert into monitoring.window_status as old ({names})"
        f" select * from json_to_recordset(%s) as new ({types})"
        f" on conflict ({', '.join(KEY)}) do update set {changes},"
        " collected_at = monitoring.now(), report_path = case when"
        " (old.source_fingerprint, old.reference_hash)"
        " = (excluded.source_fingerprint, excluded.reference_hash)"
        " then old.report_path else '' end",
        [Json(rows, partial(json.dumps, default=_as_json, allow_nan=False))],
    )


def _as_json(cell: "datetime | np.generic") -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell.item()


def make_status_row(result: WindowResult) -> tuple[object, ...]:
    worst = result.worst
    return (
        *_make_key(result),
        result.status.value,
        result.row_count,
        result.labelled_count,
        make_storable(result.model_version),
        make_storable(result.error) or None,
        result.engine,
        result.source_fingerprint,
        result.reference_hash,
        result.versions,
        result.seconds,
        worst.state if worst else None,
        *(worst.series.key if worst else ("", "")),
        *(_segment(worst) if worst else ("", "")),
        worst.outcome.value if worst else None,
        make_storable(result.explanation),
        *_format_ledger(result.rows),
        *_format_ledger(result.labels),
        result.source_state,
        result.opens_at,
    )


def _format_ledger(ledger: Ledger | None) -> tuple[int | None, dict[str, int]]:
    """How many were read, and what was left out, by reason."""
    return (ledger.read, ledger.count_by_reason()) if ledger else (None, {})


def _remember_versions(cursor: psycopg.Cursor, windows: Sequence[WindowResult]) -> None:
    """The first and the last window that each version answered in."""
    starts: dict[tuple[str, str], list[datetime]] = {}
    for window in windows:
        if window.model_version:
            version = window.monitor, make_storable(window.model_version)
            starts.setdefault(version, []).append(window.window.start)
    cursor.executemany(
        "insert into monitoring.model_version values (%s, %s, %s, %s)"
        " on conflict (monitor, model_version) do update set"
        " first_window = least(model_version.first_window, excluded.first_window),"
        " last_window = greatest(model_version.last_window, excluded.last_window)",
        [(*version, min(moments), max(moments)) for version, moments in starts.items()],
    )


def find_finished_windows(
    connection: psycopg.Connection, monitor: Monitor, now: datetime
) -> set[datetime]:
    """The starts of the windows that need no further run.

    A failed window does; an empty one, or one that waits for labels, does while they may still
    come.
    """
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and status <> 'failed'"
        " and (status <> 'empty' or window_end < %s) and (status <> 'waiting' or window_end < %s)",
        [monitor.name, now - OPEN.delta, now - monitor.labels_within.delta],
    )
    return {row[0] for row in rows}
