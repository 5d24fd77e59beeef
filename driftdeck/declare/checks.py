"""What a monitor's declaration must be, beyond what each of its parts checks by itself."""

import re
from typing import TYPE_CHECKING

from driftdeck.declare.columns import Column
from driftdeck.declare.errors import require
from driftdeck.declare.kinds import BY_NAME, CHANGED_COLUMNS
from driftdeck.declare.metrics import Metric, Scope
from driftdeck.declare.periods import OPEN
from driftdeck.declare.slices import By, Where, check_comparisons, resolve
from driftdeck.declare.sources import Table
from driftdeck.declare.tasks import Task
from driftdeck.declare.windows import Monthly

if TYPE_CHECKING:
    from driftdeck.declare.monitor import Monitor

NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")


def check(monitor: "Monitor") -> None:
    """Raise DeclarationError for a field that cannot be right, or two that do not fit."""
    _check_words(monitor)
    _check_period(monitor)
    _check_columns(monitor)
    _check_classes(monitor)
    _check_metrics(monitor)
    _check_slices(monitor)
    _check_expected(monitor)
    _check_retrain(monitor)


def _check_words(monitor: "Monitor") -> None:
    require(
        bool(NAME.fullmatch(monitor.name)),
        "name",
        f"{monitor.name!r}",
        "use up to 24 lower-case letters, digits and _, starting with a letter",
    )
    for name in ("title", "description", "owner"):
        require(bool(getattr(monitor, name).strip()), name, "is empty", "say it in words")
    require(monitor.min_rows >= 1, "min_rows", f"{monitor.min_rows}", "give 1 or more")
    require(
        (monitor.late_after is None) == bool(monitor.never_late),
        "late_after",
        "a monitor is either late after some hours or never late for a stated reason",
        'give late_after=Hours(...), or never_late="why"',
    )


def _check_period(monitor: "Monitor") -> None:
    first, last = monitor.first_day, monitor.last_day
    require(
        last is None or (first is not None and first <= last),
        "ends",
        f"{monitor.ends!r} with starts {monitor.starts!r}",
        "give starts, and ends not before it",
    )


def _check_columns(monitor: "Monitor") -> None:
    names = [column.name for column in monitor.all_columns()]
    names += monitor.prediction_column.probabilities if monitor.prediction_column else ()
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, "columns", f"{', '.join(twice)} declared twice", "name each once")
    require(bool(monitor.columns), "columns", "none", "declare at least one column")
    require(
        monitor.labels is None or monitor.target is not None,
        "target",
        "labels have a source and no target column",
        "name the target column",
    )
    require(
        monitor.labels is None or bool(monitor.labels.on),
        "labels: on",
        "''",
        "name the column that both sources share",
    )
    require(
        monitor.labels_within.days >= OPEN.days,
        "labels_within",
        f"{monitor.labels_within.days:g} days",
        f"windows stay open for {OPEN.days:g} days: give more, or leave it out",
    )
    require(
        monitor.labels_within == OPEN or monitor.target is not None,
        "labels_within",
        "there are no labels to wait for",
        "name the target column",
    )
    require(
        monitor.target_column is None or not monitor.target_column.positive or monitor.classifies,
        "target",
        f"{monitor.target} has a positive word, and the prediction is no probability",
        "give prediction=d.probability(..., cut=...), or d.label(...) if it is a word, too",
    )


def _check_classes(monitor: "Monitor") -> None:
    prediction, target = monitor.prediction_column, monitor.target_column
    if prediction is None or prediction.kind != "category":
        require(
            target is None or not target.classes,
            "target: classes",
            "the prediction is not one of several classes",
            "give prediction=d.classes({...}), or d.label(...)",
        )
        return
    require(
        bool(prediction.classes or prediction.positive)
        or not any(metric.is_performance for metric in monitor.metrics),
        "prediction",
        f"{prediction.name} is a word, and nothing says which there are",
        'give d.label(..., classes=("late", "on time")), or positive="yes"',
    )
    require(
        target is None or _words(prediction) == _words(target),
        "target: classes",
        f"{', '.join(target.classes if target else ())} are not those of the prediction,"
        f" {', '.join(prediction.classes)}",
        "name the classes with one of them only",
    )


def _words(column: Column) -> tuple[set[str], str]:
    return set(column.classes), column.positive


def _check_metrics(monitor: "Monitor") -> None:
    names = [metric.name for metric in monitor.metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, "metrics", f"{', '.join(twice)} declared twice", "keep one of them")
    for metric in monitor.metrics:
        _check_metric(monitor, metric)


