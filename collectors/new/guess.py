"""What each column of unknown data is: pure functions of a sample and what a person has said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.time_column import holds_times
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError

CODES = 10
"""Whole numbers with at most so many different values are categories: they look like codes."""
MOST_STRANGE = 0.5
"""Text of which no larger share is no number is of numbers."""
SIGNS = re.compile(r"[\s,%'\u00a0\u202f$\u20ac\u00a3]")
"""Between thousands, and units."""
WORDS = 200
"""Text with more different values than these, or than a tenth of the rows, is no category."""
PREDICTION = (
    r"(prediction|predictions|predicted|pred|preds|y_?pred|y_?hat)",
    r"(predicted|prediction|pred)_.+|.+_(predicted|prediction|pred|hat)",
    r"(probability|probabilities|proba|prob|likelihood)|.+_(probability|proba|prob)",
    r"(score|scores|forecast)|.+_(score|forecast)|(p|prob|proba)_.+",
)
"""How a prediction is called, the surest first."""
TARGET = (
    r"(target|label|y|y_?true|truth|ground_truth|actual|actuals|observed|outcome)",
    r"(actual|observed|true)_.+|.+_(actual|observed|label|outcome|target)",
)
VERSION = ("model_version", "model_id", "model_name", "model", "version")
CHANCE = re.compile(r".*(proba|prob|score|likelihood)|p_.+|.*_prob(a|ability)")
CALENDAR = re.compile(
    r"(.+_)?(year|quarter|month|week|day|weekday|dow|doy|day_?of_?(week|month|year)|day_?name"
    r"|is_?weekend)"
)
IDENTITY = re.compile(r"(.+_)?(id|uuid|guid|key|index|rownum|row_number)|unnamed_.*")


@dataclass(frozen=True)
class Guessed:
    """One column. kind: None where it is left out. why: what was seen of it."""

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
class Asked:
    """What a person has said: a column of a role, `none`, or '' for a guess.

    positive: the label that means yes. kinds: of columns; None for one that is left out.
    """

    prediction: str = ""
    target: str = ""
    positive: str = ""
    kinds: Mapping[str, Kind | None] = field(default_factory=dict)
    taken: tuple[str, ...] = ()


def plainly(name: str) -> str:
    """A name in lower case with _ between its words."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", parted).strip("_").lower()


def roles(sample: pd.DataFrame, asked: Asked, place: str) -> Roles:
    """Prediction, target and version by their names, unless said. Raises UsageError."""
    free = [str(name) for name in sample if name not in asked.taken]
    prediction = _role(sample, free, PREDICTION, asked.prediction, asked, place, "prediction")
    free = [name for name in free if name != prediction]
    target = _role(sample, free, TARGET, asked.target, asked, place, "target")
    left = [name for name in free if name != target and name not in asked.kinds]
    versions = {plainly(name): name for name in left}
    version = next((versions[name] for name in VERSION if name in versions), "")
    if version and sample[version].nunique() > WORDS:
        version = ""
    return Roles(prediction, target, version)


def _role(
    sample: pd.DataFrame, free: Sequence[str], tiers: Sequence[str], said: str, asked: Asked,
    place: str, role: str,
) -> str:  # fmt: skip
    """The column of a role; one of which a person says what else it is has none unless said."""
    if said == "none":
        return ""
    if said:
        if said not in free:
            why = ", which is another thing already" if said in sample else ""
            raise UsageError(
                f"{place} has no column {said!r} for --{role}{why}; there are"
                f" {', '.join(map(repr, free[:30]))}"
            )
        return said
    free = [name for name in free if name not in asked.kinds]
    usable = [name for name in free if sample[name].notna().any() and _is_flat(sample[name])]
    usable = [
        name
        for name in usable
        if name == name.strip()
        and not IDENTITY.fullmatch(plainly(name))
        and not holds_times(sample[name])
    ]
    for number, tier in enumerate(tiers):
        found = [name for name in usable if re.fullmatch(tier, plainly(name))]
        if len(found) > 1:
            raise UsageError(
                f"{place}: {', '.join(map(repr, found))} may each be the {role};"
                f" say which with --{role}, or --{role} none"
            )
        if found:
            chances = _chances(sample, usable) if role == "prediction" and number < 2 else []
            return chances[0] if _is_class(sample[found[0]]) and len(chances) == 1 else found[0]
    return ""


def _chances(sample: pd.DataFrame, usable: Sequence[str]) -> list[str]:
    """The probabilities that stand beside a prediction of two classes."""
    named = [name for name in usable if re.fullmatch(PREDICTION[2], plainly(name))]
    return [name for name in named if is_share(sample[name]) and not is_binary(sample[name])]


def columns(
    sample: pd.DataFrame,
    on: pd.Series,
    reference: pd.Series,
    taken: Sequence[str],
    kinds: Mapping[str, Kind | None] = MappingProxyType({}),
) -> list[Guessed]:
    """Every column that has no role.

    on: the day of each row. reference: whether it lies in the reference, where a column that is
    always the same cannot be compared. kinds: those that a person has said.
    """
    free = [str(name) for name in sample if name not in taken]
    return [
        Guessed(name, kinds[name], "as you say")
        if name in kinds
        else _column(name, sample[name], on, reference)
        for name in free
    ]


