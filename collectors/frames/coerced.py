"""A frame coerced to a monitor's declared columns: what every engine measures."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.partition import Partition
from driftdeck.collectors.frames.schema import SCHEMA, CodedWords, CoercedColumn, Vocabulary, coerce
from driftdeck.declare import Column, Monitor

T = TypeVar("T")
Key = tuple[str, str]
"""The name of a column and the kind that it is read as."""


class CoercedRows:
    """The rows of a window, or of a reference, by declared column.

    schema: the type of each column that the source has, declared or not, where somebody asks.
    times: (rows,) when each happened; None where the frame does not say. end: of the window.
    """

    def __init__(self, monitor: Monitor, frame: pd.DataFrame, end: datetime | None = None) -> None:
        self.rows = len(frame)
        self._columns: Mapping[Key, CoercedColumn] = _coerce(monitor, frame)
        self._results: dict[Hashable, Any] = {}
        self._locks: dict[Hashable, RLock] = {}
        self.declared = monitor.columns
        self.schema: Mapping[str, str] = frame.attrs.get(SCHEMA, {})
        times = frame.get(monitor.source.time)
        self.times = None if times is None else times.array  # is taken from faster
        self.end = end
        self._is_parted = bool(monitor.slices)
        self._counts: dict[Key, int] = {}
        self._taken_of: tuple[CoercedRows, np.ndarray | slice] | None = None
        self._part_of: tuple[Parts, int] | None = None

    def __getitem__(self, column: Column) -> CoercedColumn:
        return self._columns[column.name, column.kind]

    def __contains__(self, column: Column) -> bool:
        return (column.name, column.kind) in self._columns

    def count(self, column: Column) -> int:
        """How many rows have a usable value of a column."""
        key = (column.name, column.kind)
        if key not in self._counts:
            counted = self.measure_with_others(
                ("count", *key), lambda windows: windows.count(column)
            )
            self._counts[key] = self[column].count if counted is None else int(counted)
        return self._counts[key]

    def why_absent(self, column: Column) -> str:
        """Why the data has not a column, '' where it has."""
        if self._taken_of is not None:
            return self._taken_of[0].why_absent(column)
        return "" if self[column].there else self[column].complaint

    def ordered(self, column: Column) -> np.ndarray:
        """(count,) the numbers of a column that are there, ascending."""
        if self._part_of is not None:
            parts, number = self._part_of
            begin = parts.partition.stretches[number].start
            return parts.ordered(column)[begin : begin + self.count(column)]
        if self._is_parted:
            return self.ordered_with_order(column)[0][: self.count(column)]
        return np.sort(self[column].present_numbers)

    def ordered_with_order(self, column: Column) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) a column's numbers, ascending, those that are missing last, and (rows,) where
        each of them stands: found once for the rows and all of their parts."""

        def sort() -> tuple[np.ndarray, np.ndarray]:
            numbers = self[column].numbers
            assert numbers is not None
            order = numbers.argsort()
            return numbers.take(order), order

        return self.once(("order", column.name), sort)

    def of_rows(self, key: Hashable, find: "Callable[[CoercedRows], np.ndarray]") -> np.ndarray:
        """(..., rows) what is found of each row by itself, found once for all that is taken of the
        rows. key: as of `once`."""
        if self._taken_of is None:
            return self.once(key, lambda: find(self))
        rows, places = self._taken_of
        if isinstance(places, slice):  # a view, which costs nothing
            return rows.of_rows(key, find)[..., places]
        return self.once(key, lambda: rows.of_rows(key, find)[..., places])

    def measure_with_others(self, key: Hashable, measure: "Callable[[Parts], np.ndarray]") -> Any:
        """What is found of these rows and of the other windows of their day at once; None where
        they are no window of a day.

        key: as of `once`. measure: gives (count, ...) numbers, those of each window.
        """
        if self._part_of is None or not self._part_of[0].are_windows:
            return None
        windows, number = self._part_of
        return windows.by_part.once(key, lambda: measure(windows))[number]

    @cached_property
    def times(self) -> Any:
        if self._taken_of is None:
            return None
        rows, places = self._taken_of
        return None if rows.times is None else rows.times[places]

    @property
    def newest(self) -> datetime | None:
        """When the newest row happened, None without one."""
        if self.times is None or not len(self.times):
            return None
        newest: datetime = self.times.max().to_pydatetime()
        return newest

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What an engine computes of these rows, computed when first needed, by one thread.

        key: tells apart what is computed. make: computes it; it may ask for what has another key.
        """
        if key not in self._results:
            with self._locks.setdefault(key, RLock()):
                if key not in self._results:
                    self._results[key] = make()
        result: T = self._results[key]
        return result

    @cached_property
    def complaints(self) -> list[str]:
        """What could not be used, by column."""
        complaints = (column.complaint for column in self._columns.values() if column.complaint)
        return list(dict.fromkeys(complaints))

    def take(
        self, places: np.ndarray, *, keep: bool = True, end: datetime | None = None
    ) -> "CoercedRows":
        """Some of the rows, of which each column is taken when it is asked for.

        places: (n,) of the rows. keep: whether what was taken stays: not of a reference, whose
        indexes hold it already. end: of the window that they are, None for that of all rows.
        """
        return self._derive(places, len(places), end or self.end, keep=keep)

    def part(
        self, partition: Partition, ends: Sequence[datetime] | None = None
    ) -> "list[CoercedRows]":
        """The rows of each part; a column is taken, and put in order, once for all of them.

        ends: of each part, where these are the windows of a day, in whose order the rows are.
        """
        by_part = self.take(partition.order) if ends is None else self
        parts = Parts(self, partition, by_part, are_windows=ends is not None)
        return [
            by_part._derive(
                stretch,
                stretch.stop - stretch.start,
                self.end if ends is None else ends[number],
                keep=True,
                part_of=(parts, number),
            )
            for number, stretch in enumerate(partition.stretches)
        ]

    def _derive(
        self,
        places: np.ndarray | slice,
        rows: int,
        end: datetime | None,
        *,
        keep: bool,
        part_of: "tuple[Parts, int] | None" = None,
    ) -> "CoercedRows":
        derived = CoercedRows.__new__(CoercedRows)
        derived._columns = _TakenColumns(self._columns, places, keep=keep)
        derived.rows, derived.end = rows, end
        derived.declared, derived.schema = self.declared, self.schema
        derived._is_parted, derived._part_of = self._is_parted, part_of
        derived._taken_of = (self, places)
        derived._results, derived._locks, derived._counts = {}, {}, {}
        return derived


@dataclass(frozen=True, eq=False)
class Parts:
    """All parts of some rows. by_part: the rows, those of the first part first. are_windows:
    whether each is a window of a day: these are compared with the same rows."""

    rows: CoercedRows
    partition: Partition
    by_part: CoercedRows
    are_windows: bool

    def count(self, column: Column) -> np.ndarray:
        """(count,) how many rows of each part have a usable value of a column."""
        has_value = ~self.rows[column].lacks
        return np.bincount(self.partition.numbers[has_value], minlength=self.partition.count)

    def ordered(self, column: Column) -> np.ndarray:
        """(rows,) a column's numbers by part, ascending in each, its missing ones last."""

        def sort() -> np.ndarray:
            ordered, order = self.rows.ordered_with_order(column)
            part_of_each = self.partition.numbers.take(order)
            return ordered.take(part_of_each.argsort(kind="stable"))

        return self.by_part.once(("ordered", column.name), sort)


