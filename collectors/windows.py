"""Which windows of a monitor there are, and which may be collected by now."""

from collections.abc import Iterator
from datetime import date, datetime

from monitors.declare import Monitor, Window
from monitors.declare.windows import days


def window_of(monitor: Monitor, day: date) -> Window:
    """The window of a day. Raises ValueError for a day outside the monitor's period."""
    last = monitor.last_day
    if day < monitor.first_day or (last is not None and day > last):
        until = f" to {last}" if last else ""
        raise ValueError(
            f"{monitor.name} watches {monitor.first_day}{until}; {day} lies outside"
            f" (starts and ends in its declaration)"
        )
    return monitor.every.window(day)


def complete_windows(
    monitor: Monitor, now: datetime, first: date | None = None, last: date | None = None
) -> Iterator[Window]:
    """Every window that has ended by `now`, oldest first, between two days if given."""
    newest = now.astimezone(monitor.every.zone).date()
    ends = [day for day in (monitor.last_day, last, newest) if day is not None]
    for day in days(max(first or monitor.first_day, monitor.first_day), min(ends)):
        window = monitor.every.window(day)
        if window.end <= now:
            yield window
