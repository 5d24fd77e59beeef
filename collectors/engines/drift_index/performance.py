"""How well the labelled rows were predicted: scikit-learn's numbers, as Evidently asks for them."""

from collections.abc import Callable

import numpy as np

from driftdeck.collectors.engines.classes import compute_area

Rows = np.ndarray
"""(n,) one number a labelled row."""


class Classification:
    """Rows of a classifier.

    label: (n,) the truth, 0 or 1. predicted: (n,) the predicted class, 0 or 1. score: (n,) the
    predicted probability of 1.
    """

    def __init__(self, label: Rows, predicted: Rows, score: Rows) -> None:
        # One report holds them all: if scikit-learn refuses the log loss, all are lost.
        for is_beyond, side, worst in (
            (score.max() > 1, "greater than 1", score.max()),
            (score.min() < 0, "less than 0", score.min()),
        ):
            if is_beyond:
                raise ValueError(f"y_prob contains values {side}: {worst}")
        self._label, self._predicted, self._score = label == 1, predicted == 1, score

    def accuracy(self) -> float:
        return float(np.mean(self._label == self._predicted))

    def precision(self) -> float:
        return float(np.mean(self._label[self._predicted]))

    def recall(self) -> float:
        return float(np.mean(self._predicted[self._label]))

    def roc_auc(self) -> float:
        """Of both classes: 1 - p may be equal where p is not."""
        yes, no = np.sort(self._score[self._label]), np.sort(self._score[~self._label])
        return (compute_area(yes, no) + compute_area((1 - no)[::-1], (1 - yes)[::-1])) / 2

    def log_loss(self) -> float:
        least = np.finfo(float).eps
        yes, no = self._score, 1 - self._score
        kept = np.where(self._label, yes, no) / (yes + no)
        return -float(np.log(np.minimum(np.maximum(kept, least), 1 - least)).mean())


class Regression:
    """Rows of a regression. error: (n,) prediction minus label."""

    def __init__(self, error: Rows) -> None:
        self._error = error

    def mae(self) -> float:
        return float(np.mean(np.abs(self._error)))

    def rmse(self) -> float:
        return float(np.sqrt(np.mean(np.square(self._error))))

    def mean_error(self) -> float:
        return float(np.mean(self._error))


def compute(rows: Classification | Regression, name: str) -> float:
    """A metric of the rows by its declared name."""
    metric: Callable[[], float] = getattr(rows, name)
    return metric()
