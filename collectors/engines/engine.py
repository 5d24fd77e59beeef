"""What an engine is: it gives the numbers; which series have one, and why others have none, is
decided here, alike for all."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from driftdeck.collectors.engines.computations import NO, YES, find_computation
from driftdeck.collectors.engines.errors import SHOWN, UndefinedError, UnmeasurableError
from driftdeck.collectors.frames.coerced import CoercedRows, LabelledRows, join_labels
from driftdeck.collectors.frames.schema import label_words
from driftdeck.collectors.values import Measurement
from driftdeck.declare import REFERENCE, Column, Monitor, Series
from driftdeck.declare.metrics import Scope
from driftdeck.declare.tasks import Task


@dataclass(frozen=True)
class Engine(ABC):
    """Measures one window of a monitor.

    current, reference: the window's and the reference's rows, coerced. baselines: other rows that
    it is compared with, by the baseline's name, or the reason why there are none.
    """

    monitor: Monitor
    current: CoercedRows
    reference: CoercedRows | None
    baselines: Mapping[str, CoercedRows | str] = field(default_factory=dict, kw_only=True)

    @abstractmethod
    def row_count(self) -> float:
        """The number of rows, of which there are some."""

    @abstractmethod
    def missing_share(self, column: Column) -> float:
        """The share of a column's rows that have no usable value."""

    @abstractmethod
    def mean(self, series: Series, column: Column) -> float:
        """The mean of a column's values."""

    @abstractmethod
    def drift(self, series: Series, column: Column, reference: CoercedRows) -> float:
        """The score of a column by the series' method; both sides have values."""

    @abstractmethod
    def performance(self, name: str) -> float:
        """A metric of the labelled rows, of which there are some."""

    @abstractmethod
    def agreement(self) -> float:
        """The distance of what was observed from what was predicted, over the labelled rows."""

    def measure(self, series: Iterable[Series]) -> list[Measurement]:
        """Each series' value, or the reason why it has none; never raises for data."""
        return [self._measure(line) for line in series]

    @cached_property
    def labelled_rows(self) -> LabelledRows:
        """The rows that have a label and a prediction."""
        return join_labels(self.monitor, self.current)

    def _measure(self, series: Series) -> Measurement:
        scope, column, current = series.metric.scope, series.column, self.current
        if current.rows == 0 and series.metric.name != "row_count":
            return Measurement(None, "no rows in the window")
        if column is not None and (complaint := current.why_absent(column)):
            return Measurement(None, complaint)
        if series.metric.needs_labels and self._unlabelled:
            return Measurement(None, f"no labels yet for {current.rows} rows", waiting=True)
        try:
            if series.metric.is_performance:
                self._refuse_unlabelled()
            elif scope is Scope.TARGET and series.metric.name.endswith("_mean"):
                self._refuse_other_words()
            return _refuse_infinite(self._compute(series), series)
        except Exception as error:
            known = isinstance(error, UnmeasurableError)
            reason = str(error) if known else f"{type(error).__name__}: {str(error)[:300]}"
            return Measurement(None, reason, undefined=isinstance(error, UndefinedError))

    def _compute(self, series: Series) -> float:
        name, column = series.metric.name, series.column
        if name == "row_count":
            return self.row_count() if self.current.rows else 0.0
        if (compute := find_computation(self.monitor, series)) is not None:
            return compute(self, series)
        if column is None:
            return self._performance(name)
        if name == "missing_share":
            return self.missing_share(column)
        if name.endswith("_mean"):
            return self.mean(series, column)
        return self.drift(series, column, self._compared(series, column))

    def _performance(self, name: str) -> float:
        if name == "agreement":
            return self.agreement()
        if self.monitor.classifies:
            self._refuse_undefined(name)
        return self.performance(name)

    def _compared(self, series: Series, column: Column) -> CoercedRows:
        """What drift is measured against; both sides have values. Raises UnmeasurableError."""
        baseline = series.metric.baseline
        name = baseline.title or "the reference"
        if baseline == REFERENCE:
            rows = self.reference
            if rows is None:
                raise UnmeasurableError("there is no reference")
        else:
            other = self.baselines.get(baseline.name, f"there are no rows of {name}")
            if isinstance(other, str):  # a first window, or a gap: nothing is wrong with this one
                raise UndefinedError(other)
            rows = other
        if not rows.rows:
            raise UnmeasurableError(f"{name} has no such rows")
        for side, coerced in (("the window", self.current), (name, rows)):
            if not coerced.count(column):
                raise UnmeasurableError(f"every value of {column.name} in {side} is missing")
        return rows

    @cached_property
    def _unlabelled(self) -> bool:
        """Whether no label has arrived, although the labels' column is there."""
        target = self.monitor.target_column
        if target is None or self.current.why_absent(target):
            return False
        return self.current.count(target) == 0

    def _refuse_unlabelled(self) -> None:
        """Raise UnmeasurableError where no row has both sides, or nobody can tell yes from no."""
        self._refuse_other_words()
        if not len(self.labelled_rows):
            raise UnmeasurableError(
                f"no row has both a label and a prediction ({self._explain_unlabelled()})"
            )

    def _refuse_other_words(self) -> None:
        """Raise UnmeasurableError where a word of the labels is neither yes nor no for sure."""
        if self._other_words:
            raise UnmeasurableError(self._other_words)

    @cached_property
    def _other_words(self) -> str:
        """What is wrong with the words of the labels, '' where each is yes or no."""
        target = self.monitor.target_column
        if target is None or self.monitor.task is not Task.BINARY:
            return ""
        coded = self.current[target].coded
        if not target.positive and coded is not None and set(coded.words) <= {NO, YES}:
            return ""  # which of them are there does not matter
        words, (positive, negative) = self.current[target].words, label_words(target)
        if not positive and not set(words) <= {NO, YES}:
            return (
                f"labels must be 0 and 1, found {', '.join(words[:SHOWN])}; say which word means"
                f" yes: target=d.label({target.name!r}, positive=...)"
            )
        others = [word for word in words if word != positive]
        alike = [word for word in others if word.strip().casefold() == positive.casefold()]
        if positive and alike and not negative:
            return (
                f"the label {alike[0]!r} is not {positive!r}, which means yes, and yet alike; write"
                " labels alike"
            )
        if positive and not negative and others and self.reference is not None:
            known = [word for word in self.reference[target].words if word != positive]
            others = [*others, *(word for word in known[:1] if word not in others)]
        if positive and len(others) > 1:
            return (
                f"beside {positive!r} there are the labels {', '.join(others[:SHOWN])}; say which"
                f" means no: d.label({target.name!r}, positive={positive!r}, negative=...)"
            )
        return ""

    def _refuse_undefined(self, name: str) -> None:
        """Raise UnmeasurableError where a number would be made up: a recall without positives."""
        positives, count = self._positives, len(self.labelled_rows)
        if name in ("roc_auc", "log_loss") and positives in (0, count):
            raise UnmeasurableError(f"only one class among {count} labels")
        if name == "recall" and not positives:
            raise UnmeasurableError(f"no positive among {count} labels")
        predicted = self.labelled_rows.predicted_class
        if name == "precision" and predicted is not None and not predicted.any():
            raise UnmeasurableError(f"no positive among {count} predictions")

    @cached_property
    def _positives(self) -> int:
        return int(np.count_nonzero(self.labelled_rows.label))

    def numbers_of(self, column: Column) -> np.ndarray:
        """The values of a column that are there, as numbers. Raises UnmeasurableError for words."""
        numbers = self.current[column].as_numbers()
        if numbers is None:
            raise UnmeasurableError(f"{column.name} is a category: words have no mean")
        present: np.ndarray = numbers[~np.isnan(numbers)]
        return present

    def _explain_unlabelled(self) -> str:
        both = (self.monitor.target_column, self.monitor.prediction_column)
        complaints = [self.current[column].complaint for column in both if column is not None]
        return "; ".join(filter(None, complaints)) or "their rows differ"


def _refuse_infinite(value: float, series: Series) -> Measurement:
    if not math.isfinite(value):
        return Measurement(None, f"{series.metric.name} came out as {value}")
    low, high = series.unit.low, series.unit.high
    if series.unit.name == "share" and low is not None and high is not None:
        value = min(max(value, low), high) if -1e-9 < value < 1 + 1e-9 else value
    return Measurement(value)
