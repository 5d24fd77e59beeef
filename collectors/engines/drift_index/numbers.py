"""A number's reference in order, with running sums: exact distances without touching each value."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from driftdeck.collectors.engines.drift_index import binned

LEAST_NORM = 0.001
"""What Evidently takes for the standard deviation of a constant."""
FEW = 20
"""Up to so many distinct reference values, Evidently compares value by value."""
EXACT_KS = 10_000
"""Up to so many rows, SciPy's Kolmogorov-Smirnov test is exact, by counting paths."""
BLOCK = 1 << 13
"""So many values are worked on at a time: what they take stays in the cache."""
HUGE = 1e140
"""Beyond it, sums overflow: SciPy's own way, which is slower, says what comes of it."""


@dataclass(frozen=True)
class Sample:
    """Numbers in order. values: (n,) ascending, finite, float64; n > 0."""

    values: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> "Sample":
        """In order; the argument is left as it is."""
        return cls(np.sort(values))

    @property
    def low(self) -> float:
        return float(self.values[0])

    @property
    def high(self) -> float:
        return float(self.values[-1])

    def distinct(self) -> tuple[np.ndarray, np.ndarray]:
        """(k,) the different values, ascending, and (k,) how often each is there."""
        first = np.append(True, self.values[1:] != self.values[:-1])
        places = np.flatnonzero(first)
        return self.values[places], np.diff(np.append(places, len(self.values)))


@dataclass(frozen=True, eq=False)
class Steps:
    """Where the shares of some values in order begin and end, counted in rows of the reference.

    rows: (k,) the whole rows before each of these places. fractions: (k,) of a row, beyond these.
    sizes: (m,) of the shares, or the size of all. begins, ends: which of the places are those of
    the m shares.
    """

    rows: np.ndarray
    fractions: np.ndarray
    sizes: np.ndarray | float
    begins: np.ndarray | slice
    ends: np.ndarray | slice

    @classmethod
    def of(cls, ends: np.ndarray, n: int, size: float | None = None) -> "Steps":
        """Those of a window's values. ends: (m + 1,) in rows and fractions of n. size: of all
        shares, where they are alike."""
        rows = np.minimum(ends.astype(np.intp), n - 1)
        sizes = np.diff(ends) if size is None else size
        return cls(rows, ends - rows, sizes, slice(None, -1), slice(1, None))


@lru_cache(maxsize=64)
def _equal_steps(n: int, m: int, begin: int, end: int) -> Steps:
    """Those of the values from `begin` to `end` of m: the same of every column without gaps."""
    size = n / m
    return Steps.of(np.arange(begin, end + 1) * size, n, size)


@lru_cache(maxsize=16)
def _equal_steps_of_windows(n: int, counts: tuple[int, ...]) -> Steps:
    """Those of the values of several windows, of which each has so many."""
    sizes = n / np.array(counts)
    of_each = [np.arange(m + 1) * size for m, size in zip(counts, sizes, strict=True)]
    places = np.concatenate(of_each)
    rows = np.minimum(places.astype(np.intp), n - 1)
    window = np.repeat(np.arange(len(counts)), counts)
    begins = np.arange(len(window)) + window  # each window before has a place more than values
    return Steps(rows, places - rows, sizes[window], begins, begins + 1)


