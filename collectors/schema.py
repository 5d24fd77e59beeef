"""Coerces a frame to the declared columns, counting what cannot be used.

Evidently silently skips Decimal, nullable and boolean columns, or raises; see
https://docs.evidentlyai.com/docs/library/data_definition
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from monitors.declare import Column


@dataclass(frozen=True)
class Coded:
    """Words as numbers. codes: one a row, the place in `words`, -1 for none; words: different."""

    codes: np.ndarray
    words: np.ndarray
    index: pd.Index

    @classmethod
    def of(cls, raw: pd.Series) -> "Coded":
        """Each distinct value is spelled once."""
        try:
            codes, found = pd.factorize(raw)
        except TypeError:  # lists and the like
            codes, found = pd.factorize(raw.astype(object).map(str, na_action="ignore"))
        spelled, words = pd.factorize(np.array([*map(_word, found), None], object))
        spelled = spelled.astype(np.min_scalar_type(-max(len(words), 1)))
        # A missing value's -1 takes the None that was put last.
        return cls(spelled[codes], np.asarray(words, object), raw.index)

    def spread(self, of_words: np.ndarray, none: object) -> "pd.Series":
        """What each row's word stands for."""
        every = np.array([*of_words, none], of_words.dtype)
        return pd.Series(every[self.codes], self.index, of_words.dtype)


@dataclass(frozen=True)
class Clean:
    """A coerced column: numbers, or words, or neither where the data lacks it.

    numbers: float64, one a row, NaN for none. unusable: how many values were there and could not
    be used. complaint: says which, '' where there is nothing to say.
    """

    numbers: pd.Series | None = None
    coded: Coded | None = None
    unusable: int = 0
    complaint: str = ""

    @property
    def there(self) -> bool:
        """Whether the data has the column."""
        return self.numbers is not None or self.coded is not None

    @cached_property
    def values(self) -> "pd.Series | None":
        """float64 with NaN, or object with None, one a row; None if the column is absent."""
        if self.coded is not None:
            return self.coded.spread(self.coded.words, None)
        return self.numbers

    @cached_property
    def _lacks(self) -> np.ndarray:
        """(rows,) where there is no usable value."""
        if self.coded is not None:
            return self.coded.codes < 0
        numbers = np.empty(0) if self.numbers is None else self.numbers.to_numpy(float)
        lacks: np.ndarray = np.isnan(numbers)
        return lacks

    @cached_property
    def missing(self) -> int:
        """How many rows have no usable value."""
        return int(np.count_nonzero(self._lacks))

    @property
    def count(self) -> int:
        """How many rows have one."""
        return len(self._lacks) - self.missing

    @cached_property
    def present(self) -> "pd.Series":
        """The values that are there."""
        if self.values is None:
            return pd.Series(dtype=float)
        return self.values[~self._lacks] if self.missing else self.values

    @cached_property
    def counts(self) -> "pd.Series":
        """How often each value is there, by value, in no order."""
        if self.coded is None:
            return self.present.value_counts(sort=False)
        codes, words = self.coded.codes, self.coded.words
        found = np.bincount(codes[~self._lacks] if self.missing else codes, minlength=len(words))
        return pd.Series(found, index=pd.Index(words, dtype=object))

    def as_numbers(self) -> "pd.Series | None":
        """The values, as numbers where each of them is one."""
        if self.coded is None:
            return self.numbers
        try:
            return self.coded.spread(self.coded.words.astype(float), np.nan)
        except ValueError:
            return self.values


def clean(frame: pd.DataFrame, column: Column) -> Clean:
    """One declared column of a frame, coerced to its kind."""
    if column.name not in frame:
        return Clean(complaint=f"column {column.name} is not in the data")
    raw = frame[column.name]
    if isinstance(raw, pd.DataFrame):
        return Clean(complaint=f"column {column.name} is there {raw.shape[1]} times")
    return _number(raw, column.name) if column.kind == "number" else Clean(coded=Coded.of(raw))


def _number(raw: pd.Series, name: str) -> Clean:
    if isinstance(raw.dtype, np.dtype) and raw.dtype.kind in "fiu":
        values, text = raw.astype(float), np.zeros(len(raw), bool)
    else:
        given = raw.astype(object).where(raw.notna(), None)
        values = pd.to_numeric(given, errors="coerce").astype(float)
        text = (given.notna() & values.isna()).to_numpy()
    infinite = np.isinf(values.to_numpy())
    parts = []
    if text.any():
        parts.append(f"{int(text.sum())} not a number, e.g. {str(raw[text].iloc[0])[:40]!r}")
    if infinite.any():
        values = values.where(~infinite)
        parts.append(f"{int(infinite.sum())} infinite")
    complaint = f"{name}: of {len(raw)} values {' and '.join(parts)}" if parts else ""
    return Clean(values, unusable=int(text.sum() + infinite.sum()), complaint=complaint)


def _word(value: Any) -> str:
    """One spelling for one category: True, 1, 1.0 and Decimal(1) of a label are all '1'."""
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, str):
        return value
    try:
        as_float = float(value)
    except (TypeError, ValueError):
        return str(value)
    return str(int(as_float)) if as_float.is_integer() else str(as_float)