def _check_metric(monitor: "Monitor", metric: Metric) -> None:
    kind = BY_NAME.get(metric.name)
    require(
        kind is None or not kind.reference or monitor.reference is not None,
        metric.name,
        "there is no reference to compare with",
        'give reference=Between("YYYY-MM-DD", "YYYY-MM-DD")',
    )
    require(
        metric.quantiles is None or monitor.reference is not None,
        metric.name,
        "its thresholds cannot be calibrated without a reference",
        'give warn and alert, or unjudged="why"',
    )
    likeness = metric.quantiles.same if metric.quantiles else None
    require(
        not isinstance(monitor.every, Monthly)
        or (metric.baseline.name != "same" and likeness is None),
        metric.name,
        "months have neither a weekday nor an hour in common",
        "compare with d.PREVIOUS or d.REFERENCE, and find one threshold for all months",
    )
    needs_prediction = metric.scope is Scope.PREDICTION or metric.is_performance
    require(
        not needs_prediction or monitor.prediction is not None,
        metric.name,
        "there is no prediction",
        "name the prediction column",
    )
    needs_target = metric.scope is Scope.TARGET or metric.is_performance
    require(
        not needs_target or monitor.target is not None,
        metric.name,
        "there is no target",
        "name the target column",
    )
    require(
        metric.name != CHANGED_COLUMNS.name or not isinstance(monitor.source, Table),
        metric.name,
        "a table has the same columns for every window, so that it would always be 0",
        "take it away; a declared column that is gone makes its windows partial",
    )
    if kind is not None:
        _check_task(monitor, kind.name, kind.task, probabilities=kind.probabilities)
    unknown = sorted(set(metric.columns) - {column.name for column in monitor.columns})
    require(not unknown, f"{metric.name}: columns", f"{unknown} not declared", "declare them first")
    require(
        metric.scope is not Scope.COLUMNS or any(monitor.columns_of(metric)),
        metric.name,
        "there is no column that it could be computed for",
        "declare one, or take the metric away",
    )


def _check_task(monitor: "Monitor", metric: str, task: str, *, probabilities: bool) -> None:
    """Whether a metric fits what the model predicts."""
    fits = {
        "": True,
        "regression": monitor.task is Task.REGRESSION,
        "classification": monitor.classifies,
        "classes": monitor.task is Task.CLASSES,
    }[task]
    kind = {
        Task.BINARY: "classification",
        Task.CLASSES: "classification",
        Task.REGRESSION: "regression",
        None: "monitor without a prediction",
    }[monitor.task]
    mend = "probability(..., cut=...) makes a classification, a number a regression"
    if task == "classes":
        kind, mend = "model without several classes", "give prediction=d.classes({...})"
    require(fits, metric, f"does not fit a {kind}", mend)
    require(
        not probabilities or monitor.has_probabilities,
        metric,
        "the prediction has no probabilities",
        "give prediction=d.classes({...}) or d.probability(...), or take the metric away",
    )


def _check_slices(monitor: "Monitor") -> None:
    names = [slice_.name for slice_ in monitor.slices]
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, "slices", f"{', '.join(twice)} declared twice", "name each once")
    metrics = {metric.name: metric for metric in monitor.metrics}
    for slice_ in monitor.slices:
        place = f"slice {slice_.name}"
        columns = resolve(slice_, monitor.all_columns())
        if isinstance(slice_, Where):
            check_comparisons(slice_, columns)
        unknown = sorted({*slice_.metrics, *slice_.judged} - set(metrics))
        require(not unknown, f"{place}: metrics", f"{unknown} not declared", "declare them")
        idle = sorted(name for name in slice_.judged if metrics[name].unjudged)
        require(not idle, f"{place}: judged", f"{', '.join(idle)} has no thresholds", "give some")
        require(
            not isinstance(slice_, By) or bool(slice_.values) or monitor.reference is not None,
            f"{place}: values",
            "none, and there is no reference that could say them",
            "name them: d.by(..., values=(...)), or give the monitor a reference",
        )


def _check_expected(monitor: "Monitor") -> None:
    judged = {series.key for series in monitor.series() if not series.metric.unjudged}
    for breach in monitor.expected:
        require(
            (breach.metric, breach.column) in judged,
            "expected",
            f"no judged series {breach.metric} of {breach.column or 'the whole data set'}",
            "name a metric with thresholds, and its column as declared",
        )


def _check_retrain(monitor: "Monitor") -> None:
    if monitor.retrain is None:
        return
    judged = {metric.name for metric in monitor.metrics if not metric.unjudged}
    performance = {m.name for m in monitor.metrics if m.is_performance} & judged
    unknown = sorted(set(monitor.retrain.metrics) - judged)
    require(
        not unknown,
        "retrain: metrics",
        f"{unknown} have no thresholds here",
        "name judged metrics",
    )
    require(
        bool(monitor.retrain.metrics or performance),
        "retrain: metrics",
        "none, and no performance metric is judged",
        "name the metrics whose breaches count",
    )
    counted = set(monitor.retrain.metrics) or performance
    require(
        not monitor.retrain.segments or any(counted & set(s.judged) for s in monitor.slices),
        "retrain: segments",
        "no slice judges a metric whose breaches count",
        "name one in its judged=..., or leave segments out",
    )
    require(
        monitor.retrain.reference is None
        or (monitor.reference is not None and bool(monitor.model_version)),
        "retrain: reference",
        "there is no reference, or no model_version to tell whose it is",
        "give the monitor reference and model_version",
    )
