"""Metrics of one's own: a function of the project, called with the window's rows and the
reference's."""

import importlib
import math
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftdeck.collectors.engines.errors import UndefinedError, UnmeasurableError
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.declare import Metric, Monitor, Series
from driftdeck.declare.own import EVIDENTLY, MEASURE
from driftdeck.diagnostics import LOG
from driftdeck.project import SettingsError, find_root

if TYPE_CHECKING:
    from driftdeck.collectors.engines.engine import Engine

Result = float | Mapping[str, float] | pd.Series | None


def is_own(metric: Metric) -> bool:
    """Whether a function computes it."""
    return bool(metric.options) and metric.options[0][0] in (MEASURE, EVIDENTLY)


def compute(engine: "Engine", series: Series) -> float:
    """The number that the function gives of a series. Raises UnmeasurableError with its reason.

    A function that gives one a column is called once for all of them.
    """
    metric = series.metric
    kind, target = metric.options[0]
    if kind == EVIDENTLY:
        from driftdeck.collectors.engines.evidently import compute_named

        return compute_named(str(target), engine.current, engine.reference, series.column)
    result = engine.current.once(("own", metric.name), lambda: _call(engine, metric))
    if isinstance(result, UnmeasurableError):
        raise result
    return _number(result, series)


def _call(engine: "Engine", metric: Metric) -> Result | UnmeasurableError:
    """What the function returns, or why it does not; within its time.

    A call cannot be ended from outside: one that takes too long goes on in a thread that nobody
    waits for. Each call has frames of its own, so that one that changes them changes no other's.
    """
    _, target = metric.options[0]
    seconds = metric.option("seconds")
    assert isinstance(seconds, int | float)
    try:
        function = load_function(str(target))
    except Exception as error:
        return UnmeasurableError(f"{target} cannot be imported: {error}")
    frame = frame_of(engine.monitor, engine.current)
    reference = engine.reference
    then = None
    if reference is not None:
        kept = reference.once("frame", lambda: frame_of(engine.monitor, reference))
        then = kept.copy(deep=False)  # pandas copies what is written to
    outcome: list[Any] = []

    def call() -> None:
        try:
            outcome.append(function(frame, then))
        except BaseException as error:
            LOG.debug("%s failed", target, exc_info=error)
            text = str(error)[:300]
            outcome.append(UnmeasurableError(f"{target}: {type(error).__name__}: {text}"))

    thread = threading.Thread(target=call, name=f"{target}", daemon=True)
    thread.start()
    thread.join(float(seconds))
    if not outcome:
        return UnmeasurableError(f"{target} took longer than {seconds:g} seconds")
    result: Result | UnmeasurableError = outcome[0]
    return result


def load_function(target: str) -> Callable[[pd.DataFrame, pd.DataFrame | None], Result]:
    """The function `module:name`, of the project or installed. Raises ImportError, AttributeError.

    A worker of a cluster has not been told where the project lies.
    """
    module, _, name = target.partition(":")
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0] or not _add_project():
            raise
        imported = importlib.import_module(module)
    function: Callable[[pd.DataFrame, pd.DataFrame | None], Result] = getattr(imported, name)
    return function


def _add_project() -> bool:
    """Let modules be imported from the project's folder; False if they were already."""
    try:
        root = str(find_root())
    except SettingsError:
        return False
    if root in sys.path:
        return False
    sys.path.insert(0, root)
    return True


def frame_of(monitor: Monitor, rows: CoercedRows) -> pd.DataFrame:
    """Coerced rows as a frame of their declared columns; those that the data lacks are not there.

    Numbers are float64 with NaN, words text with None, labels of yes and no 1.0 and 0.0.
    """
    columns = {}
    for column in (*monitor.other_columns(), *monitor.all_columns()):
        coerced = rows[column]
        if coerced.there:
            truth = coerced.as_numbers()
            columns[column.name] = coerced.values if truth is None else truth
    return pd.DataFrame(columns)


def _number(result: Result, series: Series) -> float:
    target = series.metric.options[0][1]
    if series.column is not None:
        numbers: Any = result.to_dict() if isinstance(result, pd.Series) else result
        if not isinstance(numbers, Mapping):
            value = _format(result)
            raise UnmeasurableError(f"{target} returned {value}, and no number for each column")
        result = numbers.get(series.column.name)
    if result is None:
        raise UndefinedError(f"{target} gives none")
    try:
        if isinstance(result, str | bytes):
            raise TypeError(result)
        number = float(result)  # type: ignore[arg-type]  # what a stranger's function returns
    except (TypeError, ValueError):
        value = _format(result)
        raise UnmeasurableError(f"{target} returned {value}, which is no number") from None
    if math.isnan(number):
        raise UndefinedError(f"{target} returned nan")
    if math.isinf(number):
        raise UnmeasurableError(f"{target} returned {number}")
    return number


def _format(result: Any) -> str:
    """What a function returned, in a line."""
    return " ".join(repr(result).split())[:100]
