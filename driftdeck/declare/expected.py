"""Breaches that a person knows of: plotted, and nobody is woken."""

from dataclasses import dataclass
from datetime import date

from driftdeck.declare.errors import require
from driftdeck.declare.periods import parse_day


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Breaches of a series that a person knows of: plotted, and nobody is woken.

    Args:
        metric: The name of the metric as stored, such as "drift" or "missing_share".
        column: The column of the series; '' for a metric of the whole data set.
        since: The first day, YYYY-MM-DD; '' for all days before `until`.
        until: The last day, YYYY-MM-DD, itself included.
        because: Why, in words; it stands on the dashboard.

    Raises:
        DeclarationError: No reason, a day that is none, or an end before the beginning. A monitor
            refuses one of a series that it does not judge.

    Example:
        >>> sale = d.Expected(
        ...     metric="drift",
        ...     column="spend",
        ...     until="2026-03-31",
        ...     because="the spring sale",
        ... )
        >>> sale.last.isoformat()
        '2026-03-31'
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
        if (self.metric, self.column) != (metric, column):
            return False
        return (self.first is None or self.first <= day) and day <= self.last
