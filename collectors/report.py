"""Runs Evidently, one declared series at a time, so that one bad column never loses the others.

The only module that imports Evidently. Methods are always named, data definitions always whole:
Evidently's defaults flip with the reference's size and infer types from a day's values.
"""

import logging
import math
import os
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property

os.environ["DO_NOT_TRACK"] = "1"  # before the import: Evidently's UI reports usage otherwise

import numpy as np
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
from evidently.core.metric_types import Metric as EvidentlyMetric
from evidently.metrics import (
    MAE,
    RMSE,
    Accuracy,
    LogLoss,
    MeanError,
    MeanValue,
    MissingValueCount,
    Precision,
    Recall,
    RocAuc,
    RowCount,
    ValueDrift,
)

from collectors.schema import Clean, clean
from collectors.values import Measured
from monitors.declare import Column, Monitor, Series
from monitors.declare.metrics import Over

ENGINE = "evidently"
PERFORMANCE: dict[str, Callable[[], EvidentlyMetric]] = {
    "accuracy": Accuracy,
    "precision": Precision,
    "recall": Recall,
    "roc_auc": RocAuc,
    "log_loss": LogLoss,
    "mae": MAE,
    "rmse": RMSE,
    "mean_error": MeanError,
}
logging.getLogger("evidently").setLevel(logging.ERROR)


class Cleaned:
    """A frame coerced to a monitor's declared columns."""

    def __init__(self, monitor: Monitor, frame: pd.DataFrame) -> None:
        self.rows = len(frame)
        self.columns = {c.name: clean(frame, c) for c in monitor.all_columns()}
        self._datasets: dict[str, Dataset] = {}

    def __getitem__(self, column: Column) -> Clean:
        return self.columns[column.name]

    def dataset(self, column: Column) -> Dataset:
        """The present values of one column as Evidently's data set, made once."""
        if column.name not in self._datasets:
            frame = self[column].present.to_frame(column.name)
            definition = _definition([column.name], column.kind)
            self._datasets[column.name] = Dataset.from_pandas(frame, data_definition=definition)
        return self._datasets[column.name]

    @cached_property
    def complaints(self) -> list[str]:
        """What could not be used, by column."""
        return [c.complaint for c in self.columns.values() if c.complaint]


def measure(
    monitor: Monitor, current: Cleaned, reference: Cleaned | None, series: Sequence[Series]
) -> list[Measured]:
    """Each series' value for one window, or the reason why it has none; never raises for data.

    current, reference: the window's and the reference's rows, coerced.
    """
    labelled = _labelled(monitor, current)
    return [_measure_one(monitor, current, reference, labelled, one) for one in series]


