"""The index as an engine: the same metrics as Evidently's, of the same rows."""

import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from driftdeck.collectors.engines.drift_index.categories import CategoryIndex
from driftdeck.collectors.engines.drift_index.numbers import BLOCK, NumberIndex, Sample
from driftdeck.collectors.engines.drift_index.performance import Classification, Regression, compute
from driftdeck.collectors.engines.drift_index.plottable import (
    are_plottable,
    refuse_unplottable,
    refuse_unplottable_alone,
)
from driftdeck.collectors.engines.engine import Engine
from driftdeck.collectors.frames.coerced import CoercedRows, Parts
from driftdeck.collectors.values import Measurement
from driftdeck.declare import Column, Series

KEY = "index"
"""The key of a column's index among what is computed once of a reference."""
METHODS = frozenset(
    {"wasserstein", "jensenshannon", "psi", "kl_div", "hellinger", "ks", "chisquare", "z"}
)
"""Evidently's methods that the index knows; a monitor that declares another is Evidently's."""
WORTH_THREADS = 50_000
"""From so many rows on, series are measured side by side: sorting lets other threads run."""


@dataclass(frozen=True)
class Index(Engine):
    """Measures a window by indexes of the reference's columns, each made when first needed."""

    def measure(self, series: Iterable[Series]) -> list[Measurement]:
        if self.current.rows < WORTH_THREADS:
            return super().measure(series)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(self._measure, series))

    def row_count(self) -> float:
        return float(self.current.rows)

    def missing_share(self, column: Column) -> float:
        rows = self.current.rows
        return (rows - self.current.count(column)) / rows

    def mean(self, series: Series, column: Column) -> float:
        values = self.numbers_of(column)
        if not len(values):
            return math.nan
        refuse_unplottable_alone(values)
        return float(values.mean())

    def drift(self, series: Series, column: Column, reference: CoercedRows) -> float:
        assert series.method is not None
        method = series.method.name
        if column.kind == "category":
            words = self.current[column].word_counts
            return category_index(reference, column).score(method, words)
        index = number_index(reference, column)
        if method == "wasserstein" and reference is self.reference:
            distance = self.current.measure_with_others(
                (method, column.name, index),
                lambda windows: _measure_windows(windows, column, index),
            )
            if distance is not None and not math.isnan(distance):
                return float(distance)
        window = Sample(self.current.ordered(column))
        refuse_unplottable(index.sample, window)
        return index.score(method, window)

    def performance(self, name: str) -> float:
        return compute(self._predictions, name)

    def agreement(self) -> float:
        predicted = NumberIndex.of(self.labelled_rows.prediction)
        observed = Sample.of(self.labelled_rows.label)
        refuse_unplottable(predicted.sample, observed)
        return predicted.wasserstein(observed)

    @cached_property
    def _predictions(self) -> Classification | Regression:
        rows = self.labelled_rows
        if rows.predicted_class is not None:
            return Classification(rows.label, rows.predicted_class, rows.prediction)
        refuse_unplottable_alone(rows.prediction - rows.label)
        return Regression(rows.prediction - rows.label)


def _measure_windows(windows: Parts, column: Column, index: NumberIndex) -> np.ndarray:
    """(windows,) the distance of a number in each window of a day, NaN of one without a value; of
    all where one of them is large, or may be refused: then each is looked at by itself."""
    counts = windows.count(column)
    distances = np.full(len(counts), math.nan)
    if counts.max() > BLOCK:
        return distances
    there = np.flatnonzero(counts)
    values, counts = windows.ordered(column), counts[there]
    values = values[~np.isnan(values)]
    ends = np.cumsum(counts)
    if are_plottable(index.sample, values[ends - counts], values[ends - 1]):
        distances[there] = index.wasserstein_of_windows(values, counts)
    return distances


def number_index(reference: CoercedRows, column: Column) -> NumberIndex:
    """The index of a number's reference, made once."""
    return reference.once(
        (KEY, column.name), lambda: NumberIndex.of(reference[column].present_numbers)
    )


def category_index(reference: CoercedRows, column: Column) -> CategoryIndex:
    """The index of a category's reference, made once."""
    return reference.once((KEY, column.name), lambda: CategoryIndex(reference[column].word_counts))
