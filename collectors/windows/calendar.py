"""Which windows of a monitor there are, and which may be collected by now."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from driftdeck.declare import REFERENCE, Baseline, Monitor, Window
from driftdeck.errors import UsageError


def find_window(monitor: Monitor, name: str | date) -> Window:
    """The window of that name, or of a day where windows are days.

    Raises UsageError for none, or one outside the monitor's period.
    """
    try:
        window = monitor.every.parse(str(name))
    except ValueError as error:
        raise UsageError(f"{monitor.name}: {error}") from None
    if not _is_watched(monitor, window):
        until = f" to {monitor.last_day}" if monitor.last_day else ""
        raise UsageError(
            f"{monitor.name} watches {monitor.first_day or ''}{until}; {name} lies outside"
            f" (starts and ends in its declaration)"
        )
    return window


def find_newest(monitor: Monitor, now: datetime) -> Window:
    """The newest window that is over, of those that are watched."""
    window = monitor.every.containing(now)
    while window.end > now or not _ends_in_time(monitor, window):
        window = monitor.every.containing(window.start - timedelta(microseconds=1))
    return window


def list_complete_windows(
    monitor: Monitor, now: datetime, first: date, last: date | None = None
) -> Iterator[Window]:
    """Every whole window of the days from one on that has ended by `now`, oldest first."""
    first = max(first, monitor.first_day or first)
    newest = now.astimezone(monitor.every.zone).date()
    ends = [day for day in (monitor.last_day, last, newest) if day is not None]
    for window in monitor.every.within(first, min(ends)):
        if window.end > now:
            return
        yield window


def list_baselines(monitor: Monitor) -> list[Baseline]:
    """What windows are compared with beside the reference, each once."""
    declared = dict.fromkeys(metric.baseline for metric in monitor.metrics)
    return [baseline for baseline in declared if baseline != REFERENCE]


def list_baseline_windows(monitor: Monitor, baseline: Baseline, window: Window) -> Iterator[Window]:
    """The windows that a baseline names, of those that are watched."""
    every, first = monitor.every, monitor.first_day
    if baseline.name == "previous":
        others = [every.containing(window.start - timedelta(microseconds=1))]
    else:
        local = window.start.astimezone(every.zone)
        step = 1 if baseline.unit == "hour" else 7
        days = range(step, 7 * baseline.weeks + 1, step)
        candidates = [every.containing(local - timedelta(days=n)) for n in days]
        # Where clocks were set forward over that hour, or a day was left out as Apia's, there is no
        # such window, but the next one.
        units = dict.fromkeys(("hour", baseline.unit))
        others = [
            other
            for other in candidates
            if all(every.likeness(other, unit) == every.likeness(window, unit) for unit in units)
        ]
    for other in dict.fromkeys(others):
        if other < window and (first is None or other.day >= first):
            yield other


def _is_watched(monitor: Monitor, window: Window) -> bool:
    first = monitor.first_day
    return (first is None or window.day >= first) and _ends_in_time(monitor, window)


def _ends_in_time(monitor: Monitor, window: Window) -> bool:
    last_moment = window.end - timedelta(microseconds=1)
    return (
        monitor.last_day is None
        or last_moment.astimezone(monitor.every.zone).date() <= monitor.last_day
    )
