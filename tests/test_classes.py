"""Metrics of classes: scikit-learn's and Evidently's numbers, and a reason where there is none."""

import os
import time
import warnings
from collections.abc import Callable

os.environ["DO_NOT_TRACK"] = "1"

import numpy as np
import pandas as pd
import pytest
from evidently import DataDefinition, Dataset, MulticlassClassification, Report
from evidently.metrics import (
    Accuracy,
    F1ByLabel,
    F1Score,
    LogLoss,
    Precision,
    PrecisionByLabel,
    Recall,
    RecallByLabel,
    RocAuc,
    RocAucByLabel,
)
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sklearn import metrics

from driftdeck.collectors.engines.classes import ClassRows, predict
from driftdeck.collectors.engines.errors import UnmeasurableError

NEAR = 1e-12
NAMES = ("late", "on time", "early", "cancelled", "1", "macro")
"""Words of a model; one is called as an average is."""
SHAPES = ("random", "ties", "absent", "alike", "constant", "unskilled", "sure")


def make(shape: str, k: int, n: int, seed: int) -> ClassRows:
    """Rows of a shape: ties of scores, absent classes, all of one class, one score for all."""
    random = np.random.default_rng(seed)
    label = random.integers(0, k, n)
    if shape == "absent":
        label = random.choice(random.permutation(k)[: max(1, k - 1 - seed % 2)], n)
    elif shape == "alike":
        label = np.full(n, seed % k)
    raw = random.dirichlet(np.full(k, 0.7), n)
    if shape != "unskilled":
        raw[np.arange(n), label] += 0.4
    if shape == "ties":
        raw = np.round(raw, 1) + 0.1
    elif shape == "constant":
        raw = np.full((n, k), 1.0)
    elif shape == "sure":
        raw = np.where(raw == raw.max(axis=1, keepdims=True), 1.0, 0.0)
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    return ClassRows(NAMES[:k], label, predict(probabilities), probabilities)


def measure(metric: Callable[[], float]) -> float | None:
    """The value of a metric, None where it has a reason."""
    try:
        return metric()
    except UnmeasurableError as error:
        if not str(error).startswith(("no ", "nothing but ")):
            raise
        return None


def near(value: float) -> object:
    return pytest.approx(value, rel=NEAR, abs=NEAR)


