"""Chooses what one window is, the days to watch, and the reference among them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from driftdeck.declare.periods import days as span
from driftdeck.declare.windows import (
    Daily,
    Every,
    Hourly,
    Monthly,
    Weekly,
)
from driftdeck.errors import UsageError
from driftdeck.threshold_files import ENOUGH

LEAST_DAYS, LEAST_REFERENCE, MOST_REFERENCE = 21, 14, 60
LEAST_LONG, LEAST_LONG_REFERENCE = 18, 12
"""Of weeks, or of months: so many in all, and in the reference. Half as many as have a value make
thresholds, and some are left to be compared."""
MOST_WEEKS, MOST_MONTHS = 52, 24
FEW_ROWS = 30
LARGE_DAY, LARGE_WINDOW = 240_000, 10_000
"""Hours are proposed where a middling day has so many rows, and its thinnest part so many. A share
of 10,000 rows is known to a hundredth: an hour then says nearly what a day does, and sooner; of
fewer rows it says less, and twenty-four times as often."""
HOURS = (1, 2, 3, 4, 6, 8, 12)
MOST_ROWS = 1_000_000
SLACK = timedelta(hours=1.5)
STALE_AFTER = timedelta(days=2)
FAR_GAP, MOST_STRAY = timedelta(days=30), 0.01
"""At most this share of all rows, behind a gap of this length, is left out as stray."""
DAY = timedelta(days=1)
DAILY_LATE, HOURLY_LATE = 30, 6
"""So many hours after its end a day, a week or a month may be missing; hours, beside their own
length."""
EVERY = "hourly, 2-, 3-, 4-, 6-, 8- or 12-hourly, daily, weekly or monthly"


@dataclass(frozen=True)
class Period:
    """What a window is, and the whole ones of the data to watch.

    starts, last: the first and the last day. ends: the last, None while more is to come.
    reference: its first and last day. counts: rows of each window of the reference. gap: longest
    run of its windows without rows. stray: a sentence on days left out before and after, or ''.
    every: how data is cut into windows. why: a sentence on what a window is, '' where it is the
    usual day.
    """

    starts: date
    last: date
    ends: date | None
    reference: tuple[date, date]
    counts: Sequence[int]
    gap: int
    stray: str = ""
    every: Every = field(default_factory=Daily)
    why: str = ""

    @property
    def late_after(self) -> int:
        """After so many hours a window that is missing is late."""
        length = self.every.length // timedelta(hours=1)
        return min(DAILY_LATE, HOURLY_LATE + length) + length * self.gap


@dataclass(frozen=True)
class _Block:
    """What a reference is made of: a day, or a window that is longer."""

    first: date
    last: date
    rows: int


def parse_every(text: str, zone: str) -> Every | None:
    """What a window is by --every, None for ''. Raises UsageError."""
    if not text:
        return None
    lengths: dict[str, Callable[..., Every]] = {
        "daily": Daily, "weekly": Weekly, "monthly": Monthly,
    }  # fmt: skip
    if text in lengths:
        return lengths[text](timezone=zone)
    hours = re.fullmatch(r"(?:(\d{1,2})-)?hourly", text)
    if not hours or int(hours[1] or 1) not in HOURS:
        raise UsageError(f"--every {text!r}: say {EVERY}")
    return Hourly(int(hours[1] or 1), timezone=zone)


def name_windows(every: Every, days: pd.Series, hours: pd.Series) -> pd.Series:
    """The name of the window of each row. days, hours: of the local clock."""
    moments = pd.MultiIndex.from_arrays([days, hours])
    codes, distinct = moments.factorize()
    names = [
        every.label(every.floor(datetime.combine(day, time(int(hour))))) for day, hour in distinct
    ]
    return pd.Series([names[code] for code in codes], days.index, dtype=object)


def count_windows(days: pd.DataFrame, every: Every) -> "pd.Series[int]":
    """Rows by the name of their window. days: as in a profile."""
    if isinstance(every, Hourly):
        by_hour = days[list(range(24))].to_numpy(int)
        places, hours_of = np.nonzero(by_hour)
        row_days, hours = pd.Series(days.index[places]), pd.Series(hours_of)
        rows = pd.Series(by_hour[places, hours_of])
    else:
        row_days, hours, rows = pd.Series(days.index), pd.Series(0, range(len(days))), days["rows"]
    names = name_windows(every, row_days, hours)
    counts: pd.Series[int] = pd.Series(rows.to_numpy(int), names.to_numpy()).groupby(level=0).sum()
    return counts


def choose_period(
    days: pd.DataFrame,
    zone: str,
    now: datetime,
    reference: tuple[date, date] | None,
    place: str,
    every: Every | None = None,
) -> Period:
    """What a window is, which are watched, and with which the others are compared.

    days: as in a profile. every: as a person says, None where the data shall say.
    Raises UsageError.
    """
    days, stray = _drop_stray(days)
    whole = _select_whole_days(days, zone, now)
    if whole.empty:
        newest_day = f", its last is {days.index[-1]}" if len(days) else ""
        raise UsageError(
            f"{place}: holds no whole day in {zone} that is over{newest_day}; a monitor needs about"
            f" {LEAST_DAYS} days of the past; is it the right --time, and --time-format?"
        )
    every, why = _choose_every(whole, zone, reference, place, every)
    blocks = _list_blocks(whole, every)
    starts, last = blocks[0].first, blocks[-1].last
    first, end = reference or _choose_reference(blocks, every)
    by_window = count_windows(whole, every)
    counts = [int(by_window.get(window.name, 0)) for window in every.within(first, end)]
    if sum(count > 0 for count in counts) < ENOUGH:
        raise UsageError(
            f"{place}: the reference {first} to {end} has rows on"
            f" {sum(count > 0 for count in counts)} {every.nouns}; give --reference FIRST LAST with"
            f" at least {ENOUGH} (the data has {starts} to {last})"
        )
    newest = datetime.combine(whole.index[-1] + DAY, time(), ZoneInfo(zone))
    stale_after = STALE_AFTER + (every.length if every.length > DAY else timedelta())
    ends = last if now - newest > stale_after else None
    gap = _find_longest_gap(counts)
    return Period(starts, last, ends, (first, end), counts, gap, stray, every, why)


def _choose_every(
    whole: pd.DataFrame,
    zone: str,
    reference: tuple[date, date] | None,
    place: str,
    stated: Every | None,
) -> tuple[Every, str]:
    """(what a window is, why in a sentence): days where they fit, hours where days are very large,
    weeks or months where days are too thin. Raises UsageError where nothing fits."""
    daily = Daily(timezone=zone)
    if stated is not None:
        misfit = _find_misfit(whole, stated)
        if misfit:
            raise UsageError(f"{place}: {misfit}")
        return stated, "" if stated == daily else f"cut into {stated.nouns}, as you say"
    misfit = _find_misfit(whole, daily)
    if not misfit:
        return _choose_hours(whole, daily)
    others = []
    for every in (Weekly(timezone=zone), Monthly(timezone=zone)):
        problem = _find_misfit(whole, every) or _find_bad_reference(reference, every)
        if not problem:
            median = count_windows(whole, every).median()
            thin = f"a middling day with rows has {whole['rows'].median():g}"
            length = (whole.index[-1] - whole.index[0]).days + 1
            if len(whole) < length / 4:
                thin = f"{len(whole)} of {length} days have rows"
            why = f"{thin}, a middling {every.noun} {median:g}; --every says another"
            return every, f"cut into {every.nouns}, since {why}"
        others.append(f"of {every.nouns}: {problem}")
    more = f" ({'; '.join(others)})" if len(whole) >= LEAST_DAYS else ""
    raise UsageError(f"{place}: {misfit}{more}")


def _find_bad_reference(reference: tuple[date, date] | None, every: Every) -> str:
    """Why the days that a person states are too few of a longer window, '' where they are not."""
    if reference is None:
        return ""
    count = sum(1 for _ in every.within(*reference))
    return "" if count >= ENOUGH else f"--reference holds {count}, and it takes {ENOUGH}"


def _find_misfit(whole: pd.DataFrame, every: Every) -> str:
    """Why data cannot be cut into such windows, '' where it can, with what mends it."""
    noun, blocks = every.noun, _list_blocks(whole, every)
    starts, last = whole.index[0], whole.index[-1]
    if every.length > DAY:
        if len(blocks) < LEAST_LONG:
            return f"holds {len(blocks)} whole {noun}s; a monitor needs about {LEAST_LONG}"
    elif len(blocks) < LEAST_DAYS or len(whole) < ENOUGH:
        return (
            f"holds {format_days(len(whole), 'whole ')}, {starts} to {last}; a monitor"
            f" needs about {LEAST_DAYS}, since its thresholds come from days that are known to be"
            " good; gather more, or give a --time that is spread over more"
        )
    counts = count_windows(whole, every)
    in_all = sum(1 for _ in every.within(blocks[0].first, blocks[-1].last))
    if len(counts) < in_all / 4:
        return (
            f"has rows on {len(counts)} of the {in_all} {every.nouns} from {starts} to {last}; a"
            f" window is a {noun}, so most would be empty; give another --time"
        )
    median = float(counts.median())
    if median < FEW_ROWS:
        return (
            f"holds {median:g} rows on a middling {noun}; a window is a {noun} and needs about"
            f" {FEW_ROWS} to say anything; gather more rows, or give a --time that spreads them"
            " over fewer days"
        )
    return ""


def _choose_hours(whole: pd.DataFrame, daily: Daily) -> tuple[Every, str]:
    """The shortest hours of which a middling day has enough rows in each; days, where it has not
    or where days are not very large."""
    large = float(whole["rows"].median())
    if large < LARGE_DAY or 0 not in whole:
        return daily, ""
    middling = whole[list(range(24))].median()
    for hours in HOURS:
        thinnest = middling.groupby(middling.index // hours).sum().min()
        if thinnest >= LARGE_WINDOW:
            every = Hourly(hours, timezone=daily.timezone)
            why = f"a middling day has {large:.0f} rows, each {every.noun} {thinnest:.0f} or more"
            return every, f"cut into {every.nouns}, since {why}; --every says another"
    return daily, ""


def _list_blocks(whole: pd.DataFrame, every: Every) -> list[_Block]:
    """The days from the first to the last, or the whole windows that are longer, oldest first."""
    first, last = whole.index[0], whole.index[-1]
    if every.length <= DAY:
        return [_Block(day, day, int(whole["rows"].get(day, 0))) for day in span(first, last)]
    counts = count_windows(whole, every)
    return [
        _Block(
            window.day,
            every.after(datetime.combine(window.day, time())).date() - DAY,
            int(counts.get(window.name, 0)),
        )
        for window in every.within(first, last)
    ]


def _drop_stray(days: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """(days without a few rows far away from all others, a sentence on what was left out)."""
    if days.empty:
        return days, ""
    is_far = pd.Series(pd.to_datetime(days.index)).diff() > FAR_GAP
    part = is_far.cumsum().to_numpy()
    rows = days["rows"].groupby(part).sum()
    main_part = int(rows.to_numpy().argmax())
    others = int(rows.sum() - rows.iloc[main_part])
    if not others or others > MOST_STRAY * rows.sum():
        return days, ""
    stray = days[part != main_part]
    message = (
        f"{others} {'rows' if others > 1 else 'row'} of {format_days(len(stray))} far from the"
        f" others {'are' if others > 1 else 'is'} left out:"
        f" {', '.join(map(str, stray.index[:3]))}{', ...' if len(stray) > 3 else ''}"
    )
    return days[part == main_part], message


def format_days(count: int, of: str = "") -> str:
    """A number of days, in words. of: which."""
    return f"{count} {of}{'day' if count == 1 else 'days'}"


def _select_whole_days(days: pd.DataFrame, zone: str, now: datetime) -> pd.DataFrame:
    """Days that are over, without the first if it begins late and the last if it stops early."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = days[[day < today for day in days.index]]
    if len(days) < 3:
        return days
    inner = days.iloc[1:-1]
    begins_late = days["first"].iloc[0] > inner["first"].quantile(0.9) + SLACK.total_seconds()
    ends_early = days["last"].iloc[-1] < inner["last"].quantile(0.1) - SLACK.total_seconds()
    return days.iloc[int(begins_late) : len(days) - int(ends_early)]


def _choose_reference(blocks: Sequence[_Block], every: Every) -> tuple[date, date]:
    """The first third of the days, weeks or months, from so many to so many of them, of at most a
    million rows."""
    least, most = LEAST_REFERENCE, MOST_REFERENCE
    if every.length > DAY:
        least = LEAST_LONG_REFERENCE
        most = MOST_WEEKS if isinstance(every, Weekly) else MOST_MONTHS
    rows = [block.rows for block in blocks]
    count = min(max(round(len(blocks) / 3), least), most)
    while sum(n > 0 for n in rows[:count]) < ENOUGH + 2 and count < min(len(blocks) // 2, most):
        count += 1
    while count > least and sum(rows[:count]) > MOST_ROWS:
        count -= 1
    return blocks[0].first, blocks[count - 1].last


def _find_longest_gap(counts: Sequence[int]) -> int:
    longest = current = 0
    for count in counts:
        current = 0 if count else current + 1
        longest = max(longest, current)
    return longest
