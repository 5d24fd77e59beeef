"""Whether a series of samples goes on growing."""

from collections.abc import Sequence
from statistics import fmean

from scipy.stats import theilslopes


def growth(samples: Sequence[float]) -> tuple[float, float]:
    """(growth, mean) over the last two thirds of evenly spaced samples, in their unit.

    The first third is left out: caches fill. Growth is a robust slope (Theil and Sen: the median
    over all pairs) times the span, so that no peak counts.
    """
    kept = samples[len(samples) // 3 :]
    if len(kept) < 3:
        return 0.0, fmean(kept) if kept else 0.0
    slope = float(theilslopes(kept)[0])
    return slope * (len(kept) - 1), fmean(kept)
