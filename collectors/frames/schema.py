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


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The different words of a column, shared by all that is taken of its rows.

    truth: (words,) of labels, 1 for the positive word, 0 for the other, NaN for one that is
    neither; None of what is no label.
    """

    words: np.ndarray
    truth: np.ndarray | None = None

    @cached_property
    def order(self) -> np.ndarray:
        """(words,) their places by alphabet."""
        return np.argsort(self.words, kind="stable")

    def places_in(self, other: "Vocabulary") -> np.ndarray:
        """(words,) the place of each word in another vocabulary, -1 for none; looked up once."""
        if other not in self._places:
            place = {word: n for n, word in enumerate(other.words)}
            self._places[other] = np.array([place.get(word, -1) for word in self.words], np.intp)
        return self._places[other]

    @cached_property
    def _places(self) -> "dict[Vocabulary, np.ndarray]":
        return {}


@dataclass(frozen=True, eq=False)
class WordCounts:
    """The words of a vocabulary that are there. codes: (k,) their places in it, by alphabet.
    counts: (k,) how often each is there."""

    vocabulary: Vocabulary
    codes: np.ndarray
    counts: np.ndarray

    @property
    def words(self) -> np.ndarray:
        """(k,) by alphabet."""
        words: np.ndarray = self.vocabulary.words[self.codes]
        return words


@dataclass(frozen=True)
class CodedWords:
    """Words as numbers. codes: one a row, the place in `words`, -1 for none."""

    codes: np.ndarray
    vocabulary: Vocabulary

    @classmethod
    def of(cls, raw: pd.Series) -> "CodedWords":
        """The words of a column."""
        read = cells.words(raw)
        codes = read.codes.astype(np.min_scalar_type(-max(len(read.words), 1)))
        return cls(codes, Vocabulary(read.words))

    @property
    def words(self) -> np.ndarray:
        """The different words that there may be."""
        return self.vocabulary.words

    @property
    def truth(self) -> np.ndarray | None:
        """(words,) whether each means yes; None of what is no label."""
        return self.vocabulary.truth

    def spread(self, of_words: np.ndarray, none: object) -> np.ndarray:
        """(rows,) what each row's word stands for."""
        every = np.array([*of_words, none], of_words.dtype)
        spread: np.ndarray = every[self.codes]
        return spread

    def count(self) -> np.ndarray:
        """(words,) how often each is there."""
        counts: np.ndarray = np.bincount(self.codes + 1, minlength=len(self.words) + 1)[1:]
        return counts

    def count_words(self) -> WordCounts:
        """How often each word is there that is: sums over them come out alike to the last bit."""
        counts, order = self.count(), self.vocabulary.order
        codes = order[counts[order] > 0]
        return WordCounts(self.vocabulary, codes, counts[codes])

    def take(self, places: np.ndarray | slice) -> "CodedWords":
        """Some of the rows."""
        return CodedWords(self.codes[places], self.vocabulary)

    def with_truth(self, truth: np.ndarray) -> "CodedWords":
        """The same words, of which each means yes or no."""
        return CodedWords(self.codes, Vocabulary(self.words, truth))

    def respelled(self, words: np.ndarray) -> "CodedWords":
        """The same rows with other words, some of them now alike or None."""
        codes, distinct = pd.factorize(np.array([*words, None], object))
        return CodedWords(codes[self.codes], Vocabulary(np.asarray(distinct, object)))


@dataclass(frozen=True)
class CoercedColumn:
    """A coerced column: numbers, or words, or neither where the data lacks it.

    numbers: (rows,) float64, NaN for none. unusable: how many values were there and could not be
    used. complaint: says which, '' where there is nothing to say.
    """

    numbers: np.ndarray | None = None
    coded: CodedWords | None = None
    unusable: int = 0
    complaint: str = ""

    def take(self, places: np.ndarray | slice) -> "CoercedColumn":
        """Some of the rows; a complaint stays where there is no column. places: (n,)."""
        if self.coded is not None:
            return CoercedColumn(coded=self.coded.take(places))
        if self.numbers is not None:
            return CoercedColumn(self.numbers[places])
        return self

    @property
    def there(self) -> bool:
        """Whether the data has the column."""
        return self.numbers is not None or self.coded is not None

    @cached_property
    def values(self) -> "pd.Series | None":
        """float64 with NaN, or object with None, one a row; None if the column is absent."""
        if self.coded is not None:
            return pd.Series(self.coded.spread(self.coded.words, None), dtype=object)
        return None if self.numbers is None else pd.Series(self.numbers)

    @cached_property
    def lacks(self) -> np.ndarray:
        """(rows,) where there is no usable value."""
        if self.coded is not None:
            return self.coded.codes < 0
        lacks: np.ndarray = np.isnan(self._numbers)
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

    @property
    def present_numbers(self) -> np.ndarray:
        """(count,) the numbers that are there."""
        return self._numbers[~self.lacks] if self.missing else self._numbers

    @cached_property
    def counts(self) -> "pd.Series":
        """How often each value is there, by value, in no order."""
        if self.coded is None:
            return self.present.value_counts(sort=False)
        return pd.Series(self.coded.count(), index=pd.Index(self.coded.words, dtype=object))

    @cached_property
    def word_counts(self) -> WordCounts:
        """How often each word is there that is; none where the data lacks the column."""
        if self.coded is None:
            return WordCounts(Vocabulary(np.empty(0, object)), *(np.empty(0, np.intp),) * 2)
        return self.coded.count_words()

    @property
    def words(self) -> list[str]:
        """The different words that are there, sorted."""
        if self.coded is None:
            return sorted(self.counts[self.counts > 0].index)
        words: list[str] = self.word_counts.words.tolist()
        return words

    def as_numbers(self) -> np.ndarray | None:
        """(rows,) the values as numbers: of labels 0 and 1, NaN for a word that is neither."""
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

    @property
    def _numbers(self) -> np.ndarray:
        return np.empty(0) if self.numbers is None else self.numbers


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
    if name not in frame:  # which to ask for a column takes longer to find out
        return None
    return frame[name]


def _coerce_number(raw: pd.Series, beside: pd.Series | None, name: str) -> CoercedColumn:
    """beside: the text of the cells that are no numbers, of a column that was read as numbers."""
    read = cells.numbers(raw)
    text = read.unusable if beside is None else beside.to_numpy(object)
    values = read.values
    infinite = np.isinf(values)
    if text is None and not infinite.any():
        return CoercedColumn(values)
    unusable = np.zeros(len(raw), bool) if text is None else pd.notna(text)
    parts = []
    if text is not None and unusable.any():
        first = str(text[unusable][0])[:40]
        parts.append(f"{int(unusable.sum())} not a number, e.g. {first!r}")
    if infinite.any():
        values = np.where(infinite, np.nan, values)
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
        return CoercedColumn(coded=spelled.with_truth(truth))
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
    return CoercedColumn(coded=known.with_truth(truth), unusable=count, complaint=complaint)


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
