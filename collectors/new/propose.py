"""From what was seen of data to what is to be declared: the reference, the metrics, the levels."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new import answers, guess
from driftdeck.collectors.new.find import Found
from driftdeck.collectors.new.guess import Guessed, Roles
from driftdeck.collectors.new.look_at_files import Looked
from driftdeck.collectors.new.time_column import names_of
from driftdeck.declare import Csv, Source
from driftdeck.declare.windows import days as span
from driftdeck.errors import UsageError
from driftdeck.thresholds import ENOUGH

LEAST_DAYS, LEAST_REFERENCE, MOST_REFERENCE = 21, 14, 60
FEW_ROWS, LEAST_ROWS = 30, 20
MOST_ROWS = 1_000_000
SPARSE = 0.005
QUIET = timedelta(hours=1.5)
OLD = timedelta(days=2)
FAR, MOST_STRAY = timedelta(days=30), 0.01
"""A gap beyond which so small a share of all rows is astray."""
NA_WORDS = frozenset({"NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "-", "?"})


@dataclass(frozen=True)
class Period:
    """The whole days of the data. ends: None while more is to come. gap: longest run of days
    without rows. counts: rows of each day of the reference. stray: what was left out before and
    after, in words."""

    starts: date
    last: date
    ends: date | None
    reference: tuple[date, date]
    counts: Sequence[int]
    gap: int
    stray: str = ""


@dataclass(frozen=True)
class Proposal:
    """What is to be declared.

    performance: metrics of prediction against target. shape: of the prediction, "probability",
    "number" or "category". target_kind: "number" or "category". words: of the label, the one that
    means yes and the one that means no; empty where they are 1 and 0. unjudged: metrics that
    cannot be calibrated, and why. remarks: what a person should know.
    """

    source: Source
    labels: Source | None
    zone: str
    period: Period
    roles: Roles
    columns: tuple[Guessed, ...]
    shape: str
    target_kind: str
    performance: tuple[str, ...]
    sparse: bool
    min_rows: int
    row_count: tuple[tuple[int | None, int], tuple[int | None, int]]
    words: tuple[str, ...] = ()
    unjudged: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def watched(self) -> list[Guessed]:
        """The columns that are declared."""
        return [one for one in self.columns if one.kind is not None]

    @property
    def left_out(self) -> list[Guessed]:
        """The columns that are not, with why."""
        return [one for one in self.columns if one.kind is None]


def period(
    days: pd.DataFrame, zone: str, now: datetime, reference: tuple[date, date] | None, place: str
) -> Period:
    """The days to watch, and which of them the others are compared with. Raises UsageError."""
    days, stray = _without_stray(days)
    whole = _whole_days(days, zone, now)
    if whole.empty:
        last = f", its last is {days.index[-1]}" if len(days) else ""
        raise UsageError(
            f"{place}: holds no whole day in {zone} that is over{last}; a monitor needs about"
            f" {LEAST_DAYS} days of the past; is it the right --time, and --time-format?"
        )
    starts, last = whole.index[0], whole.index[-1]
    length = (last - starts).days + 1
    if length < LEAST_DAYS or len(whole) < ENOUGH:
        raise UsageError(
            f"{place}: holds {_days(len(whole), 'whole ')}, {starts} to {last}; a monitor needs"
            f" about {LEAST_DAYS}, since its levels come from days that are known to be good;"
            " gather more, or give a --time that is spread over more"
        )
    if len(whole) < length / 4:
        raise UsageError(
            f"{place}: has rows on {len(whole)} of the {length} days from {starts} to {last}; a"
            " window is a day, so most would be empty; give another --time"
        )
    middle = float(whole["rows"].median())
    if middle < FEW_ROWS:
        raise UsageError(
            f"{place}: holds {middle:g} rows on a middling day; a window is a day and needs about"
            f" {FEW_ROWS} to say anything; gather more rows, or give a --time that spreads them"
            " over fewer days"
        )
    first, end = reference or _reference(whole, length)
    counts = [int(whole["rows"].get(day, 0)) for day in span(first, end)]
    if sum(count > 0 for count in counts) < ENOUGH:
        raise UsageError(
            f"{place}: the reference {first} to {end} has rows on"
            f" {sum(count > 0 for count in counts)} days; give --reference FIRST LAST with at"
            f" least {ENOUGH} (the data has {starts} to {last})"
        )
    newest = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    ends = last if now - newest > OLD else None
    return Period(starts, last, ends, (first, end), counts, _gap(counts), stray)


def _without_stray(days: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The days without a handful of rows far away from all others, and what these are."""
    if days.empty:
        return days, ""
    far = pd.Series(pd.to_datetime(days.index)).diff() > FAR
    part = far.cumsum().to_numpy()
    rows = days["rows"].groupby(part).sum()
    main = int(rows.to_numpy().argmax())
    others = int(rows.sum() - rows.iloc[main])
    if not others or others > MOST_STRAY * rows.sum():
        return days, ""
    strangers = days[part != main]
    said = (
        f"{others} {'rows' if others > 1 else 'row'} of {_days(len(strangers))} far from the others"
        f" {'are' if others > 1 else 'is'} left out:"
        f" {', '.join(map(str, strangers.index[:3]))}{', ...' if len(strangers) > 3 else ''}"
    )
    return days[part == main], said


