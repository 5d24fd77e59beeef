"""Proposes a declaration for a dataset: the reference, the columns, the metrics, the thresholds."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new import intervals, model_output
from driftdeck.collectors.new.column_values import to_numbers
from driftdeck.collectors.new.find import Dataset
from driftdeck.collectors.new.intervals import Interval
from driftdeck.collectors.new.kinds import ColumnGuess, guess_columns
from driftdeck.collectors.new.period import Period, name_windows
from driftdeck.collectors.new.profile_files import DataProfile
from driftdeck.collectors.new.roles import Roles
from driftdeck.collectors.new.segments import choose_slices
from driftdeck.collectors.new.time_column import list_names
from driftdeck.declare import Csv, Source
from driftdeck.declare.columns import PREDICTED_CLASS
from driftdeck.errors import UsageError

LEAST_ROWS = 20
SPARSE = 0.005
NA_WORDS = frozenset({"NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "-", "?"})


@dataclass(frozen=True)
class SliceChoice:
    """A column whose values are segments. min_rows: that nearly all of them have in a window."""

    column: str
    min_rows: int


@dataclass(frozen=True)
class Proposal:
    """What to declare.

    zone: of the days. shape: of the prediction, as in a ModelOutput. target_kind: "number" or
    "category". performance: metrics of the prediction against the label. sparse: whether some
    column has missing values in the reference. row_count: thresholds (warn, alert), each (low,
    high). words: of the label, (yes, no); empty where they are 1 and 0. classes: of the label,
    where they are not yes and no. cut: of a probability. interval: around a forecast, None without
    one. slices: columns of segments. unjudged: metrics that cannot be calibrated, and why. remarks:
    sentences for a person.
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
    classes: tuple[str, ...] = ()
    cut: float = 0.5
    interval: Interval | None = None
    slices: tuple[SliceChoice, ...] = ()
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
    ends = _find_interval(dataset, profile, output)
    outputs = [*roles.outputs, *ends.left_out, *_find_clash(profile, output, roles)]
    interval = [ends.interval.low, ends.interval.high] if ends.interval else []
    columns = guess_columns(
        sample,
        profile.row_days,
        in_reference,
        [*dataset.reserved, *roles.columns, *interval, *(name for name, _ in outputs)],
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
    columns += [ColumnGuess(name, None, why) for name, why in outputs]
    if not any(column.kind for column in columns):
        reasons = "; ".join(f"{column.name}: {column.why}" for column in columns)
        raise UsageError(f"no column is left to watch ({reasons or 'there is none but the time'})")
    watched = [column.name for column in columns if column.kind]
    shares = sample[watched][in_reference].isna().mean()
    windows = name_windows(
        days.every, profile.row_days[in_reference], profile.row_hours[in_reference]
    )
    min_rows = _choose_min_rows(profile, in_reference, windows, days, roles)
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
        classes=output.classes,
        cut=output.cut,
        interval=ends.interval,
        slices=_choose_slices(profile, in_reference, windows, columns, roles),
        sparse=bool((shares > SPARSE).any()),
        min_rows=min_rows,
        row_count=choose_row_thresholds(days.counts),
        remarks=(
            *roles.remarks,
            *output.remarks,
            *_list_na_remarks(sample, columns, profile.source),
        ),
    )


def _restrict_to_period(profile: DataProfile, days: Period) -> DataProfile:
    """The profile, its sample without rows of days outside the period."""
    is_watched = profile.row_days.map(lambda day: pd.notna(day) and days.starts <= day <= days.last)
    rows = is_watched.astype(bool)
    parts = {
        name: getattr(profile, name)[rows] for name in ("sample", "raw", "row_days", "row_hours")
    }
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


@dataclass(frozen=True)
class _Ends:
    """The interval around a forecast, and (column, why) of what is none, and no feature."""

    interval: Interval | None = None
    left_out: tuple[tuple[str, str], ...] = ()


def _find_interval(
    dataset: Dataset, profile: DataProfile, output: model_output.ModelOutput
) -> _Ends:
    """The ends of the interval of a forecast of which the labels are known."""
    roles, sample = dataset.roles, profile.sample
    if output.shape != "number" or not output.metrics:
        return _Ends()
    reserved = {*dataset.reserved, *roles.columns, *dataset.overrides.kinds}
    available = [str(name) for name in sample if name not in reserved]
    usable = [name for name in available if to_numbers(sample[name]) is not None]
    pairs = intervals.list_intervals_of(sample, usable, roles.prediction, roles.target)
    if not pairs:
        return _Ends()
    widest = pairs[0]
    inner = {name for pair in pairs for name in (pair.low, pair.high)} - {widest.low, widest.high}
    why = f"an end of a narrower interval than {widest.low} to {widest.high}"
    medians = [name for name in intervals.list_medians(usable, pairs) if name not in inner]
    return _Ends(
        widest,
        (
            *((name, why) for name in usable if name in inner),
            *((name, f"a median, beside {roles.prediction}") for name in medians),
        ),
    )


def _find_clash(
    profile: DataProfile, output: model_output.ModelOutput, roles: Roles
) -> Iterator[tuple[str, str]]:
    """(column, why) of one that is called as the class of the largest probability is."""
    is_derived = output.shape == "classes" and not roles.prediction
    if is_derived and PREDICTED_CLASS in profile.sample and PREDICTED_CLASS not in roles.columns:
        yield PREDICTED_CLASS, "its words are not the label's, and its name is taken"


def _choose_slices(
    profile: DataProfile,
    in_reference: pd.Series,
    windows: pd.Series,
    columns: Sequence[ColumnGuess],
    roles: Roles,
) -> tuple[SliceChoice, ...]:
    """Columns of segments, with enough rows of each: labelled ones, where there are labels."""
    is_counted = in_reference
    if roles.target and roles.has_prediction:
        is_counted = in_reference & profile.sample[roles.target].notna()
    rows = profile.sample[is_counted]
    categories = [column.name for column in columns if column.kind == "category"]
    choices = choose_slices(rows, categories, windows[rows.index], profile.stride, least=LEAST_ROWS)
    return tuple(SliceChoice(column, _round_min_rows(low)) for column, low in choices)


def _choose_min_rows(
    profile: DataProfile, in_reference: pd.Series, windows: pd.Series, days: Period, roles: Roles
) -> int:
    """A `min_rows` that nearly all windows of the reference reach, by labelled rows where there are
    labels. in_reference: whether each row of the sample is. windows: of these, its window."""
    low = _low_quantile([count for count in days.counts if count])
    if roles.target and roles.has_prediction:
        labelled = profile.sample[roles.target].notna()[in_reference]
        counts = labelled.groupby(windows).sum() * profile.stride
        low = min(low, _low_quantile([int(count) for count in counts]))
    return _round_min_rows(low)


def _round_min_rows(low: float) -> int:
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

    counts: rows of each window of the reference. low is None where some has no rows at all.
    """
    low, high = min(counts), max(counts)
    noise = 3 * math.sqrt(high)
    high_warn = _round_down(max(1.25 * high, high + noise)) + 1
    high_alert = max(_round_down(max(1.6 * high, high + 2 * noise)), high_warn) + 1
    if not low:
        return (None, high_warn), (None, high_alert)
    warn = _round_down(max(0.8 * low, 1.0))
    return (warn, high_warn), (min(_round_down(max(0.5 * low, 1.0)), warn - 1), high_alert)
