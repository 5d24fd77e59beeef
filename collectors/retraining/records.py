"""What is stored of trainings: those that are called for, and how they ended."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from driftdeck.collectors.retraining.training import TrainingOutcome
from driftdeck.database.text import make_storable

KEPT_OUTPUT = 20_000
"""So many of the last signs that a training printed are kept."""


@dataclass(frozen=True)
class PendingTraining:
    """A training that a window has called for and that has not ended.

    version: '' until it is trained. attempts: how often it was begun.
    """

    started: datetime
    window_start: datetime | None
    version: str
    output: str
    attempts: int


def is_training_called_for(connection: psycopg.Connection, monitor: str) -> bool:
    """Whether a training is called for that has not ended."""
    query = "select from monitoring.retraining where monitor = %s and status = 'running'"
    called = connection.execute(query, [monitor]).rowcount > 0
    connection.commit()
    return called


def find_training_breach(
    connection: psycopg.Connection, monitor: str, version: str
) -> datetime | None:
    """The start of the window that called for the training of a version, None if none did.

    Whatever became of it: a version that was being promoted may have answered already.
    """
    row = connection.execute(
        "select max(window_start) from monitoring.retraining"
        " where monitor = %s and new_version = %s",
        [monitor, version],
    ).fetchone()
    connection.commit()
    return row[0] if row and version else None


def begin_attempt(connection: psycopg.Connection, monitor: str) -> PendingTraining | None:
    """Count an attempt of what is called for, and give that; None if nothing is."""
    row = connection.execute(
        "update monitoring.retraining set attempts = attempts + 1"
        " where monitor = %s and status = 'running'"
        " returning started_at, window_start, new_version, output, attempts",
        [monitor],
    ).fetchone()
    connection.commit()
    return PendingTraining(*row) if row else None


def record_version(
    connection: psycopg.Connection,
    monitor: str,
    pending: PendingTraining,
    outcome: TrainingOutcome,
) -> None:
    """Store the version that was trained, with what was printed."""
    with connection.transaction():
        connection.execute(
            "update monitoring.retraining set new_version = %s, output = %s"
            " where monitor = %s and started_at = %s",
            [
                make_storable(outcome.version),
                make_storable(outcome.output)[-KEPT_OUTPUT:],
                *(monitor, pending.started),
            ],
        )


def record_end(
    connection: psycopg.Connection,
    monitor: str,
    pending: PendingTraining,
    outcome: TrainingOutcome,
) -> None:
    """Store how it ended. Attempts are counted of what has not ended."""
    with connection.transaction():
        record_version(connection, monitor, pending, outcome)
        connection.execute(
            "update monitoring.retraining set status = %s, finished_at = monitoring.now(),"
            " attempts = 0 where monitor = %s and started_at = %s",
            [outcome.status, monitor, pending.started],
        )
