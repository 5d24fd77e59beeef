"""What the rows of one window amount to: values of the whole and of its segments, histograms, and a
status. Nothing is read."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from driftdeck.collectors.engines.choice import Choice, choose_for_segments, measure
from driftdeck.collectors.engines.computations import confusion
from driftdeck.collectors.engines.drift_index.engine import WORTH_THREADS
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference
from driftdeck.collectors.frames.segments import SegmentRows, list_segments
from driftdeck.collectors.values import (
    Confusion,
    Histogram,
    Measurement,
    Status,
    Value,
    WindowResult,
)
from driftdeck.collectors.windows.explanation import explain
from driftdeck.declare import Metric, Monitor, Segment, Series, Thresholds, Window
from driftdeck.declare.slices import Slice
from driftdeck.declare.units import SHARE


@dataclass(frozen=True)
class Comparison:
    """What a window is compared with. baselines: rows beside the reference, by the baseline's name,
    or the reason why there are none."""

    reference: Reference | None = None
    baselines: Mapping[str, CoercedRows | str] = field(default_factory=dict)

    @property
    def data(self) -> CoercedRows | None:
        """The rows of the reference."""
        return self.reference.data if self.reference else None


@dataclass(frozen=True)
class _Basis:
    """So many rows stand behind a value. coverage: the share of all that have a label, of a metric
    that needs labels."""

    rows: int
    coverage: float | None = None


@dataclass(frozen=True)
class _Part:
    """A window's rows, or those of a segment, with the series that are measured of them."""

    monitor: Monitor
    window: Window
    rows: CoercedRows
    series: Sequence[Series]
    slice: Slice | None = None
    segment: Segment | None = None

    @cached_property
    def labelled(self) -> int | None:
        """How many rows have a label, None where there are no labels."""
        target = self.monitor.target_column
        return None if target is None else self.rows.count(target)

    def thresholds(self) -> dict[Series, Thresholds | None]:
        """Those in force, by series."""
        return {series: self._thresholds(series) for series in self.series}

    def _thresholds(self, series: Series) -> Thresholds | None:
        """They are withheld below min_rows: too few rows cry wolf."""
        metric = series.metric
        in_force = self.monitor.thresholds_of(metric, series.key[1], self.segment, self.window)
        is_enough = in_force is None or self._basis(metric).rows >= self._min_rows
        return in_force if is_enough or metric.name == "row_count" else None

    def values(
        self, thresholds: Mapping[Series, Thresholds | None], outcomes: Sequence[Measurement]
    ) -> list[Value]:
        """What is stored of each series."""
        monitor, day, segment = self.monitor, self.window.day, self.segment
        values = []
        for (series, in_force), outcome in zip(thresholds.items(), outcomes, strict=True):
            basis, is_expected = self._basis(series.metric), monitor.is_expected(*series.key, day)
            possible = _refuse_impossible_share(series, outcome)
            values.append(
                Value(series, possible, basis.rows, in_force, basis.coverage, is_expected, segment)
            )
        return values

    @cached_property
    def _min_rows(self) -> int:
        least = None if self.slice is None else self.slice.min_rows
        return self.monitor.min_rows if least is None else least

    def _basis(self, metric: Metric) -> _Basis:
        if metric.is_performance:
            return self._of_answered
        return self._of_labelled if metric.needs_labels else self._of_rows

    @cached_property
    def _of_rows(self) -> _Basis:
        return _Basis(self.rows.rows)

    @cached_property
    def _of_labelled(self) -> _Basis:
        labelled, rows = self.labelled or 0, self.rows.rows
        return _Basis(labelled, labelled / rows if rows else None)

    @cached_property
    def _of_answered(self) -> _Basis:
        return replace(self._of_labelled, rows=self._answered)

    @property
    def _answered(self) -> int:
        """How many rows have a label and a prediction, which is what performance is measured of."""
        target, prediction = self.monitor.target_column, self.monitor.prediction_column
        if target is None or prediction is None:
            return 0
        if self.rows.why_absent(target) or self.rows.why_absent(prediction):
            return 0
        is_answered = self.rows.of_rows(
            "answered", lambda rows: ~(rows[target].lacks | rows[prediction].lacks)
        )
        return int(np.count_nonzero(is_answered))


