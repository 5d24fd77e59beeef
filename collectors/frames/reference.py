"""What windows are compared with: read once a process, coerced, with its bins and its hash."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from driftdeck.collectors.engines.drift_index.cache import use_cached_indexes
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.histograms import Bins, bins_of
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.declare import Monitor
from driftdeck.declare.canonical import canonical
from driftdeck.declare.windows import days

BINNING = "2"
"""How bins are made of a reference's values; stored counts are of the bins of one such way."""


@dataclass(frozen=True)
class Reference:
    """What windows are compared with. hash: of the rows as read and the declared columns."""

    data: CoercedRows
    bins: tuple[Bins, ...]
    hash: str


def daily_rows(reader: Reader, monitor: Monitor, span: Sequence[date]) -> list[Rows]:
    """The rows of each day, in order, with every label that ever arrived."""
    now = datetime.now(UTC)
    return [reader.read(monitor.every.window(day), now) for day in span]


def days_of(monitor: Monitor, breach: datetime | None) -> list[date]:
    """The days that a model version's windows are compared with, none without a reference.

    breach: start of the window that called for the version's training, None for a version that
    was trained elsewhere: that one has the monitor's own reference.
    """
    if monitor.reference is None:
        return []
    plan = monitor.retrain
    if breach is None or plan is None or plan.reference is None:
        return [day for day in monitor.reference.days() if monitor.every.has(day)]
    last = breach.astimezone(monitor.every.zone).date()
    first = last - timedelta(days=plan.reference.days - 1)
    spanned = days(max(first, monitor.first_day or first), last)
    return [day for day in spanned if monitor.every.has(day)]


def load_reference(reader: Reader, monitor: Monitor, span: Sequence[date]) -> Reference | None:
    """The rows of these days, None without a day. Raises SourceError if all are empty."""
    if not span:
        return None
    rows = daily_rows(reader, monitor, span)
    frame = pd.concat([day.frame for day in rows], ignore_index=True)
    if frame.empty:
        raise SourceError(
            f"{monitor.name}: the reference {span[0]} to {span[-1]} has no rows; prepare its data"
        )
    reference = from_frame(monitor, frame, _hash(monitor, rows))
    indexes = reader.settings.stack_dir / "indexes"
    use_cached_indexes(indexes, reference.hash, reference.data, monitor.all_columns())
    return reference


def from_frame(monitor: Monitor, frame: pd.DataFrame, digest: str) -> Reference:
    """A reference out of rows in memory. digest: of their content, '' where nothing is cached."""
    data = CoercedRows(monitor, frame)
    bins = (bins_of(column, data[column]) for column in monitor.all_columns())
    return Reference(data, tuple(b for b in bins if b is not None), digest)


def _hash(monitor: Monitor, rows: list[Rows]) -> str:
    basis = [BINNING, canonical(monitor.all_columns()), *(day.fingerprint for day in rows)]
    return hashlib.sha256("\n".join(basis).encode()).hexdigest()[:16]
