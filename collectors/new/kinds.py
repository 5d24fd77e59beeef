"""Guesses what kind each column of unknown data is, or why it cannot be watched."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.column_values import (
    MOST_CODES,
    MOST_WORDS,
    is_flat,
    is_named_as_identity,
    to_snake_case,
)
from driftdeck.collectors.new.time_column import has_times
from driftdeck.declare.columns import Kind

MOST_STRANGE = 0.5
"""Text of which at most this share is no number may be meant as numbers."""
SIGNS = re.compile(r"[\s,%'\u00a0\u202f$\u20ac\u00a3]")
"""Separators of thousands, and units."""
CALENDAR_NAME = re.compile(
    r"(.+_)?(year|quarter|month|week|day|weekday|dow|doy|day_?of_?(week|month|year)|day_?name"
    r"|is_?weekend)"
)


@dataclass(frozen=True)
class ColumnGuess:
    """The guess of one column. kind: None where it is left out. why: the reason, in words."""

    name: str
    kind: Kind | None
    why: str


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
    if not is_flat(values):
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
    if is_whole and (distinct == len(present) or is_named_as_identity(name)):
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


def _shorten(value: object) -> str:
    text = cells.word(value) or ""
    return repr(text if len(text) <= 30 else text[:27] + "...")
