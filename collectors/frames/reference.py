"""What windows are compared with: coerced rows, with their bins and their hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.histograms import Bins, make_bins
from driftdeck.declare import Monitor, Window
from driftdeck.declare.periods import parse_day


@dataclass(frozen=True)
class Reference:
    """What windows are compared with. hash: of the rows as read and the declared columns."""

    data: CoercedRows
    bins: tuple[Bins, ...]
    hash: str


def list_reference_days(monitor: Monitor, breach: datetime | None) -> list[Window]:
    """The whole days that a model version's windows are compared with, none without a reference.

    breach: start of the window that called for the version's training, None for a version that
    was trained elsewhere: that one has the monitor's own reference. So has one whose breach came
    before a whole day was over.
    """
    if monitor.reference is None:
        return []
    plan, span = monitor.retrain, monitor.reference
    if breach is not None and plan is not None and plan.reference is not None:
        last = _find_last_day(monitor, breach)
        first = last - timedelta(days=plan.reference.days - 1)
        if days := list(monitor.every.days(max(first, monitor.first_day or first), last)):
            return days
    return list(monitor.every.days(parse_day(span.first, "first"), parse_day(span.last, "last")))


def _find_last_day(monitor: Monitor, breach: datetime) -> date:
    """The last day that was over when the window of a breach was: rows of later in an hour's day
    have not come by then."""
    end = monitor.every.containing(breach).end
    return end.astimezone(monitor.every.zone).date() - timedelta(days=1)


def join_days(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several days as one frame, which has the source's columns of the first of them
    that has rows."""
    joined = pd.concat(frames, ignore_index=True)
    joined.attrs = next((dict(frame.attrs) for frame in frames if len(frame)), {})
    return joined


def make_reference(monitor: Monitor, frame: pd.DataFrame, digest: str) -> Reference:
    """A reference out of rows in memory. digest: of their content, '' where nothing is cached."""
    data = CoercedRows(monitor, frame)
    bins = (make_bins(column, data[column]) for column in monitor.all_columns())
    return Reference(data, tuple(b for b in bins if b is not None), digest)
