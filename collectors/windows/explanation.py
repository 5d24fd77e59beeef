"""Says in plain words what moved in a window beyond its thresholds: computed, not guessed."""

from collections.abc import Iterator, Sequence

import numpy as np

from driftdeck.collectors.engines.drift_index import Sample, number_index
from driftdeck.collectors.engines.quality import schema_differences
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.histograms import Bins
from driftdeck.collectors.frames.reference import Reference
from driftdeck.collectors.values import Value
from driftdeck.declare import Column, Monitor
from driftdeck.declare.kinds import CHANGED_COLUMNS
from driftdeck.declare.metrics import Scope

MOST_COLUMNS = 4
"""So many columns are spoken of."""
MOST_SEGMENTS = 4
"""So many segments are."""
LEAST_DISTANCE = 1e-6
LEAST_COVERED = 0.5
"""Of the reference, so much must have a counterpart in the window to be weighted back to."""


def explain(
    monitor: Monitor, current: CoercedRows, reference: Reference | None, values: Sequence[Value]
) -> str:
    """Sentences about a window in which something is beyond its alert threshold, else ''.

    Which columns moved, in which direction and where in their distribution; how much of the
    prediction's distance goes with each of them (association, not cause); what the labels say.
    Segments that are beyond theirs are named by themselves. Columns of the source that have changed
    are named from a warning on.
    """
    if reference is None:
        return ""
    of_columns = list(_describe_columns(values, current, reference))
    if not any(value.state == 2 for value in values):
        return " ".join(of_columns)
    values, of_segments = _split(values)
    moved = [v for v in values if v.series.metric.name == "drift" and (v.state or 0) >= 1]
    moved.sort(key=lambda value: value.times_threshold or 0.0, reverse=True)
    sentences = [_describe_movement(value, current, reference) for value in moved[:MOST_COLUMNS]]
    if len(moved) > MOST_COLUMNS:
        sentences.append(f"{len(moved) - MOST_COLUMNS} more columns moved.")
    if not moved:
        sentences.append("No column drifted beyond its thresholds.")
    sentences += _describe_prediction(monitor, current, reference, values, moved[:MOST_COLUMNS])
    sentences += _describe_rows(values)
    sentences += _describe_missing(values)
    sentences += _describe_labels(values)
    sentences += _describe_segments(of_segments)
    sentences += of_columns
    return " ".join(filter(None, sentences))


def _describe_columns(
    values: Sequence[Value], current: CoercedRows, reference: Reference
) -> Iterator[str]:
    """Which columns of the source are gone, new or of another type, where these are too many."""
    name = CHANGED_COLUMNS.name
    if any(v.series.metric.name == name and v.segment is None and v.state for v in values):
        differences = schema_differences(current.schema, reference.data.schema)
        yield f"Columns of the source: {differences.sentence}."


def _split(values: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """(values of the whole window, values of its segments)."""
    whole = [value for value in values if value.segment is None]
    return whole, [value for value in values if value.segment is not None]


def _describe_segments(values: Sequence[Value]) -> Iterator[str]:
    """Which segments are beyond an alert threshold of theirs, the furthest first, and by what."""
    beyond = [value for value in values if value.state == 2]
    beyond.sort(key=lambda value: value.times_threshold or 0.0, reverse=True)
    by_segment: dict[str, list[str]] = {}
    for value in beyond:
        name = " of ".join(filter(None, (value.series.metric.title, value.series.key[1])))
        by_segment.setdefault(str(value.segment), []).append(name)
    for segment, names in list(by_segment.items())[:MOST_SEGMENTS]:
        more = f" and {len(names) - MOST_COLUMNS} more" if len(names) > MOST_COLUMNS else ""
        listed = ", ".join(names[:MOST_COLUMNS])
        yield f"In {segment}: {listed}{more} beyond the alert threshold."
    if len(by_segment) > MOST_SEGMENTS:
        yield f"So are {len(by_segment) - MOST_SEGMENTS} more segments."


def _describe_movement(value: Value, current: CoercedRows, reference: Reference) -> str:
    column = value.series.column
    assert column is not None
    bins = _find_bins(reference, column)
    if bins is None:
        return ""
    now, then = (_compute_shares(bins, data, column) for data in (current, reference.data))
    where = _describe_place(bins, now, then)
    if column.kind == "category":
        return f"{column.name}: {where}."
    median = float(np.median(current[column].present))
    before = float(np.median(number_index(reference.data, column).sample.values))
    change = "higher" if median > before else "lower" if median < before else "of another shape"
    return f"{column.name} is {change}: median {median:.4g} against {before:.4g}; {where}."


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


def _describe_labels(values: Sequence[Value]) -> Iterator[str]:
    """What the labels that have arrived say of the model."""
    performance = [v for v in values if v.series.metric.scope is Scope.PERFORMANCE]
    if not performance:
        return
    alerting = [v for v in performance if v.state == 2]
    judged = [v for v in performance if v.state is not None]
    if alerting:
        texts = ", ".join(f"{v.series.metric.title} is {v.outcome.value:.4g}" for v in alerting)
        yield f"The labels agree: {texts}, beyond the alert threshold."
    elif judged:
        count = len(judged)
        yield f"The labels show no harm: {count} performance metrics are within their thresholds."
    else:
        yield "The labels cannot tell yet."
