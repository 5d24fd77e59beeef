"""Breaches that a person knows of: drawn, and nobody is woken."""

from dataclasses import dataclass
from datetime import date

from driftdeck.declare.errors import require
from driftdeck.declare.windows import parse_day


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A breach that is expected until a day, that day included.

    metric, column: of which series; column '' for a metric of the whole data set. since: the
    first day, '' for all before `until`. because: why, in words; it stands on the dashboard.
    """

    metric: str
    column: str = ""
    since: str = ""
    until: str
    because: str

    def __post_init__(self) -> None:
        require(bool(self.because.strip()), "expected: because", "is empty", "say why, in words")
        first, last = self.first, self.last
        require(
            first is None or first <= last,
            "expected: until",
            f"{self.until} comes before since ({self.since})",
            "give the later day",
        )

    @property
    def first(self) -> date | None:
        """The first day, None where there is none."""
        return parse_day(self.since, "expected: since") if self.since else None

    @property
    def last(self) -> date:
        """The last day."""
        return parse_day(self.until, "expected: until")

    def covers(self, metric: str, column: str, day: date) -> bool:
        """Whether a breach of a series on a day is expected."""
        after = self.first is None or self.first <= day
        return (self.metric, self.column) == (metric, column) and after and day <= self.last