class _TakenColumns(Mapping[Key, CoercedColumn]):
    """The columns of some rows. columns: of all rows; places: of some."""

    def __init__(
        self, columns: Mapping[Key, CoercedColumn], places: np.ndarray | slice, *, keep: bool
    ) -> None:
        self._columns, self._places = columns, places
        self._kept: dict[Key, CoercedColumn] | None = {} if keep else None

    def __getitem__(self, key: Key) -> CoercedColumn:
        if self._kept is None:
            return self._columns[key].take(self._places)
        if key not in self._kept:
            self._kept[key] = self._columns[key].take(self._places)
        return self._kept[key]

    def __iter__(self) -> Any:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _coerce(monitor: Monitor, frame: pd.DataFrame) -> dict[Key, CoercedColumn]:
    columns = (*monitor.all_columns(), *monitor.other_columns())
    coerced: dict[Key, CoercedColumn] = {
        (c.name, c.kind): coerce(frame, c) for c in columns if not c.derived
    }
    prediction = monitor.prediction_column
    if prediction is not None and prediction.derived:
        of_classes = [coerced[name, "number"] for name in prediction.probabilities]
        coerced[prediction.name, prediction.kind] = _most_probable(prediction, of_classes)
    return coerced


def _most_probable(prediction: Column, probabilities: list[CoercedColumn]) -> CoercedColumn:
    """The class of the largest probability, of equal ones the first; none where one is missing."""
    absent = [column.complaint for column in probabilities if column.numbers is None]
    if absent:
        return CoercedColumn(complaint=absent[0])
    sides = [column.numbers for column in probabilities if column.numbers is not None]
    scores = np.column_stack(sides)
    codes = np.where(np.isnan(scores).any(axis=1), -1, scores.argmax(axis=1))
    words = np.array(prediction.classes, object)
    return CoercedColumn(coded=CodedWords(codes, Vocabulary(words)))


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """The n rows that have both a label and a prediction.

    label: (n,) the truth as a number, of several classes the place of one. prediction: (n,)
    likewise. place: (n,) where in the rows each stands. predicted_class: (n,) of a classifier, 0 or
    1, of several the place of the class; None of a regression.
    """

    label: np.ndarray
    prediction: np.ndarray
    place: np.ndarray
    predicted_class: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.label)

    def frame(self) -> pd.DataFrame:
        """Labels and predictions as columns."""
        return pd.DataFrame({"label": self.label, "prediction": self.prediction})


def _join_sides(targets: CoercedColumn, predictions: CoercedColumn, column: Column) -> np.ndarray:
    """(2, rows) labels and predictions as numbers, NaN in both where one is missing. column: the
    prediction's."""
    sides = np.array(
        [
            side.as_codes(column.classes) if column.classes else side.as_numbers()
            for side in (targets, predictions)
        ],
        float,
    )
    sides[:, np.isnan(sides).any(axis=0)] = np.nan
    return sides


def join_labels(monitor: Monitor, current: CoercedRows) -> LabelledRows:
    """The labelled rows, of which there are none where there can be none."""
    nothing = LabelledRows(np.empty(0), np.empty(0), np.empty(0, np.intp), np.empty(0, np.intp))
    prediction, target = monitor.prediction_column, monitor.target_column
    if prediction is None or target is None or current.rows == 0:
        return nothing
    if current.why_absent(target) or current.why_absent(prediction):
        return nothing
    if prediction.kind == "category" and not (prediction.classes or prediction.positive):
        return nothing  # words are compared by drift, never by their difference
    sides = current.of_rows(
        "sides", lambda rows: _join_sides(rows[target], rows[prediction], prediction)
    )
    place = np.flatnonzero(~np.isnan(sides[0]))
    label, predicted = sides[:, place]
    classes = None
    if prediction.cut is not None:
        classes = (predicted >= prediction.cut).astype(np.intp)
    elif monitor.classifies:
        classes = predicted.astype(np.intp)
    return LabelledRows(label, predicted, place, classes)
