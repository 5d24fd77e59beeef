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
class Clean:
    """A coerced column.

    values: float64 with NaN, or object with None, one a row; None if the column is absent.
    unusable: how many values were there and could not be used.
    complaint: says which, '' where there is nothing to say.
    """

    values: pd.Series | None
    unusable: int = 0
    complaint: str = ""

    @cached_property
    def present(self) -> "pd.Series":
        """The values that are there."""
        if self.values is None:
            return pd.Series(dtype=float)
        missing = self._missing()
        return self.values[~missing] if missing.any() else self.values

    def _missing(self) -> np.ndarray:
        assert self.values is not None
        missing: np.ndarray = np.isnan(self.values.to_numpy(float))
        return missing

    @cached_property
    def counts(self) -> "pd.Series":
        """How often each value is there, by value, in no order."""
        return self.present.value_counts(sort=False)

    def as_numbers(self) -> "pd.Series":
        """The values, as numbers where each of them is one. The column is there."""
        assert self.values is not None
        return self.values


@dataclass(frozen=True)
class Words(Clean):
    """A category, whose counts are known from its coercion. codes: of `words`, -1 for None."""

    codes: np.ndarray | None = None
    words: np.ndarray | None = None

    def _missing(self) -> np.ndarray:
        assert self.codes is not None
        return self.codes < 0

    @cached_property
    def counts(self) -> "pd.Series":
        """How often each word is there."""
        assert self.codes is not None
        assert self.words is not None
        found = np.bincount(self.codes[self.codes >= 0], minlength=len(self.words))
        return pd.Series(found, index=pd.Index(self.words, dtype=object))

    def as_numbers(self) -> "pd.Series":
        """The words as numbers where each is one, else as they are."""
        assert self.codes is not None
        assert self.words is not None
        assert self.values is not None
        try:
            numbers = np.append(self.words.astype(float), np.nan)
        except ValueError:
            return self.values
        return pd.Series(numbers[self.codes], self.values.index)


def clean(frame: pd.DataFrame, column: Column) -> Clean:
    """One declared column of a frame, coerced to its kind."""
    if column.name not in frame:
        return Clean(None, complaint=f"column {column.name} is not in the data")
    raw = frame[column.name]
    if isinstance(raw, pd.DataFrame):
        return Clean(None, complaint=f"column {column.name} is there {raw.shape[1]} times")
    return _number(raw, column.name) if column.kind == "number" else _category(raw)


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
    return Clean(values, int(text.sum() + infinite.sum()), complaint)


def _category(raw: pd.Series) -> Clean:
    """Each distinct value is spelled once."""
    try:
        codes, found = pd.factorize(raw)
    except TypeError:  # lists and the like
        codes, found = pd.factorize(raw.astype(object).map(str, na_action="ignore"))
    spelled, words = pd.factorize(np.array([*map(_word, found), None], object))
    codes = spelled[codes]  # a missing value's -1 takes the None that was put last
    words = np.asarray(words, object)
    values = np.array([*words, None], object)[codes]
    return Words(pd.Series(values, raw.index, object, raw.name), codes=codes, words=words)


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
