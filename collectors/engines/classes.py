"""How well rows of two or more classes were predicted: scikit-learn's numbers, and a reason where
there is none. A class that a window has no row of costs only the numbers that need it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from driftdeck.collectors.engines.errors import SHOWN, UndefinedError, UnmeasurableError

Average = Literal["macro", "weighted"]
"""Of all classes alike, or of those that have true rows, by how many they have."""
ROUNDED = 0.005
"""So far off may a probability be that was stored with two decimal places."""


@dataclass(frozen=True, eq=False)
class ClassRows:
    """Labelled rows of a classifier, none of which lacks anything.

    classes: the k declared ones, in order. label: (n,) the truth, as places in `classes`.
    predicted: (n,) the predicted class, likewise. probabilities: (n, k) of each class, None where
    there are none.
    """

    classes: tuple[str, ...]
    label: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None = None

    def __post_init__(self) -> None:
        """A row that was not left out, or of a class that is not declared, would count for
        another class."""
        k, n = len(self.classes), len(self.label)
        if len(set(self.classes)) != k or k < 2:
            raise ValueError(f"two or more different classes are needed, not {self.classes}")
        for codes in (self.label, self.predicted):
            if codes.shape != (n,) or (n and not 0 <= codes.min() <= codes.max() < k):
                raise ValueError(f"{n} places in {k} classes are needed, one a row")
        if self.probabilities is not None and self.probabilities.shape != (n, k):
            raise ValueError(f"probabilities are {self.probabilities.shape}, not {(n, k)}")

    def confusion(self) -> np.ndarray:
        """(k, k) how many rows of a class, by row, were predicted to be of a class, by column."""
        return self._confusion.copy()

    def accuracy(self) -> float:
        self._refuse_empty()
        return float(self._hits.sum() / len(self.label))

    def balanced_accuracy(self) -> float:
        """The mean of all classes' recalls."""
        return self.recall("macro")

    def precision(self, average: Average = "macro") -> float:
        """Of the rows predicted to be of a class, the share that are; averaged over classes."""
        return self._average(self._hits, self._predicted, average, "predictions")

    def precision_of(self, name: str) -> float:
        return self._ratio(name, self._hits, self._predicted, "predictions")

    def recall(self, average: Average = "macro") -> float:
        """Of the rows of a class, the share that was predicted to be; averaged over classes."""
        return self._average(self._hits, self._support, average, "labels")

    def recall_of(self, name: str) -> float:
        return self._ratio(name, self._hits, self._support, "labels")

    def f1(self, average: Average = "macro") -> float:
        """2TP / (2TP + FP + FN) of a class, averaged over classes."""
        either = self._support + self._predicted
        return self._average(2 * self._hits, either, average, "labels and predictions")

    def f1_of(self, name: str) -> float:
        either = self._support + self._predicted
        return self._ratio(name, 2 * self._hits, either, "labels and predictions")

    def roc_auc(self, average: Average = "macro") -> float:
        """The mean of classes' areas, each against the rest."""
        self._refuse_empty()
        weights = self._weights(average)
        self._refuse_lacking((weights > 0) & (self._support == 0), "labels")
        codes = np.flatnonzero(weights)
        areas = [self._area(code) for code in codes.tolist()]
        return float(np.average(areas, weights=weights[codes]))

    def roc_auc_of(self, name: str) -> float:
        """The share of pairs of a row of the class and another in which the first one's
        probability of the class is higher; ties count half."""
        self._refuse_empty()
        code = self.classes.index(name)
        self._refuse_lacking(self._only(code) & (self._support == 0), "labels")
        return self._area(code)

    def log_loss(self) -> float:
        """The mean of -log of what the true class was given, by scikit-learn's clip.

        As there, rows are not made to sum to 1. Where they miss it by more than rounding does, they
        are no probabilities of classes that exclude each other, and whoever is sure of every class
        would be without loss.
        """
        self._refuse_empty()
        probabilities = np.stack([self._scores(c) for c in range(len(self.classes))], axis=1)
        sums = probabilities.sum(axis=1)
        is_off = np.abs(sums - 1) > ROUNDED * len(self.classes) + 1e-9
        if is_off.any():
            raise UnmeasurableError(
                f"the probabilities of {np.count_nonzero(is_off)} of {len(sums)} rows do not sum to"
                f" 1, such as {sums[is_off.argmax()]:.4g}"
            )
        least = np.finfo(float).eps
        of_truth = probabilities[np.arange(len(sums)), self.label]
        return float(-np.mean(np.log(np.clip(of_truth, least, 1 - least))))

    @cached_property
    def _confusion(self) -> np.ndarray:
        k = len(self.classes)
        cells = np.bincount(self.label * k + self.predicted, minlength=k * k)
        confusion: np.ndarray = cells.reshape(k, k).astype(np.int64)
        return confusion

    @cached_property
    def _hits(self) -> np.ndarray:
        """(k,) rows of each class that were predicted to be of it."""
        return self._confusion.diagonal()

    @cached_property
    def _support(self) -> np.ndarray:
        """(k,) rows of each class."""
        support: np.ndarray = self._confusion.sum(axis=1)
        return support

    @cached_property
    def _predicted(self) -> np.ndarray:
        """(k,) rows predicted to be of each class."""
        predicted: np.ndarray = self._confusion.sum(axis=0)
        return predicted

    @cached_property
    def _areas(self) -> dict[int, float]:
        """The areas computed so far: the macro average and each class want them."""
        return {}

    def _area(self, code: int) -> float:
        if code not in self._areas:
            score, is_class = self._scores(code), self.label == code
            if is_class.all():
                name, count = self.classes[code], len(is_class)
                raise UndefinedError(f"nothing but {name!r} among {count} labels")
            self._areas[code] = compute_area(np.sort(score[is_class]), np.sort(score[~is_class]))
        return self._areas[code]

    def _scores(self, code: int) -> np.ndarray:
        """(n,) the probabilities of a class. Raises UnmeasurableError for one that is none."""
        if self.probabilities is None:
            raise UnmeasurableError("there are no probabilities")
        score: np.ndarray = self.probabilities[:, code]
        is_wrong = ~((score >= 0) & (score <= 1))
        if is_wrong.any():
            raise UnmeasurableError(
                f"{np.count_nonzero(is_wrong)} of {len(score)} probabilities of"
                f" {self.classes[code]!r} are not from 0 to 1, such as {score[is_wrong.argmax()]}"
            )
        return score

    def _average(
        self, numerator: np.ndarray, denominator: np.ndarray, average: Average, among: str
    ) -> float:
        self._refuse_empty()
        weights = self._weights(average)
        counts = weights > 0
        self._refuse_lacking(counts & (denominator == 0), among)
        return float(np.average(numerator[counts] / denominator[counts], weights=weights[counts]))

    def _weights(self, average: Average) -> np.ndarray:
        """(k,) of the classes in an average."""
        return np.ones(len(self.classes)) if average == "macro" else self._support

    def _ratio(
        self, name: str, numerator: np.ndarray, denominator: np.ndarray, among: str
    ) -> float:
        self._refuse_empty()
        code = self.classes.index(name)
        self._refuse_lacking(self._only(code) & (denominator == 0), among)
        return float(numerator[code] / denominator[code])

    def _only(self, code: int) -> np.ndarray:
        """(k,) where a class stands."""
        only: np.ndarray = np.arange(len(self.classes)) == code
        return only

    def _refuse_empty(self) -> None:
        if len(self.label) == 0:
            raise UnmeasurableError("no labelled rows")

    def _refuse_lacking(self, lacking: np.ndarray, among: str) -> None:
        """Raise UnmeasurableError that names the classes that are lacking, if any are."""
        names = [repr(self.classes[code]) for code in np.flatnonzero(lacking)]
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            raise UndefinedError(
                f"no {', '.join(names[:SHOWN])}{more} among {len(self.label)} {among}"
            )


def predict(probabilities: np.ndarray) -> np.ndarray:
    """(n,) the place of the largest probability of each row, of equal ones the first; -1 where any
    is missing.

    probabilities: (n, k) of each class.
    """
    lacks = np.isnan(probabilities).any(axis=1)
    return np.where(lacks, -1, probabilities.argmax(axis=1)).astype(np.intp)


def compute_area(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The share of pairs of both sides in which the positive has the higher score; ties half.

    positives, negatives: the scores of each side, ascending.
    """
    below = negatives.searchsorted(positives, "left").sum()
    not_above = negatives.searchsorted(positives, "right").sum()
    return float((below + not_above) / 2 / (len(positives) * len(negatives)))