@effort(max_examples=150, deadline=None)
@given(
    shape=st.sampled_from(SHAPES),
    k=st.integers(2, 6),
    n=st.one_of(st.integers(1, 12), st.integers(13, 300)),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_number_is_that_of_scikit_learn(shape: str, k: int, n: int, seed: int) -> None:
    """And where there is none, a class is lacking that the number needs, and no other number."""
    rows = make(shape, k, n, seed)
    label, predicted, codes = rows.label, rows.predicted, list(range(k))
    confusion = metrics.confusion_matrix(label, predicted, labels=codes)
    support, named = confusion.sum(axis=1), confusion.sum(axis=0)
    assert rows.confusion().tolist() == confusion.tolist()
    assert rows.confusion().dtype == np.int64
    assert rows.accuracy() == near(metrics.accuracy_score(label, predicted))

    their = metrics.precision_recall_fscore_support(label, predicted, labels=codes, zero_division=0)
    ours = (rows.precision_of, rows.recall_of, rows.f1_of)
    for of, values, base in zip(ours, their[:3], (named, support, named + support), strict=True):
        for code, name in enumerate(rows.classes):
            value = measure(lambda of=of, name=name: of(name))
            assert value == (near(values[code]) if base[code] else None)

    for average in ("macro", "weighted"):
        their = metrics.precision_recall_fscore_support(
            label, predicted, labels=codes, average=average, zero_division=0
        )
        counts = support > 0 if average == "weighted" else np.ones(k, bool)
        for of, value, base in zip(
            (rows.precision, rows.recall, rows.f1), their[:3], (named, support, named + support),
            strict=True,
        ):  # fmt: skip
            is_measurable = bool((base[counts] > 0).all())
            assert measure(lambda of=of, a=average: of(a)) == (
                near(value) if is_measurable else None
            )

    every = bool((support > 0).all())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balanced = metrics.balanced_accuracy_score(label, predicted)
    assert measure(rows.balanced_accuracy) == (near(balanced) if every else None)
    assert measure(rows.recall) == (near(balanced) if every else None)
    assert_scores(rows, support)


def assert_scores(rows: ClassRows, support: np.ndarray) -> None:
    """What probabilities give: AUC of each class that has rows beside others, log loss of any."""
    probabilities, label, k = rows.probabilities, rows.label, len(rows.classes)
    assert probabilities is not None
    for code, name in enumerate(rows.classes):
        value = measure(lambda name=name: rows.roc_auc_of(name))
        if 0 < support[code] < len(label):
            their = metrics.roc_auc_score(label == code, probabilities[:, code])
            assert value == near(their)
        else:
            assert value is None
    if (support > 0).all():
        hot = label[:, None] == np.arange(k)
        assert rows.roc_auc() == near(metrics.roc_auc_score(hot, probabilities, average="macro"))
    else:
        assert measure(rows.roc_auc) is None
    their = metrics.log_loss(label, probabilities, labels=list(range(k)))
    assert rows.log_loss() == near(their)


@pytest.mark.parametrize("k", [3, 4, 5, 6])
@pytest.mark.parametrize("shape", ["random", "ties", "unskilled", "sure"])
def test_evidently_has_the_same_numbers(shape: str, k: int) -> None:
    """Where every class has rows, which it needs; there its numbers are right."""
    rows = make(shape, k, 200, 7 * k)
    assert rows.probabilities is not None
    assert (rows.confusion().sum(axis=0) > 0).all()
    assert (rows.confusion().sum(axis=1) > 0).all()
    frame = pd.DataFrame(rows.probabilities, columns=list(rows.classes))
    frame["target"], frame["said"] = (
        np.array(rows.classes)[codes] for codes in (rows.label, rows.predicted)
    )
    roles = MulticlassClassification(
        target="target", prediction_labels="said", prediction_probas=list(rows.classes)
    )
    definition = DataDefinition(
        numerical_columns=list(rows.classes),
        categorical_columns=["target", "said"],
        classification=[roles],
    )
    by_label = (PrecisionByLabel, RecallByLabel, F1ByLabel, RocAucByLabel)
    single = (Accuracy, Precision, Recall, F1Score, RocAuc, LogLoss)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = Report([metric() for metric in (*single, *by_label)])
        results = report.run(Dataset.from_pandas(frame, data_definition=definition), None).dict()
    values = {
        str(result["config"]["type"]).rpartition(":")[2]: result["value"]
        for result in results["metrics"]
    }

    ours = (rows.accuracy, rows.precision, rows.recall, rows.f1, rows.roc_auc, rows.log_loss)
    for metric, ours_of in zip(single, ours, strict=True):
        assert ours_of() == near(values[metric.__name__]), metric.__name__
    of_class = (rows.precision_of, rows.recall_of, rows.f1_of, rows.roc_auc_of)
    for metric, value_of in zip(by_label, of_class, strict=True):
        their = {str(name): value for name, value in values[metric.__name__].items()}
        assert set(their) == set(rows.classes)
        for name in rows.classes:
            assert value_of(name) == near(their[name]), (metric.__name__, name)


ABSENT = ClassRows(
    ("a", "b", "c"),
    np.array([0, 0, 1, 1]),
    np.array([0, 1, 1, 0]),
    np.array([[0.6, 0.3, 0.1], [0.3, 0.5, 0.2], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]]),
)
"""Neither true nor predicted: c."""


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (lambda r: r.recall_of("c"), "no 'c' among 4 labels"),
        (lambda r: r.recall(), "no 'c' among 4 labels"),
        (lambda r: r.balanced_accuracy(), "no 'c' among 4 labels"),
        (lambda r: r.roc_auc(), "no 'c' among 4 labels"),
        (lambda r: r.roc_auc_of("c"), "no 'c' among 4 labels"),
        (lambda r: r.precision_of("c"), "no 'c' among 4 predictions"),
        (lambda r: r.precision(), "no 'c' among 4 predictions"),
        (lambda r: r.f1_of("c"), "no 'c' among 4 labels and predictions"),
        (lambda r: r.f1(), "no 'c' among 4 labels and predictions"),
    ],
)
def test_an_absent_class_is_named(metric: Callable[[ClassRows], float], reason: str) -> None:
    """In the reason of each number that needs it."""
    with pytest.raises(UnmeasurableError) as refused:
        metric(ABSENT)
    assert str(refused.value) == reason


