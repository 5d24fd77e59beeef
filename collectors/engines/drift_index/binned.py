"""Scores of two columns of shares, bin by bin, and the bins that Evidently takes."""

import math

import numpy as np
from scipy.special import rel_entr

Shares = np.ndarray
"""(bins,) the share of the values in each bin."""


def sturges_edges(low: float, high: float, size: float) -> np.ndarray:
    """The edges that numpy.histogram_bin_edges(..., "sturges") gives `size` numbers in a range."""
    if low == high:
        low, high = low - 0.5, high + 0.5
        return np.array([low, high])
    width = (high - low) / (np.log2(size) + 1.0)
    bins = int(np.ceil((high - low) / width)) if width else 1  # of numbers next to 0 none is left
    return np.linspace(low, high, bins + 1)


def counts_between(ordered: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many of the ascending values lie between edges; the last bin has both its ends."""
    inner = ordered.searchsorted(edges[:-1], "left")
    return np.diff(np.append(inner, ordered.searchsorted(edges[-1], "right")))


def score(method: str, reference: Shares, current: Shares) -> float:
    """The distance of two distributions by a method that Evidently bins."""
    if method == "jensenshannon":
        middle = (reference + current) / 2
        both = rel_entr(reference, middle).sum() + rel_entr(current, middle).sum()
        return math.sqrt(max(float(both), 0.0) / 2)
    reference, current = _fill_zeros(reference), _fill_zeros(current)
    if method == "psi":
        return float(np.sum((reference - current) * np.log(reference / current)))
    if method == "kl_div":
        return float(rel_entr(reference / reference.sum(), current / current.sum()).sum())
    raise NotImplementedError(method)


def _fill_zeros(shares: Shares) -> Shares:
    """No share is 0: a logarithm is taken of it."""
    least = shares[shares != 0].min()
    return np.where(shares == 0, least / 10**6 if least <= 0.0001 else 0.0001, shares)


def hellinger(overlaps: np.ndarray) -> float:
    """From the overlap of each bin; added one by one, since near 0 the root shows each bit."""
    return math.sqrt(1 - min(max(sum(overlaps.tolist(), 0.0), 0.0), 1.0))