def _column(name: str, values: pd.Series, on: pd.Series, reference: pd.Series) -> Guessed:
    there = values.dropna()
    useless = _useless(name, values, values[reference].dropna())
    if useless:
        return Guessed(name, None, useless)
    if CALENDAR.fullmatch(plainly(name)) and (there.groupby(on[there.index]).nunique() == 1).all():
        return Guessed(name, None, "it says which day it is")
    if pd.api.types.is_bool_dtype(there.infer_objects()):
        return Guessed(name, "category", "yes and no")
    if pd.api.types.is_numeric_dtype(there):
        return _number(name, there.astype(float), on, there.nunique())
    return _text(name, there.map(str), there.nunique())


def _useless(name: str, values: pd.Series, early: pd.Series) -> str:
    """Why a column cannot be watched, '' where it can. early: its values in the reference."""
    if name != name.strip() or not name:
        return "its name begins or ends with a blank; rename it"
    if not _is_flat(values):
        return "nested values, or bytes"
    if pd.api.types.is_timedelta64_dtype(values):
        return "lengths of time; write them as numbers"
    if values.notna().any() and holds_times(values):
        return "times"
    if early.nunique() < 2:
        what = "every value is missing" if early.empty else f"always {_short(early.iloc[0])}"
        return what if values.nunique() == early.nunique() else f"{what} in the reference"
    return ""


def _number(name: str, there: pd.Series, on: pd.Series, different: int) -> Guessed:
    whole = bool((there % 1 == 0).all())
    if _grows(there, on):
        return Guessed(name, None, "it only grows from day to day")
    if whole and different <= CODES:
        return Guessed(name, "category", f"{different} different whole numbers")
    if whole and (different == len(there) or IDENTITY.fullmatch(plainly(name))):
        return Guessed(name, None, f"an identifier: {different} different in {len(there)} rows")
    return Guessed(name, "number", f"{there.quantile(0.05):.4g} to {there.quantile(0.95):.4g}")


def _grows(there: pd.Series, on: pd.Series) -> bool:
    """Whether each day's values begin where those of the day before end: a count of time."""
    grouped = there.groupby(on[there.index])
    low, high = grouped.min().to_numpy(), grouped.max().to_numpy()
    return len(low) > 2 and bool((low[1:] >= high[:-1]).all()) and bool(high[-1] > low[0])


def _text(name: str, there: pd.Series, different: int) -> Guessed:
    if different <= WORDS and different <= max(CODES, len(there) / 10):
        return Guessed(name, "category", f"{different} different words")
    unusable = cells.numbers(there.astype(object)).unusable
    strange = pd.notna(unusable) if unusable is not None else np.zeros(len(there), bool)
    if strange.mean() <= 0.01 and strange.any():
        odd = _short(there[strange].iloc[0])
        return Guessed(name, "number", f"some are none, such as {odd}: their days are partial")
    if strange.any() and strange.mean() <= MOST_STRANGE:
        odd = _short(there[strange].mode().iloc[0])
        count = f"{int(strange.sum())} of {len(there)}"
        mend = f"leave these empty (of CSV, na=({odd},) in the source does), and say --number"
        return Guessed(name, None, f"numbers, but for {count} such as {odd}: {mend}")
    bare = there.str.replace(SIGNS, "", regex=True).astype(object)
    if cells.numbers(bare).unusable is None:
        odd = _short(there.iloc[0])
        return Guessed(name, None, f"numbers with other signs, such as {odd}: write them without")
    if there.str.count(r"\s+").mean() >= 3:
        return Guessed(name, None, f"free text: {different} different in {len(there)} rows")
    what = "an identifier" if different > len(there) / 2 else "too many words"
    return Guessed(name, None, f"{what}: {different} different in {len(there)} rows")


def is_binary(values: pd.Series) -> bool:
    """Whether all that is there is 0 and 1, or no and yes."""
    numbers = as_numbers(values)
    return numbers is not None and set(numbers.unique()) <= {0.0, 1.0}


def _is_class(values: pd.Series) -> bool:
    """Whether what is there has two values, or one, as an answer of yes or no has."""
    return _is_flat(values) and values.nunique() <= 2


def is_share(values: pd.Series) -> bool:
    """Whether all that is there are numbers from 0 to 1."""
    numbers = as_numbers(values)
    return numbers is not None and bool(numbers.between(0, 1).all())


def is_code(values: pd.Series) -> bool:
    """Whether all that is there are a few whole numbers."""
    numbers = as_numbers(values)
    return numbers is not None and bool((numbers % 1 == 0).all()) and numbers.nunique() <= CODES


def named_as_chance(name: str) -> bool:
    """Whether a name promises a probability."""
    return bool(CHANCE.fullmatch(plainly(name)))


def as_numbers(values: pd.Series) -> "pd.Series[float] | None":
    """What is there as numbers, None where some of it is none."""
    there = values.dropna()
    if there.empty or not _is_flat(values) or any(isinstance(v, str) for v in there):
        return None
    try:
        return there.astype(float)
    except (TypeError, ValueError):
        return None


def _is_flat(values: pd.Series) -> bool:
    there = values.dropna()
    nested = (list, dict, tuple, set, np.ndarray, bytes, memoryview)
    return not any(isinstance(value, nested) for value in there.head(1000))


def _short(value: object) -> str:
    text = cells.word(value) or ""
    return repr(text if len(text) <= 30 else text[:27] + "...")
