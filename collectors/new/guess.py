"""Guesses what each column of unknown data is, from a sample and a person's overrides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.time_column import has_times
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError

MOST_CODES = 10
"""Whole numbers with at most so many different values are categories: they look like codes."""
MOST_STRANGE = 0.5
"""Text of which at most this share is no number may be meant as numbers."""
SIGNS = re.compile(r"[\s,%'\u00a0\u202f$\u20ac\u00a3]")
"""Separators of thousands, and units."""
MOST_WORDS = 200
"""Text with more different values than these, or than a tenth of the rows, is no category."""
PREDICTION_NAMES = (
    r"(prediction|predictions|predicted|pred|preds|y_?pred|y_?hat)",
    r"(predicted|prediction|pred)_.+|.+_(predicted|prediction|pred|hat)",
    r"(probability|probabilities|proba|prob|likelihood)|.+_(probability|proba|prob)",
    r"(score|scores|forecast)|.+_(score|forecast)|(p|prob|proba)_.+",
)
"""Names of a prediction, the surest first."""
TARGET_NAMES = (
    r"(target|label|y|y_?true|truth|ground_truth|actual|actuals|observed|outcome)",
    r"(actual|observed|true)_.+|.+_(actual|observed|label|outcome|target)",
)
VERSION_NAMES = ("model_version", "model_id", "model_name", "model", "version")
PROBABILITY_NAME = re.compile(r".*(proba|prob|score|likelihood)|p_.+|.*_prob(a|ability)")
CALENDAR_NAME = re.compile(
    r"(.+_)?(year|quarter|month|week|day|weekday|dow|doy|day_?of_?(week|month|year)|day_?name"
    r"|is_?weekend)"
)
IDENTITY_NAME = re.compile(r"(.+_)?(id|uuid|guid|key|index|rownum|row_number)|unnamed_.*")


@dataclass(frozen=True)
class ColumnGuess:
    """The guess of one column. kind: None where it is left out. why: the reason, in words."""

    name: str
    kind: Kind | None
    why: str


@dataclass(frozen=True)
class Roles:
    """Which columns are what; '' where there is none."""

    prediction: str = ""
    target: str = ""
    version: str = ""


@dataclass(frozen=True)
class Overrides:
    """What a person states, and is not guessed.

    prediction, target: a column, "none", or '' for a guess. positive: the label that means yes.
    kinds: of columns, by name; None for one that is left out. reserved: columns that have a use
    already, such as the time, and can have no role.
    """

    prediction: str = ""
    target: str = ""
    positive: str = ""
    kinds: Mapping[str, Kind | None] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()


def to_snake_case(name: str) -> str:
    """A name in lower case with _ between its words."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", separated).strip("_").lower()


def guess_roles(sample: pd.DataFrame, overrides: Overrides, place: str) -> Roles:
    """Prediction, target and version by their names, unless stated. Raises UsageError.

    place: the source, for errors.
    """
    available = [str(name) for name in sample if name not in overrides.reserved]
    prediction = _guess_role(
        sample, available, PREDICTION_NAMES, overrides.prediction, overrides, place, "prediction"
    )
    available = [name for name in available if name != prediction]
    target = _guess_role(
        sample, available, TARGET_NAMES, overrides.target, overrides, place, "target"
    )
    remaining = [name for name in available if name != target and name not in overrides.kinds]
    versions = {to_snake_case(name): name for name in remaining}
    version = next((versions[name] for name in VERSION_NAMES if name in versions), "")
    if version and sample[version].nunique() > MOST_WORDS:
        version = ""
    return Roles(prediction, target, version)


