"""Coerces a frame to the declared columns, counting what cannot be used.

Evidently silently skips Decimal, nullable and boolean columns, or raises; see
https://docs.evidentlyai.com/docs/library/data_definition
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.declare import Column, Role
from driftdeck.declare.columns import format_word

SHOWN = 3
SCHEMA = "schema"
"""Among the attributes of a frame: the type of each column that its source has."""
NO_TYPE = "null"
"""The type of a column that has no value, as Arrow calls it: of that nobody can tell a change."""


@dataclass(frozen=True)
class CodedWords:
    """Words as numbers. codes: one a row, the place in `words`, -1 for none; words: different.

    truth: (words,) of labels, 1 for the positive word, 0 for the other, NaN for one that is
    neither; None of what is no label.
    """

    codes: np.ndarray
    words: np.ndarray
    index: pd.Index
    truth: np.ndarray | None = None

    @classmethod
    def of(cls, raw: pd.Series) -> "CodedWords":
        """The words of a column."""
        read = cells.words(raw)
        codes = read.codes.astype(np.min_scalar_type(-max(len(read.words), 1)))
        return cls(codes, read.words, raw.index)

    def spread(self, of_words: np.ndarray, none: object) -> "pd.Series":
        """What each row's word stands for."""
        every = np.array([*of_words, none], of_words.dtype)
        return pd.Series(every[self.codes], self.index, of_words.dtype)

    def take(self, places: np.ndarray) -> "CodedWords":
        """Some of the rows."""
        return replace(self, codes=self.codes[places], index=pd.RangeIndex(len(places)))

    def respelled(self, words: np.ndarray) -> "CodedWords":
        """The same rows with other words, some of them now alike or None."""
        codes, distinct = pd.factorize(np.array([*words, None], object))
        return replace(self, codes=codes[self.codes], words=np.asarray(distinct, object))


@dataclass(frozen=True)
class CoercedColumn:
    """A coerced column: numbers, or words, or neither where the data lacks it.

    numbers: float64, one a row, NaN for none. unusable: how many values were there and could not
    be used. complaint: says which, '' where there is nothing to say.
    """

    numbers: pd.Series | None = None
    coded: CodedWords | None = None
    unusable: int = 0
    complaint: str = ""

    def take(self, places: np.ndarray) -> "CoercedColumn":
        """Some of the rows; a complaint stays where there is no column. places: (n,)."""
        if self.coded is not None:
            return CoercedColumn(coded=self.coded.take(places))
        if self.numbers is not None:
            return CoercedColumn(pd.Series(self.numbers.to_numpy(float)[places]))
        return self

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
    def lacks(self) -> np.ndarray:
        """(rows,) where there is no usable value."""
        if self.coded is not None:
            return self.coded.codes < 0
        numbers = np.empty(0) if self.numbers is None else self.numbers.to_numpy(float)
        lacks: np.ndarray = np.isnan(numbers)
        return lacks

    @cached_property
    def missing(self) -> int:
        """How many rows have no usable value."""
        return int(np.count_nonzero(self.lacks))

    @property
    def count(self) -> int:
        """How many rows have one."""
        return len(self.lacks) - self.missing

    @cached_property
    def present(self) -> "pd.Series":
        """The values that are there."""
        if self.values is None:
            return pd.Series(dtype=float)
        return self.values[~self.lacks] if self.missing else self.values

    @cached_property
    def counts(self) -> "pd.Series":
        """How often each value is there, by value, in no order."""
        if self.coded is None:
            return self.present.value_counts(sort=False)
        codes, words = self.coded.codes, self.coded.words
        counts = np.bincount(codes[~self.lacks] if self.missing else codes, minlength=len(words))
        return pd.Series(counts, index=pd.Index(words, dtype=object))

    @property
    def words(self) -> list[str]:
        """The different words that are there, sorted."""
        return sorted(self.counts[self.counts > 0].index)

    def as_numbers(self) -> "pd.Series | None":
        """The values as numbers: of labels 0 and 1, NaN for a word that is neither."""
        if self.coded is None or self.coded.truth is None:
            return self.numbers
        return self.coded.spread(self.coded.truth, np.nan)

    def as_codes(self, classes: Sequence[str]) -> np.ndarray:
        """(rows,) the place of each row's word among some, NaN for none of them."""
        if self.coded is None:
            return np.full(len(self.lacks), np.nan)
        place = {name: n for n, name in enumerate(classes)}
        of_words = np.array([*(place.get(word, np.nan) for word in self.coded.words), np.nan])
        codes: np.ndarray = of_words[self.coded.codes]
        return codes


