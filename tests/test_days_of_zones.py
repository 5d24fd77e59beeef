"""Every local day that there is has one window, and no other day has: in every zone there is."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.windows.calendar import find_window, list_complete_windows
from driftdeck.errors import UsageError

FIRST, LAST = datetime(1970, 1, 1, 12, tzinfo=UTC), datetime(2040, 12, 31, tzinfo=UTC)
WEEK = timedelta(days=7)
NOW = datetime(2041, 6, 1, tzinfo=UTC)
LEFT_OUT = {
    date(1993, 8, 21): {"Pacific/Kwajalein"},
    date(1994, 12, 31): {"Pacific/Kiritimati"},
    date(2011, 12, 30): {"Pacific/Apia", "Pacific/Fakaofo"},
}
"""Days that a move of the date line took from zones, beside others of the same clocks."""


def weeks_of_change(zone: ZoneInfo) -> Iterator[date]:
    """The first day of each week in which a zone's clocks differ from those of the week before."""
    moment, before = FIRST, FIRST.astimezone(zone).utcoffset()
    while moment < LAST:
        moment += WEEK
        offset = moment.astimezone(zone).utcoffset()
        if offset != before:
            yield (moment - WEEK).date()
        before = offset


def watched(zone: str) -> d.Monitor:
    """A monitor of a zone's days since 1970."""
    return small_monitor(every=d.Daily(timezone=zone), starts="1970-01-01")


def test_no_window_is_empty_and_none_is_missing() -> None:
    """Near each change of clocks from 1970 to 2040 windows follow each other without a gap."""
    changes = 0
    skipped: dict[date, set[str]] = {}
    for name in sorted(available_timezones()):
        monitor = watched(name)
        for week in weeks_of_change(monitor.every.zone):
            changes += 1
            first, last = week - timedelta(days=2), week + timedelta(days=9)
            windows = list(list_complete_windows(monitor, NOW, first, last))
            ends = [(w.start.timestamp(), w.end.timestamp()) for w in windows]
            assert all(start < end for start, end in ends), (name, first)
            assert all(a[1] == b[0] for a, b in pairwise(ends)), (name, first)
            there = {window.day for window in windows}
            assert len(there) == len(windows), (name, first)
            begun = max(first, date(1970, 1, 1))
            for n in range((last - begun).days + 1):
                if (day := begun + timedelta(days=n)) not in there:
                    skipped.setdefault(day, set()).add(name)
    assert changes > 10_000
    assert set(skipped) == set(LEFT_OUT)
    assert all(LEFT_OUT[day] <= names for day, names in skipped.items())


@pytest.mark.parametrize("name", ["Pacific/Apia", "Pacific/Fakaofo"])
def test_a_day_that_is_not_there_is_refused_and_passed_over(name: str) -> None:
    """BackfillOptions for by hand it is a sentence; a reference goes over it."""
    monitor = watched(name)
    with pytest.raises(UsageError, match=f"there is no 2011-12-30 in {name}"):
        find_window(monitor, date(2011, 12, 30))
    near = small_monitor(
        every=monitor.every, starts="2011-01-01", reference=d.Between("2011-12-29", "2011-12-31")
    )
    days = [window.day for window in list_reference_days(near, None)]
    assert days == [date(2011, 12, 29), date(2011, 12, 31)]