def _days(count: int, of: str = "") -> str:
    return f"{count} {of}{'day' if count == 1 else 'days'}"


def _whole_days(days: pd.DataFrame, zone: str, now: datetime) -> pd.DataFrame:
    """Days without the first and last if their rows begin late or stop early, or are not over."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = days[[day < today for day in days.index]]
    if len(days) < 3:
        return days
    inner = days.iloc[1:-1]
    late = days["first"].iloc[0] > inner["first"].quantile(0.9) + QUIET.total_seconds()
    early = days["last"].iloc[-1] < inner["last"].quantile(0.1) - QUIET.total_seconds()
    return days.iloc[int(late) : len(days) - int(early)]


def _reference(whole: pd.DataFrame, length: int) -> tuple[date, date]:
    """The first third of the days, from 14 to 60 of them, of at most a million rows."""
    starts = whole.index[0]
    count = min(max(round(length / 3), LEAST_REFERENCE), MOST_REFERENCE)
    there = [day in whole.index for day in span(starts, whole.index[-1])]
    while sum(there[:count]) < ENOUGH + 2 and count < min(length // 2, MOST_REFERENCE):
        count += 1
    rows = [int(whole["rows"].get(starts + timedelta(days=n), 0)) for n in range(count)]
    while count > LEAST_REFERENCE and sum(rows[:count]) > MOST_ROWS:
        count -= 1
    return starts, starts + timedelta(days=count - 1)


def _gap(counts: Sequence[int]) -> int:
    longest = here = 0
    for count in counts:
        here = 0 if count else here + 1
        longest = max(longest, here)
    return longest


def propose(found: Found, zone: str, days: Period) -> Proposal:
    """What is to be declared of the data. Raises UsageError where there is nothing to watch."""
    looked, roles, asked = _within(found.looked, days), found.roles, found.asked
    sample = looked.sample
    first, last = days.reference
    inside = looked.on.map(lambda day: first <= day <= last).astype(bool)
    _check_kinds(found)
    answer = answers.of(sample, roles, asked.positive, asked.kinds)
    known = (roles.prediction, roles.target, roles.version)
    columns = guess.columns(
        sample, looked.on, inside, [*found.taken, *filter(None, known)], asked.kinds
    )
    columns = [_as_written(one, looked) if one.name not in asked.kinds else one for one in columns]
    columns += [Guessed(n, None, "its name is there more than once") for n in looked.twice]
    columns += [Guessed(n, None, "nested values, or bytes") for n in looked.nested]
    if not any(one.kind for one in columns):
        said = "; ".join(f"{one.name}: {one.why}" for one in columns)
        raise UsageError(f"no column is left to watch ({said or 'there is none but the time'})")
    watched = [one.name for one in columns if one.kind]
    shares = sample[watched][inside].isna().mean()
    return Proposal(
        source=looked.source,
        labels=found.labels,
        zone=zone,
        period=days,
        roles=roles,
        columns=tuple(columns),
        shape=answer.shape,
        target_kind=answer.target_kind,
        performance=answer.metrics,
        words=answer.words,
        sparse=bool((shares > SPARSE).any()),
        min_rows=_min_rows(looked, inside, days, roles),
        row_count=row_levels(days.counts),
        remarks=(*answer.remarks, *_na_remarks(sample, columns, looked.source)),
    )


def _within(looked: Looked, days: Period) -> Looked:
    """What was seen, its sample without rows of days that are not watched."""
    there = looked.on.map(lambda day: pd.notna(day) and days.starts <= day <= days.last)
    rows = there.astype(bool)
    parts = {name: getattr(looked, name)[rows] for name in ("sample", "raw", "on")}
    return replace(looked, **{name: one.reset_index(drop=True) for name, one in parts.items()})


def _as_written(one: Guessed, looked: Looked) -> Guessed:
    """Codes that text writes in several ways, 1 and 1.0, are so many words: they are numbers."""
    if one.kind != "category" or one.name not in looked.raw:
        return one
    seen = looked.sample[one.name]
    if not pd.api.types.is_float_dtype(seen) or looked.raw[one.name].dtype != object:
        return one
    written = cells.words(looked.raw[one.name]).words
    if len(written) <= seen.nunique():
        return one
    some = ", ".join(map(repr, written[:2]))
    return Guessed(one.name, "number", f"whole numbers, written in several ways: {some}")


def _check_kinds(found: Found) -> None:
    """Raise UsageError where a person says of a column what it cannot be."""
    looked, roles, said = found.looked, found.roles, found.asked.kinds
    for name in said:
        if name in looked.twice:
            raise UsageError(f"{name!r} is there more than once: nobody can tell which is meant")
        if name in looked.nested:
            raise UsageError(f"{name!r} holds nested values, or bytes; read a view that unfolds it")
        if name not in looked.sample:
            raise UsageError(f"no column {name!r}; there are {names_of(looked.sample)}")
        if name in found.taken:
            what = "the time of each row" if name == looked.source.time else "what names a row"
            raise UsageError(f"{name!r} is {what}, and cannot be watched; name another for it")
        if said[name] is None and name in (roles.prediction, roles.target):
            raise UsageError(f"{name!r} cannot be left out and be --prediction or --target")


def _na_remarks(sample: pd.DataFrame, columns: Sequence[Guessed], source: Source) -> Iterator[str]:
    """Words that may be meant for a missing value, and are words."""
    for one in columns:
        if one.kind == "category":
            there = sorted(NA_WORDS & set(sample[one.name].dropna().astype(str).unique()))
            if there:
                said = ", ".join(map(repr, there))
                what = "are words" if there[1:] else "is a word"
                mend = "write null where a cell is missing, or read a view that does"
                if isinstance(source, Csv):
                    given = f"na=({said}{'' if there[1:] else ','})"
                    mend = f"{given} in the source makes such cells missing, in every column"
                yield f"{one.name}: {said} {what} like others; {mend}"


def _min_rows(looked: Looked, inside: pd.Series, days: Period, roles: Roles) -> int:
    """Near the low end of the reference's days, in labelled rows where there are labels."""
    low = _low([count for count in days.counts if count])
    if roles.target and roles.prediction:
        labelled = looked.sample[roles.target].notna()[inside]
        counts = labelled.groupby(looked.on[inside]).sum() * looked.spread
        low = min(low, _low([int(count) for count in counts]))
    return _round_down(max(0.8 * low, LEAST_ROWS))


def _low(counts: Sequence[int]) -> float:
    return float(pd.Series(counts, dtype=float).quantile(0.05)) if counts else 0.0


def _round_down(value: float) -> int:
    digits = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return int(value // digits * digits)


def row_levels(
    counts: Sequence[int],
) -> tuple[tuple[int | None, int], tuple[int | None, int]]:
    """Levels (warn, alert), each (low, high), around what the reference's days have.

    No low level where some of those days have no rows at all.
    """
    low, high = min(counts), max(counts)
    noise = 3 * math.sqrt(high)
    high_warn = _round_down(max(1.25 * high, high + noise)) + 1
    high_alert = max(_round_down(max(1.6 * high, high + 2 * noise)), high_warn) + 1
    if not low:
        return (None, high_warn), (None, high_alert)
    warn = _round_down(max(0.8 * low, 1.0))
    return (warn, high_warn), (min(_round_down(max(0.5 * low, 1.0)), warn - 1), high_alert)
