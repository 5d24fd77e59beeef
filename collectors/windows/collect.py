"""One window of one monitor, from its sources to what will be stored. No step calls back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import version

import pandas as pd

from driftdeck.collectors.engines.choice import Choice, choose, measure
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.collectors.sources.typed import why_not
from driftdeck.collectors.values import Histogram, Measurement, Status, Value, WindowResult
from driftdeck.collectors.windows.explanation import explain
from driftdeck.declare import Monitor, Series, Thresholds, Window
from driftdeck.declare.metrics import Scope
from driftdeck.declare.units import SHARE
from driftdeck.diagnostics import LOG, described

LONGEST_ERROR = 1000
"""So many signs of an error are kept."""
LIBRARIES = ("driftdeck", "evidently", "pandas", "numpy", "scipy")


def collect(
    monitor: Monitor,
    window: Window,
    reader: Reader,
    reference_of: Callable[[str], Reference | None],
    now: datetime,
    *,
    backfill: bool = False,
    report: bool = True,
    check_every: int = 0,
    state: str = "",
) -> WindowResult:
    """Collect one window; a failure comes back as a status with its reason, not as an exception.

    reference_of: what the windows of a model version are compared with. now: labels that arrived
    later are not seen. backfill, report, check_every: what the choice of the engine depends on.
    state: of the source, as it was before it is read.
    """
    began = time.perf_counter()
    series = list(monitor.series())
    reference = choice = None
    try:
        rows = reader.read(window, now)
        reference = reference_of(_find_model_version(monitor, rows.frame))
        data = reference.data if reference else None
        choice = choose(
            monitor,
            window,
            data,
            backfill=backfill,
            report=report,
            check_every=check_every,
        )
        result = measure_rows(monitor, window, rows.frame, reference, series, choice)
        result = _add_reading(
            result, rows, [*rows.warnings, *_warn_of_missing_version(monitor, rows)], state
        )
    except Exception as error:
        result = make_failed_result(monitor, window, error)
    return replace(
        result,
        reference_hash=reference.hash if reference else "",
        engine=choice.name if choice else "",
        versions=_list_library_versions(),
        seconds=time.perf_counter() - began,
    )


def make_failed_result(
    monitor: Monitor, window: Window, error: Exception, doing: str = ""
) -> WindowResult:
    """A window of which nothing could be measured, or stored, with the reason in a sentence.

    doing: what was tried, for the beginning of that.
    """
    LOG.debug("%s %s failed", monitor.name, window.day, exc_info=error)
    place, reason = monitor.source.place, doing + " ".join(described(error).split())
    if place not in reason and not isinstance(error, SourceError):
        reason = f"{place}: {reason}"
    outcome = Measurement(None, reason[:300])
    values = tuple(Value(series, outcome, 0, None) for series in monitor.series())
    return WindowResult(monitor.name, window, Status.FAILED, values, error=reason[:LONGEST_ERROR])


def mark_lost(result: WindowResult, monitor: Monitor, rows: int, labels: int) -> WindowResult:
    """A window without rows, or labels, that had some when it was measured, as partial: its numbers
    stay, and the error names what was lost; any other window as it is.

    rows, labels: how many of them were measured.
    """
    source = monitor.source
    if result.status is Status.EMPTY and rows:
        lost = f"{source.place}: no rows any more, where {rows}"
    elif result.status is Status.WAITING and not result.labelled_count and labels:
        lost = f"{(monitor.labels or source).place}: no labels any more, where {labels}"
    else:
        return result
    sentence = (
        f"{lost} were measured; the numbers of then are kept. Bring them back, or say that there"
        f" are none: driftdeck run {monitor.name} --date {result.window.day} --empty"
    )
    return replace(result, status=Status.PARTIAL, values=(), histograms=(), error=sentence)


def _add_reading(result: WindowResult, rows: Rows, warnings: list[str], state: str) -> WindowResult:
    """What was collected, with what became of each row; a warning makes it partial."""
    status, error = result.status, result.error
    if warnings:
        status = Status.PARTIAL if status is not Status.EMPTY else status
        error = "; ".join(filter(None, [*warnings, error]))
    return replace(
        result,
        status=status,
        error=error,
        rows=rows.ledger,
        labels=rows.labels,
        source_fingerprint=rows.fingerprint,
        source_state=state,
        opens_at=rows.opens_at,
    )


def measure_rows(
    monitor: Monitor,
    window: Window,
    frame: pd.DataFrame,
    reference: Reference | None,
    series: list[Series],
    choice: Choice,
) -> WindowResult:
    """What a window's rows amount to: values, histograms, status. Raises EnginesDifferError."""
    current = CoercedRows(monitor, frame)
    labelled = _count_labelled_rows(monitor, current)
    row_counts = [_count_rows_behind(line, current, labelled) for line in series]
    thresholds = [
        _select_thresholds(monitor, line, rows)
        for line, rows in zip(series, row_counts, strict=True)
    ]
    measurements, runs = measure(
        choice,
        monitor,
        current,
        reference.data if reference else None,
        dict(zip(series, thresholds, strict=True)),
    )
    values = tuple(
        Value(
            line,
            _refuse_impossible_share(line, outcome),
            rows,
            line_thresholds,
            _compute_coverage(line, current, labelled),
            monitor.is_expected(*line.key, window.day),
        )
        for line, outcome, rows, line_thresholds in zip(
            series, measurements, row_counts, thresholds, strict=True
        )
    )
    status, error = _determine_status(current, values)
    return WindowResult(
        monitor.name,
        window,
        status,
        values,
        _count_histograms(current, reference),
        row_count=current.rows,
        labelled_count=labelled,
        model_version=_find_model_version(monitor, frame),
        error=error,
        explanation=explain(monitor, current, reference, values),
        runs=tuple(runs),
    )


