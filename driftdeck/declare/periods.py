"""Spans of days, and lengths of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from driftdeck.declare.errors import DeclarationError, require


def parse_day(text: str | date, field: str) -> date:
    """A date from YYYY-MM-DD. Raises DeclarationError naming `field`."""
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DeclarationError(field, f"{text!r} is no day", "write it as YYYY-MM-DD") from error


def days(first: date, last: date) -> Iterator[date]:
    """Each day from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@dataclass(frozen=True)
class Between:
    """A span of days, such as the reference.

    Args:
        first: The first day, YYYY-MM-DD.
        last: The last day, YYYY-MM-DD, itself included.

    Raises:
        DeclarationError: A day that is none, or a last day before the first.

    Example:
        >>> len(d.Between("2026-01-01", "2026-01-31").days())
        31
    """

    first: str
    last: str

    def __post_init__(self) -> None:
        first, last = parse_day(self.first, "reference"), parse_day(self.last, "reference")
        require(
            first <= last,
            "reference",
            f"{self.first} comes after {self.last}",
            "give the earlier day first",
        )

    def days(self) -> list[date]:
        """Each day of the span, in order."""
        return list(days(parse_day(self.first, "first"), parse_day(self.last, "last")))


@dataclass(frozen=True)
class Days:
    """A length of time in days.

    Args:
        days: More than 0; part of a day is allowed.

    Raises:
        DeclarationError: 0 or less.

    Example:
        >>> d.Days(1.5).delta.total_seconds()
        129600.0
    """

    days: float

    def __post_init__(self) -> None:
        require(self.days > 0, "days", f"{self.days}", "a length of time is above 0")

    @property
    def delta(self) -> timedelta:
        """The same length as a timedelta."""
        return timedelta(days=self.days)


@dataclass(frozen=True)
class Hours:
    """A length of time in hours.

    Args:
        hours: More than 0; part of an hour is allowed.

    Raises:
        DeclarationError: 0 or less.

    Example:
        >>> d.Hours(30).delta.days
        1
    """

    hours: float

    def __post_init__(self) -> None:
        require(self.hours > 0, "hours", f"{self.hours}", "a length of time is above 0")

    @property
    def delta(self) -> timedelta:
        """The same length as a timedelta."""
        return timedelta(hours=self.hours)


OPEN = Days(30)
"""So long after its end the rows of a window may still come, and its labels."""
