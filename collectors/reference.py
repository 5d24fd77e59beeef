"""The reference of a monitor: read once a process, coerced, with its bins and its hash."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from collectors.histograms import Bins, bins_of
from collectors.report import Cleaned
from collectors.sources import Reader, Rows, SourceError
from monitors.declare import Monitor


@dataclass(frozen=True)
class Reference:
    """What windows are compared with. hash: of the rows as read and the declared columns."""

    data: Cleaned
    bins: tuple[Bins, ...]
    hash: str


def daily_rows(reader: Reader, monitor: Monitor) -> list[Rows]:
    """The rows of each day of the reference, in order, with every label that ever arrived."""
    if monitor.reference is None:
        return []
    now = datetime.now(UTC)
    return [reader.read(monitor.every.window(day), now) for day in monitor.reference.days()]


def load_reference(reader: Reader, monitor: Monitor) -> Reference | None:
    """The reference of a monitor, None where it has none. Raises SourceError if it is empty."""
    if monitor.reference is None:
        return None
    rows = daily_rows(reader, monitor)
    frame = pd.concat([one.frame for one in rows], ignore_index=True)
    if frame.empty:
        span = f"{monitor.reference.first} to {monitor.reference.last}"
        raise SourceError(f"{monitor.name}: the reference {span} has no rows; prepare its data")
    return from_frame(monitor, frame, _hash(monitor, rows))


def from_frame(monitor: Monitor, frame: pd.DataFrame, digest: str) -> Reference:
    """A reference out of rows in memory."""
    data = Cleaned(monitor, frame)
    bins = (bins_of(column, data[column]) for column in monitor.all_columns())
    return Reference(data, tuple(one for one in bins if one is not None), digest)


def _hash(monitor: Monitor, rows: list[Rows]) -> str:
    basis = [repr(monitor.all_columns()), *(one.fingerprint for one in rows)]
    return hashlib.sha256("\n".join(basis).encode()).hexdigest()[:16]
