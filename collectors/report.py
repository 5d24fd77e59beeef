"""Runs Evidently, one declared series at a time, so that one bad column never loses the others.

The only module that imports Evidently. Methods are always named, data definitions always whole:
Evidently's defaults flip with the reference's size and infer types from a day's values.
"""

import logging
import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"  # before the import: Evidently's UI reports usage otherwise

import numpy as np
import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
from evidently.core.metric_types import Metric as EvidentlyMetric
from evidently.core.metric_types import MetricTest
from evidently.core.report import Snapshot
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
from evidently.metrics.column_statistics import ValueDriftCalculation
from evidently.tests import gte, lte

from collectors.schema import Clean, clean
from collectors.values import Measured
from monitors.declare import Column, Levels, Monitor, Series
from monitors.declare.metrics import Over

ENGINE = "evidently"
KINDS = ("number", "category")
OUTCOME = "observed against predicted"
PERFORMANCE: dict[str, type[EvidentlyMetric]] = {
    "accuracy": Accuracy,
    "precision": Precision,
    "recall": Recall,
    "roc_auc": RocAuc,
    "log_loss": LogLoss,
    "mae": MAE,
    "rmse": RMSE,
    "mean_error": MeanError,
}
TESTS = {"mae": "mean_tests", "mean_error": "mean_tests"}
"""What Evidently calls the tests of a metric, where not `tests`."""
logging.getLogger("evidently").setLevel(logging.ERROR)


@contextmanager
def undrawn() -> Iterator[None]:
    """Measure without the pictures of drift: more than half the time, for nobody without a report.

    The runs of such windows cannot be shown.
    """
    draw = ValueDriftCalculation._render
    ValueDriftCalculation._render = lambda *_: []
    try:
        yield
    finally:
        ValueDriftCalculation._render = draw


class UnmeasurableError(ValueError):
    """A window whose data cannot give a metric: the reason, in words."""


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
            number = column.kind == "number"
            names = ([column.name], []) if number else ([], [column.name])
            definition = _definition(*names)
            self._datasets[column.name] = Dataset.from_pandas(frame, data_definition=definition)
        return self._datasets[column.name]

    @cached_property
    def complaints(self) -> list[str]:
        """What could not be used, by column."""
        return [c.complaint for c in self.columns.values() if c.complaint]


def measure(
    monitor: Monitor,
    current: Cleaned,
    reference: Cleaned | None,
    series: Mapping[Series, Levels | None],
) -> tuple[list[Measured], list[Snapshot]]:
    """Each series' value for one window, or the reason why it has none; never raises for data.

    current, reference: the window's and the reference's rows, coerced. series: with the levels in
    force, each of which is a test of Evidently's, too.
    Returns: the values, in the order of the series, and the runs of Evidently that gave them.
    """
    levels = {one.key: level for one, level in series.items()}
    window = _Window(monitor, current, reference, _labelled(monitor, current), levels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_measure_one(window, one) for one in series], window.runs