def _guess_role(
    sample: pd.DataFrame, available: Sequence[str], tiers: Sequence[str], stated: str,
    overrides: Overrides, place: str, role: str,
) -> str:  # fmt: skip
    """The column of a role, '' where none is.

    tiers: patterns of names, the surest first. stated: the column that a person states. A column
    whose kind a person states has no role, unless it is stated.
    """
    if stated == "none":
        return ""
    if stated:
        if stated not in available:
            reason = ", which is another thing already" if stated in sample else ""
            raise UsageError(
                f"{place} has no column {stated!r} for --{role}{reason}; there are"
                f" {', '.join(map(repr, available[:30]))}"
            )
        return stated
    available = [name for name in available if name not in overrides.kinds]
    usable = [name for name in available if sample[name].notna().any() and _is_flat(sample[name])]
    usable = [
        name
        for name in usable
        if name == name.strip()
        and not IDENTITY_NAME.fullmatch(to_snake_case(name))
        and not has_times(sample[name])
    ]
    for number, tier in enumerate(tiers):
        candidates = [name for name in usable if re.fullmatch(tier, to_snake_case(name))]
        if len(candidates) > 1:
            raise UsageError(
                f"{place}: {', '.join(map(repr, candidates))} may each be the {role};"
                f" say which with --{role}, or --{role} none"
            )
        if candidates:
            probabilities = (
                _find_probabilities(sample, usable) if role == "prediction" and number < 2 else []
            )
            return (
                probabilities[0]
                if _is_class(sample[candidates[0]]) and len(probabilities) == 1
                else candidates[0]
            )
    return ""


def _find_probabilities(sample: pd.DataFrame, usable: Sequence[str]) -> list[str]:
    """The columns of probabilities beside a prediction of two classes."""
    candidates = [name for name in usable if re.fullmatch(PREDICTION_NAMES[2], to_snake_case(name))]
    return [name for name in candidates if is_share(sample[name]) and not is_binary(sample[name])]


def guess_columns(
    sample: pd.DataFrame,
    row_days: pd.Series,
    reference: pd.Series,
    reserved: Sequence[str],
    kinds: Mapping[str, Kind | None] = MappingProxyType({}),
) -> list[ColumnGuess]:
    """The guess of every column that has no role.

    row_days: the day of each row. reference: whether each row lies in the reference, where a column
    that is always the same cannot be compared. reserved: columns to skip. kinds: of columns, as a
    person states them.
    """
    available = [str(name) for name in sample if name not in reserved]
    return [
        ColumnGuess(name, kinds[name], "as you say")
        if name in kinds
        else _guess_column(name, sample[name], row_days, reference)
        for name in available
    ]


def _guess_column(
    name: str, values: pd.Series, row_days: pd.Series, reference: pd.Series
) -> ColumnGuess:
    present = values.dropna()
    fault = _find_fault(name, values, values[reference].dropna())
    if fault:
        return ColumnGuess(name, None, fault)
    if (
        CALENDAR_NAME.fullmatch(to_snake_case(name))
        and (present.groupby(row_days[present.index]).nunique() == 1).all()
    ):
        return ColumnGuess(name, None, "it says which day it is")
    if pd.api.types.is_bool_dtype(present.infer_objects()):
        return ColumnGuess(name, "category", "yes and no")
    if pd.api.types.is_numeric_dtype(present):
        return _guess_number(name, present.astype(float), row_days, present.nunique())
    return _guess_text(name, present.map(str), present.nunique())


def _find_fault(name: str, values: pd.Series, early: pd.Series) -> str:
    """Why a column cannot be watched, '' where it can. early: its values in the reference."""
    if name != name.strip() or not name:
        return "its name begins or ends with a blank; rename it"
    if not _is_flat(values):
        return "nested values, or bytes"
    if pd.api.types.is_timedelta64_dtype(values):
        return "lengths of time; write them as numbers"
    if values.notna().any() and has_times(values):
        return "times"
    if early.nunique() < 2:
        fault = "every value is missing" if early.empty else f"always {_shorten(early.iloc[0])}"
        return fault if values.nunique() == early.nunique() else f"{fault} in the reference"
    return ""


def _guess_number(name: str, present: pd.Series, row_days: pd.Series, distinct: int) -> ColumnGuess:
    is_whole = bool((present % 1 == 0).all())
    if _grows(present, row_days):
        return ColumnGuess(name, None, "it only grows from day to day")
    if is_whole and distinct <= MOST_CODES:
        return ColumnGuess(name, "category", f"{distinct} different whole numbers")
    if is_whole and (distinct == len(present) or IDENTITY_NAME.fullmatch(to_snake_case(name))):
        return ColumnGuess(
            name, None, f"an identifier: {distinct} different in {len(present)} rows"
        )
    return ColumnGuess(
        name, "number", f"{present.quantile(0.05):.4g} to {present.quantile(0.95):.4g}"
    )


