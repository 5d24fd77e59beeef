"""Windows: half-open spans [start, end) of data, cut by the clock of a time zone."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from driftdeck.declare.errors import DeclarationError, require

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


@dataclass(frozen=True, order=True)
class Window:
    """One half-open span [start, end) of data.

    Args:
        start: The first moment that belongs to it, with a time zone.
        end: The first moment that does not, with a time zone.
        name: As people write it: 2026-03-01, 2026-03-01T16, 2026-W10, 2026-03; '' where it is but
            a span.
        local_day: On which it starts; None means that of `start`.

    Example:
        >>> from datetime import date
        >>> d.Daily(timezone="Europe/Lisbon").window(date(2026, 3, 1)).name
        '2026-03-01'
    """

    start: datetime
    end: datetime
    name: str = field(default="", compare=False)
    local_day: date | None = field(default=None, compare=False)

    @property
    def day(self) -> date:
        """The local day on which it starts."""
        return self.local_day or self.start.date()


@dataclass(frozen=True, kw_only=True)
class Every(ABC):
    """How data is cut into windows: what `d.Hourly`, `d.Daily`, `d.Weekly` and `d.Monthly` share.

    Windows begin and end at times of the local clock, and follow each other without a gap. Where
    clocks are changed, one of them is shorter or longer; one that would be empty is left out.

    Args:
        timezone: Whose clock it is, as "Europe/Lisbon".

    Raises:
        DeclarationError: An unknown time zone.

    Example:
        >>> from datetime import UTC, datetime
        >>> d.Hourly(6).containing(datetime(2026, 3, 1, 14, 30, tzinfo=UTC)).name
        '2026-03-01T12'
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
        """The time zone of the windows."""
        return ZoneInfo(self.timezone)

    @property
    @abstractmethod
    def noun(self) -> str:
        """What one window is called."""

    @property
    def nouns(self) -> str:
        """What several windows are called."""
        return f"{self.noun}s"

    @property
    @abstractmethod
    def pattern(self) -> str:
        """How the name of a window is written."""

    @property
    @abstractmethod
    def length(self) -> timedelta:
        """Of the longest window where no clock is changed."""

    @abstractmethod
    def floor(self, local: datetime) -> datetime:
        """Where the window begins to which a time of the local clock belongs; both naive."""

    @abstractmethod
    def after(self, local: datetime) -> datetime:
        """Where the next window begins, of one that begins at this local time; both naive."""

    @abstractmethod
    def label(self, local: datetime) -> str:
        """The name of the window that begins at a local time."""

    @abstractmethod
    def parse_label(self, text: str) -> datetime:
        """The local time at which the window of that name begins. Raises ValueError."""

    def containing(self, moment: datetime) -> Window:
        """The window to which a moment belongs. moment: with a time zone."""
        local = moment.astimezone(self.zone).replace(tzinfo=None, fold=0)
        start = self.floor(local)
        while self._instant(start) > moment:  # clocks were set forward over the beginning
            start = self.floor(start - timedelta(microseconds=1))
        while self._instant(self.after(start)) <= moment:  # or back
            start = self.after(start)
        return self._window(start)

    def within(self, first: date, last: date) -> Iterator[Window]:
        """Each whole window of the local days from first to last, oldest first."""
        midnight = datetime.combine(first, time())
        end = self._instant(datetime.combine(last + timedelta(days=1), time()))
        start = self.floor(midnight)
        if start < midnight:
            start = self.after(start)
        while (window := self._window(start)).end <= end:
            if window.start < window.end:
                yield window
            start = self.after(start)

    def days(self, first: date, last: date) -> Iterator[Window]:
        """Each local day from first to last as a window, however data is cut."""
        return Daily(timezone=self.timezone).within(first, last)

    def parse(self, text: str) -> Window:
        """The window of a name. Raises ValueError saying how one is written."""
        try:
            start = self.parse_label(text)
            window = self._window(start)
        except (ValueError, OverflowError):
            window = None
        if window is None or self.floor(start) != start:
            noun = self.noun if self.noun.isalpha() else f"window of {self.noun}"
            raise ValueError(f"{text!r} is no {noun}; write it as {self.pattern}")
        if window.start >= window.end:
            raise ValueError(f"there is no {text} in {self.timezone}")
        return window

    def likeness(self, window: Window, unit: str) -> str:
        """What a window has in common with others: its local hour, as "08", or its weekday.

        unit: "hour" or "weekday". The hour is the one in the window's name, also where clocks are
        set forward over its beginning.
        """
        local = self.floor(window.start.astimezone(self.zone).replace(tzinfo=None, fold=0))
        return WEEKDAYS[local.weekday()] if unit == "weekday" else f"{local.hour:02}"

    def _instant(self, local: datetime) -> datetime:
        """In UTC: times of one zone are compared by their clock, not by what comes first."""
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def _window(self, start: datetime) -> Window:
        ends = self._instant(start), self._instant(self.after(start))
        return Window(*ends, self.label(start), start.date())