@dataclass(frozen=True)
class _Window:
    """What the metrics of one window share. runs: Evidently's results so far."""

    monitor: Monitor
    current: Cleaned
    reference: Cleaned | None
    labelled: pd.DataFrame
    levels: Mapping[tuple[str, str], Levels | None]
    runs: list[Snapshot] = field(default_factory=list)

    def tests(self, metric: str, column: str = "") -> list[MetricTest]:
        """A test for each level in force; one beyond a warning level is no failure."""
        levels = self.levels.get((metric, column)) or Levels()
        wanted = [
            (lte, levels.alert_above, True),
            (gte, levels.alert_below, True),
            (lte, levels.warn_above, False),
            (gte, levels.warn_below, False),
        ]
        return [make(level, is_critical=hard) for make, level, hard in wanted if level is not None]

    def alert(self, metric: str, column: str = "") -> float | None:
        """The alert level in force, from which on a report speaks of drift."""
        levels = self.levels.get((metric, column)) or Levels()
        return levels.alert_below if levels.alert_above is None else levels.alert_above

    def run(
        self, metrics: Sequence[EvidentlyMetric], current: Dataset, reference: Dataset | None = None
    ) -> list[tuple[dict[str, object], float]]:
        """(configuration, number) of each metric.

        Results are told apart by configuration, never by position; arguments are keywords, since
        swapped data sets give a plausible wrong number.
        """
        snapshot = Report(list(metrics)).run(current_data=current, reference_data=reference)
        self.runs.append(snapshot)
        return [(one["config"], _number(one["value"])) for one in snapshot.dict()["metrics"]]

    def run_one(
        self, metric: EvidentlyMetric, current: Dataset, reference: Dataset | None = None
    ) -> float:
        """The number of one metric."""
        [(_, value)] = self.run([metric], current, reference)
        return value

    @property
    def unlabelled(self) -> bool:
        """Whether no label has arrived, although the labels' column is there."""
        target = self.monitor.labelled
        clean = self.current[target] if target is not None else None
        return clean is not None and clean.values is not None and clean.present.empty

    @cached_property
    def missing_shares(self) -> dict[str, float]:
        """Missing share of every present column by name: one report over all of them."""
        columns = [c for c in self.monitor.columns if self.current[c].values is not None]
        frame = pd.DataFrame({c.name: self.current[c].values for c in columns})
        kinds = {kind: [c.name for c in columns if c.kind == kind] for kind in KINDS}
        definition = _definition(kinds["number"], kinds["category"])
        data = Dataset.from_pandas(frame, data_definition=definition)
        metrics = [
            MissingValueCount(column=c.name, share_tests=self.tests("missing_share", c.name))
            for c in columns
        ]
        found = self.run(metrics, data)
        return {str(config["column"]): value for config, value in found}

    @cached_property
    def performance(self) -> dict[str, float]:
        """Performance by Evidently's metric type: one report over the labelled rows."""
        wanted = [m.name for m in self.monitor.metrics if m.name in PERFORMANCE]
        if self.monitor.classifies:
            classes = set(self.labelled["target"])
            if len(classes) < 2:  # these two raise, or are NaN, and would lose the others
                wanted = [name for name in wanted if PERFORMANCE[name] not in (RocAuc, LogLoss)]
            data = _classification(self.labelled)
        else:
            data = _regression(self.labelled)
        metrics = [
            PERFORMANCE[name](**{TESTS.get(name, "tests"): self.tests(name)}) for name in wanted
        ]
        found = self.run(metrics, data)
        return {str(config["type"]).rpartition(":")[2]: value for config, value in found}


def _measure_one(window: _Window, series: Series) -> Measured:
    over, column, current = series.metric.over, series.column, window.current
    if current.rows == 0 and series.metric.name != "row_count":
        return Measured(None, "no rows in the window")
    if column is not None and current[column].values is None:
        return Measured(None, current[column].complaint)
    if over in (Over.TARGET, Over.PERFORMANCE) and window.unlabelled:
        return Measured(None, f"no labels yet for {current.rows} rows", waiting=True)
    if over is Over.PERFORMANCE and window.labelled.empty:
        return Measured(None, f"no row has both a label and a prediction ({_why(window)})")
    try:
        return _finite(_value(window, series), series)
    except Exception as error:
        known = isinstance(error, UnmeasurableError)
        said = str(error) if known else f"{type(error).__name__}: {str(error)[:300]}"
        return Measured(None, said)


def _why(window: _Window) -> str:
    both = (window.monitor.labelled, window.monitor.predicted)
    complaints = [window.current[column].complaint for column in both if column is not None]
    return "; ".join(filter(None, complaints)) or "their rows differ"


def _value(window: _Window, series: Series) -> float:
    name, column = series.metric.name, series.column
    if name == "row_count":
        return _row_count(window)
    if name == "agreement":
        return _agreement(window)
    if column is None:
        return _performance(window, name)
    if name == "missing_share":
        return window.missing_shares[column.name]
    if name.endswith("_mean"):
        return _mean(window, series, column)
    if window.reference is None or series.method is None:
        raise UnmeasurableError("there is no reference")
    return _drift(window, series, column, window.reference)


