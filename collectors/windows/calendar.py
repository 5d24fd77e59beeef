"""Which windows of a monitor there are, and which may be collected by now."""

from collections.abc import Iterator
from datetime import date, datetime

from driftdeck.declare import Monitor, Window
from driftdeck.declare.windows import days
from driftdeck.errors import UsageError


def find_window(monitor: Monitor, day: date) -> Window:
    """The window of a day. Raises UsageError for a day outside the monitor's period."""
    first, last = monitor.first_day, monitor.last_day
    if (first is not None and day < first) or (last is not None and day > last):
        until = f" to {last}" if last else ""
        raise UsageError(
            f"{monitor.name} watches {first}{until}; {day} lies outside"
            f" (starts and ends in its declaration)"
        )
    if not monitor.every.has(day):
        raise UsageError(f"{monitor.name}: there is no {day} in {monitor.every.timezone}")
    return monitor.every.window(day)


def list_complete_windows(
    monitor: Monitor, now: datetime, first: date, last: date | None = None
) -> Iterator[Window]:
    """Every window from a day on that has ended by `now`, oldest first."""
    first = max(first, monitor.first_day or first)
    newest = now.astimezone(monitor.every.zone).date()
    ends = [day for day in (monitor.last_day, last, newest) if day is not None]
    for day in days(first, min(ends)):
        window = monitor.every.window(day)
        if window.end <= now and monitor.every.has(day):
            yield window
