"""Reads what windows are compared with, and finds the indexes that were made of it before."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from driftdeck.collectors.engines.drift_index.cache import use_cached_indexes
from driftdeck.collectors.frames.reference import Reference, join_days, make_reference
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.declare import Monitor, Window
from driftdeck.declare.canonical import canonical

BINNING = "2"
"""How bins are made of a reference's values; stored counts are of the bins of one such way."""


def read_windows(reader: Reader, windows: Sequence[Window]) -> list[Rows]:
    """The rows of each window, in order, with every label that ever arrived."""
    now = datetime.now(UTC)
    return [reader.read(window, now) for window in windows]


def load_reference(reader: Reader, monitor: Monitor, days: Sequence[Window]) -> Reference | None:
    """The rows of whole days, None without a day. Raises SourceError if all are empty."""
    if not days:
        return None
    rows = read_windows(reader, days)
    frame = join_days([day.frame for day in rows])
    if frame.empty:
        raise SourceError(
            f"{monitor.name}: the reference {days[0].name} to {days[-1].name} has no rows; prepare"
            " its data"
        )
    reference = make_reference(monitor, frame, _hash(monitor, rows))
    indexes = reader.settings.stack_dir / "indexes"
    use_cached_indexes(indexes, reference.hash, reference.data, monitor.all_columns())
    return reference


def _hash(monitor: Monitor, rows: list[Rows]) -> str:
    basis = [BINNING, canonical(monitor.all_columns()), *(day.fingerprint for day in rows)]
    return hashlib.sha256("\n".join(basis).encode()).hexdigest()[:16]
