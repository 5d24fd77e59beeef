"""Trains a model anew when its declaration says so: recorded, limited, one at a time, to its end.

A window that calls for a training and the row that says so are stored together. Whoever comes next
does it first: the process that stored them, or a later one where that was cut off.
"""

from dataclasses import replace
from datetime import datetime

import psycopg

from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.retraining.records import (
    PendingTraining,
    begin_attempt,
    is_training_called_for,
    record_end,
    record_version,
)
from driftdeck.collectors.retraining.training import TrainingOutcome, promote, train
from driftdeck.database import connect
from driftdeck.database.locks import Lock, held
from driftdeck.declare import Firing, Monitor, Retrain, Segment, Window
from driftdeck.firing import confirm
from driftdeck.settings import Settings

ATTEMPTS = 5
"""So often a training is begun that never comes to its own end: it may be what ends us."""


def call_for_training(connection: psycopg.Connection, monitor: Monitor, window: Window) -> None:
    """Record that a window calls for a training if it does, in the transaction that stores it.

    A training that failed by itself counts for the cooldown as one that was done: its next try is
    due as the next training would be. Raises psycopg.Error.
    """
    plan = monitor.retrain
    if plan is None or _is_cooling_down(connection, monitor, plan, window):
        return
    if reason := _find_reason(connection, monitor, plan, window):
        connection.execute(
            "insert into monitoring.retraining (monitor, started_at, status, reason, window_start,"
            " old_version) select %(monitor)s, greatest(monitoring.now(), (select max(started_at)"
            " + interval '1 microsecond' from monitoring.retraining where monitor = %(monitor)s)),"
            " 'running', %(reason)s, %(start)s, coalesce((select model_version"
            " from monitoring.window_status where monitor = %(monitor)s"
            " and window_start = %(start)s limit 1), '')"
            " on conflict (monitor) where status = 'running' do nothing",
            {"monitor": monitor.name, "reason": reason, "start": window.start},
        )


def retrain(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> str:
    """Do the training that is called for; a line for people, '' if none is.

    While another process is at it, that is left to it; where the training answers anew what is
    collected next, that is waited for. Raises psycopg.Error: the training is then done later.
    """
    if not is_training_called_for(connection, monitor.name):
        return ""
    wait = monitor.retrain is not None and monitor.retrain.during_backfill
    with (
        connect(settings, autocommit=True) as locking,
        held(locking, f"retraining {monitor.name}", wait=wait) as lock,
    ):
        if lock is None:
            return "a retraining is under way"
        pending = begin_attempt(connection, monitor.name)
        if pending is None:  # the other has done it
            return ""
        outcome = _train(connection, monitor, pending, lock)
        record_end(connection, monitor.name, pending, outcome)
    again = " (it had been cut off)" if pending.attempts > 1 else ""
    last_line = outcome.output.strip().rpartition("\n")[2][:200]
    return (
        f"retraining {outcome.status}: {outcome.version if outcome.is_done else last_line}{again}"
    )


def _train(
    connection: psycopg.Connection, monitor: Monitor, pending: PendingTraining, lock: Lock
) -> TrainingOutcome:
    """Train, unless that was done before it was cut off; then promote.

    The version is recorded before it answers: by it, its windows find their reference.
    """
    plan = monitor.retrain
    if plan is None or pending.window_start is None:
        return TrainingOutcome("failed", "", "it had been cut off, and is declared no more")
    if pending.attempts > ATTEMPTS:
        return TrainingOutcome(
            "failed", pending.version, f"cut off {ATTEMPTS} times; is memory short?"
        )
    window = monitor.every.containing(pending.window_start)
    outcome = TrainingOutcome("done", pending.version, pending.output)
    if not pending.version:
        outcome = train(plan, monitor, window, lock.check)
    if not (outcome.is_done and plan.promote):
        return outcome
    record_version(connection, monitor.name, pending, outcome)
    promoted = promote(plan, monitor, window, outcome.version, lock.check)
    return replace(promoted, output=outcome.output + promoted.output)


def _find_reason(
    connection: psycopg.Connection, monitor: Monitor, plan: Retrain, window: Window
) -> str:
    """Why a retraining is called for by the newest judged window, '' if it is not, or not this.

    Days of the reference call for none: the model that is watched was made of them. Segments call
    for one only where the plan says so.
    """
    metrics = plan.metrics or tuple(m.name for m in monitor.metrics if m.is_performance)
    slices = [s.name for s in monitor.slices if set(s.judged) & set(metrics)]
    judged = (
        "monitor = %(monitor)s and metric = any(%(metrics)s) and breached is not null"
        " and slice_column = any(%(slices)s)"
    )
    rows = connection.execute(
        "select window_start, metric, column_name, slice_column, slice_value, breached"
        f" from monitoring.metric where {judged} and window_start = any("
        f"select window_start from monitoring.metric where {judged}"
        " group by 1 order by 1 desc limit %(of)s)",
        {
            "monitor": monitor.name,
            "metrics": list(metrics),
            "slices": ["", *slices] if plan.segments else [""],
            "of": plan.of,
        },
    ).fetchall()
    zone = monitor.every.zone
    reference_days = {window.day for window in list_reference_days(monitor, None)}
    breaches: dict[datetime, list[str]] = {}
    for start, metric, column, slice_, value, breached in rows:
        day, names = start.astimezone(zone).date(), breaches.setdefault(start, [])
        if breached and day not in reference_days and not monitor.is_expected(metric, column, day):
            segment = f"of {Segment(slice_, value)}" if slice_ else ""
            names.append(" ".join(filter(None, (metric, column, segment))))
    if not breaches or max(breaches) != window.start or not breaches[window.start]:
        return ""
    in_breach = [bool(names) for _, names in sorted(breaches.items())]
    if not confirm(Firing(plan.after, plan.of), in_breach)[-1]:
        return ""
    series = ", ".join(sorted({name for names in breaches.values() for name in names}))
    return f"{sum(in_breach)} of the newest {plan.of} judged windows in breach: {series}"


def _is_cooling_down(
    connection: psycopg.Connection, monitor: Monitor, plan: Retrain, window: Window
) -> bool:
    """Whether the last training is too near.

    By the windows' time, so that a year that is caught up in an hour is trained as it was.
    """
    row = connection.execute(
        "select max(coalesce(window_start, started_at)) from monitoring.retraining"
        " where monitor = %s",
        [monitor.name],
    ).fetchone()
    return bool(row and row[0] and window.start - row[0] < plan.cooldown.delta)
