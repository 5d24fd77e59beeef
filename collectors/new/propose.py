"""From what was seen of data to what is to be declared: the reference, the metrics, the levels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from collectors.new import guess
from collectors.new.guess import Guessed, Roles
from collectors.new.look_at_files import Looked
from monitors.declare import Source
from monitors.declare.windows import days as span
from monitors.thresholds import ENOUGH

LEAST_DAYS, LEAST_REFERENCE, MOST_REFERENCE = 21, 14, 60
FEW_ROWS, LEAST_ROWS = 30, 20
MOST_ROWS = 1_000_000
SPARSE = 0.005
QUIET = timedelta(hours=1.5)
OLD = timedelta(days=2)
CLASSES = ("recall", "precision", "accuracy")
CHANCES = ("roc_auc", "log_loss")
NUMBERS = ("agreement", "mae", "rmse", "mean_error")


@dataclass(frozen=True)
class Period:
    """The whole days of the data. ends: None while more is to come. gap: longest run of days
    without rows. counts: rows of each day of the reference."""

    starts: date
    last: date
    ends: date | None
    reference: tuple[date, date]
    counts: Sequence[int]
    gap: int


@dataclass(frozen=True)
class Proposal:
    """What is to be declared.

    performance: metrics of prediction against target. shape: of the prediction, "probability",
    "number" or "category". target_kind: "number" or "category". unjudged: metrics that cannot be
    calibrated, and why. remarks: what a person should know.
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
    """The days to watch, and which of them the others are compared with. Raises ValueError."""
    whole = _whole_days(days, zone, now)
    if whole.empty:
        raise ValueError(f"{place}: holds no whole day in {zone}; a monitor needs {LEAST_DAYS}")
    starts, last = whole.index[0], whole.index[-1]
    length = (last - starts).days + 1
    if length < LEAST_DAYS or len(whole) < ENOUGH:
        raise ValueError(
            f"{place}: holds {len(whole)} whole days, {starts} to {last}; a monitor needs about"
            f" {LEAST_DAYS}, since its levels come from days that are known to be good"
        )
    if len(whole) < length / 4:
        raise ValueError(
            f"{place}: has rows on {len(whole)} of the {length} days from {starts} to {last}; a"
            " window is a day, so most would be empty; give another --time"
        )
    middle = float(whole["rows"].median())
    if middle < FEW_ROWS:
        raise ValueError(
            f"{place}: holds {middle:g} rows on a middling day; a window is a day and needs about"
            f" {FEW_ROWS} to say anything; gather more rows, or give a --time that spreads them"
            " over fewer days"
        )
    first, end = reference or _reference(whole, length)
    counts = [int(whole["rows"].get(day, 0)) for day in span(first, end)]
    if sum(count > 0 for count in counts) < ENOUGH:
        raise ValueError(
            f"{place}: the reference {first} to {end} has rows on"
            f" {sum(count > 0 for count in counts)} days; give --reference FIRST LAST with at"
            f" least {ENOUGH} (the data has {starts} to {last})"
        )
    newest = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    ends = last if now - newest > OLD else None
    return Period(starts, last, ends, (first, end), counts, _gap(counts))


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


def propose(
    looked: Looked, labels: Source | None, zone: str, days: Period, roles: Roles,
    taken: Sequence[str],
) -> Proposal:  # fmt: skip
    """What is to be declared of the data. Raises ValueError where there is nothing to watch."""
    sample = looked.sample
    first, last = days.reference
    inside = looked.on.map(lambda day: pd.notna(day) and first <= day <= last).astype(bool)
    shape, target_kind, performance, remarks = _roles(sample, roles)
    known = (roles.prediction, roles.target, roles.version)
    columns = guess.columns(sample, looked.on, inside, [*taken, *filter(None, known)])
    if not any(one.kind for one in columns):
        said = "; ".join(f"{one.name}: {one.why}" for one in columns)
        raise ValueError(f"no column is left to watch ({said or 'there is none but the time'})")
    watched = [one.name for one in columns if one.kind]
    shares = sample[watched][inside].isna().mean()
    return Proposal(
        source=looked.source,
        labels=labels,
        zone=zone,
        period=days,
        roles=roles,
        columns=tuple(columns),
        shape=shape,
        target_kind=target_kind,
        performance=performance,
        sparse=bool((shares > SPARSE).any()),
        min_rows=_min_rows(looked, inside, days, roles),
        row_count=row_levels(days.counts),
        remarks=tuple(remarks),
    )


def _roles(sample: pd.DataFrame, roles: Roles) -> tuple[str, str, tuple[str, ...], list[str]]:
    """(shape of the prediction, kind of the target, performance metrics, remarks)."""
    prediction, target = (sample[n] if n else None for n in (roles.prediction, roles.target))
    numbers = target is not None and guess.as_numbers(target) is not None
    codes = target is None or guess.is_code(target)
    kind = "number" if numbers and not codes else "category"
    if prediction is None:
        remarks = ["no prediction was found: only the columns are watched; --prediction names one"]
        return "", kind, (), remarks
    if guess.as_numbers(prediction) is None:
        return "category", kind, (), ["the prediction is text: its drift is watched, no more"]
    only = guess.is_binary(prediction)
    chance = guess.is_share(prediction) and (
        guess.is_binary(target) if target is not None else guess.named_as_chance(roles.prediction)
    )
    words = target is not None and not numbers
    if words:
        remark = f"{roles.target} is text: performance needs labels 0 and 1, or numbers"
        share = guess.is_share(prediction) and not only
        return ("probability" if share else "number"), "category", (), [remark]
    if chance:
        metrics = CLASSES if only else (*CLASSES, *CHANCES)
        return "probability", "category", metrics if target is not None else (), []
    if target is not None and guess.is_code(target) and guess.is_code(prediction):
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return "category", "category", (), [remark]
    return "number", "number", NUMBERS if target is not None else (), []


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