@dataclass(frozen=True)
class Hourly(Every):
    """Windows of some hours of the local clock, counted from midnight.

    Where clocks are set forward, the window of the missing hour is an hour shorter, or is not
    there; where they are set back, the window of the doubled hour is an hour longer. So the windows
    of a day always are the day, which `d.Daily` makes one window of.

    Args:
        hours: In each window: 1, 2, 3, 4, 6, 8 or 12.
        timezone: Whose clock it is, as "Europe/Lisbon".

    Raises:
        DeclarationError: Another number of hours, or an unknown time zone.

    Example:
        >>> from datetime import date
        >>> every = d.Hourly(6, timezone="Europe/Lisbon")
        >>> [window.name for window in every.within(date(2026, 3, 1), date(2026, 3, 1))]
        ['2026-03-01T00', '2026-03-01T06', '2026-03-01T12', '2026-03-01T18']
    """

    hours: int = 1

    pattern = "YYYY-MM-DDTHH"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.hours in (1, 2, 3, 4, 6, 8, 12),
            "every: hours",
            f"{self.hours!r}",
            "give 1, 2, 3, 4, 6, 8 or 12: a day has a whole number of them",
        )

    @property
    def noun(self) -> str:
        return "hour" if self.hours == 1 else f"{self.hours} hours"

    @property
    def nouns(self) -> str:
        return "hours" if self.hours == 1 else f"windows of {self.hours} hours"

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.hours)

    def floor(self, local: datetime) -> datetime:
        return datetime.combine(local.date(), time(local.hour - local.hour % self.hours))

    def after(self, local: datetime) -> datetime:
        return local + timedelta(hours=self.hours)

    def label(self, local: datetime) -> str:
        return local.isoformat(timespec="hours")

    def parse_label(self, text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m-%dT%H")


@dataclass(frozen=True, kw_only=True)
class Daily(Every):
    """One window a local day: 23 or 25 hours long where clocks change.

    Args:
        timezone: Whose midnight parts the days, as "Europe/Lisbon".

    Raises:
        DeclarationError: An unknown time zone.

    Example:
        >>> from datetime import date
        >>> window = d.Daily(timezone="Europe/Lisbon").window(date(2026, 3, 29))
        >>> (window.end - window.start).total_seconds() / 3600
        23.0
    """

    noun = "day"
    pattern = "YYYY-MM-DD"
    length = timedelta(days=1)

    def floor(self, local: datetime) -> datetime:
        return datetime.combine(local.date(), time())

    def after(self, local: datetime) -> datetime:
        return local + timedelta(days=1)

    def label(self, local: datetime) -> str:
        return local.date().isoformat()

    def parse_label(self, text: str) -> datetime:
        return datetime.combine(date.fromisoformat(text), time())

    def window(self, day: date) -> Window:
        """The window of a local day, which is there."""
        return self._window(datetime.combine(day, time()))


@dataclass(frozen=True, kw_only=True)
class Weekly(Every):
    """One window a week of local days.

    Args:
        timezone: Whose midnight parts the days, as "Europe/Lisbon".
        first: The day on which a week begins, as "sunday".

    Raises:
        DeclarationError: An unknown time zone, or no such day.

    Example:
        >>> from datetime import date
        >>> [window.name for window in d.Weekly().within(date(2026, 3, 1), date(2026, 3, 15))]
        ['2026-W10', '2026-W11']
        >>> next(d.Weekly(first="sunday").within(date(2026, 3, 1), date(2026, 3, 15))).name
        '2026-03-01'
    """

    first: Weekday = "monday"

    noun = "week"
    length = timedelta(days=7)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.first in WEEKDAYS,
            "every: first",
            f"{self.first!r}",
            f"give one of {', '.join(WEEKDAYS)}",
        )

    @property
    def pattern(self) -> str:
        """Weeks of ISO 8601 have numbers, others are called as their first day is."""
        return "YYYY-Www" if self.first == "monday" else "YYYY-MM-DD, its first day"

    def floor(self, local: datetime) -> datetime:
        since = (local.weekday() - WEEKDAYS.index(self.first)) % 7
        return datetime.combine(local.date() - timedelta(days=since), time())

    def after(self, local: datetime) -> datetime:
        return local + timedelta(days=7)

    def label(self, local: datetime) -> str:
        if self.first != "monday":
            return local.date().isoformat()
        year, week, _ = local.isocalendar()
        return f"{year:04}-W{week:02}"

    def parse_label(self, text: str) -> datetime:
        if self.first == "monday" and "W" not in text:
            raise ValueError(text)
        return datetime.combine(date.fromisoformat(text), time())


@dataclass(frozen=True, kw_only=True)
class Monthly(Every):
    """One window a month of the calendar.

    Args:
        timezone: Whose midnight parts the days, as "Europe/Lisbon".

    Raises:
        DeclarationError: An unknown time zone.

    Example:
        >>> from datetime import date
        >>> [window.name for window in d.Monthly().within(date(2026, 1, 15), date(2026, 3, 31))]
        ['2026-02', '2026-03']
    """

    noun = "month"
    pattern = "YYYY-MM"
    length = timedelta(days=31)

    def floor(self, local: datetime) -> datetime:
        return datetime(local.year, local.month, 1)

    def after(self, local: datetime) -> datetime:
        return datetime(local.year + local.month // 12, local.month % 12 + 1, 1)

    def label(self, local: datetime) -> str:
        return f"{local.year:04}-{local.month:02}"

    def parse_label(self, text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m")
