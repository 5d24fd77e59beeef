"""Windows of hours, days, weeks and months follow each other without a gap, in every zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

import pytest
from test_days_of_zones import weeks_of_change

from driftdeck import declare as d

KINDS = [
    *(d.Hourly(hours, timezone="America/New_York") for hours in (1, 2, 3, 4, 6, 8, 12)),
    d.Daily(timezone="America/New_York"),
    d.Weekly(timezone="America/New_York"),
    d.Weekly(first="sunday", timezone="America/New_York"),
    d.Monthly(timezone="America/New_York"),
]


def in_zone(every: d.Every, zone: str) -> d.Every:
    """The same windows by another clock."""
    if isinstance(every, d.Hourly):
        return d.Hourly(every.hours, timezone=zone)
    if isinstance(every, d.Weekly):
        return d.Weekly(first=every.first, timezone=zone)
    return type(every)(timezone=zone)


def moments(window: d.Window) -> Iterator[datetime]:
    """The first and the last moment of a window, and one between."""
    yield window.start
    yield window.start + (window.end - window.start) / 2
    yield window.end - timedelta(microseconds=1)


@pytest.mark.parametrize("every", KINDS, ids=repr)
def test_windows_are_a_partition_of_a_year(every: d.Every) -> None:
    """Each moment of a year with both changes of clocks is in one window, which it finds."""
    windows = list(every.within(date(2012, 12, 1), date(2014, 1, 31)))

    assert all(a.end == b.start for a, b in pairwise(windows))
    assert all(every.containing(moment) == w for w in windows for moment in moments(w))
    assert len({w.name for w in windows}) == len(windows)
    assert all(every.parse(w.name) == w and every.parse(w.name).name == w.name for w in windows)
    assert all(w.end - w.start <= every.length + timedelta(hours=1) for w in windows)


@pytest.mark.parametrize("hours", [1, 2, 3, 4, 6, 8, 12])
@pytest.mark.parametrize("day", [date(2013, 3, 10), date(2013, 11, 3), date(2013, 7, 4)])
def test_hours_of_a_day_are_the_day(hours: int, day: date) -> None:
    """Of days with 23, 25 and 24 hours."""
    whole = d.Daily(timezone="America/New_York").window(day)
    parts = list(d.Hourly(hours, timezone="America/New_York").within(day, day))

    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert all(part.day == day for part in parts)


def test_the_missing_hour_has_no_window_and_the_doubled_one_has_two_hours() -> None:
    """By the local clock each name is there once."""
    every = d.Hourly(1, timezone="America/New_York")
    spring = [w.name for w in every.within(date(2013, 3, 10), date(2013, 3, 10))]
    autumn = {w.name: w for w in every.within(date(2013, 11, 3), date(2013, 11, 3))}

    assert "2013-03-10T02" not in spring
    assert len(spring) == 23
    assert len(autumn) == 24
    doubled = autumn["2013-11-03T01"]
    assert doubled.end - doubled.start == timedelta(hours=2)
    with pytest.raises(ValueError, match="there is no 2013-03-10T02 in America/New_York"):
        every.parse("2013-03-10T02")


@pytest.mark.parametrize("every", [d.Hourly(1), d.Hourly(3), d.Daily()], ids=repr)
def test_near_every_change_of_clocks_each_moment_is_in_the_window_it_finds(every: d.Every) -> None:
    """In every zone from 1970 to 2040."""
    changes = 0
    for name in sorted(available_timezones())[::7]:
        cut = in_zone(every, name)
        for week in list(weeks_of_change(cut.zone))[::5]:
            changes += 1
            windows = list(cut.within(week, week + timedelta(days=7)))
            assert all(a.end == b.start for a, b in pairwise(windows)), (name, week)
            assert all(w.start < w.end for w in windows), (name, week)
            assert all(cut.containing(m) == w for w in windows for m in moments(w)), (name, week)
    assert changes > 250


def test_weeks_and_months_are_whole() -> None:
    """A week or a month of which only a part is watched is none."""
    weeks = d.Weekly(first="wednesday").within(date(2026, 1, 1), date(2026, 1, 20))
    months = d.Monthly().within(date(2026, 1, 2), date(2026, 3, 30))

    assert [w.name for w in weeks] == ["2026-01-07", "2026-01-14"]
    assert [w.name for w in months] == ["2026-02"]
    assert next(iter(d.Weekly().within(date(2026, 1, 1), date(2026, 1, 11)))).name == "2026-W02"


@pytest.mark.parametrize(
    ("every", "text", "why"),
    [
        (d.Hourly(6), "2026-01-01T05", "is no window of 6 hours; write it as YYYY-MM-DDTHH"),
        (d.Hourly(1), "2026-01-01", "no hour; write it as YYYY-MM-DDTHH"),
        (d.Daily(), "2026-02-30", "no day; write it as YYYY-MM-DD"),
        (d.Weekly(), "2026-W60", "no week; write it as YYYY-Www"),
        (d.Weekly(), "2026-01-05", "no week; write it as YYYY-Www"),
        (d.Weekly(first="sunday"), "2026-01-05", "write it as YYYY-MM-DD, its first day"),
        (d.Monthly(), "2026-13", "no month; write it as YYYY-MM"),
    ],
)
def test_a_name_of_none_says_how_one_is_written(every: d.Every, text: str, why: str) -> None:
    """For whoever types it."""
    with pytest.raises(ValueError, match=why):
        every.parse(text)


def test_other_numbers_of_hours_are_refused() -> None:
    """A day must have a whole number of windows."""
    with pytest.raises(d.DeclarationError, match="give 1, 2, 3, 4, 6, 8 or 12"):
        d.Hourly(5)
    with pytest.raises(d.DeclarationError, match="give one of monday, tuesday"):
        d.Weekly(first="Mon")  # type: ignore[arg-type]


def test_windows_are_told_by_what_the_database_answers() -> None:
    """Also where the local clock shows a time twice."""
    every = d.Hourly(1, timezone="America/New_York")
    stored = {datetime(2013, 11, 3, 5, tzinfo=UTC), datetime(2013, 11, 3, 7, tzinfo=UTC)}
    windows = [w.name for w in every.within(date(2013, 11, 3), date(2013, 11, 3))
               if w.start in stored]  # fmt: skip

    assert windows == ["2013-11-03T01", "2013-11-03T02"]