def _drift(window: _Window, series: Series, column: Column, reference: Cleaned) -> float:
    for side, cleaned in (("window", window.current), ("reference", reference)):
        if cleaned[column].present.empty:
            raise UnmeasurableError(f"every value of {column.name} in the {side} is missing")
    assert series.method is not None
    metric = ValueDrift(
        column=column.name,
        method=series.method.name,
        threshold=window.alert(*series.key),
        tests=window.tests(*series.key),
    )
    return window.run_one(metric, window.current.dataset(column), reference.dataset(column))


def _mean(window: _Window, series: Series, column: Column) -> float:
    frame = window.current[column].present.astype(float).to_frame(column.name)
    data = Dataset.from_pandas(frame, data_definition=_definition([column.name]))
    return window.run_one(MeanValue(column=column.name, tests=window.tests(*series.key)), data)


def _row_count(window: _Window) -> float:
    if window.current.rows == 0:
        return 0.0
    frame = pd.DataFrame({"row": np.zeros(window.current.rows)})
    data = Dataset.from_pandas(frame, data_definition=_definition(["row"]))
    return window.run_one(RowCount(tests=window.tests("row_count")), data)


def _labelled(monitor: Monitor, current: Cleaned) -> pd.DataFrame:
    """Rows that have both: columns `target` and `prediction`, floats, and `label` if it cuts."""
    prediction, target = monitor.predicted, monitor.labelled
    if prediction is None or target is None or current.rows == 0:
        return pd.DataFrame()
    if prediction.kind == "category":  # words are compared by drift, never by their difference
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


def _performance(window: _Window, name: str) -> float:
    if window.monitor.classifies:
        _refuse_undefined(window.labelled, name)
    return window.performance[PERFORMANCE[name].__name__]


def _refuse_undefined(labelled: pd.DataFrame, name: str) -> None:
    """Raise UnmeasurableError where a number would be made up: a recall without positives."""
    classes = sorted(set(labelled["target"]))
    if not set(classes) <= {0.0, 1.0}:
        raise UnmeasurableError(f"labels must be 0 and 1, found {classes[:5]}")
    positives, said = int((labelled["target"] == 1).sum()), int(labelled["label"].sum())
    if name in ("roc_auc", "log_loss") and len(classes) < 2:
        raise UnmeasurableError(f"only one class among {len(labelled)} labels")
    if name == "recall" and positives == 0:
        raise UnmeasurableError(f"no positive among {len(labelled)} labels")
    if name == "precision" and said == 0:
        raise UnmeasurableError(f"no positive among {len(labelled)} predictions")


def _classification(labelled: pd.DataFrame) -> Dataset:
    roles = BinaryClassification(
        target="target", prediction_labels="label", prediction_probas="prediction", pos_label=1
    )
    definition = _definition(["prediction"], ["target", "label"], classification=[roles])
    return Dataset.from_pandas(labelled.astype({"target": int}), data_definition=definition)


def _regression(labelled: pd.DataFrame) -> Dataset:
    roles = Regression(target="target", prediction="prediction")
    definition = _definition(["target", "prediction"], regression=[roles])
    return Dataset.from_pandas(labelled, data_definition=definition)


def _agreement(window: _Window) -> float:
    """Observed against predicted, as two data sets with one column name."""
    observed, predicted = (
        Dataset.from_pandas(
            window.labelled[[name]].set_axis([OUTCOME], axis=1),
            data_definition=_definition([OUTCOME]),
        )
        for name in ("target", "prediction")
    )
    tests = window.tests("agreement")
    metric = ValueDrift(
        column=OUTCOME, method="wasserstein", threshold=window.alert("agreement"), tests=tests
    )
    return window.run_one(metric, observed, predicted)


def _definition(
    numbers: Sequence[str] = (), categories: Sequence[str] = (), **roles: object
) -> DataDefinition:
    """All six lists given: columns that are left out would be inferred from the values."""
    return DataDefinition(
        numerical_columns=list(numbers),
        categorical_columns=list(categories),
        text_columns=[],
        datetime_columns=[],
        unknown_columns=[],
        list_columns=[],
        **roles,
    )


def _number(value: Any) -> float:
    """Shares of counts, means of means and deviations, numbers as they are."""
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
