"""A category's words and how often the reference has each."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import chdtrc, ndtr

from driftdeck.collectors.engines.drift_index import binned
from driftdeck.collectors.frames.schema import WordCounts


@dataclass(frozen=True)
class CategoryIndex:
    """then: the reference's words and how often it has each."""

    then: WordCounts

    @cached_property
    def _places(self) -> np.ndarray:
        """(words + 1,) of the vocabulary's words, where each is among the reference's, -1 for none;
        at last that of a word that is not in the vocabulary."""
        places = np.full(len(self.then.vocabulary.words) + 1, -1)
        places[self.then.codes] = np.arange(len(self.then.codes))
        return places

    def score(self, method: str, window: WordCounts) -> float:
        """What Evidently's method says of a window's counts by word."""
        counts, current = self.then.counts, window.counts
        place = self._places[window.vocabulary.places_in(self.then.vocabulary)[window.codes]]
        known = place >= 0
        new = current[~known]
        there = np.zeros(len(counts), dtype=current.dtype)
        there[place[known]] = current[known]
        then = np.append(counts, np.zeros(len(new), counts.dtype))
        now = np.append(there, new)
        if method == "chisquare":
            expected = then * (now.sum() / then.sum())
            with np.errstate(all="ignore"):  # a new word is infinitely unexpected
                statistic = np.sum((now - expected) ** 2 / expected)
            return float(chdtrc(len(now) - 1, statistic)) if len(now) > 1 else math.nan
        if method == "z":
            return self._compare_shares(window)
        shares = then / then.sum(), now / now.sum()
        if method == "hellinger":
            return binned.hellinger(np.sqrt(shares[0] * shares[1]))
        return binned.score(method, *shares)

    def _compare_shares(self, window: WordCounts) -> float:
        """The p-value that the first word's share is the same."""
        sides = [(side.words, side.counts) for side in (self.then, window)]
        first = min(words[0] for words, _ in sides)
        last = max(words[-1] for words, _ in sides)
        if first == last:
            return 1.0
        n1, n2 = int(self.then.counts.sum()), int(window.counts.sum())
        p1, p2 = (
            1 - (int(counts[0]) if words[0] == first else 0) / n
            for (words, counts), n in zip(sides, (n1, n2), strict=True)
        )
        share = (p1 * n1 + p2 * n2) / (n1 + n2)
        with np.errstate(all="ignore"):
            z = (p1 - p2) / np.sqrt(share * (1 - share) * (1 / n1 + 1 / n2))
        return float(2 * (1 - ndtr(abs(z))))
