"""Trains a model anew when its declaration says so: recorded, limited, one at a time."""

import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.errors import UniqueViolation

from collectors.clock import clock
from collectors.reference import days_of
from monitors.declare import Monitor, Retrain, Window
from monitors.declare.metrics import Over

KEPT_OUTPUT = 20_000
CALL = """\
import importlib, sys
from collectors.imports import kept
module, _, function = sys.argv[1].partition(":")
with kept():
    called = getattr(importlib.import_module(module), function)
print(called(*sys.argv[2:]))
"""


@dataclass(frozen=True)
class Trained:
    """What became of a retraining. version: of the new model, '' where it failed."""

    status: str
    version: str
    output: str


def retrain_if_due(connection: psycopg.Connection, monitor: Monitor, window: Window) -> str:
    """Retrain after a window if the declaration calls for it; a line for people, '' if not.

    Raises psycopg.Error.
    """
    plan = monitor.retrain
    reason = _reason(connection, monitor, plan, window) if plan else ""
    if plan is None or not reason:
        return ""
    started = clock(connection)
    _end_abandoned(connection, monitor, plan, started)
    if _cooling(connection, monitor, plan, window):
        return ""
    try:
        _begin(connection, monitor, window, started, reason)
    except UniqueViolation:
        connection.rollback()
        return "a retraining is under way"
    trained = train(plan, monitor, window)
    _finish(connection, monitor, started, trained)
    said = trained.version or trained.output.strip().rpartition("\n")[2][:200]
    return f"retraining {trained.status}: {said}"


def _reason(connection: psycopg.Connection, monitor: Monitor, plan: Retrain, window: Window) -> str:
    """Why a retraining is called for by the newest judged window, '' if it is not, or not this.

    Days of the reference call for none: the model that is watched was made of them.
    """
    counted = plan.metrics or tuple(
        metric.name for metric in monitor.metrics if metric.over is Over.PERFORMANCE
    )
    rows = connection.execute(
        "select window_start, metric, column_name, breached from monitoring.metric"
        " where monitor = %s and metric = any(%s) and breached is not null"
        " and window_start = any(select window_start from monitoring.metric"
        " where monitor = %s and metric = any(%s) and breached is not null"
        " group by 1 order by 1 desc limit %s)",
        [monitor.name, list(counted), monitor.name, list(counted), plan.of],
    ).fetchall()
    zone, own = monitor.every.zone, set(days_of(monitor, None))
    found: dict[datetime, list[str]] = {}
    for start, metric, column, breached in rows:
        day = start.astimezone(zone).date()
        if breached and day not in own and not monitor.is_expected(metric, column, day):
            found.setdefault(start, []).append(f"{metric} {column}".strip())
    newest = max((row[0] for row in rows), default=None)
    if newest != window.start or newest not in found or len(found) < plan.after:
        return ""
    names = sorted({name for names in found.values() for name in names})
    return f"{len(found)} of the newest {plan.of} judged windows in breach: {', '.join(names)}"


def _cooling(
    connection: psycopg.Connection, monitor: Monitor, plan: Retrain, window: Window
) -> bool:
    """By the windows' time, so that a year that is caught up in an hour is trained as it was."""
    row = connection.execute(
        "select max(coalesce(window_start, started_at)) from monitoring.retraining"
        " where monitor = %s",
        [monitor.name],
    ).fetchone()
    return bool(row and row[0] and window.start - row[0] < plan.cooldown.delta)


def _end_abandoned(
    connection: psycopg.Connection, monitor: Monitor, plan: Retrain, now: datetime
) -> None:
    """A run whose process was killed says running for ever: beyond its limit it has failed."""
    connection.execute(
        "update monitoring.retraining set status = 'failed', finished_at = %s,"
        " output = output || 'the process that ran it is gone'"
        " where monitor = %s and status = 'running' and started_at < %s",
        [now, monitor.name, now - plan.limit.delta],
    )
    connection.commit()


def _begin(
    connection: psycopg.Connection, monitor: Monitor, window: Window, now: datetime, reason: str
) -> None:
    connection.execute(
        "insert into monitoring.retraining (monitor, started_at, status, reason, window_start,"
        " old_version) select %s, %s, 'running', %s, %s, coalesce((select model_version"
        " from monitoring.window_status where monitor = %s and window_start = %s limit 1), '')",
        [monitor.name, now, reason, window.start, monitor.name, window.start],
    )
    connection.commit()


def _finish(
    connection: psycopg.Connection, monitor: Monitor, started: datetime, trained: Trained
) -> None:
    connection.execute(
        "update monitoring.retraining set status = %s, finished_at = monitoring.now(),"
        " new_version = %s, output = %s where monitor = %s and started_at = %s",
        [
            trained.status,
            trained.version,
            trained.output.replace("\x00", "")[-KEPT_OUTPUT:],
            monitor.name,
            started,
        ],
    )
    connection.commit()


def train(plan: Retrain, monitor: Monitor, window: Window) -> Trained:
    """Run the training in a process of its own, for no longer than its limit."""
    day = window.day.isoformat()
    command = shlex.split(plan.run)
    if plan.is_callable:
        command = [sys.executable, "-W", "ignore", "-c", CALL, plan.run, monitor.name, day]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "MONITOR": monitor.name, "DAY": day},
            start_new_session=True,  # so that what it has started ends with it
        )
    except OSError as error:
        return Trained("failed", "", f"{plan.run}: {error}")
    try:
        output, _ = process.communicate(timeout=plan.limit.delta.total_seconds())
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return Trained("failed", "", f"{output}\nended after {plan.limit.hours:g} hours")
    version = output.strip().rpartition("\n")[2].strip()
    if process.returncode or not version:
        said = f"exit status {process.returncode}" if process.returncode else "no version printed"
        return Trained("failed", "", f"{output}\n{said}")
    return Trained("done", version, output)
