"""Histograms in the reference's bins: made once from the reference, counted for each window."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows, Parts
from driftdeck.collectors.frames.schema import CoercedColumn
from driftdeck.collectors.values import Histogram
from driftdeck.declare import Column
from driftdeck.declare.slices import MISSING, OTHER

BINS = 16
CATEGORIES = 20


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of one column.

    edges: for numbers, inner edges of half-open bins; the outer bins are open.
    categories: for categories, the most frequent ones of the reference.
    labels: one a bin, the last being the missing values.
    """

    column: Column
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    labels: tuple[str, ...]

    def count(self, column: CoercedColumn) -> Histogram:
        """The counts of a coerced column in these bins, missing and unusable values last."""
        if self.edges:
            place = np.searchsorted(self._inner, column.present_numbers, side="right")
            counts = np.bincount(place, minlength=len(self.labels) - 1)
        else:  # of each word, not of each row
            words = column.word_counts
            place = np.array(self._place_words(words.words), np.intp)
            weights = words.counts
            counts = np.bincount(place, weights, minlength=len(self.labels) - 1).astype(np.intp)
        return Histogram(self.column.name, self.labels, (*counts.tolist(), column.missing))

    def count_rows(self, rows: CoercedRows) -> Histogram:
        """The same of rows; of all windows of a day at once where they are one."""
        counts = rows.measure_with_others(("histogram", self), self._count_parts)
        if counts is None:
            return self.count(rows[self.column])
        return Histogram(self.column.name, self.labels, tuple(counts.tolist()))

    def _count_parts(self, parts: Parts) -> np.ndarray:
        """(parts, bins) the counts of each part."""
        column, missing = parts.rows[self.column], len(self.labels) - 1
        if column.coded is not None:
            bin_of_word = np.array([*self._place_words(column.coded.words), missing])
            place = bin_of_word[column.coded.codes]
        else:
            assert column.numbers is not None
            place = np.searchsorted(self._inner, column.numbers, side="right")
            place[column.lacks] = missing
        width = len(self.labels)
        cells = parts.partition.numbers * np.intp(width) + place
        counts = np.bincount(cells, minlength=parts.partition.count * width)
        return counts.reshape(-1, width)

    def _place_words(self, words: np.ndarray) -> list[int]:
        other = len(self.categories)
        return [self._places.get(word, other) for word in words]

    @cached_property
    def _inner(self) -> np.ndarray:
        return np.array(self.edges)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: n for n, word in enumerate(self.categories)}

    def place(self, values: pd.Series | pd.Index) -> np.ndarray:
        """The number of the bin in which each of the present values lies."""
        if self.edges:
            return np.searchsorted(self.edges, values.to_numpy(float), side="right")
        place = pd.Index(self.categories, dtype=object).get_indexer(pd.Index(values))
        return np.where(place < 0, len(self.categories), place)


def make_bins(column: Column, reference: CoercedColumn) -> Bins | None:
    """Bins from the reference's values; None where it has none."""
    values = reference.present
    if values.empty:
        return None
    if column.kind == "category":
        names = _list_frequent(reference.counts)
        names = tuple(sorted(names)) if len(names) <= 3 else names
        return Bins(column, (), names, (*names, OTHER, MISSING))
    edges = _choose_edges(values.to_numpy(float))
    return Bins(column, edges, (), (*_format_labels(edges), MISSING))


def _list_frequent(counts: pd.Series) -> tuple[str, ...]:
    """The most frequent words, of those that are equally frequent the first in the alphabet."""
    there = counts[counts > 0].sort_index().sort_values(ascending=False, kind="stable")
    return tuple(str(name) for name in there.index[:CATEGORIES])


def _choose_edges(values: np.ndarray) -> tuple[float, ...]:
    """Round edges that span the middle 98 % of the values."""
    low, high = (float(q) for q in np.quantile(values, [0.01, 0.99]))
    if high <= low:
        return (low,)
    step = _round_step((high - low) / BINS)
    first, last = np.floor(low / step), np.ceil(high / step)
    return tuple(float(f"{n * step:.12g}") for n in np.arange(first, last + 1))


def _round_step(step: float) -> float:
    scale = 10.0 ** np.floor(np.log10(step))
    return float(next(s * scale for s in (1, 2, 2.5, 5, 10) if s * scale >= step))


def _format_labels(edges: tuple[float, ...]) -> list[str]:
    inner = [f"{low:g}" for low in edges[:-1]]
    return [f"< {edges[0]:g}", *inner, f"≥ {edges[-1]:g}"]