def _refuse_impossible_share(series: Series, outcome: Measurement) -> Measurement:
    """An outcome, without a number that no share can be: of a prediction that is no probability."""
    value = outcome.value
    if value is None or series.unit is not SHARE or 0 <= value <= 1:
        return outcome
    return Measurement(None, f"came out as {value:.6g}, and a share lies between 0 and 1")


def _needs_labels(series: Series) -> bool:
    """Whether a series speaks of the labelled rows only."""
    return series.metric.scope in (Scope.PERFORMANCE, Scope.TARGET)


def _count_rows_behind(series: Series, current: CoercedRows, labelled: int | None) -> int:
    return labelled or 0 if _needs_labels(series) else current.rows


def _select_thresholds(monitor: Monitor, series: Series, rows: int) -> Thresholds | None:
    """A series' thresholds, which are withheld below min_rows: too few rows cry wolf."""
    enough = rows >= monitor.min_rows or series.metric.name == "row_count"
    return series.thresholds if enough else None


def _compute_coverage(series: Series, current: CoercedRows, labelled: int | None) -> float | None:
    return (labelled or 0) / current.rows if _needs_labels(series) and current.rows else None


def _count_labelled_rows(monitor: Monitor, current: CoercedRows) -> int | None:
    if monitor.target_column is None:
        return None
    return current[monitor.target_column].count


def _determine_status(current: CoercedRows, values: tuple[Value, ...]) -> tuple[Status, str]:
    if current.rows == 0:
        return Status.EMPTY, "no rows in the window"
    lost = [value for value in values if value.outcome.value is None]
    faults = [_format_fault(value) for value in lost if not value.outcome.waiting]
    faults = [*current.complaints, *(f for f in faults if not _repeats(f, current.complaints))]
    if faults:
        return Status.PARTIAL, "; ".join(dict.fromkeys(faults))
    if lost:
        return Status.WAITING, lost[0].outcome.reason
    return Status.OK, ""


def _format_fault(value: Value) -> str:
    name, column = value.series.key
    return f"{name}{f' of {column}' if column else ''}: {value.outcome.reason}"


def _repeats(fault: str, complaints: list[str]) -> bool:
    return any(complaint in fault for complaint in complaints)


def _count_histograms(current: CoercedRows, reference: Reference | None) -> tuple[Histogram, ...]:
    if reference is None or current.rows == 0:
        return ()
    return tuple(bins.count(current.columns[bins.column]) for bins in reference.bins)


def _warn_of_missing_version(monitor: Monitor, rows: Rows) -> Iterator[str]:
    """Why it cannot be told which model answered: then its own reference is unknown, too."""
    name = monitor.model_version
    if name and len(rows.frame) and name not in rows.frame:
        yield (
            f"{monitor.source.place}: {why_not(rows.frame, name)}, the model's version: compared"
            " with the declared reference"
        )


def _find_model_version(monitor: Monitor, frame: pd.DataFrame) -> str:
    """The version that answered last in the window."""
    if not monitor.model_version or monitor.model_version not in frame:
        return ""
    known = frame[monitor.model_version].dropna()
    return str(known.iloc[-1]) if len(known) else ""


@cache
def _list_library_versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except ModuleNotFoundError:
            continue
    return versions