def coerce(frame: pd.DataFrame, column: Column) -> CoercedColumn:
    """One declared column of a frame, coerced to its kind."""
    beside_twice = _find_beside(frame, column, cells.TWICE)
    twice = 0 if beside_twice is None else int(beside_twice.eq(True).sum())
    beside_unreadable = _find_beside(frame, column, cells.UNREADABLE)
    reasons = [] if beside_unreadable is None else beside_unreadable.dropna().tolist()
    if column.name not in frame:
        problem = "is there more than once" if twice else "is not in the data"
        problem = f"cannot be read: {reasons[0]}" if reasons else problem
        return CoercedColumn(complaint=f"column {column.name} {problem}")
    raw = frame[column.name]
    if isinstance(raw, pd.DataFrame):
        return CoercedColumn(complaint=f"column {column.name} is there more than once")
    if column.kind == "number":
        coerced = _coerce_number(raw, _find_beside(frame, column, cells.UNUSABLE), column.name)
    elif column.role is Role.TARGET or column.positive or column.classes:
        coerced = _coerce_label(CodedWords.of(raw), column)
    else:
        coerced = CoercedColumn(coded=CodedWords.of(raw))
    complaints = [coerced.complaint] if coerced.complaint else []
    if twice:
        complaints.append(
            f"column {column.name} is there more than once in the files of {twice} rows"
        )
    if reasons:
        complaints.append(
            f"column {column.name} cannot be read in {len(reasons)} rows: {reasons[0]}"
        )
    return replace(coerced, complaint="; ".join(complaints))


def _find_beside(frame: pd.DataFrame, column: Column, what: str) -> "pd.Series | None":
    """What is said of a column's cells, None where nothing is."""
    name = cells.beside(column.name, what)
    return frame.get(name)


def _coerce_number(raw: pd.Series, beside: pd.Series | None, name: str) -> CoercedColumn:
    """beside: the text of the cells that are no numbers, of a column that was read as numbers."""
    read = cells.numbers(raw)
    text = read.unusable if beside is None else beside.to_numpy(object)
    values = raw if raw.dtype == np.float64 else pd.Series(read.values, raw.index)
    infinite = np.isinf(read.values)
    if text is None and not infinite.any():
        return CoercedColumn(values)
    unusable = np.zeros(len(raw), bool) if text is None else pd.notna(text)
    parts = []
    if text is not None and unusable.any():
        first = str(text[unusable][0])[:40]
        parts.append(f"{int(unusable.sum())} not a number, e.g. {first!r}")
    if infinite.any():
        values = values.where(~infinite)
        parts.append(f"{int(infinite.sum())} infinite")
    complaint = f"{name}: of {len(raw)} values {' and '.join(parts)}" if parts else ""
    return CoercedColumn(values, unusable=int(unusable.sum() + infinite.sum()), complaint=complaint)


def _coerce_label(coded: CodedWords, column: Column) -> CoercedColumn:
    """Labels, of which each stands for yes or no where they are declared to, or are 0 and 1."""
    if column.classes:
        return _class(coded, column)
    positive, negative = label_words(column)
    spell = partial(cells.label, logical=is_logical(column))
    spelled = coded.respelled(np.array([spell(word) for word in coded.words], object))
    words = spelled.words.tolist()
    if not positive:
        truth = cells.numbers(pd.Series(words, dtype=object)).values
        return CoercedColumn(coded=replace(spelled, truth=truth))
    strange = [w for w in words if negative and w not in (positive, negative)]
    count = int(np.isin(spelled.codes, [words.index(w) for w in strange]).sum())
    known = spelled.respelled(np.array([None if w in strange else w for w in words], object))
    truth = np.array([float(word == positive) for word in known.words])
    complaint = ""
    if count:
        complaint = (
            f"{column.name}: of {len(coded.codes)} labels {count} are neither {positive!r} nor"
            f" {negative!r}, e.g. {strange[0]!r}"
        )
    return CoercedColumn(coded=replace(known, truth=truth), unusable=count, complaint=complaint)


def _class(coded: CodedWords, column: Column) -> CoercedColumn:
    """Words of which each is one of the declared classes; others are counted and named."""
    spelled = coded.respelled(np.array([format_word(word) for word in coded.words], object))
    words = spelled.words.tolist()
    strange = [word for word in words if word not in column.classes]
    counts = np.bincount(spelled.codes[spelled.codes >= 0], minlength=len(words))
    strange = [word for word in strange if word and counts[words.index(word)]]
    known = spelled.respelled(
        np.array([word if word in column.classes else None for word in words], object)
    )
    count = sum(int(counts[words.index(word)]) for word in strange)
    complaint = ""
    if count:
        named = ", ".join(repr(word) for word in strange[:SHOWN])
        complaint = (
            f"{column.name}: of {len(coded.codes)} values {count} are of a class that is not"
            f" declared: {named}"
        )
    return CoercedColumn(coded=known, unusable=count, complaint=complaint)


def label_words(column: Column) -> tuple[str, str]:
    """The positive and the negative word of a label, as they are read; '' where not declared."""
    spell = partial(cells.label, logical=is_logical(column))
    return spell(column.positive) or "", spell(column.negative) or ""


def is_logical(column: Column) -> bool:
    """Whether true and 1 are one label: where nothing else is declared to mean yes."""
    return cells.label(column.positive, logical=True) in (None, "0", "1")
