"""A frame coerced to a monitor's declared columns: what every engine measures."""

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cached_property
from threading import RLock
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.schema import SCHEMA, CodedWords, CoercedColumn, coerce
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
        self.times: pd.Series | None = frame.get(monitor.source.time)
        self.end = end

    def __getitem__(self, column: Column) -> CoercedColumn:
        return self._columns[column.name, column.kind]

    def __contains__(self, column: Column) -> bool:
        return (column.name, column.kind) in self._columns

    def count(self, column: Column) -> int:
        """How many rows have a usable value of a column."""
        return self.once(("count", column.name, column.kind), lambda: self[column].count)

    @property
    def newest(self) -> datetime | None:
        """When the newest row happened, None without one."""
        if self.times is None or self.times.empty:
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

    def take(self, places: np.ndarray, *, keep: bool = True) -> "CoercedRows":
        """Some of the rows, of which each column is taken when it is asked for.

        places: (n,) of the rows. keep: whether what was taken stays: not of a reference, whose
        indexes hold it already.
        """
        taken = CoercedRows.__new__(CoercedRows)
        taken.rows = len(places)
        taken._columns = _TakenColumns(self._columns, places, keep=keep)
        taken._results, taken._locks = {}, {}
        taken.declared = self.declared
        taken.schema, taken.end = self.schema, self.end
        taken.times = None if self.times is None else self.times.iloc[places]
        return taken


class _TakenColumns(Mapping[Key, CoercedColumn]):
    """The columns of some rows. columns: of all rows; places: of some."""

    def __init__(
        self, columns: Mapping[Key, CoercedColumn], places: np.ndarray, *, keep: bool
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
    scores = np.column_stack([side.to_numpy(float) for side in sides])
    codes = np.where(np.isnan(scores).any(axis=1), -1, scores.argmax(axis=1))
    words = np.array(prediction.classes, object)
    return CoercedColumn(coded=CodedWords(codes, words, sides[0].index))


def join_labels(monitor: Monitor, current: CoercedRows) -> pd.DataFrame:
    """The labelled rows: those that have both a label and a prediction, as floats.

    Returns: columns `label` (the truth) and `prediction`, and for a classifier `predicted_class`,
    0 or 1, of several the place of the class; `place`, where in the rows each stands. No columns
    where there can be no such row.
    """
    prediction, target = monitor.prediction_column, monitor.target_column
    if prediction is None or target is None or current.rows == 0:
        return pd.DataFrame()
    targets, predictions = current[target], current[prediction]
    if not targets.there or not predictions.there:
        return pd.DataFrame()
    if prediction.classes:
        sides = {
            "label": targets.as_codes(prediction.classes),
            "prediction": predictions.as_codes(prediction.classes),
        }
    elif prediction.kind == "category" and not prediction.positive:
        return pd.DataFrame()  # words are compared by drift, never by their difference
    else:
        sides = {
            "label": np.asarray(targets.as_numbers(), float),
            "prediction": np.asarray(predictions.as_numbers(), float),
        }
    both = ~np.isnan(sides["label"]) & ~np.isnan(sides["prediction"])
    frame = {name: side[both] for name, side in sides.items()}
    if prediction.cut is not None:
        frame["predicted_class"] = (frame["prediction"] >= prediction.cut).astype(int)
    elif monitor.classifies:
        frame["predicted_class"] = frame["prediction"].astype(int)
    frame["place"] = np.flatnonzero(both)
    return pd.DataFrame(frame)
