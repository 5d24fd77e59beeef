"""Says in plain words what moved in a window beyond its thresholds: computed, not guessed."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from driftdeck.collectors.engines.drift_index import Sample, number_index
from driftdeck.collectors.engines.quality import schema_differences
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.histograms import Bins
from driftdeck.collectors.frames.reference import Reference
from driftdeck.collectors.frames.segments import SegmentRows
from driftdeck.collectors.values import Value
from driftdeck.declare import Column, Monitor, Segment
from driftdeck.declare.kinds import CHANGED_COLUMNS
from driftdeck.declare.metrics import Scope

MOST_COLUMNS = 4
"""So many columns are spoken of."""
MOST_SEGMENTS = 4
"""So many segments are spoken of."""
DESCRIBED = ("drift", "prediction_drift", "row_count", "missing_share")
"""The metrics of the data that have sentences of their own."""
LEAST_DISTANCE = 1e-6
LEAST_COVERED = 0.5
"""Of the reference, so much must have a counterpart in the window to be weighted back to."""


def explain(
    monitor: Monitor,
    current: CoercedRows,
    reference: Reference | None,
    values: Sequence[Value],
    segments: Mapping[Segment, SegmentRows] = MappingProxyType({}),
) -> str:
    """Sentences about a window in which something is beyond its alert threshold, else ''.

    Which columns moved, in which direction and where in their distribution; how much of the
    prediction's distance goes with each of them (association, not cause); what the labels say; in
    which segments something is beyond its threshold. Columns of the source that have changed are
    named from a warning on. values: of the whole, and of its segments. segments: the rows of each.
    """
    if reference is None:
        return ""
    changed = list(_describe_changed_columns(values, current, reference))
    if not any(value.state == 2 for value in values):
        return " ".join(changed)
    whole = [value for value in values if value.segment is None]
    sentences = ["The whole is within its alert thresholds."]
    if any(value.state == 2 for value in whole):
        sentences = _describe_whole(monitor, current, reference, whole)
    of_segments = _describe_segments(reference, values, segments)
    return " ".join(filter(None, [*sentences, *of_segments, *changed]))


def _describe_changed_columns(
    values: Sequence[Value], current: CoercedRows, reference: Reference
) -> Iterator[str]:
    """Which columns of the source are gone, new or of another type, where these are too many."""
    name = CHANGED_COLUMNS.name
    if any(v.series.metric.name == name and v.segment is None and v.state for v in values):
        differences = schema_differences(current.schema, reference.data.schema)
        yield f"Columns of the source: {differences.sentence}."


def _describe_whole(
    monitor: Monitor, current: CoercedRows, reference: Reference, values: Sequence[Value]
) -> list[str]:
    judged = [v for v in values if v.series.metric.name == "drift" and v.state is not None]
    moved = [value for value in judged if value.state]
    moved.sort(key=_rank, reverse=True)
    sentences = [
        f"{text}."
        for value in moved[:MOST_COLUMNS]
        if (text := _describe_movement(value, current, reference.data, reference))
    ]
    if len(moved) > MOST_COLUMNS:
        sentences.append(f"{len(moved) - MOST_COLUMNS} more columns moved.")
    if judged and not moved:
        sentences.append("No column drifted beyond its thresholds.")
    sentences += _describe_prediction(monitor, current, reference, values, moved[:MOST_COLUMNS])
    sentences += _describe_rows(values)
    sentences += _describe_missing(values)
    sentences += _describe_others(values)
    sentences += _describe_labels(values)
    return sentences


def _describe_segments(
    reference: Reference, values: Sequence[Value], segments: Mapping[Segment, SegmentRows]
) -> Iterator[str]:
    """What is beyond its alert threshold in each segment, the furthest first."""
    by_segment: dict[Segment, list[Value]] = {}
    alerting = [value for value in values if value.segment is not None and value.state == 2]
    for value in sorted(alerting, key=_rank, reverse=True):
        assert value.segment is not None
        by_segment.setdefault(value.segment, []).append(value)
    for segment, beyond in list(by_segment.items())[:MOST_SEGMENTS]:
        parts = [
            _describe_in_segment(value, segments.get(segment), reference)
            for value in beyond[:MOST_COLUMNS]
        ]
        more = len(beyond) - MOST_COLUMNS
        parts += [f"{more} more series are beyond their alert thresholds"] if more > 0 else []
        yield f"In {segment}: {'; '.join(parts)}."
    if (more := len(by_segment) - MOST_SEGMENTS) > 0:
        yield f"So is something in {more} more segments."


def _describe_in_segment(value: Value, rows: SegmentRows | None, reference: Reference) -> str:
    if value.series.metric.name == "drift" and rows is not None and rows.reference is not None:
        movement = _describe_movement(value, rows.current, rows.reference, reference)
        if movement:
            return movement
    return f"{_format_name(value)} is {value.outcome.value:.4g}, beyond its alert threshold"


def _rank(value: Value) -> float:
    return value.times_threshold or 0.0


def _format_name(value: Value) -> str:
    """A series as people say it: Recall of 'late', Unseen values of plan."""
    series, title = value.series, value.series.metric.title
    if series.class_name:
        return f"{title.removesuffix(' by class')} of {series.class_name!r}"
    if series.metric.scope is Scope.COLUMNS and series.column is not None:
        return f"{title} of {series.column.name}"
    return title


def _describe_movement(
    value: Value, current: CoercedRows, then: CoercedRows, reference: Reference
) -> str:
    """How a column moved, '' where it cannot be told. then: the rows compared with, those of the
    same segment; reference: whose bins they are counted in."""
    column = value.series.column
    assert column is not None
    bins = _find_bins(reference, column)
    if bins is None:
        return ""
    where = _describe_place(
        bins, *(_compute_shares(bins, data, column) for data in (current, then))
    )
    if column.kind == "category":
        return f"{column.name}: {where}"
    median = float(np.median(current[column].present))
    before = float(np.median(number_index(then, column).sample.values))
    change = "higher" if median > before else "lower" if median < before else "of another shape"
    return f"{column.name} is {change}: median {median:.4g} against {before:.4g}; {where}"


def _describe_place(bins: Bins, now: np.ndarray, then: np.ndarray) -> str:
    """The bins that grew and shrank most."""
    change = now - then
    up, down = int(np.argmax(change)), int(np.argmin(change))
    return (
        f"most gained at {_format_bin(bins, up)} ({then[up]:.0%} to {now[up]:.0%}),"
        f" most lost at {_format_bin(bins, down)} ({then[down]:.0%} to {now[down]:.0%})"
    )


def _format_bin(bins: Bins, number: int) -> str:
    if not bins.edges or number in (0, len(bins.edges)):
        return bins.labels[number]
    return f"{bins.edges[number - 1]:g} to {bins.edges[number]:g}"


def _find_bins(reference: Reference, column: Column) -> Bins | None:
    return next((bins for bins in reference.bins if bins.column == column), None)


def _compute_shares(bins: Bins, data: CoercedRows, column: Column) -> np.ndarray:
    """Shares of the bins, without the missing values."""

    def make() -> np.ndarray:
        counts = np.array(bins.count(data[column]).counts[:-1], float)
        shares: np.ndarray = counts / max(float(counts.sum()), 1.0)
        return shares

    return data.once(("histogram", column.name), make)


def _describe_prediction(
    monitor: Monitor,
    current: CoercedRows,
    reference: Reference,
    values: Sequence[Value],
    moved: Sequence[Value],
) -> Iterator[str]:
    """How much of the prediction's distance vanishes when a column is weighted back."""
    drift = [v for v in values if v.series.metric.name == "prediction_drift"]
    prediction = monitor.prediction_column
    if not drift or prediction is None or drift[0].state is None:
        return
    if drift[0].state == 0:
        yield "The predictions are within their thresholds."
        return
    if prediction.kind == "category":
        if movement := _describe_movement(drift[0], current, reference.data, reference):
            yield f"The predictions moved, {movement.removeprefix(f'{prediction.name}: ')}."
        return
    columns = [value.series.column for value in moved if value.series.column is not None]
    shares = [(c.name, _compute_share(current, reference, prediction, c)) for c in columns]
    parts = [f"{share:.0%} with {name}" for name, share in shares if share is not None]
    if parts:
        yield f"Of the prediction's distance goes {', '.join(parts)} (association, not cause)."


