"""A category's words and how often the reference has each."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr

from driftdeck.collectors.engines.drift_index import binned


@dataclass(frozen=True)
class CategoryIndex:
    """words: of the reference, all different; counts: (words,) how often each is there."""

    words: pd.Index
    counts: np.ndarray

    @classmethod
    def of(cls, counts: pd.Series) -> "CategoryIndex":
        """The index of a column's counts by word."""
        return cls(counts.index, counts.to_numpy())

    def score(self, method: str, window: pd.Series) -> float:
        """What Evidently's method says of a window's counts by word."""
        place = self.words.get_indexer(window.index)
        known, current = place >= 0, window.to_numpy()
        new = current[~known]
        there = np.zeros(len(self.words), dtype=current.dtype)
        there[place[known]] = current[known]
        then = np.append(self.counts, np.zeros(len(new), self.counts.dtype))
        now = np.append(there, new)
        if method == "chisquare":
            expected = then * (now.sum() / then.sum())
            with np.errstate(all="ignore"):  # a new word is infinitely unexpected
                statistic = np.sum((now - expected) ** 2 / expected)
            return float(chdtrc(len(now) - 1, statistic)) if len(now) > 1 else math.nan
        if method == "z":
            return self._compare_shares(window, then, now)
        shares = then / then.sum(), now / now.sum()
        if method == "hellinger":
            return binned.hellinger(np.sqrt(shares[0] * shares[1]))
        return binned.score(method, *shares)

    def _compare_shares(self, window: pd.Series, then: np.ndarray, now: np.ndarray) -> float:
        """The p-value that the first word's share is the same."""
        both = self.words.union(window.index)
        if len(both) == 1:
            return 1.0
        first = min(both)
        n1, n2 = int(then.sum()), int(now.sum())
        p1, p2 = (
            1 - int(counts.get(first, 0)) / n
            for counts, n in ((pd.Series(self.counts, self.words), n1), (window, n2))
        )
        share = (p1 * n1 + p2 * n2) / (n1 + n2)
        with np.errstate(all="ignore"):
            z = (p1 - p2) / np.sqrt(share * (1 - share) * (1 / n1 + 1 / n2))
        return float(2 * (1 - ndtr(abs(z))))