def measure_rows(
    monitor: Monitor,
    window: Window,
    current: CoercedRows,
    comparison: Comparison,
    series: Sequence[Series],
    choice: Choice,
) -> WindowResult:
    """What a window's rows amount to. Raises EnginesDifferError.

    series: of the whole; its segments have those of them that their slices have.
    """
    whole = _Part(monitor, window, current, series)
    thresholds = whole.thresholds()
    outcomes, runs = measure(choice, monitor, current, comparison.data, thresholds,
                             comparison.baselines)  # fmt: skip
    values = whole.values(thresholds, outcomes)
    status, error = _determine_status(current, values)
    segments = list(list_segments(monitor, current, comparison.data))
    values += _measure_segments(monitor, window, current, segments, comparison, series, choice)
    return WindowResult(
        monitor.name,
        window,
        status,
        tuple(values),
        _count_histograms(current, comparison.reference),
        row_count=current.rows,
        labelled_count=whole.labelled,
        error=error,
        explanation=explain(
            monitor, current, comparison.reference, values, {p.segment: p for p in segments}
        ),
        runs=tuple(runs),
        confusion=_count_confusion(monitor, current),
    )


def _measure_segments(
    monitor: Monitor,
    window: Window,
    current: CoercedRows,
    parts: Sequence[SegmentRows],
    comparison: Comparison,
    series: Sequence[Series],
    choice: Choice,
) -> list[Value]:
    """The values of each segment; of the rest of a column only its rows are counted."""
    if not parts:
        return []
    lines = {
        slice_.name: [line for line in series if slice_.has(*line.key)] for slice_ in monitor.slices
    }
    counted = [line for line in series if line.metric.name == "row_count"]
    checked = choice.sample_segment(monitor, window, [part.segment for part in parts])
    unchecked = choose_for_segments(monitor)

    def measure_one(part: SegmentRows) -> list[Value]:
        of_slice = counted if part.segment.is_counted_only else lines[part.slice.name]
        rows = _Part(monitor, window, part.current, of_slice, part.slice, part.segment)
        thresholds = rows.thresholds()
        baselines = {
            name: other if isinstance(other, str) else part.of(other)
            for name, other in comparison.baselines.items()
        }
        way = replace(unchecked, evidently=True) if part.segment == checked else unchecked
        outcomes, _ = measure(way, monitor, part.current, part.reference, thresholds, baselines)
        return rows.values(thresholds, outcomes)

    if unchecked.index and current.rows >= WORTH_THREADS:
        _order_columns({part.slice.name: part for part in parts}.values(), lines)
    return [value for part in parts for value in measure_one(part)]


def _order_columns(parts: Iterable[SegmentRows], lines: Mapping[str, Sequence[Series]]) -> None:
    """Put the columns of each slice in order, for all of its segments: side by side, which what is
    done for each segment is too small for. parts: one of each slice. lines: by slice."""
    pairs = [
        (part.current, line.column)
        for part in parts
        for line in lines[part.slice.name]
        if line.method is not None and line.column is not None and line.column.kind == "number"
    ]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for rows, column in pairs:
            if rows[column].there:
                threads.submit(rows.ordered, column)


def _refuse_impossible_share(series: Series, outcome: Measurement) -> Measurement:
    """An outcome, without a number that no share can be: of a prediction that is no probability."""
    value = outcome.value
    if value is None or series.unit is not SHARE or 0 <= value <= 1:
        return outcome
    return Measurement(None, f"came out as {value:.6g}, and a share lies between 0 and 1")


def _determine_status(current: CoercedRows, values: Sequence[Value]) -> tuple[Status, str]:
    if current.rows == 0:
        return Status.EMPTY, "no rows in the window"
    lost = [value for value in values if value.outcome.value is None]
    faults = [_format_fault(value) for value in lost if value.outcome.is_fault]
    faults = [*current.complaints, *(f for f in faults if not _repeats(f, current.complaints))]
    if faults:
        return Status.PARTIAL, "; ".join(dict.fromkeys(faults))
    if waiting := [value for value in lost if value.outcome.waiting]:
        return Status.WAITING, waiting[0].outcome.reason
    return Status.OK, ""


def _format_fault(value: Value) -> str:
    name, column = value.series.key
    return f"{name}{f' of {column}' if column else ''}: {value.outcome.reason}"


def _repeats(fault: str, complaints: list[str]) -> bool:
    return any(complaint in fault for complaint in complaints)


def _count_histograms(current: CoercedRows, reference: Reference | None) -> tuple[Histogram, ...]:
    if reference is None or current.rows == 0:
        return ()
    return tuple(bins.count_rows(current) for bins in reference.bins)


def _count_confusion(monitor: Monitor, current: CoercedRows) -> Confusion | None:
    prediction, counts = monitor.prediction_column, confusion(monitor, current)
    if prediction is None or counts is None:
        return None
    return Confusion(prediction.classes, counts.tolist())
