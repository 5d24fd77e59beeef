"""A frame coerced to a monitor's declared columns: what every engine measures."""

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.schema import CoercedColumn, clean
from driftdeck.declare import Column, Monitor

Made = TypeVar("Made")


class CoercedRows:
    """The rows of a window, or of a reference, by declared column."""

    def __init__(self, monitor: Monitor, frame: pd.DataFrame) -> None:
        self.rows = len(frame)
        self.columns = {c.name: clean(frame, c) for c in monitor.all_columns()}
        self._made: dict[Hashable, Any] = {}

    def __getitem__(self, column: Column) -> CoercedColumn:
        return self.columns[column.name]

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What an engine makes of these rows, made when first asked for."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    @cached_property
    def complaints(self) -> list[str]:
        """What could not be used, by column."""
        return [c.complaint for c in self.columns.values() if c.complaint]


def labelled(monitor: Monitor, current: CoercedRows) -> pd.DataFrame:
    """Rows that have both: columns `target` and `prediction`, floats, and `label` if it cuts."""
    prediction, target = monitor.prediction_column, monitor.target_column
    if prediction is None or target is None or current.rows == 0:
        return pd.DataFrame()
    if prediction.kind == "category":  # words are compared by drift, never by their difference
        return pd.DataFrame()
    targets, predictions = current[target], current[prediction]
    if not targets.there or not predictions.there:
        return pd.DataFrame()
    values = {"target": targets.as_numbers(), "prediction": predictions.values}
    numbers = {name: np.asarray(side, float) for name, side in values.items()}
    both = ~np.isnan(numbers["target"]) & ~np.isnan(numbers["prediction"])
    frame = {name: side[both] for name, side in numbers.items()}
    if prediction.cut is not None:
        frame["label"] = (frame["prediction"] >= prediction.cut).astype(int)
    return pd.DataFrame(frame)
