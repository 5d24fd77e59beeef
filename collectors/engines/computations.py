"""Metrics that every engine computes alike: no library of reports has them, or has them right.

What no table here has is the engine's own.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from driftdeck.collectors.engines import forecasts, own, quality
from driftdeck.collectors.engines.classes import ClassRows
from driftdeck.collectors.engines.errors import UnmeasurableError
from driftdeck.collectors.frames.coerced import CoercedRows, LabelledRows, join_labels
from driftdeck.declare import Column, Monitor, Series, category, number
from driftdeck.declare.tasks import Task

if TYPE_CHECKING:
    from driftdeck.collectors.engines.engine import Engine

Computation = Callable[["Engine", Series], float]
NO, YES = "0", "1"


def find_computation(monitor: Monitor, series: Series) -> Computation | None:
    """What computes a series; None where the engine itself does."""
    metric = series.metric
    if own.is_own(metric):
        return own.compute
    if metric.name in TABLE:
        return TABLE[metric.name]
    if not metric.is_performance:
        return None
    if monitor.task is Task.CLASSES:
        return _of_classes
    is_computed = not monitor.has_probabilities or metric.name in ("f1", "balanced_accuracy")
    return _of_yes if monitor.task is Task.BINARY and is_computed else None


def _of_classes(engine: "Engine", series: Series) -> float:
    """A metric of one of several classes, or an average over all."""
    name, rows = series.metric.name, class_rows(engine)
    if series.class_name:
        return _call(rows, f"{name.removeprefix('class_')}_of", series.class_name)
    if name.endswith("_weighted"):
        return _call(rows, name.removesuffix("_weighted"), "weighted")
    return _call(rows, name)


def _of_yes(engine: "Engine", series: Series) -> float:
    """A metric of yes and no."""
    name, rows = series.metric.name, class_rows(engine)
    if name in ("accuracy", "balanced_accuracy"):
        return _call(rows, name)
    return _call(rows, f"{name}_of", YES)


def _call(rows: ClassRows, name: str, *arguments: str) -> float:
    method: Callable[..., float] = getattr(rows, name)
    return method(*arguments)


def class_rows(engine: "Engine") -> ClassRows:
    """The labelled rows of a classifier, made once."""
    monitor, current = engine.monitor, engine.current
    return current.once("class rows", lambda: _class_rows(monitor, current, engine.labelled_rows))


def _class_rows(monitor: Monitor, current: CoercedRows, labelled: LabelledRows) -> ClassRows:
    prediction = monitor.prediction_column
    assert prediction is not None
    assert labelled.predicted_class is not None
    label, predicted = labelled.label.astype(np.intp), labelled.predicted_class
    classes = prediction.classes or (NO, YES)
    if not prediction.probabilities:
        return ClassRows(classes, label, predicted)
    scores = [_numbers(current, number(name), labelled) for name in prediction.probabilities]
    return ClassRows(classes, label, predicted, np.column_stack(scores))


def confusion(monitor: Monitor, current: CoercedRows) -> np.ndarray | None:
    """(k, k) labelled rows by class, row: the truth, column: the prediction; None without any."""
    prediction = monitor.prediction_column
    if prediction is None or not prediction.classes:
        return None
    labelled = join_labels(monitor, current)
    if not len(labelled):
        return None
    assert labelled.predicted_class is not None
    label = labelled.label.astype(np.intp)
    return ClassRows(prediction.classes, label, labelled.predicted_class).confusion()


def _numbers(current: CoercedRows, column: Column, labelled: LabelledRows) -> np.ndarray:
    """(n,) a column's numbers in the labelled rows. Raises UnmeasurableError without the column."""
    coerced = current[column]
    if coerced.numbers is None:
        raise UnmeasurableError(coerced.complaint)
    numbers: np.ndarray = coerced.numbers[labelled.place]
    return numbers


def _sides(engine: "Engine") -> tuple[np.ndarray, np.ndarray]:
    """(labels, predictions) of the labelled rows of a regression."""
    rows = engine.labelled_rows
    return rows.label, rows.prediction


