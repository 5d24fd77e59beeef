"""Windows: half-open spans [start, end) of data, one a day of a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


@dataclass(frozen=True, order=True)
class Window:
    """One half-open span [start, end) of data.

    Args:
        start: The first moment that belongs to it, with a time zone.
        end: The first moment that does not, with a time zone.

    Example:
        >>> from datetime import date
        >>> d.Daily(timezone="Europe/Lisbon").window(date(2026, 3, 1)).day.isoformat()
        '2026-03-01'
    """

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The local day on which the window starts."""
        return self.start.date()


@dataclass(frozen=True, kw_only=True)
class Daily:
    """One window a local day: 23 or 25 hours long where clocks change.

    Args:
        timezone: Whose midnight parts the days, as "Europe/Lisbon".

    Raises:
        DeclarationError: An unknown time zone.

    Example:
        >>> from datetime import date
        >>> window = d.Daily(timezone="Europe/Lisbon").window(date(2026, 3, 29))
        >>> (window.end.timestamp() - window.start.timestamp()) / 3600
        23.0
    """

    timezone: str = "UTC"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise DeclarationError(
                "every", f"no time zone {self.timezone!r}", "use an IANA name: Europe/Lisbon"
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the windows' days."""
        return ZoneInfo(self.timezone)

    def has(self, day: date) -> bool:
        """Whether there is such a local day: where the date line is moved, one is left out."""
        window = self.window(day)
        return window.end.timestamp() > window.start.timestamp()

    def window(self, day: date) -> Window:
        """The window of a local day, which is there."""
        midnight = time(tzinfo=self.zone)
        return Window(
            datetime.combine(day, midnight), datetime.combine(day + timedelta(days=1), midnight)
        )


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