def _compute_share(
    current: CoercedRows, reference: Reference, prediction: Column, column: Column
) -> float | None:
    """The share of the prediction's Wasserstein distance to the reference that is gone once the
    window's rows are weighted so that the column has its reference histogram; at least 0.

    None where it cannot be told: most of the reference's values do not occur in the window, or
    the prediction is a word."""
    if prediction.kind == "category":
        return None
    bins = _find_bins(reference, column)
    values, predicted = current[column].values, current[prediction].values
    if bins is None or values is None or predicted is None:
        return None
    if reference.data[prediction].present.empty:
        return None
    both = values.notna() & predicted.notna()
    rows = predicted[both].to_numpy(float)
    if not len(rows):
        return None
    place = bins.place(values[both])
    now = np.bincount(place, minlength=len(bins.labels) - 1) / len(place)
    then = _compute_shares(bins, reference.data, column)
    order = np.argsort(rows)
    index, ordered = number_index(reference.data, prediction), Sample(rows[order])
    before = index.distance(ordered)
    if then[now > 0].sum() < LEAST_COVERED or before < LEAST_DISTANCE:
        return None
    weights = (then / np.where(now > 0, now, 1.0))[place][order]
    after = index.distance(ordered, weights / weights.sum())
    return float(max(0.0, 1 - after / before))


def _describe_rows(values: Sequence[Value]) -> Iterator[str]:
    for value in values:
        if value.series.metric.name == "row_count" and value.state == 2:
            yield f"The window has {value.outcome.value:.0f} rows."


def _describe_missing(values: Sequence[Value]) -> Iterator[str]:
    names = [
        v.series.key[1] for v in values if v.series.metric.name == "missing_share" and v.state == 2
    ]
    if names:
        yield f"Values are missing of {', '.join(names)}."


def _describe_others(values: Sequence[Value]) -> Iterator[str]:
    """What else is beyond its alert threshold, of the data."""
    others = [
        f"{_format_name(v)} is {v.outcome.value:.4g}"
        for v in values
        if v.state == 2
        and not v.series.metric.is_performance
        and v.series.metric.name not in DESCRIBED
    ]
    if others:
        yield f"Beyond the alert threshold: {', '.join(others)}."


def _describe_labels(values: Sequence[Value]) -> Iterator[str]:
    """What the labels that have arrived say of the model."""
    performance = [v for v in values if v.series.metric.is_performance]
    if not performance:
        return
    alerting = [v for v in performance if v.state == 2]
    judged = [v for v in performance if v.state is not None]
    if alerting:
        texts = ", ".join(f"{_format_name(v)} is {v.outcome.value:.4g}" for v in alerting)
        yield f"The labels agree: {texts}, beyond the alert threshold."
    elif judged:
        metrics = "1 performance metric is within its alert threshold"
        if (count := len(judged)) > 1:
            metrics = f"{count} performance metrics are within their alert thresholds"
        yield f"The labels show no harm: {metrics}."
    else:
        yield "The labels cannot tell yet."
