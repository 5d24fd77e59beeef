"""How well the labelled rows were predicted: scikit-learn's numbers, as Evidently asks for them."""

from collections.abc import Callable

import numpy as np

Rows = np.ndarray
"""(n,) one number a labelled row."""


class Classification:
    """target: 0 or 1; label: what was said, 0 or 1; score: the probability of 1."""

    def __init__(self, target: Rows, label: Rows, score: Rows) -> None:
        # One report holds them all: if scikit-learn refuses the log loss, all are lost.
        for bad, said, worst in (
            (score.max() > 1, "greater than 1", score.max()),
            (score.min() < 0, "less than 0", score.min()),
        ):
            if bad:
                raise ValueError(f"y_prob contains values {said}: {worst}")
        self._target, self._label, self._score = target == 1, label == 1, score

    def accuracy(self) -> float:
        return float(np.mean(self._target == self._label))

    def precision(self) -> float:
        return float(np.mean(self._target[self._label]))

    def recall(self) -> float:
        return float(np.mean(self._label[self._target]))

    def roc_auc(self) -> float:
        """Of both classes: 1 - p may be equal where p is not."""
        return (_auc(self._target, self._score) + _auc(~self._target, 1 - self._score)) / 2

    def log_loss(self) -> float:
        least = np.finfo(float).eps
        both = np.stack([self._score, 1 - self._score], axis=1)
        both /= both.sum(axis=1, keepdims=True)
        kept = np.clip(np.where(self._target, both[:, 0], both[:, 1]), least, 1 - least)
        return float(-np.mean(np.log(kept)))


class Regression:
    """error: prediction minus target."""

    def __init__(self, error: Rows) -> None:
        self._error = error

    def mae(self) -> float:
        return float(np.mean(np.abs(self._error)))

    def rmse(self) -> float:
        return float(np.sqrt(np.mean(np.square(self._error))))

    def mean_error(self) -> float:
        return float(np.mean(self._error))


def metric(of: Classification | Regression, name: str) -> float:
    """A metric by its declared name."""
    found: Callable[[], float] = getattr(of, name)
    return found()


def _auc(target: np.ndarray, score: Rows) -> float:
    """The share of pairs of both classes in which the positive has the higher score; ties half."""
    positives, negatives = score[target], np.sort(score[~target])
    below = negatives.searchsorted(positives, "left").sum()
    not_above = negatives.searchsorted(positives, "right").sum()
    return float((below + not_above) / 2 / (len(positives) * len(negatives)))
