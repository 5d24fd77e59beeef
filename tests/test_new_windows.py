"""The windows that `driftdeck new` proposes: what the rows suggest, and what a person says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import psycopg
import pytest
from test_new import proved
from test_new_models import (
    NOW,
    classified,
    collected,
    enough_rows,
    rows_of,
    saved_as,
    times,
    value,
)

from driftdeck import declare as d
from driftdeck.collectors.new.command import make
from driftdeck.collectors.new.period import choose_period, count_windows, parse_every
from driftdeck.collectors.new.profile_files import count_by_day
from driftdeck.declare import Every, Hourly
from driftdeck.errors import DriftdeckError
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.settings import Settings
from own_data import asked, saved


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
def test_thin_days_make_weeks(
    kind: str, mine: Settings, connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two years of 24 rows a day, an hour a row: weeks by the local clock."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"at": times(731, 24)})
    frame["load"] = random.normal(50, 5, len(frame))
    frame["zone"] = random.choice(["east", "west"], len(frame))
    frame["forecast"] = frame["load"] + random.normal(0, 2, len(frame))
    frame = frame.rename(columns={"load": "actual"}).assign(wind=random.normal(size=len(frame)))
    source = saved_as(kind, frame, mine, connection)
    monitor = make(mine, asked("load", source, "--timezone", "Europe/Lisbon"))
    said = capsys.readouterr().out

    assert monitor.every == d.Weekly(timezone="Europe/Lisbon")
    assert "a middling day with rows has 24, a middling week 168; --every says another" in said
    assert (monitor.starts, monitor.ends) == ("2024-01-01", "2025-12-28")
    assert monitor.reference == d.Between("2024-01-01", "2024-09-01")
    assert monitor.min_rows == 130
    assert monitor.slices == (d.by("zone", min_rows=enough_rows(frame, "zone", monitor)),)
    assert monitor.late_after == d.Hours(30)
    thresholds = {s.key: s.thresholds for s in monitor.series()}
    assert thresholds["row_count", ""] is not None
    assert [thresholds["row_count", ""].judge(count) for count in (168, 167, 24)] == [0, 0, 2]
    assert thresholds["mae", ""] is not None
    for result in collected(monitor, mine):
        rows = rows_of(frame, result)
        assert (result.row_count, len(rows)) == (168, 168)
        errors = (rows["forecast"] - rows["actual"]).abs()
        assert value(result, "mae") == pytest.approx(errors.mean(), rel=1e-9)
    proved(mine)


def test_every_says_what_a_window_is(mine: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Hours of enough rows, with thresholds for each hour of the day; a day that is too thin is
    refused all the same."""
    frame = classified(days=30, a_day=480)
    path = saved(frame, mine.data)
    monitor = make(mine, asked("six", path, "--every", "6-hourly"))
    assert monitor.every == d.Hourly(6)
    assert "cut into windows of 6 hours, as you say" in capsys.readouterr().out
    assert monitor.late_after == d.Hours(12)
    assert 80 <= monitor.min_rows <= 120
    calibrated = {key.like for key in monitor.calibrated if key.metric == "accuracy"}
    assert calibrated == {"00", "06", "12", "18"}
    for result in collected(monitor, mine):
        assert result.row_count == 120
    assert stale_thresholds(mine) == []
    with pytest.raises(DriftdeckError, match="holds 20 rows on a middling hour"):
        make(mine, asked("hour", path, "--every", "hourly"))
    with pytest.raises(DriftdeckError, match="holds 4 whole weeks; a monitor needs about 18"):
        make(mine, asked("week", path, "--every", "weekly"))