def _interval(engine: "Engine", series: Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(labels, lower ends, upper ends) of the labelled rows that have an interval."""
    rows = engine.labelled_rows
    low, high = (
        _numbers(engine.current, number(str(series.metric.option(end))), rows)
        for end in ("low", "high")
    )
    there = ~np.isnan(low) & ~np.isnan(high)
    if not there.any():
        raise UnmeasurableError(f"none of {len(rows)} labelled rows has an interval")
    return rows.label[there], low[there], high[there]


def _mase(engine: "Engine", series: Series) -> float:
    if engine.reference is None:
        raise UnmeasurableError("there is no reference")
    season, key = series.metric.option("season"), series.metric.option("key")
    assert isinstance(season, int | float)
    assert isinstance(key, tuple)
    histories = engine.reference.once(
        ("histories", key), lambda: list(_histories(engine, tuple(map(str, key))))
    )
    return forecasts.mase(*_sides(engine), histories, int(season))


def _histories(engine: "Engine", key: tuple[str, ...]) -> Iterator[np.ndarray]:
    """The reference's labels in time order, NaN where one is missing, of each combination of the
    key's words."""
    monitor, reference = engine.monitor, engine.reference
    target = monitor.target_column
    assert reference is not None
    assert target is not None
    labels = reference[target].as_numbers()
    if labels is None:
        raise UnmeasurableError(reference[target].complaint or f"{target.name} is no number")
    columns = [reference[_column(monitor, name)].values for name in key]
    frame = pd.DataFrame({str(n): values for n, values in enumerate(columns)})
    groups = frame.groupby(list(frame), dropna=False, sort=True).indices.values() if key else ()
    for places in groups or (np.arange(len(labels)),):
        yield labels[places]


def _column(monitor: Monitor, name: str) -> Column:
    """A column of a key: as declared, else as a category."""
    declared = {column.name: column for column in monitor.all_columns()}
    return declared.get(name, category(name))


def _unseen(engine: "Engine", series: Series) -> float:
    column, reference = series.column, engine.reference
    if column is None or reference is None:
        raise UnmeasurableError("there is no reference")
    counts = reference.once(("words", column.name), lambda: reference[column].counts)
    reason = reference.once(
        ("identifier", column.name),
        lambda: quality.identifier_reason(counts, reference.count(column)),
    )
    if reason:
        raise UnmeasurableError(f"{column.name} is {reason}; leave it out: unseen(columns=(...))")
    known = reference.once(("known", column.name), lambda: set(counts[counts > 0].index))
    return quality.unseen_share(engine.current[column].counts, known)


def _out_of_range(engine: "Engine", series: Series) -> float:
    column, reference = series.column, engine.reference
    if column is None or reference is None:
        raise UnmeasurableError("there is no reference")
    within = series.metric.option("within")
    assert within is None or isinstance(within, tuple)
    shares = None if within is None else (float(within[0]), float(within[1]))
    low, high = reference.once(
        ("range", column.name, within),
        lambda: quality.learned_range(reference[column].present, shares),
    )
    return quality.out_of_range_share(engine.current[column].present, low, high)


def _duplicates(engine: "Engine", series: Series) -> float:
    key = series.metric.option("key")
    assert isinstance(key, tuple)
    columns = {}
    for name in map(str, key):
        coerced = engine.current[_column(engine.monitor, name)]
        if not coerced.there:
            raise UnmeasurableError(coerced.complaint)
        columns[name] = coerced.values
    return quality.duplicate_share(pd.DataFrame(columns), list(columns))


def _constant(engine: "Engine", series: Series) -> float:
    """Of the columns that vary in the reference, how many do not in the window."""
    reference = engine.reference
    if reference is None:
        raise UnmeasurableError("there is no reference")
    varying = [column for column in engine.monitor.columns if _varies(reference, column)]
    present = [engine.current[c].present for c in varying if engine.current[c].there]
    return quality.constant_count(present)


def _varies(rows: CoercedRows, column: Column) -> bool:
    """Whether a column has several values, found once."""
    return rows.once(
        ("varies", column.name),
        lambda: rows[column].there and rows[column].present.nunique() > 1,
    )


def _changed_columns(engine: "Engine", series: Series) -> float:
    reference = engine.reference
    if reference is None or not reference.schema or not engine.current.schema:
        raise UnmeasurableError("the columns of the source are not known")
    return float(quality.schema_differences(engine.current.schema, reference.schema).count)


def _age(engine: "Engine", series: Series) -> float:
    current = engine.current
    if current.end is None:
        raise UnmeasurableError("the window has no end")
    return quality.age(current.newest, current.end)


def _pinball(engine: "Engine", series: Series) -> float:
    quantile = series.metric.option("quantile")
    assert isinstance(quantile, int | float)
    return forecasts.pinball(*_sides(engine), float(quantile))


TABLE: Mapping[str, Computation] = {
    "mape": lambda engine, _: forecasts.mape(*_sides(engine)),
    "wape": lambda engine, _: forecasts.wape(*_sides(engine)),
    "r2": lambda engine, _: forecasts.r2(*_sides(engine)),
    "mase": _mase,
    "pinball": _pinball,
    "interval_coverage": lambda engine, series: forecasts.coverage(*_interval(engine, series)),
    "interval_width": lambda engine, series: forecasts.width(*_interval(engine, series)[1:]),
    "unseen_share": _unseen,
    "out_of_range_share": _out_of_range,
    "duplicate_share": _duplicates,
    "constant_columns": _constant,
    "changed_columns": _changed_columns,
    "newest_row_age": _age,
}
