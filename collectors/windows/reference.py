"""Reads what windows are compared with, and finds the indexes that were made of it before."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd

from driftdeck.collectors.engines.drift_index.cache import use_cached_indexes
from driftdeck.collectors.frames.reference import Reference, make_reference
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.declare import Monitor
from driftdeck.declare.canonical import canonical

BINNING = "2"
"""How bins are made of a reference's values; stored counts are of the bins of one such way."""


def read_days(reader: Reader, monitor: Monitor, span: Sequence[date]) -> list[Rows]:
    """The rows of each day, in order, with every label that ever arrived."""
    now = datetime.now(UTC)
    return [reader.read(monitor.every.window(day), now) for day in span]


def load_reference(reader: Reader, monitor: Monitor, span: Sequence[date]) -> Reference | None:
    """The rows of these days, None without a day. Raises SourceError if all are empty."""
    if not span:
        return None
    rows = read_days(reader, monitor, span)
    frame = pd.concat([day.frame for day in rows], ignore_index=True)
    if frame.empty:
        raise SourceError(
            f"{monitor.name}: the reference {span[0]} to {span[-1]} has no rows; prepare its data"
        )
    reference = make_reference(monitor, frame, _hash(monitor, rows))
    indexes = reader.settings.stack_dir / "indexes"
    use_cached_indexes(indexes, reference.hash, reference.data, monitor.all_columns())
    return reference


def _hash(monitor: Monitor, rows: list[Rows]) -> str:
    basis = [BINNING, canonical(monitor.all_columns()), *(day.fingerprint for day in rows)]
    return hashlib.sha256("\n".join(basis).encode()).hexdigest()[:16]
