"""What Evidently cannot plot it does not measure either: its refusals are ours."""

import math

import numpy as np

from driftdeck.collectors.engines.drift_index.numbers import HUGE, Sample

BINS = 10
"""Of Evidently's small pictures of each side."""
FINE = 10_000
"""A range of so many neighbouring floats has room for every number of bins that is tried."""


def refuse_unplottable(reference: Sample, window: Sample) -> None:
    """Raises the ValueError that numpy.histogram raises in Evidently's pictures of a column.

    A range that bins cannot divide: numbers that are alike up to their last digits, or too large.
    """
    low, high = min(reference.low, window.low), max(reference.high, window.high)
    sides = ((window.low, window.high), (reference.low, reference.high), (low, high))
    if all(_is_wide(*side) for side in sides):
        return
    np.histogram(window.values, BINS, density=True)
    np.histogram(reference.values, BINS, density=True)
    np.histogram_bin_edges(np.concatenate([window.values, reference.values]), "doane")


def are_plottable(reference: Sample, lows: np.ndarray, highs: np.ndarray) -> bool:
    """Whether the same raises for none of several windows. lows, highs: (windows,) the range of
    each."""
    low, high = np.minimum(lows, reference.low), np.maximum(highs, reference.high)
    sides = ((lows, highs), (low, high))
    return _is_wide(reference.low, reference.high) and all(_are_wide(*side).all() for side in sides)


def refuse_unplottable_alone(values: np.ndarray) -> None:
    """Raises the same for the picture of a regression's errors, or of a column's mean."""
    if not _is_wide(float(values.min()), float(values.max())):
        np.histogram_bin_edges(values, "doane")


def _is_wide(low: float, high: float) -> bool:
    size = max(abs(low), abs(high))
    span = (high - low) or 1.0  # as NumPy widens the range of a constant
    return size < HUGE and span > FINE * math.ulp(size)


def _are_wide(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    size = np.maximum(np.abs(low), np.abs(high))
    span = np.where(high == low, 1.0, high - low)
    are_wide: np.ndarray = (size < HUGE) & (span > FINE * np.spacing(size))
    return are_wide