def test_an_absent_class_costs_nothing_else() -> None:
    """By hand: two of four are right, one of each class."""
    assert ABSENT.accuracy() == 0.5
    assert [ABSENT.recall_of("a"), ABSENT.precision_of("b"), ABSENT.f1_of("a")] == [0.5] * 3
    assert ABSENT.recall("weighted") == ABSENT.precision("weighted") == ABSENT.f1("weighted") == 0.5
    assert ABSENT.roc_auc_of("a") == ABSENT.roc_auc_of("b") == 0.75
    assert ABSENT.log_loss() == pytest.approx(-np.log([0.6, 0.3, 0.7, 0.4]).mean(), abs=NEAR)


def test_a_class_that_is_true_and_never_predicted_costs_its_precision() -> None:
    """Also the weighted one, since it has rows; its recall and F1 are 0, which is no guess."""
    rows = ClassRows(("a", "b"), np.array([0, 1]), np.array([0, 0]))
    for metric in (rows.precision, lambda: rows.precision("weighted")):
        with pytest.raises(UnmeasurableError, match="no 'b' among 2 predictions"):
            metric()
    assert rows.recall_of("b") == rows.f1_of("b") == 0.0
    assert rows.recall() == 0.5


def test_many_absent_classes_are_not_all_listed() -> None:
    """A reason stays a sentence."""
    names = tuple("abcdefg")
    rows = ClassRows(names, np.array([0]), np.array([0]), np.full((1, 7), 1 / 7))
    with pytest.raises(UnmeasurableError, match=r"^no 'b', 'c', 'd', 'e' and 2 more among 1 lab"):
        rows.recall()
    with pytest.raises(UnmeasurableError, match=r"^nothing but 'a' among 1 labels$"):
        rows.roc_auc_of("a")


def test_no_rows_and_no_probabilities_are_reasons() -> None:
    """Never a NaN, never 0; what does not need them is there."""
    none = np.zeros(0, np.intp)
    empty = ClassRows(("a", "b"), none, none, np.zeros((0, 2)))
    assert empty.confusion().tolist() == [[0, 0], [0, 0]]
    for metric in (
        *(empty.accuracy, empty.balanced_accuracy, empty.precision, empty.recall, empty.f1),
        *(empty.roc_auc, empty.log_loss, lambda: empty.recall_of("a")),
        *(lambda: empty.precision_of("a"), lambda: empty.f1_of("a"), lambda: empty.roc_auc_of("a")),
    ):
        with pytest.raises(UnmeasurableError, match=r"^no labelled rows$"):
            metric()
    labels_only = ClassRows(("no", "yes"), np.array([0, 1, 1]), np.array([1, 1, 0]))
    for metric in (labels_only.roc_auc, labels_only.log_loss):
        with pytest.raises(UnmeasurableError, match=r"^there are no probabilities$"):
            metric()
    assert labels_only.precision_of("yes") == labels_only.recall_of("yes") == 0.5


