"""A frame coerced to a monitor's declared columns: what every engine measures."""

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.schema import CoercedColumn, coerce
from driftdeck.declare import Column, Monitor

T = TypeVar("T")


class CoercedRows:
    """The rows of a window, or of a reference, by declared column."""

    def __init__(self, monitor: Monitor, frame: pd.DataFrame) -> None:
        self.rows = len(frame)
        self.columns = {c.name: coerce(frame, c) for c in monitor.all_columns()}
        self._results: dict[Hashable, Any] = {}

    def __getitem__(self, column: Column) -> CoercedColumn:
        return self.columns[column.name]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What an engine computes of these rows, computed when first needed.

        key: tells apart what is computed. make: computes it.
        """
        if key not in self._results:
            self._results[key] = make()
        result: T = self._results[key]
        return result

    @cached_property
    def complaints(self) -> list[str]:
        """What could not be used, by column."""
        return [c.complaint for c in self.columns.values() if c.complaint]


def join_labels(monitor: Monitor, current: CoercedRows) -> pd.DataFrame:
    """The labelled rows: those that have both a label and a prediction, as floats.

    Returns: columns `label` (the truth) and `prediction`, and for a classifier `predicted_class`,
    0 or 1; no columns where there can be no such row.
    """
    prediction, target = monitor.prediction_column, monitor.target_column
    if prediction is None or target is None or current.rows == 0:
        return pd.DataFrame()
    if prediction.kind == "category":  # words are compared by drift, never by their difference
        return pd.DataFrame()
    targets, predictions = current[target], current[prediction]
    if not targets.there or not predictions.there:
        return pd.DataFrame()
    values = {"label": targets.as_numbers(), "prediction": predictions.values}
    numbers = {name: np.asarray(side, float) for name, side in values.items()}
    both = ~np.isnan(numbers["label"]) & ~np.isnan(numbers["prediction"])
    frame = {name: side[both] for name, side in numbers.items()}
    if prediction.cut is not None:
        frame["predicted_class"] = (frame["prediction"] >= prediction.cut).astype(int)
    return pd.DataFrame(frame)
