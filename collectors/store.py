"""Stores a collection in one transaction: values, levels, histograms and the status row."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from collectors.reference import Reference
from collectors.values import Collected, Value
from monitors.declare import Levels

STILL_OPEN = timedelta(days=30)
"""How long rows and labels of a window may still come."""
VALUES = (
    "monitor, window_start, window_end, metric, column_name, model_version, value, reason, unit,"
    " method, warn_below, alert_below, warn_above, alert_above, row_count, label_coverage"
)
STATUS = (
    "monitor, window_start, window_end, status, row_count, labelled_count, model_version, error,"
    " engine, source_fingerprint, reference_hash, versions, seconds, worst_level, worst_metric,"
    " worst_column, worst_value, explanation"
)


def store(connection: psycopg.Connection, collected: Collected) -> None:
    """Replace everything stored for the window; a failed collection keeps older values.

    Raises psycopg.Error, and then nothing of the window has changed.
    """
    with connection.transaction():
        if collected.values and collected.status != "failed":
            _replace_values(connection, collected)
            _replace_histograms(connection, collected)
        elif collected.values:
            _add_reasons(connection, collected)
        _replace_status(connection, collected)
        _remember_version(connection, collected)


def store_report(connection: psycopg.Connection, collected: Collected, path: str) -> None:
    """Remember where the report of a window is kept."""
    connection.execute(
        "update monitoring.window_status set report_path = %s"
        " where monitor = %s and window_start = %s and window_end = %s",
        [path, *_key(collected)],
    )


def forget_reports(connection: psycopg.Connection, paths: Sequence[str]) -> None:
    """No window links to a report that is kept no longer."""
    connection.execute(
        "update monitoring.window_status set report_path = '' where report_path = any(%s)",
        [list(paths)],
    )


def store_reference(connection: psycopg.Connection, monitor: str, reference: Reference) -> None:
    """The reference's histograms, once for each content of the reference."""
    rows = []
    for bins in reference.bins:
        counted = bins.count(reference.data.columns[bins.column])
        rows.append((monitor, reference.hash, bins.column, list(bins.labels), list(counted.counts)))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "insert into monitoring.reference_histogram values (%s, %s, %s, %s, %s)"
            " on conflict do nothing",
            rows,
        )


def _key(collected: Collected) -> tuple[object, ...]:
    return collected.monitor, collected.window.start, collected.window.end


def _replace_values(connection: psycopg.Connection, collected: Collected) -> None:
    connection.execute(
        "delete from monitoring.metric_value"
        " where monitor = %s and window_start = %s and window_end = %s",
        _key(collected),
    )
    _insert_values(connection, collected, "")


def _add_reasons(connection: psycopg.Connection, collected: Collected) -> None:
    """What was measured before stays; only series that have no row get the reason."""
    stored = connection.execute(
        "select 1 from monitoring.metric_value"
        " where monitor = %s and window_start = %s and window_end = %s limit 1",
        _key(collected),
    ).fetchone()
    if stored is None:
        _insert_values(connection, collected, " on conflict do nothing")


def _insert_values(connection: psycopg.Connection, collected: Collected, otherwise: str) -> None:
    marks = ", ".join(["%s"] * len(VALUES.split(", ")))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into monitoring.metric_value ({VALUES}) values ({marks}){otherwise}",
            [_row(collected, value) for value in collected.values],
        )


def _row(collected: Collected, value: Value) -> tuple[object, ...]:
    metric, column = value.series.key
    method = value.series.method
    return (
        *_key(collected),
        metric,
        column,
        collected.model_version,
        value.outcome.value,
        value.outcome.reason or None,
        value.series.unit.name,
        method.name if method else "",
        *astuple(value.levels or Levels()),
        value.rows,
        value.coverage,
    )


def _replace_histograms(connection: psycopg.Connection, collected: Collected) -> None:
    connection.execute(
        "delete from monitoring.histogram"
        " where monitor = %s and window_start = %s and window_end = %s",
        _key(collected),
    )
    rows = [
        (*_key(collected), one.column, collected.reference_hash, list(one.counts))
        for one in collected.histograms
    ]
    with connection.cursor() as cursor:
        cursor.executemany("insert into monitoring.histogram values (%s, %s, %s, %s, %s, %s)", rows)


def _replace_status(connection: psycopg.Connection, collected: Collected) -> None:
    worst = collected.worst
    row = (
        *_key(collected),
        collected.status.value,
        collected.row_count,
        collected.labelled_count,
        collected.model_version,
        collected.error or None,
        collected.engine,
        collected.source_fingerprint,
        collected.reference_hash,
        Jsonb(collected.versions),
        collected.seconds,
        worst.level if worst else None,
        *(worst.series.key if worst else ("", "")),
        worst.outcome.value if worst else None,
        collected.explanation,
    )
    columns = STATUS.split(", ")
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[3:])
    connection.execute(
        f"insert into monitoring.window_status as old ({STATUS})"
        f" values ({', '.join(['%s'] * len(columns))})"
        f" on conflict (monitor, window_start, window_end) do update set {changes},"
        " collected_at = monitoring.now(), report_path = case when"
        " (old.source_fingerprint, old.reference_hash)"
        " = (excluded.source_fingerprint, excluded.reference_hash)"
        " then old.report_path else '' end",
        row,
    )


def _remember_version(connection: psycopg.Connection, collected: Collected) -> None:
    if not collected.model_version:
        return
    connection.execute(
        "insert into monitoring.model_version values (%s, %s, %s, %s)"
        " on conflict (monitor, model_version) do update set"
        " first_window = least(model_version.first_window, excluded.first_window),"
        " last_window = greatest(model_version.last_window, excluded.last_window)",
        [
            collected.monitor,
            collected.model_version,
            collected.window.start,
            collected.window.start,
        ],
    )


def training_breach(connection: psycopg.Connection, monitor: str, version: str) -> datetime | None:
    """The start of the window that called for the training of a version, None if none did."""
    row = connection.execute(
        "select max(window_start) from monitoring.retraining"
        " where monitor = %s and new_version = %s and status = 'done'",
        [monitor, version],
    ).fetchone()
    connection.commit()
    return row[0] if row and version else None


def finished_windows(connection: psycopg.Connection, monitor: str, now: datetime) -> set[datetime]:
    """The starts of the windows that need no further run.

    A failed window does; an empty one, or one that waits for labels, does while it is young:
    its rows may still come.
    """
    rows = connection.execute(
        "select window_start from monitoring.window_status"
        " where monitor = %s and status <> 'failed'"
        " and (status not in ('waiting', 'empty') or window_end < %s)",
        [monitor, now - STILL_OPEN],
    )
    return {row[0] for row in rows}