@pytest.mark.parametrize(("wrong", "text"), [(1.25, "1.25"), (-0.25, "-0.25"), (np.nan, "nan")])
def test_what_is_no_probability_is_named(wrong: float, text: str) -> None:
    """With its class; the other classes keep their area, and labels all of theirs."""
    probabilities = np.array([[0.25, 0.75], [1 - wrong, wrong], [0.5, 0.5]])
    probabilities[1, 0] = 0.5
    rows = ClassRows(("no", "yes"), np.array([0, 1, 1]), np.array([1, 1, 0]), probabilities)
    reason = f"1 of 3 probabilities of 'yes' are not from 0 to 1, such as {text}"
    for metric in (rows.roc_auc, rows.log_loss, lambda: rows.roc_auc_of("yes")):
        with pytest.raises(UnmeasurableError, match=f"^{reason}$"):
            metric()
    assert rows.roc_auc_of("no") == 0.0
    assert rows.accuracy() == pytest.approx(1 / 3)


def test_rounded_probabilities_have_a_log_loss_and_those_of_no_distribution_have_none() -> None:
    """scikit-learn 1.9 takes rows as they are, and only warns: sure of all classes, it is 0."""
    label = np.array([0, 1, 2])
    rounded = np.array([[0.33, 0.33, 0.33], [0.17, 0.67, 0.17], [0.2, 0.2, 0.6]])
    rows = ClassRows(("a", "b", "c"), label, label, rounded)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert rows.log_loss() == near(metrics.log_loss(label, rounded))
    sure = ClassRows(("a", "b", "c"), label, label, np.vstack([rounded[:2], [[0.9, 0.9, 0.9]]]))
    with pytest.raises(UnmeasurableError, match=r"of 1 of 3 rows do not sum to 1, such as 2\.7$"):
        sure.log_loss()
    assert sure.roc_auc_of("b") == 0.5


@pytest.mark.parametrize(
    "rows",
    [
        (("a", "b"), [0, 2], [0, 1], None),
        (("a", "b"), [0, 1], [0, -1], None),
        (("a", "b"), [0, 1], [0], None),
        (("a", "b"), [0, 1], [0, 1], [[0.5, 0.5]]),
        (("a", "a"), [0, 1], [0, 1], None),
        (("a",), [0], [0], None),
    ],
)
def test_rows_of_no_declared_class_are_no_rows(
    rows: tuple[tuple[str, ...], list[int], list[int], list[list[float]] | None],
) -> None:
    """A row that was not left out would count for another class."""
    classes, label, predicted, probabilities = rows
    scores = None if probabilities is None else np.array(probabilities)
    with pytest.raises(ValueError, match=r"needed|probabilities are"):
        ClassRows(classes, np.array(label), np.array(predicted), scores)


def test_the_largest_probability_is_predicted() -> None:
    """Of equal ones the first; none where one is missing."""
    probabilities = np.array([[0.2, 0.8], [0.5, 0.5], [np.nan, 1.0], [0.9, np.nan], [1.0, 0.0]])
    assert predict(probabilities).tolist() == [1, 0, -1, -1, 0]
    assert predict(probabilities).dtype == np.intp
    assert predict(np.zeros((0, 3))).tolist() == []


def test_ten_classes_cost_little() -> None:
    """100,000 rows: every number of every class once, in less than scikit-learn's five."""
    k, n = 10, 100_000
    random = np.random.default_rng(5)
    raw = random.dirichlet(np.ones(k), n)
    label = random.integers(0, k, n)
    names = tuple(str(code) for code in range(k))
    began = time.process_time()
    rows = ClassRows(names, label, predict(raw), raw)
    for name in names:
        for metric in (rows.precision_of, rows.recall_of, rows.f1_of, rows.roc_auc_of):
            metric(name)
    for metric in (
        rows.accuracy,
        rows.precision,
        rows.recall,
        rows.f1,
        rows.roc_auc,
        rows.log_loss,
    ):
        metric()
    ours = time.process_time() - began
    began = time.process_time()
    hot = label[:, None] == np.arange(k)
    metrics.roc_auc_score(hot, raw)
    metrics.log_loss(label, raw)
    metrics.accuracy_score(label, predict(raw))
    for metric in (metrics.precision_score, metrics.recall_score):
        metric(label, predict(raw), average="macro")
    assert ours < time.process_time() - began
