"""One window of one monitor, from its sources to what will be stored. No step calls back."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import version

from driftdeck.collectors.engines.choice import choose
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.collectors.sources.typed import why_not
from driftdeck.collectors.values import Measurement, Status, Value, WindowResult
from driftdeck.collectors.windows.baselines import Baselines
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.declare import Monitor, Window
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
    baselines: Baselines | None = None,
) -> WindowResult:
    """Collect one window; a failure comes back as a status with its reason, not as an exception.

    reference_of: what the windows of a model version are compared with. now: labels that arrived
    later are not seen. backfill, report, check_every: what the choice of the engine depends on.
    state: of the source, as it was before it is read. baselines: reads what else it is compared
    with.
    """
    began = time.perf_counter()
    series = list(monitor.series())
    reference = choice = None
    try:
        rows = reader.read(window, now)
        model_version = _find_model_version(monitor, rows)
        reference = reference_of(model_version)
        data = reference.data if reference else None
        choice = choose(
            monitor,
            window,
            data,
            backfill=backfill,
            report=report,
            check_every=check_every,
        )
        others = baselines.load(window, now) if baselines else {}
        comparison = Comparison(reference, others)
        coerced = rows.coerced or CoercedRows(monitor, rows.frame, window.end)
        result = measure_rows(monitor, window, coerced, comparison, series, choice)
        warnings = [*rows.warnings, *_warn_of_missing_version(monitor, rows)]
        result = _add_reading(result, rows, model_version, warnings, state)
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
    LOG.debug("%s %s failed", monitor.name, window.name, exc_info=error)
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
        f" are none: driftdeck run {monitor.name} --window {result.window.name} --empty"
    )
    return replace(result, status=Status.PARTIAL, values=(), histograms=(), error=sentence)


def _add_reading(
    result: WindowResult, rows: Rows, model_version: str, warnings: list[str], state: str
) -> WindowResult:
    """What was collected, with what became of each row; a warning makes it partial."""
    status, error = result.status, result.error
    if warnings:
        status = Status.PARTIAL if status is not Status.EMPTY else status
        error = "; ".join(filter(None, [*warnings, error]))
    return replace(
        result,
        status=status,
        error=error,
        model_version=model_version,
        rows=rows.ledger,
        labels=rows.labels,
        source_fingerprint=rows.fingerprint,
        source_state=state,
        opens_at=rows.opens_at,
    )


def _warn_of_missing_version(monitor: Monitor, rows: Rows) -> Iterator[str]:
    """Why it cannot be told which model answered: then its own reference is unknown, too."""
    name = monitor.model_version
    if name and len(rows) and name not in rows.read:
        yield (
            f"{monitor.source.place}: {why_not(rows.read, name)}, the model's version: compared"
            " with the declared reference"
        )


def _find_model_version(monitor: Monitor, rows: Rows) -> str:
    """The version that answered last in the window."""
    newest = rows.find_last(monitor.model_version) if monitor.model_version else None
    return "" if newest is None else str(newest)


@cache
def _list_library_versions() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except ModuleNotFoundError:
            continue
    return versions
