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
    """One half-open span [start, end) of data; both ends know their time zone."""

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The local day on which the window starts."""
        return self.start.date()


@dataclass(frozen=True, kw_only=True)
class Daily:
    """One window a local day: 23 or 25 hours long where clocks change."""

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
    """A span of days, both ends included, each written YYYY-MM-DD."""

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
    """A length of time in days."""

    days: float

    def __post_init__(self) -> None:
        require(self.days > 0, "days", f"{self.days}", "a length of time is above 0")

    @property
    def delta(self) -> timedelta:
        """The same length as a timedelta."""
        return timedelta(days=self.days)


@dataclass(frozen=True)
class Hours:
    """A length of time in hours."""

    hours: float

    def __post_init__(self) -> None:
        require(self.hours > 0, "hours", f"{self.hours}", "a length of time is above 0")

    @property
    def delta(self) -> timedelta:
        """The same length as a timedelta."""
        return timedelta(hours=self.hours)


OPEN = Days(30)
"""So long after its end the rows of a window may still come, and its labels."""