def profiled(a_day: int, days: int = 60, hours: Sequence[int] = range(24)) -> pd.DataFrame:
    """The days of a profile, with rows spread evenly over some of their hours."""
    counts = [a_day // len(hours) if hour in hours else 0 for hour in range(24)]
    return pd.DataFrame(
        [[a_day, min(hours) * 3600, max(hours) * 3600 + 3599, *counts]] * days,
        index=[date(2024, 1, 1) + timedelta(days=n) for n in range(days)],
        columns=["rows", "first", "last", *range(24)],
    )


@pytest.mark.parametrize(
    ("days", "every"),
    [
        (profiled(30), d.Daily()),
        (profiled(239_976), d.Daily()),
        (profiled(240_000), d.Hourly(1)),
        (profiled(240_000, hours=range(12)), d.Daily()),
        (profiled(240_000, hours=[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]), d.Hourly(2)),
        (profiled(2_400_000, hours=[5, 20]), d.Hourly(12)),
        (profiled(24, 200), d.Weekly()),
        (profiled(24, 125), "24 rows on a middling day.*of weeks: holds 17 whole weeks"),
        (profiled(3, 200), "3 rows on a middling day.*of weeks: holds 21 rows.*of months: holds 6"),
        (profiled(3, 600), d.Monthly()),
        (profiled(100, 700).iloc[::7], d.Weekly()),
        (profiled(100, 700).iloc[::30], d.Monthly()),
    ],
)
def test_a_window_is_what_the_rows_suggest(days: pd.DataFrame, every: Every | str) -> None:
    """Days, unless they are too thin, or very large and full from morning to night."""
    if isinstance(every, str):
        with pytest.raises(DriftdeckError, match=every):
            choose_period(days, "UTC", NOW, None, "x")
        return
    period = choose_period(days, "UTC", NOW, None, "x")
    windows = list(every.within(*period.reference))
    assert period.every == every
    assert bool(period.why) == (every != d.Daily())
    assert len(period.counts) == len(windows) >= 12
    assert sum(count > 0 for count in period.counts) >= 10
    assert windows[0].day == period.starts == period.reference[0]
    stated = choose_period(days, "UTC", NOW, None, "x", every)
    assert replace(stated, why="") == replace(period, why="")


def test_a_week_that_is_not_over_is_no_window() -> None:
    """Data that still comes has no end; a week begins on its first day."""
    days = profiled(24, 205)  # from a Monday to a Tuesday
    now = datetime(2024, 7, 24, 12, tzinfo=UTC)
    period = choose_period(days, "UTC", now, None, "x")
    assert (period.starts, period.last, period.ends) == (date(2024, 1, 1), date(2024, 7, 21), None)
    soon = choose_period(days, "UTC", now + timedelta(days=5), None, "x")
    assert soon.ends is None  # a week may pass between rows
    later = choose_period(days, "UTC", now + timedelta(days=9), None, "x")
    assert later.ends == date(2024, 7, 21)
    assert choose_period(days.iloc[1:], "UTC", now, None, "x").starts == date(2024, 1, 8)
    with pytest.raises(DriftdeckError, match="--reference holds 4, and it takes 10"):
        choose_period(days, "UTC", now, (date(2024, 1, 1), date(2024, 1, 31)), "x")


def test_rows_of_hours_are_those_of_the_local_clock() -> None:
    """Hours add up to days, through both changes of the clock, as windows of the monitor do."""
    local = times(366, 48).dt.tz_convert("Europe/Lisbon")
    days = count_by_day(local)
    whole = count_windows(days, d.Daily(timezone="Europe/Lisbon"))
    assert (whole["2024-03-31"], whole["2024-10-27"]) == (46, 50)
    for hours in (1, 6):
        every = d.Hourly(hours, timezone="Europe/Lisbon")
        counts = count_windows(days, every)
        windows = every.within(date(2024, 1, 1), date(2024, 12, 30))
        inside = [((local >= w.start) & (local < w.end)).sum() for w in windows]
        windows = every.within(date(2024, 1, 1), date(2024, 12, 30))
        assert [counts.get(w.name, 0) for w in windows] == inside
    assert counts.sum() == len(local)


@pytest.mark.parametrize("text", ["5-hourly", "hourly2", "24-hourly", "yearly", "-hourly"])
def test_another_length_is_no_window(text: str) -> None:
    """It says which there are."""
    with pytest.raises(DriftdeckError, match=r"--every .*: say hourly, 2-, 3-, .*weekly or"):
        parse_every(text, "UTC")
    assert parse_every("", "UTC") is None
    assert parse_every("12-hourly", "UTC") == Hourly(12)
    assert parse_every("hourly", "Europe/Lisbon") == Hourly(timezone="Europe/Lisbon")
