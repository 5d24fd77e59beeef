"""Proposes a declaration for a dataset: the reference, the columns, the metrics, the thresholds."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new import guess, model_output
from driftdeck.collectors.new.find import Dataset
from driftdeck.collectors.new.guess import ColumnGuess, Roles
from driftdeck.collectors.new.profile_files import DataProfile
from driftdeck.collectors.new.time_column import list_names
from driftdeck.declare import Csv, Source
from driftdeck.declare.windows import days as span
from driftdeck.errors import UsageError
from driftdeck.threshold_files import ENOUGH

LEAST_DAYS, LEAST_REFERENCE, MOST_REFERENCE = 21, 14, 60
FEW_ROWS, LEAST_ROWS = 30, 20
MOST_ROWS = 1_000_000
SPARSE = 0.005
SLACK = timedelta(hours=1.5)
STALE_AFTER = timedelta(days=2)
FAR_GAP, MOST_STRAY = timedelta(days=30), 0.01
"""At most this share of all rows, behind a gap of this length, is left out as stray."""
NA_WORDS = frozenset({"NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "-", "?"})


@dataclass(frozen=True)
class Period:
    """The whole days of the data to watch.

    starts, last: the first and the last day. ends: the last, None while more is to come.
    reference: its first and last day. counts: rows of each day of the reference. gap: longest run
    of its days without rows. stray: a sentence on days left out before and after, or ''.
    """

    starts: date
    last: date
    ends: date | None
    reference: tuple[date, date]
    counts: Sequence[int]
    gap: int
    stray: str = ""


@dataclass(frozen=True)
class Proposal:
    """What to declare.

    zone: of the days. shape: of the prediction, "probability", "number" or "category". target_kind:
    "number" or "category". performance: metrics of the prediction against the label. sparse:
    whether some column has missing values in the reference. row_count: thresholds (warn, alert),
    each (low, high). words: of the label, (yes, no); empty where they are 1 and 0. unjudged:
    metrics that cannot be calibrated, and why. remarks: sentences for a person.
    """

    source: Source
    labels: Source | None
    zone: str
    period: Period
    roles: Roles
    columns: tuple[ColumnGuess, ...]
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
    def watched(self) -> list[ColumnGuess]:
        """The columns that are declared."""
        return [column for column in self.columns if column.kind is not None]

    @property
    def left_out(self) -> list[ColumnGuess]:
        """The columns that are not, with why."""
        return [column for column in self.columns if column.kind is None]


def choose_period(
    days: pd.DataFrame, zone: str, now: datetime, reference: tuple[date, date] | None, place: str
) -> Period:
    """The days to watch, and which of them the others are compared with. Raises UsageError."""
    days, stray = _drop_stray(days)
    whole = _select_whole_days(days, zone, now)
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
            f"{place}: holds {_format_days(len(whole), 'whole ')}, {starts} to {last}; a monitor"
            f" needs about {LEAST_DAYS}, since its thresholds come from days that are known to be"
            " good; gather more, or give a --time that is spread over more"
        )
    if len(whole) < length / 4:
        raise UsageError(
            f"{place}: has rows on {len(whole)} of the {length} days from {starts} to {last}; a"
            " window is a day, so most would be empty; give another --time"
        )
    median = float(whole["rows"].median())
    if median < FEW_ROWS:
        raise UsageError(
            f"{place}: holds {median:g} rows on a middling day; a window is a day and needs about"
            f" {FEW_ROWS} to say anything; gather more rows, or give a --time that spreads them"
            " over fewer days"
        )
    first, end = reference or _choose_reference(whole, length)
    counts = [int(whole["rows"].get(day, 0)) for day in span(first, end)]
    if sum(count > 0 for count in counts) < ENOUGH:
        raise UsageError(
            f"{place}: the reference {first} to {end} has rows on"
            f" {sum(count > 0 for count in counts)} days; give --reference FIRST LAST with at"
            f" least {ENOUGH} (the data has {starts} to {last})"
        )
    newest = datetime.combine(last + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    ends = last if now - newest > STALE_AFTER else None
    return Period(starts, last, ends, (first, end), counts, _find_longest_gap(counts), stray)


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
        f"{others} {'rows' if others > 1 else 'row'} of {_format_days(len(stray))} far from the"
        f" others {'are' if others > 1 else 'is'} left out:"
        f" {', '.join(map(str, stray.index[:3]))}{', ...' if len(stray) > 3 else ''}"
    )
    return days[part == main_part], message


def _format_days(count: int, of: str = "") -> str:
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


def _choose_reference(whole: pd.DataFrame, length: int) -> tuple[date, date]:
    """The first third of the days, from 14 to 60 of them, of at most a million rows."""
    starts = whole.index[0]
    count = min(max(round(length / 3), LEAST_REFERENCE), MOST_REFERENCE)
    has_rows = [day in whole.index for day in span(starts, whole.index[-1])]
    while sum(has_rows[:count]) < ENOUGH + 2 and count < min(length // 2, MOST_REFERENCE):
        count += 1
    rows = [int(whole["rows"].get(starts + timedelta(days=n), 0)) for n in range(count)]
    while count > LEAST_REFERENCE and sum(rows[:count]) > MOST_ROWS:
        count -= 1
    return starts, starts + timedelta(days=count - 1)


def _find_longest_gap(counts: Sequence[int]) -> int:
    longest = current = 0
    for count in counts:
        current = 0 if count else current + 1
        longest = max(longest, current)
    return longest


def propose(dataset: Dataset, zone: str, days: Period) -> Proposal:
    """What is to be declared of the data. Raises UsageError where there is nothing to watch."""
    profile, roles, overrides = (
        _restrict_to_period(dataset.profile, days),
        dataset.roles,
        dataset.overrides,
    )
    sample = profile.sample
    first, last = days.reference
    in_reference = profile.row_days.map(lambda day: first <= day <= last).astype(bool)
    _check_kinds(dataset)
    output = model_output.classify(sample, roles, overrides.positive, overrides.kinds)
    role_columns = (roles.prediction, roles.target, roles.version)
    columns = guess.guess_columns(
        sample,
        profile.row_days,
        in_reference,
        [*dataset.reserved, *filter(None, role_columns)],
        overrides.kinds,
    )
    columns = [
        _correct_codes(column, profile) if column.name not in overrides.kinds else column
        for column in columns
    ]
    columns += [
        ColumnGuess(name, None, "its name is there more than once") for name in profile.repeated
    ]
    columns += [ColumnGuess(name, None, "nested values, or bytes") for name in profile.nested]
    if not any(column.kind for column in columns):
        reasons = "; ".join(f"{column.name}: {column.why}" for column in columns)
        raise UsageError(f"no column is left to watch ({reasons or 'there is none but the time'})")
    watched = [column.name for column in columns if column.kind]
    shares = sample[watched][in_reference].isna().mean()
    return Proposal(
        source=profile.source,
        labels=dataset.labels,
        zone=zone,
        period=days,
        roles=roles,
        columns=tuple(columns),
        shape=output.shape,
        target_kind=output.target_kind,
        performance=output.metrics,
        words=output.words,
        sparse=bool((shares > SPARSE).any()),
        min_rows=_choose_min_rows(profile, in_reference, days, roles),
        row_count=choose_row_thresholds(days.counts),
        remarks=(*output.remarks, *_list_na_remarks(sample, columns, profile.source)),
    )


def _restrict_to_period(profile: DataProfile, days: Period) -> DataProfile:
    """The profile, its sample without rows of days outside the period."""
    is_watched = profile.row_days.map(lambda day: pd.notna(day) and days.starts <= day <= days.last)
    rows = is_watched.astype(bool)
    parts = {name: getattr(profile, name)[rows] for name in ("sample", "raw", "row_days")}
    return replace(profile, **{name: part.reset_index(drop=True) for name, part in parts.items()})


def _correct_codes(column: ColumnGuess, profile: DataProfile) -> ColumnGuess:
    """A number for codes that text writes in several ways, such as 1 and 1.0, of which each would
    be another word of a category; else the guess itself."""
    if column.kind != "category" or column.name not in profile.raw:
        return column
    values = profile.sample[column.name]
    if not pd.api.types.is_float_dtype(values) or profile.raw[column.name].dtype != object:
        return column
    spellings = cells.words(profile.raw[column.name]).words
    if len(spellings) <= values.nunique():
        return column
    examples = ", ".join(map(repr, spellings[:2]))
    return ColumnGuess(column.name, "number", f"whole numbers, written in several ways: {examples}")


def _check_kinds(dataset: Dataset) -> None:
    """Raise UsageError where a person says of a column what it cannot be."""
    profile, roles, stated = dataset.profile, dataset.roles, dataset.overrides.kinds
    for name in stated:
        if name in profile.repeated:
            raise UsageError(f"{name!r} is there more than once: nobody can tell which is meant")
        if name in profile.nested:
            raise UsageError(f"{name!r} holds nested values, or bytes; read a view that unfolds it")
        if name not in profile.sample:
            raise UsageError(f"no column {name!r}; there are {list_names(profile.sample)}")
        if name in dataset.reserved:
            use = "the time of each row" if name == profile.source.time else "what names a row"
            raise UsageError(f"{name!r} is {use}, and cannot be watched; name another for it")
        if stated[name] is None and name in (roles.prediction, roles.target):
            raise UsageError(f"{name!r} cannot be left out and be --prediction or --target")


def _list_na_remarks(
    sample: pd.DataFrame, columns: Sequence[ColumnGuess], source: Source
) -> Iterator[str]:
    """Sentences on words such as NA that may mean a missing value, and are read as words."""
    for column in columns:
        if column.kind == "category":
            words = sorted(NA_WORDS & set(sample[column.name].dropna().astype(str).unique()))
            if words:
                listing = ", ".join(map(repr, words))
                verb = "are words" if words[1:] else "is a word"
                mend = "write null where a cell is missing, or read a view that does"
                if isinstance(source, Csv):
                    argument = f"na=({listing}{'' if words[1:] else ','})"
                    mend = f"{argument} in the source makes such cells missing, in every column"
                yield f"{column.name}: {listing} {verb} like others; {mend}"


def _choose_min_rows(
    profile: DataProfile, in_reference: pd.Series, days: Period, roles: Roles
) -> int:
    """A `min_rows` that nearly all days of the reference reach, by labelled rows where there are
    labels. in_reference: whether each row of the sample is."""
    low = _low_quantile([count for count in days.counts if count])
    if roles.target and roles.prediction:
        labelled = profile.sample[roles.target].notna()[in_reference]
        counts = labelled.groupby(profile.row_days[in_reference]).sum() * profile.stride
        low = min(low, _low_quantile([int(count) for count in counts]))
    return _round_down(max(0.8 * low, LEAST_ROWS))


def _low_quantile(counts: Sequence[int]) -> float:
    return float(pd.Series(counts, dtype=float).quantile(0.05)) if counts else 0.0


def _round_down(value: float) -> int:
    digits = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return int(value // digits * digits)


def choose_row_thresholds(
    counts: Sequence[int],
) -> tuple[tuple[int | None, int], tuple[int | None, int]]:
    """Thresholds (warn, alert) of `row_count`, each (low, high), around the reference's counts.

    counts: rows of each day of the reference. low is None where some day has no rows at all.
    """
    low, high = min(counts), max(counts)
    noise = 3 * math.sqrt(high)
    high_warn = _round_down(max(1.25 * high, high + noise)) + 1
    high_alert = max(_round_down(max(1.6 * high, high + 2 * noise)), high_warn) + 1
    if not low:
        return (None, high_warn), (None, high_alert)
    warn = _round_down(max(0.8 * low, 1.0))
    return (warn, high_warn), (min(_round_down(max(0.5 * low, 1.0)), warn - 1), high_alert)