def _measure_one(
    monitor: Monitor,
    current: Cleaned,
    reference: Cleaned | None,
    labelled: pd.DataFrame,
    series: Series,
) -> Measured:
    over, column = series.metric.over, series.column
    if current.rows == 0 and series.metric.name != "row_count":
        return Measured(None, "no rows in the window")
    if column is not None and current[column].values is None:
        return Measured(None, current[column].complaint)
    waits = over in (Over.TARGET, Over.PERFORMANCE)
    if waits and labelled.empty:
        return Measured(None, f"no labels yet for {current.rows} rows", waiting=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _finite(_value(monitor, current, reference, labelled, series), series)
        except Exception as error:
            return Measured(None, f"{type(error).__name__}: {str(error)[:300]}")


def _value(
    monitor: Monitor,
    current: Cleaned,
    reference: Cleaned | None,
    labelled: pd.DataFrame,
    series: Series,
) -> float:
    name, column = series.metric.name, series.column
    if name == "row_count":
        return _row_count(current)
    if name == "agreement":
        return _agreement(labelled)
    if column is None:
        return _performance(monitor, labelled, name)
    if name == "missing_share":
        return _missing(current, column)
    if name.endswith("_mean"):
        return _mean(current[column])
    if reference is None or series.method is None:
        raise ValueError("there is no reference")
    return _drift(current, reference, column, series.method.name)


def _drift(current: Cleaned, reference: Cleaned, column: Column, method: str) -> float:
    for side, cleaned in (("window", current), ("reference", reference)):
        if cleaned[column].present.empty:
            raise ValueError(f"every value of {column.name} in the {side} is missing")
    metric = ValueDrift(column=column.name, method=method)
    return _run(metric, current.dataset(column), reference.dataset(column))


def _missing(current: Cleaned, column: Column) -> float:
    frame = current[column].values.to_frame(column.name)  # type: ignore[union-attr]
    definition = _definition([column.name], column.kind)
    data = Dataset.from_pandas(frame, data_definition=definition)
    return _run(MissingValueCount(column=column.name), data)


def _mean(values: Clean) -> float:
    frame = values.present.astype(float).to_frame("mean")
    return _run(MeanValue(column="mean"), Dataset.from_pandas(
        frame, data_definition=_definition(["mean"], "number")
    ))


def _row_count(current: Cleaned) -> float:
    if current.rows == 0:
        return 0.0
    frame = pd.DataFrame({"row": np.zeros(current.rows)})
    return _run(RowCount(), Dataset.from_pandas(
        frame, data_definition=_definition(["row"], "number")
    ))


def _labelled(monitor: Monitor, current: Cleaned) -> pd.DataFrame:
    """Rows that have both: columns `target` and `prediction`, floats, and `label` if it cuts."""
    prediction, target = monitor.predicted, monitor.labelled
    if prediction is None or target is None or current.rows == 0:
        return pd.DataFrame()
    pair = (current[target].values, current[prediction].values)
    if pair[0] is None or pair[1] is None:
        return pd.DataFrame()
    frame = pd.DataFrame({"target": pair[0], "prediction": pair[1]}).dropna()
    frame = frame.astype({"prediction": float}).astype(
        {"target": float}, errors="ignore" if target.kind == "category" else "raise"
    )
    if prediction.cut is not None:
        frame["label"] = (frame["prediction"] > prediction.cut).astype(int)
    return frame


def _performance(monitor: Monitor, labelled: pd.DataFrame, name: str) -> float:
    if monitor.classifies:
        return _classification(labelled, name)
    definition = _definition(
        ["target", "prediction"],
        "number",
        regression=[Regression(target="target", prediction="prediction")],
    )
    return _run(PERFORMANCE[name](), Dataset.from_pandas(labelled, data_definition=definition))


def _classification(labelled: pd.DataFrame, name: str) -> float:
    classes = sorted(set(labelled["target"]))
    if not set(classes) <= {0.0, 1.0}:
        raise ValueError(f"labels must be 0 and 1, found {classes[:5]}")
    positives, said = int((labelled["target"] == 1).sum()), int(labelled["label"].sum())
    if name in ("roc_auc", "log_loss") and len(classes) < 2:
        raise ValueError(f"only one class among {len(labelled)} labels")
    if name == "recall" and positives == 0:
        raise ValueError(f"no positive among {len(labelled)} labels")
    if name == "precision" and said == 0:
        raise ValueError(f"no positive among {len(labelled)} predictions")
    frame = labelled.astype({"target": int})
    roles = BinaryClassification(
        target="target", prediction_labels="label", prediction_probas="prediction", pos_label=1
    )
    definition = DataDefinition(
        **{**_LISTS, "numerical_columns": ["prediction"], "categorical_columns": ["target", "label"]},
        classification=[roles],
    )
    return _run(PERFORMANCE[name](), Dataset.from_pandas(frame, data_definition=definition))


def _agreement(labelled: pd.DataFrame) -> float:
    """Observed against predicted, as two data sets with one column name."""
    definition = _definition(["minutes"], "number")
    sides = [
        Dataset.from_pandas(
            labelled[[name]].set_axis(["minutes"], axis=1), data_definition=definition
        )
        for name in ("target", "prediction")
    ]
    return _run(ValueDrift(column="minutes", method="wasserstein"), sides[0], sides[1])


_LISTS: dict[str, list[str]] = {
    "numerical_columns": [],
    "categorical_columns": [],
    "text_columns": [],
    "datetime_columns": [],
    "unknown_columns": [],
    "list_columns": [],
}


def _definition(names: list[str], kind: str, **roles: list[Regression]) -> DataDefinition:
    """All six lists given: what is left out would be inferred from the values."""
    key = "numerical_columns" if kind == "number" else "categorical_columns"
    return DataDefinition(**{**_LISTS, key: names}, **roles)


def _run(metric: EvidentlyMetric, current: Dataset, reference: Dataset | None = None) -> float:
    """One metric's number. Keywords, since swapped data sets give a plausible wrong number."""
    snapshot = Report([metric]).run(current_data=current, reference_data=reference)
    value = snapshot.dict()["metrics"][0]["value"]
    if isinstance(value, dict):
        value = value["share"] if "share" in value else value["mean"]
    return float(value)


def _finite(value: float, series: Series) -> Measured:
    if not math.isfinite(value):
        return Measured(None, f"{series.metric.name} came out as {value}")
    low, high = series.unit.low, series.unit.high
    if series.unit.name == "share" and low is not None and high is not None:
        value = min(max(value, low), high) if -1e-9 < value < 1 + 1e-9 else value
    return Measured(value)
