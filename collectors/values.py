"""What a collection produces: values or reasons, histograms, and a status.

Millions of measurements and values are made in a backfill: as tuples they are made three times as
fast as dataclasses.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from driftdeck.collectors.ledger import Ledger
from driftdeck.declare import Segment, Series, Thresholds, Window


class Status(StrEnum):
    """How the collection of a window ended.

    OK: every promised value is there. WAITING: only labels are missing. PARTIAL: something
    could not be measured, the rest is stored. EMPTY: no rows. FAILED: nothing could be read.
    """

    OK = "ok"
    WAITING = "waiting"
    PARTIAL = "partial"
    EMPTY = "empty"
    FAILED = "failed"


class Measurement(NamedTuple):
    """A number (finite) or the reason why there is none; never both.

    waiting: the reason is that labels have not arrived. undefined: it is that of whole data there
    is no such number, such as the recall of a class that did not occur.
    """

    value: float | None
    reason: str = ""
    waiting: bool = False
    undefined: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether somebody should look why there is no number."""
        return self.value is None and not self.waiting and not self.undefined


class Value(NamedTuple):
    """One series' outcome for one window, with the thresholds in force.

    rows: how many rows stand behind it. coverage: share of rows with a label, for performance.
    expected: whether a breach there is one that somebody knows of. segment: whose rows they are,
    None for the whole window.
    """

    series: Series
    outcome: Measurement
    rows: int
    thresholds: Thresholds | None
    coverage: float | None = None
    expected: bool = False
    segment: Segment | None = None

    @property
    def state(self) -> int | None:
        """0 ok, 1 warning, 2 alert; None where unjudged."""
        if self.outcome.value is None or self.thresholds is None:
            return None
        return self.thresholds.judge(self.outcome.value)

    @property
    def times_threshold(self) -> float | None:
        """How far beyond its alert threshold it is, 1 being on it; None where one is lacking."""
        if self.outcome.value is None or self.thresholds is None:
            return None
        return self.thresholds.times_threshold(self.outcome.value)


@dataclass(frozen=True)
class Histogram:
    """Counts of a column's values in the reference's bins."""

    column: str
    bins: tuple[str, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Confusion:
    """How many labelled rows of each class, by row, were predicted to be of each, by column."""

    classes: tuple[str, ...]
    counts: list[list[int]]


@dataclass(frozen=True)
class WindowResult:
    """Everything that one collection of one window stores.

    rows, labels: what became of the rows and of the labels that were read, where they were.
    source_state, opens_at: by which a changed source can be told without reading it, see
    `sources.state`. runs: the engine's own results behind the values, for a report; not stored.
    """

    monitor: str
    window: Window
    status: Status
    values: tuple[Value, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    row_count: int | None = None
    labelled_count: int | None = None
    model_version: str = ""
    error: str = ""
    explanation: str = ""
    engine: str = ""
    source_fingerprint: str = ""
    reference_hash: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    runs: tuple[Any, ...] = ()
    rows: Ledger | None = None
    labels: Ledger | None = None
    source_state: str = ""
    opens_at: datetime | None = None
    confusion: Confusion | None = None

    @property
    def worst(self) -> Value | None:
        """The judged value furthest beyond its threshold; one that is expected there is not it."""
        judged_values = [
            value for value in self.values if value.state is not None and not value.expected
        ]
        return max(judged_values, key=_rank, default=None)


def _rank(value: Value) -> tuple[int, float]:
    """Orders judged values: state first, then how far beyond the alert threshold."""
    return value.state or 0, value.times_threshold or 0.0
