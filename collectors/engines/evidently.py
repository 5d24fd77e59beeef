"""Runs Evidently, one declared series at a time, so that one bad column never loses the others.

The only module that imports Evidently. Methods are always named, data definitions always whole:
Evidently's defaults flip with the reference's size and infer types from a day's values.
"""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"  # before the import: Evidently's UI reports usage otherwise

import numpy as np
import pandas as pd
from evidently import (
    BinaryClassification,
    DataDefinition,
    Dataset,
    MulticlassClassification,
    Regression,
    Report,
    metrics,
)
from evidently.core.metric_types import Metric as EvidentlyMetric
from evidently.core.metric_types import MetricTest
from evidently.core.report import Snapshot
from evidently.metrics import (
    MAE,
    RMSE,
    Accuracy,
    F1Score,
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

from driftdeck.collectors.engines.computations import find_computation
from driftdeck.collectors.engines.engine import Engine
from driftdeck.collectors.engines.errors import UnmeasurableError
from driftdeck.collectors.frames.coerced import CoercedRows, join_labels
from driftdeck.collectors.values import Measurement
from driftdeck.declare import REFERENCE, SHARE, Column, Monitor, Series, Thresholds, number
from driftdeck.diagnostics import LOG

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
BESIDE: dict[str, type[EvidentlyMetric]] = {
    "accuracy": Accuracy,
    "precision": Precision,
    "recall": Recall,
    "f1": F1Score,
    "roc_auc": RocAuc,
    "log_loss": LogLoss,
}
"""What Evidently has of classes, where the numbers are not its own."""
NEAR = 1e-9
"""So far from the stored number may that of a report be."""
TESTS = {"mae": "mean_tests", "mean_error": "mean_tests"}
"""What Evidently calls the tests of a metric, where not `tests`."""
logging.getLogger("evidently").setLevel(logging.ERROR)


@contextmanager
def skip_plots() -> Iterator[None]:
    """Measure without the plots of drift: more than half the time, for nobody without a report.

    The runs of such windows cannot be shown.
    """
    plot = ValueDriftCalculation._render
    ValueDriftCalculation._render = lambda *_: []
    try:
        yield
    finally:
        ValueDriftCalculation._render = plot


def measure(
    monitor: Monitor,
    current: CoercedRows,
    reference: CoercedRows | None,
    series: Mapping[Series, Thresholds | None],
    baselines: Mapping[str, CoercedRows | str] = MappingProxyType({}),
) -> tuple[list[Measurement], list[Snapshot]]:
    """Each series' value for one window, or the reason why it has none; never raises for data.

    current, reference: the window's and the reference's rows, coerced.
    series: with the thresholds in force, each of which is a test of Evidently's, too.
    Returns: the values, in the order of the series, and the runs of Evidently that gave them.
    """
    in_force = {line.key: thresholds for line, thresholds in series.items()}
    engine = Evidently(monitor, current, reference, in_force, baselines=baselines)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return engine.measure(series), engine.runs


@dataclass(frozen=True)
class Evidently(Engine):
    """Evidently over one window. thresholds: in force, by series; runs: its results so far."""

    thresholds: Mapping[tuple[str, str], Thresholds | None] = field(default_factory=dict)
    runs: list[Snapshot] = field(default_factory=list)

    def row_count(self) -> float:
        frame = pd.DataFrame({"row": np.zeros(self.current.rows)})
        data = Dataset.from_pandas(frame, data_definition=_make_definition(["row"]))
        return self._run_one(RowCount(tests=self._make_tests("row_count")), data)

    def missing_share(self, column: Column) -> float:
        return self._missing_shares[column.name]

    def mean(self, series: Series, column: Column) -> float:
        frame = self.numbers_of(column).to_frame(column.name)
        data = Dataset.from_pandas(frame, data_definition=_make_definition([column.name]))
        return self._run_one(
            MeanValue(column=column.name, tests=self._make_tests(*series.key)), data
        )

    def drift(self, series: Series, column: Column, reference: CoercedRows) -> float:
        assert series.method is not None
        metric = ValueDrift(
            column=column.name,
            method=series.method.name,
            threshold=self._find_alert(*series.key),
            tests=self._make_tests(*series.key),
        )
        sides = _make_dataset(self.current, column), _make_dataset(reference, column)
        value = self._run_one(metric, *sides)
        if series.metric.baseline != REFERENCE:  # a report tells drift by its column only
            self.runs.pop()
        return value

    def performance(self, name: str) -> float:
        return self._performances[PERFORMANCE[name].__name__]

    def agreement(self) -> float:
        """Two data sets with one column name."""
        observed, predicted = (
            Dataset.from_pandas(
                self.labelled_rows[[name]].set_axis([OUTCOME], axis=1),
                data_definition=_make_definition([OUTCOME]),
            )
            for name in ("label", "prediction")
        )
        tests, threshold = self._make_tests("agreement"), self._find_alert("agreement")
        metric = ValueDrift(column=OUTCOME, method="wasserstein", threshold=threshold, tests=tests)
        return self._run_one(metric, observed, predicted)

    def _make_tests(self, metric: str, column: str = "") -> list[MetricTest]:
        """A test for each threshold in force; one beyond a warning is no failure."""
        thresholds = self.thresholds.get((metric, column)) or Thresholds()
        tests = [
            (lte, thresholds.alert_above, True),
            (gte, thresholds.alert_below, True),
            (lte, thresholds.warn_above, False),
            (gte, thresholds.warn_below, False),
        ]
        return [
            make(threshold, is_critical=is_alert)
            for make, threshold, is_alert in tests
            if threshold is not None
        ]

    def _find_alert(self, metric: str, column: str = "") -> float | None:
        """The alert threshold in force, from which on a report speaks of drift."""
        thresholds = self.thresholds.get((metric, column)) or Thresholds()
        return thresholds.alert_below if thresholds.alert_above is None else thresholds.alert_above

    def _run(
        self, metrics: Sequence[EvidentlyMetric], current: Dataset, reference: Dataset | None = None
    ) -> list[tuple[dict[str, object], float]]:
        """(configuration, number) of each metric.

        Results are told apart by configuration, never by position; arguments are keywords, since
        swapped data sets give a plausible wrong number.
        """
        snapshot = Report(list(metrics)).run(current_data=current, reference_data=reference)
        self.runs.append(snapshot)
        results = snapshot.dict()["metrics"]
        return [(result["config"], _parse_number(result["value"])) for result in results]

    def _run_one(
        self, metric: EvidentlyMetric, current: Dataset, reference: Dataset | None = None
    ) -> float:
        """The number of one metric."""
        [(_, value)] = self._run([metric], current, reference)
        return value

    @cached_property
    def _missing_shares(self) -> dict[str, float]:
        """Missing share of every present column by name: one report over all of them."""
        columns = [c for c in self.monitor.columns if self.current[c].there]
        frame = pd.DataFrame({c.name: self.current[c].values for c in columns})
        kinds = {kind: [c.name for c in columns if c.kind == kind] for kind in KINDS}
        definition = _make_definition(kinds["number"], kinds["category"])
        data = Dataset.from_pandas(frame, data_definition=definition)
        metrics = [
            MissingValueCount(column=c.name, share_tests=self._make_tests("missing_share", c.name))
            for c in columns
        ]
        results = self._run(metrics, data)
        return {str(config["column"]): value for config, value in results}

    @cached_property
    def _performances(self) -> dict[str, float]:
        """Performance by Evidently's metric type: one report over the labelled rows."""
        names = [m.name for m in self.monitor.metrics if m.name in PERFORMANCE]
        if self.monitor.classifies:
            classes = set(self.labelled_rows["label"])
            if len(classes) < 2:  # these two raise, or are NaN, and would lose the others
                names = [name for name in names if PERFORMANCE[name] not in (RocAuc, LogLoss)]
            data = _make_classification(self.labelled_rows)
        else:
            data = _make_regression(self.labelled_rows)
        cut = self.monitor.prediction_column.cut if self.monitor.prediction_column else None
        options = {} if cut is None else {"probas_threshold": cut}
        metrics = [
            PERFORMANCE[name](**{TESTS.get(name, "tests"): self._make_tests(name)}, **options)
            for name in names
        ]
        results = self._run(metrics, data)
        return {str(config["type"]).rpartition(":")[2]: value for config, value in results}


def report_classes(
    monitor: Monitor,
    current: CoercedRows,
    measured: Mapping[Series, Measurement],
    thresholds: Mapping[Series, Thresholds | None],
) -> Iterator[Snapshot]:
    """Evidently's runs of the metrics of classes that were computed without it.

    Left out is what it cannot tell of such rows, and what it tells otherwise: of a class that is
    absent it makes numbers up.
    """
    wanted = [
        line
        for line, outcome in measured.items()
        if line.metric.name in BESIDE
        and outcome.value is not None
        and monitor.classifies
        and find_computation(monitor, line) is not None
    ]
    if not wanted:
        return
    in_force = {line.key: fixed for line, fixed in thresholds.items()}
    data = _make_words(monitor, current)
    for line in wanted:
        engine, name = Evidently(monitor, current, None, in_force), line.metric.name
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = engine._run_one(BESIDE[name](tests=engine._make_tests(name)), data)
        except Exception as error:
            LOG.debug("no report of %s", name, exc_info=error)
            continue
        if abs(value - float(measured[line].value or 0)) <= NEAR:
            yield from engine.runs


def _make_words(monitor: Monitor, current: CoercedRows) -> Dataset:
    """The labelled rows of a classifier, with labels and predicted classes in words."""
    rows, prediction = join_labels(monitor, current), monitor.prediction_column
    assert prediction is not None
    classes = prediction.classes or ("0", "1")
    words = np.array(classes, object)
    frame = pd.DataFrame(
        {
            side: words[rows[column].to_numpy(np.intp)]
            for side, column in (("label", "label"), ("predicted", "predicted_class"))
        }
    )
    sides: dict[str, Any] = {"target": "label", "prediction_labels": "predicted"}
    if not prediction.classes:
        roles = {"classification": [BinaryClassification(pos_label="1", **sides)]}
        return Dataset.from_pandas(frame, data_definition=_make_definition((), [*frame], **roles))
    columns = [current[number(name, SHARE)].numbers for name in prediction.probabilities]
    present = {
        name: column.to_numpy(float)[rows["place"].to_numpy()]
        for name, column in zip(classes, columns, strict=False)
        if column is not None
    }
    if len(present) == len(classes) and not {"label", "predicted"} & set(present):
        frame = frame.assign(**present)
        sides["prediction_probas"] = list(classes)
    definition = _make_definition(
        list(present) if "prediction_probas" in sides else [],
        ["label", "predicted"],
        classification=[MulticlassClassification(**sides)],
    )
    return Dataset.from_pandas(frame, data_definition=definition)


def compute_named(
    name: str, current: CoercedRows, reference: CoercedRows | None, column: Column | None
) -> float:
    """The one number of a metric of Evidently by its class's name, of a column or of all.

    Raises UnmeasurableError where there is no such metric, or it gives no single number.
    """
    kind = getattr(metrics, name, None)
    if not (isinstance(kind, type) and issubclass(kind, EvidentlyMetric)):
        raise UnmeasurableError(f"evidently.metrics has no {name}")
    sides = [_dataset_of(rows, column) for rows in (current, reference) if rows is not None]
    metric = kind() if column is None else kind(column=column.name)
    [result] = Report([metric]).run(*sides).dict()["metrics"]
    value = result["value"]
    if isinstance(value, dict) and not {"share", "mean"} & set(value):
        raise UnmeasurableError(f"{name} gives several numbers: {', '.join(map(str, value))[:100]}")
    return _parse_number(value)


def _dataset_of(rows: CoercedRows, column: Column | None) -> Dataset:
    """One column's values, missing ones too, or those of all columns."""

    def make() -> Dataset:
        columns = [c for c in rows.declared if column is None or c == column]
        frame = pd.DataFrame({c.name: rows[c].values for c in columns if rows[c].there})
        kinds = {kind: [c.name for c in columns if c.kind == kind and c.name in frame]
                 for kind in KINDS}  # fmt: skip
        definition = _make_definition(kinds["number"], kinds["category"])
        return Dataset.from_pandas(frame, data_definition=definition)

    return rows.once(("all values", column.name if column else ""), make)


def _make_dataset(rows: CoercedRows, column: Column) -> Dataset:
    """The present values of one column as Evidently's data set, made once."""

    def make() -> Dataset:
        frame = rows[column].present.to_frame(column.name)
        number = column.kind == "number"
        names = ([column.name], []) if number else ([], [column.name])
        return Dataset.from_pandas(frame, data_definition=_make_definition(*names))

    return rows.once(("dataset", column.name), make)


def _make_classification(labelled_rows: pd.DataFrame) -> Dataset:
    """Of probabilities alone: beside them, Evidently would not look at labels."""
    roles = BinaryClassification(target="label", prediction_probas="prediction", pos_label=1)
    definition = _make_definition(["prediction"], ["label"], classification=[roles])
    rows = labelled_rows[["label", "prediction"]].astype({"label": int})
    return Dataset.from_pandas(rows, data_definition=definition)


def _make_regression(labelled_rows: pd.DataFrame) -> Dataset:
    roles = Regression(target="label", prediction="prediction")
    definition = _make_definition(["label", "prediction"], regression=[roles])
    return Dataset.from_pandas(labelled_rows, data_definition=definition)


def _make_definition(
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


def _parse_number(value: Any) -> float:
    """Shares of counts, means of means and deviations, numbers as they are."""
    if isinstance(value, dict):
        value = value["share"] if "share" in value else value["mean"]
    return float(value)
