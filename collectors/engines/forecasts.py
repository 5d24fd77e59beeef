"""How far forecasts were from what came: scikit-learn's numbers, and a reason for each zero in a
denominator.

label, prediction, low, high: (n,) float64, one a labelled row, none missing.
"""

from collections.abc import Sequence

import numpy as np

from driftdeck.collectors.engines.errors import UndefinedError, UnmeasurableError

Rows = np.ndarray
"""(n,) one number a labelled row."""
ROUNDING = 1e-12
"""What is smaller than this, beside the numbers that it comes from, is nothing but their rounding:
a day's curve by a sine repeats itself to 1e-13, not to 0."""


def mape(label: Rows, prediction: Rows) -> float:
    """The mean of |label - prediction| / |label|, as a share: 0.1 is 10 %."""
    _refuse_empty(label)
    size = np.abs(label)
    is_zero = size <= ROUNDING * np.median(size)
    if is_zero.any():
        raise UndefinedError(
            f"{np.count_nonzero(is_zero)} of {len(label)} labels are 0: no error is a share of them"
        )
    return float(np.mean(np.abs(label - prediction) / size))


def wape(label: Rows, prediction: Rows) -> float:
    """The sum of |label - prediction| over the sum of |label|."""
    _refuse_empty(label)
    total = np.abs(label).sum()
    if total == 0:
        raise UndefinedError(f"all {len(label)} labels are 0: no error is a share of them")
    return float(np.abs(label - prediction).sum() / total)


def mase(label: Rows, prediction: Rows, histories: Sequence[Rows], season: int = 1) -> float:
    """The mean of |label - prediction|, where 1 is the error of repeating the last season.

    histories: the reference's labels in time order, of each series that is forecast; NaN for one
    that is missing, which keeps its place: what is a season apart stays so. season: after so many
    of them they are alike, such as 24 for hours; 1 compares each with the one before.
    """
    if season < 1:
        raise ValueError(f"a season has one or more labels, not {season}")
    _refuse_empty(label)
    longest = max(map(len, histories), default=0)
    if longest <= season:
        raise UnmeasurableError(
            f"the reference has {longest} labels: more than the {season} of a season are needed"
        )
    changes = np.concatenate([np.abs(past[season:] - past[:-season]) for past in histories])
    changes = changes[~np.isnan(changes)]
    if not len(changes):
        raise UnmeasurableError(
            f"no two labels of the reference are {season} apart: there is no error to compare with"
        )
    scale = np.mean(changes)
    every = np.concatenate(histories)
    if _is_rounding(scale, every[~np.isnan(every)]):
        raise UnmeasurableError(
            f"each of the {longest} labels of the reference is that of {season} before: there is no"
            " error to compare with"
        )
    return float(np.mean(np.abs(label - prediction)) / scale)


def r2(label: Rows, prediction: Rows) -> float:
    """The share of the labels' variance that was predicted; below 0 if their mean is better."""
    _refuse_empty(label)
    if len(label) < 2:
        raise UndefinedError("1 label has no variance")
    if _is_rounding(np.ptp(label), label):
        raise UndefinedError(f"all {len(label)} labels are {label[0]:.6g}: they have no variance")
    spread = np.sum(np.square(label - label.mean()))
    return float(1 - np.sum(np.square(label - prediction)) / spread)


def pinball(label: Rows, prediction: Rows, quantile: float) -> float:
    """The mean loss of a predicted quantile: a label above it costs `quantile` of the distance, one
    below it the rest."""
    if not 0 < quantile < 1:
        raise ValueError(f"a quantile lies between 0 and 1, not at {quantile}")
    _refuse_empty(label)
    above = label - prediction
    return float(np.mean(np.maximum(quantile * above, (quantile - 1) * above)))


def coverage(label: Rows, low: Rows, high: Rows) -> float:
    """The share of labels that lie in their interval, ends included."""
    _refuse_empty(label)
    _refuse_crossed(low, high)
    return float(np.mean((low <= label) & (label <= high)))


def width(low: Rows, high: Rows) -> float:
    """The mean width of the intervals, which says what their coverage costs."""
    _refuse_empty(low)
    _refuse_crossed(low, high)
    return float(np.mean(high - low))


def _refuse_empty(rows: Rows) -> None:
    if len(rows) == 0:
        raise UnmeasurableError("no labelled rows")


def _refuse_crossed(low: Rows, high: Rows) -> None:
    count = np.count_nonzero(low > high)
    if count:
        raise UnmeasurableError(f"{count} of {len(low)} intervals end below where they begin")


def _is_rounding(difference: float, of: Rows) -> bool:
    return bool(difference <= ROUNDING * np.abs(of).max())