def _grows(present: pd.Series, row_days: pd.Series) -> bool:
    """Whether each day's values begin where those of the day before end, as those of a counter."""
    grouped = present.groupby(row_days[present.index])
    low, high = grouped.min().to_numpy(), grouped.max().to_numpy()
    return len(low) > 2 and bool((low[1:] >= high[:-1]).all()) and bool(high[-1] > low[0])


def _guess_text(name: str, present: pd.Series, distinct: int) -> ColumnGuess:
    if distinct <= MOST_WORDS and distinct <= max(MOST_CODES, len(present) / 10):
        return ColumnGuess(name, "category", f"{distinct} different words")
    unusable = cells.numbers(present.astype(object)).unusable
    is_strange = pd.notna(unusable) if unusable is not None else np.zeros(len(present), bool)
    if is_strange.mean() <= 0.01 and is_strange.any():
        example = _shorten(present[is_strange].iloc[0])
        return ColumnGuess(
            name, "number", f"some are none, such as {example}: their days are partial"
        )
    if is_strange.any() and is_strange.mean() <= MOST_STRANGE:
        example = _shorten(present[is_strange].mode().iloc[0])
        count = f"{int(is_strange.sum())} of {len(present)}"
        mend = f"leave these empty (of CSV, na=({example},) in the source does), and say --number"
        return ColumnGuess(name, None, f"numbers, but for {count} such as {example}: {mend}")
    stripped = present.str.replace(SIGNS, "", regex=True).astype(object)
    if cells.numbers(stripped).unusable is None:
        example = _shorten(present.iloc[0])
        return ColumnGuess(
            name, None, f"numbers with other signs, such as {example}: write them without"
        )
    if present.str.count(r"\s+").mean() >= 3:
        return ColumnGuess(name, None, f"free text: {distinct} different in {len(present)} rows")
    problem = "an identifier" if distinct > len(present) / 2 else "too many words"
    return ColumnGuess(name, None, f"{problem}: {distinct} different in {len(present)} rows")


def is_binary(values: pd.Series) -> bool:
    """Whether all present values are 0 and 1, or no and yes."""
    numbers = to_numbers(values)
    return numbers is not None and set(numbers.unique()) <= {0.0, 1.0}


def _is_class(values: pd.Series) -> bool:
    """Whether a column has at most two different values, as predicted classes have."""
    return _is_flat(values) and values.nunique() <= 2


def is_share(values: pd.Series) -> bool:
    """Whether all present values are numbers from 0 to 1."""
    numbers = to_numbers(values)
    return numbers is not None and bool(numbers.between(0, 1).all())


def is_code(values: pd.Series) -> bool:
    """Whether all present values are whole numbers, of at most MOST_CODES different ones."""
    numbers = to_numbers(values)
    return (
        numbers is not None and bool((numbers % 1 == 0).all()) and numbers.nunique() <= MOST_CODES
    )


def is_named_as_probability(name: str) -> bool:
    """Whether a name promises a probability."""
    return bool(PROBABILITY_NAME.fullmatch(to_snake_case(name)))


def to_numbers(values: pd.Series) -> "pd.Series[float] | None":
    """The present values as numbers, None where some are none."""
    present = values.dropna()
    if present.empty or not _is_flat(values) or any(isinstance(value, str) for value in present):
        return None
    try:
        return present.astype(float)
    except (TypeError, ValueError):
        return None


def _is_flat(values: pd.Series) -> bool:
    present = values.dropna()
    nested = (list, dict, tuple, set, np.ndarray, bytes, memoryview)
    return not any(isinstance(value, nested) for value in present.head(1000))


def _shorten(value: object) -> str:
    text = cells.word(value) or ""
    return repr(text if len(text) <= 30 else text[:27] + "...")