@dataclass(frozen=True, eq=False)
class NumberIndex:
    """What is kept of a reference column of n numbers.

    sample: the values in order.
    sums: (n + 1,) running sums of the values less `centre`, so that an offset costs no digits.
    norm: the standard deviation, or Evidently's least one; as NumPy has it of the unsorted values.
    different: how many different values there are; few: these and their counts, if they are few.
    """

    sample: Sample
    sums: np.ndarray
    centre: float
    norm: float
    different: int
    few: tuple[np.ndarray, np.ndarray] | None

    @classmethod
    def of(cls, values: np.ndarray) -> "NumberIndex":
        """The index of finite numbers in any order, at least one."""
        sample = Sample.of(values)
        with np.errstate(all="ignore"):
            norm = max(float(np.std(values)), LEAST_NORM)
            centre = float(sample.values[len(values) // 2])
            sums = np.concatenate([[0.0], np.cumsum(sample.values - centre)])
        return cls.restored(sample, sums, centre, norm, len(sample.distinct()[0]))

    @classmethod
    def restored(
        cls, sample: Sample, sums: np.ndarray, centre: float, norm: float, different: int
    ) -> "NumberIndex":
        """The index of which these are the parts."""
        few = sample.distinct() if different <= FEW else None
        return cls(sample, sums, centre, norm, different, few)

    def score(self, method: str, window: Sample) -> float:
        """What Evidently's method says of a window's values."""
        if method == "wasserstein":
            return self.wasserstein(window)
        if method == "ks":
            return self._ks(window)
        if method == "hellinger":
            return self._hellinger(window)
        return binned.score(method, *self._shares(window))

    def wasserstein(self, window: Sample) -> float:
        """The distance in reference standard deviations."""
        return self.distance(window) / self.norm

    def distance(self, window: Sample, weights: np.ndarray | None = None) -> float:
        """The area between the distributions, in the values' unit, in m steps for m window rows.

        weights: (m,) of the window's values, adding up to 1; alike if none are given.
        The j-th of the window's values in order stands for the shares j/m to (j + 1)/m: its
        distance is the area between it and the reference's quantiles there, which are running
        sums; where the quantiles cross the value, the area has two sides.
        """
        u, v = self.sample.values, window.values
        n, m = len(u), len(v)
        if max(-self.sample.low, self.sample.high, -window.low, window.high) > HUGE:
            from scipy.stats import wasserstein_distance  # takes most of a second

            return float(wasserstein_distance(u, v, None, weights))
        shares = None if weights is None else np.append(0.0, np.cumsum(weights))
        total = 0.0
        for begin in range(0, m, BLOCK):
            end = min(begin + BLOCK, m)
            if shares is None:
                steps = _equal_steps(n, m, begin, end)
            else:
                steps = Steps.of(np.minimum(shares[begin : end + 1] * n, n), n)
            total += float(self._areas(v[begin:end], steps).sum())
        return max(total / n, 0.0)

    def wasserstein_of_windows(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """(windows,) the same distance, to the last bit, of several windows at once: what a call
        costs is more than a few values do.

        values: those of the first window, ascending, then those of the next; none beyond HUGE.
        counts: (windows,) how many each has, from 1 to BLOCK.
        """
        n = len(self.sample.values)
        areas = self._areas(values, _equal_steps_of_windows(n, tuple(counts.tolist())))
        ends = pairwise([0, *np.cumsum(counts).tolist()])
        totals = np.array([areas[begin:end].sum() for begin, end in ends])
        return np.maximum(totals / n, 0.0) / self.norm

    def _areas(self, v: np.ndarray, steps: Steps) -> np.ndarray:
        """(m,) the area of each of some values. steps: the share of each."""
        u, rows, lower = self.sample.values, steps.rows, v - self.centre
        quantiles, sums = u.take(rows), self.sums.take(rows)
        sums += steps.fractions * (quantiles - self.centre)
        begins = sums[steps.begins]
        areas: np.ndarray = sums[steps.ends] - begins
        areas -= lower * steps.sizes
        is_crossed = (quantiles[steps.begins] < v) & (v < quantiles[steps.ends])
        crossed = np.flatnonzero(is_crossed)  # a few in a hundred
        crossing = u.searchsorted(v[crossed], "left")
        until = crossing - rows[steps.begins][crossed] - steps.fractions[steps.begins][crossed]
        below = self.sums[crossing] - begins[crossed] - lower[crossed] * until
        above = areas[crossed] - below
        np.abs(areas, out=areas)
        areas[crossed] = np.abs(above) - below
        return areas

    def _ks(self, window: Sample) -> float:
        """The p-value of the two-sample test: its statistic is reached at a value of the window."""
        from scipy.stats import ks_2samp, kstwo  # takes most of a second

        u, v = self.sample.values, window.values
        n, m = len(u), len(v)
        if max(n, m) <= EXACT_KS:
            return float(ks_2samp(u, v)[1])
        before = np.max(u.searchsorted(v, "left") / n - v.searchsorted(v, "left") / m)
        after = np.max(v.searchsorted(v, "right") / m - u.searchsorted(v, "right") / n)
        large, small = float(max(n, m)), float(min(n, m))
        p = kstwo.sf(max(before, after, 0.0), np.round(large * small / (large + small)))
        return float(np.clip(p, 0, 1))

    def _shares(self, window: Sample) -> tuple[np.ndarray, np.ndarray]:
        """The shares of Evidently's bins: of each value, if the reference has few."""
        n, m = len(self.sample.values), len(window.values)
        if self.few is None:
            low, high = min(self.sample.low, window.low), max(self.sample.high, window.high)
            edges = binned.sturges_edges(low, high, n + m)
            return (
                binned.counts_between(self.sample.values, edges) / n,
                binned.counts_between(window.values, edges) / m,
            )
        values, counts = window.distinct()
        known, known_counts = self.few
        every = np.union1d(known, values)
        then, now = np.zeros(len(every)), np.zeros(len(every))
        then[np.searchsorted(every, known)] = known_counts
        now[np.searchsorted(every, values)] = counts
        return then / n, now / m

    def _hellinger(self, window: Sample) -> float:
        """Over bins whose number follows the different values of both."""
        u, values = self.sample.values, window.distinct()[0]
        new = np.count_nonzero(u.searchsorted(values, "left") == u.searchsorted(values, "right"))
        low, high = min(self.sample.low, window.low), max(self.sample.high, window.high)
        edges = binned.sturges_edges(low, high, self.different + int(new))
        width = (edges[-1] - edges[0]) / (len(edges) - 1)
        densities = []
        for sample in (self.sample, window):
            counts = binned.counts_between(sample.values, edges)
            densities.append(counts / np.diff(edges) / counts.sum())
        return binned.hellinger(np.sqrt(densities[0] * densities[1]) * width)
