"""Classifiers of several classes, from their log to the view: scikit-learn's numbers."""

import warnings
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn import metrics

from conftest import small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.jobs.runner import Outcome, Runner
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.settings import Settings

DAY = date(2024, 1, 10)
CLASSES = ("late", "on time", "cancelled")
COLUMNS = ("p_late", "p_on_time", "p_cancelled")
NEAR = 1e-12
AVERAGES = ("macro", "weighted", "class")
METRICS = (
    d.row_count(unjudged="-"),
    d.accuracy(unjudged="-"),
    d.balanced_accuracy(unjudged="-"),
    *(make(average=average, unjudged="-")
      for make in (d.precision, d.recall, d.f1, d.roc_auc) for average in AVERAGES),
    d.log_loss(unjudged="-"),
)  # fmt: skip
WORDS = tuple(m for m in METRICS if "roc_auc" not in m.name and m.name != "log_loss")
Change = Callable[[pd.DataFrame], pd.DataFrame]


def rows(seed: int = 0, count: int = 300) -> pd.DataFrame:
    """Rows with the probability of each class, the predicted class, and what turned out."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([1.0, 1.0, 0.6], count)
    if seed % 2:  # ties: of the largest, too
        probabilities = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4], [0.25, 0.25, 0.5]])[
            random.integers(0, 3, count)
        ]
    truth = [random.choice(3, p=(p + 0.2) / (p + 0.2).sum()) for p in probabilities]
    frame = pd.DataFrame(probabilities, columns=list(COLUMNS))
    return frame.assign(
        id=[f"r{n}" for n in range(count)],
        at=pd.Timestamp(DAY, tz="UTC") + pd.to_timedelta(range(count), unit="min"),
        x=random.normal(0, 1, count),
        version="1",
        predicted=np.array(CLASSES)[random.integers(0, 3, count)],
        outcome=np.array(CLASSES)[truth],
    )


def declare(folder: Path, **changes: Any) -> d.Monitor:
    """A monitor with labels of their own that come later."""
    given = {
        "source": d.Parquet(str(folder / "log"), time="at"),
        "labels": d.Parquet(str(folder / "labels"), time="known", on="id", layout="undated"),
        "columns": (d.number("x"),), "target": "outcome", "reference": None, "min_rows": 1,
        "prediction": d.classes(dict(zip(CLASSES, COLUMNS, strict=True))), "metrics": METRICS,
        **changes,
    }  # fmt: skip
    return small_monitor(**given)


def run(
    settings: Settings, connection: psycopg.Connection, folder: Path, frame: pd.DataFrame,
    labelled: float = 0.7, **changes: Any,
) -> tuple[Outcome, dict[tuple[str, str], float | str], pd.DataFrame]:  # fmt: skip
    """(outcome, numbers or reasons that the view has, the labelled rows)."""
    write_day(folder / "log", DAY, frame.drop(columns="outcome"))
    known = frame.iloc[: int(labelled * len(frame))]
    (folder / "labels").mkdir(exist_ok=True)
    shuffled = known.sample(frac=1, random_state=1).assign(known=pd.Timestamp(DAY, tz="UTC"))
    shuffled[["id", "outcome", "known"]].to_parquet(folder / "labels" / "l.parquet")
    monitor = declare(folder, **changes)
    outcome = Runner(monitor, settings, connection).run(find_window(monitor, DAY))
    stored = connection.execute(
        "select metric, column_name, value, reason, row_count from monitoring.metric"
    ).fetchall()
    words, prediction = (*CLASSES, "yes", "no"), monitor.prediction_column
    assert prediction is not None
    is_labelled = known["outcome"].isin(words)
    is_answered = (
        known[list(COLUMNS)].notna().all(axis=1)
        if prediction.derived
        else known[prediction.name].isin(words)
    )
    behind = {row[0]: row[4] for row in stored if row[0] not in ("row_count", "prediction_drift")}
    for metric, count in behind.items():
        rows_behind = is_labelled if metric == "target_mean" else is_labelled & is_answered
        assert count == rows_behind.sum(), metric
    found = {(row[0], row[1]): row[3] if row[2] is None else row[2] for row in stored}
    return outcome, found, known


def argmax(frame: pd.DataFrame) -> np.ndarray:
    """The class of the largest probability, of equal ones the first."""
    return np.array([CLASSES[max(range(3), key=lambda n: (row[n], -n))]
                     for row in frame[list(COLUMNS)].to_numpy()])  # fmt: skip


def by_sklearn(known: pd.DataFrame, predicted: np.ndarray) -> dict[tuple[str, str], float]:
    """scikit-learn's number of each series."""
    truth, labels = known["outcome"].to_numpy(), list(CLASSES)
    wanted = {
        ("accuracy", ""): metrics.accuracy_score(truth, predicted),
        ("balanced_accuracy", ""): metrics.balanced_accuracy_score(truth, predicted),
    }
    for name in ("precision", "recall", "f1"):
        score = getattr(metrics, f"{name}_score")
        for average, suffix in (("macro", ""), ("weighted", "_weighted")):
            wanted[f"{name}{suffix}", ""] = score(truth, predicted, labels=labels, average=average)
        each = score(truth, predicted, labels=labels, average=None)
        wanted |= {(f"class_{name}", c): v for c, v in zip(labels, each, strict=True)}
    scores = known[list(COLUMNS)].to_numpy()
    areas = [metrics.roc_auc_score(truth == c, scores[:, n]) for n, c in enumerate(labels)]
    wanted |= {("class_roc_auc", c): v for c, v in zip(labels, areas, strict=True)}
    support = [(truth == c).sum() for c in labels]
    wanted["roc_auc", ""] = float(np.mean(areas))
    wanted["roc_auc_weighted", ""] = float(np.nansum(np.multiply(areas, support)) / sum(support))
    onehot = np.array(sorted(labels))
    ordered = scores[:, [labels.index(c) for c in onehot]]
    if set(truth) == set(CLASSES) and np.allclose(scores.sum(axis=1), 1):
        theirs = metrics.roc_auc_score(truth, ordered, multi_class="ovr", average="weighted")
        assert wanted["roc_auc_weighted", ""] == pytest.approx(theirs, abs=NEAR)
    wanted["log_loss", ""] = metrics.log_loss(truth, ordered, labels=list(onehot))
    return wanted


def assert_near(found: Mapping[Any, Any], wanted: Mapping[Any, float]) -> None:
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, abs=NEAR), key


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("predicted", ["", "predicted"])
def test_each_number_is_scikit_learns(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path, seed: int, predicted: str
) -> None:
    """The predicted class of the largest probability, or of a column; ties go to the first."""
    prediction = d.classes(dict(zip(CLASSES, COLUMNS, strict=True)), predicted=predicted)
    outcome, found, known = run(settings, connection, tmp_path, rows(seed), prediction=prediction)
    wanted = by_sklearn(known, known["predicted"].to_numpy() if predicted else argmax(known))

    assert (outcome.status, outcome.error) == ("ok", "")
    assert_near(found, {**wanted, ("row_count", ""): 300})
    assert found.keys() == {*wanted, ("row_count", "")}


def test_confusion_is_stored_and_replaced(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Each pair of classes once, also those that did not occur; gone with the labels' change."""
    for seed, labelled in ((0, 0.7), (4, 1.0)):
        _, _, known = run(settings, connection, tmp_path, rows(seed), labelled)
        stored = connection.execute(
            "select label, predicted, count from monitoring.confusion"
        ).fetchall()
        counts = metrics.confusion_matrix(known["outcome"], argmax(known), labels=list(CLASSES))
        wanted = {(a, b): int(counts[i, j]) for i, a in enumerate(CLASSES)
                  for j, b in enumerate(CLASSES)}  # fmt: skip
        assert len(stored) == 9
        assert {(a, b): n for a, b, n in stored} == wanted


def test_an_absent_class_costs_its_own_numbers_only(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """It is no fault: the window is whole, and says why."""
    frame = rows(0)
    frame["outcome"] = frame["outcome"].replace("cancelled", "late")
    outcome, found, known = run(settings, connection, tmp_path, frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = by_sklearn(known, argmax(known))

    assert (outcome.status, outcome.error) == ("ok", "")
    for key in (("class_recall", "cancelled"), ("recall", ""), ("balanced_accuracy", ""),
                ("roc_auc", ""), ("class_roc_auc", "cancelled")):  # fmt: skip
        assert found[key] == "no 'cancelled' among 210 labels", key
        wanted.pop(key)
    assert_near(found, wanted)


@pytest.mark.parametrize("predicted", ["", "predicted"])
def test_an_undeclared_class_is_counted_and_named(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path, predicted: str
) -> None:
    """Among labels, and among what was predicted; the rows of it are nobody's."""
    frame = rows(0)
    frame.loc[frame.index[:5], "outcome"] = "diverted"
    if predicted:
        frame.loc[frame.index[5:8], "predicted"] = "early"
    prediction = d.classes(dict(zip(CLASSES, COLUMNS, strict=True)), predicted=predicted)
    outcome, found, known = run(settings, connection, tmp_path, frame, prediction=prediction)
    known = known[known["outcome"].isin(CLASSES) & known["predicted"].isin(CLASSES)]
    wanted = by_sklearn(known, known["predicted"].to_numpy() if predicted else argmax(known))

    assert outcome.status == "partial"
    named = "outcome: of 300 values 5 are of a class that is not declared: 'diverted'"
    assert named in outcome.error
    assert ("3 are of a class that is not declared: 'early'" in outcome.error) == bool(predicted)
    assert_near(found, wanted)


def test_probabilities_that_do_not_sum_to_one_cost_the_log_loss(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Ranks, and the classes, are what they are."""
    frame = rows(0)
    frame.loc[frame.index[:3], list(COLUMNS)] *= 0.5
    outcome, found, known = run(settings, connection, tmp_path, frame)
    wanted = by_sklearn(known, argmax(known))
    wanted.pop(("log_loss", ""))

    assert found["log_loss", ""] == (
        "the probabilities of 3 of 210 rows do not sum to 1, such as 0.5"
    )
    assert outcome.status == "partial"
    assert_near(found, wanted)


@pytest.mark.parametrize("predicted", ["", "predicted"])
def test_missing_probabilities_are_no_prediction(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path, predicted: str
) -> None:
    """A row without one has no class, and is left out; beside a column of classes it costs the
    numbers that need them."""
    frame = rows(0)
    frame.loc[frame.index[:4], "p_late"] = np.nan
    prediction = d.classes(dict(zip(CLASSES, COLUMNS, strict=True)), predicted=predicted)
    outcome, found, known = run(settings, connection, tmp_path, frame, prediction=prediction)
    if not predicted:
        known = known.iloc[4:]
        assert outcome.status == "ok"
        assert_near(found, by_sklearn(known, argmax(known)))
        return
    assert outcome.status == "partial"
    assert found["log_loss", ""] == (
        "4 of 210 probabilities of 'late' are not from 0 to 1, such as nan"
    )
    assert found["accuracy", ""] == pytest.approx((known["predicted"] == known["outcome"]).mean())


def test_few_predictions_are_few_rows(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Labels of rows that nobody answered judge no model: min_rows counts those with both."""
    frame = rows(0)
    frame.loc[frame.index[20:], "p_late"] = np.nan
    accuracy = d.accuracy(alert=0.99)
    for least, judged in ((20, True), (21, False)):
        run(settings, connection, tmp_path, frame, metrics=(accuracy,), min_rows=least)
        [(count, breached)] = connection.execute(
            "select row_count, breached from monitoring.metric where metric = 'accuracy'"
        ).fetchall()
        assert (count, breached) == (20, True if judged else None)


@pytest.mark.parametrize("change", [0, 1])
def test_predicted_words_alone(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path, change: int
) -> None:
    """Classes without probabilities: declared on either side."""
    named = d.label("predicted", classes=CLASSES)
    sides = [{"prediction": named}, {"prediction": d.label("predicted"),
             "target": d.label("outcome", classes=CLASSES)}]  # fmt: skip
    outcome, found, known = run(
        settings, connection, tmp_path, rows(2), metrics=WORDS, **sides[change]
    )
    wanted = by_sklearn(known, known["predicted"].to_numpy())

    assert (outcome.status, outcome.error) == ("ok", "")
    needs_none = {k: v for k, v in wanted.items() if "roc" not in k[0] and k[0] != "log_loss"}
    assert_near(found, needs_none)


def test_a_predicted_yes(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Yes and no in words: numbers of yes."""
    frame = rows(0)
    for name in ("predicted", "outcome"):
        frame[name] = np.where(frame[name] == "late", "yes", "no")
    binary = tuple(m for m in WORDS if not m.name.startswith("class_") and "weighted" not in m.name)
    outcome, found, known = run(
        settings, connection, tmp_path, frame, metrics=(*binary, d.target_mean(unjudged="-")),
        prediction=d.label("predicted", positive="yes", negative="no"),
    )  # fmt: skip
    truth, predicted = known["outcome"], known["predicted"]

    assert (outcome.status, outcome.error) == ("ok", "")
    assert_near(found, {
        ("accuracy", ""): metrics.accuracy_score(truth, predicted),
        ("balanced_accuracy", ""): metrics.balanced_accuracy_score(truth, predicted),
        ("precision", ""): metrics.precision_score(truth, predicted, pos_label="yes"),
        ("recall", ""): metrics.recall_score(truth, predicted, pos_label="yes"),
        ("f1", ""): metrics.f1_score(truth, predicted, pos_label="yes"),
        ("target_mean", "outcome"): (truth == "yes").mean(),
    })  # fmt: skip


def test_a_window_without_labels_waits(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """And has no confusion matrix; rows are counted."""
    outcome, found, _ = run(settings, connection, tmp_path, rows(0), labelled=0.0)
    assert outcome.status == "waiting"
    assert found["row_count", ""] == 300
    assert found["accuracy", ""] == "no labels yet for 300 rows"
    count = connection.execute("select count(*) from monitoring.confusion").fetchone()
    assert count == (0,)


def test_classes_are_drift_and_segments_too(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """The derived class drifts as a category, and rows are sliced by the label."""
    from scipy.spatial.distance import jensenshannon

    for n in range(1, 5):
        shifted = rows(n * 2).assign(at=rows()["at"] - pd.Timedelta(days=10 - n))
        write_day(tmp_path / "log", date(2024, 1, n), shifted.drop(columns="outcome"))
    _, found, _ = run(
        settings, connection, tmp_path, rows(0), reference=d.Between("2024-01-01", "2024-01-04"),
        metrics=(d.prediction_drift(), d.row_count(unjudged="-")),
        slices=(d.by("predicted_class", values=CLASSES, metrics=("row_count",)),),
    )  # fmt: skip
    then = np.concatenate([argmax(rows(n * 2)) for n in range(1, 5)])
    shares = [[(side == c).mean() for c in CLASSES] for side in (argmax(rows(0)), then)]
    counts = connection.execute(
        "select slice_value, value from monitoring.metric where slice_column = 'predicted_class'"
    ).fetchall()

    assert found["prediction_drift", "predicted_class"] == pytest.approx(
        jensenshannon(*shares), abs=1e-9
    )
    assert dict(counts) == {c: (argmax(rows(0)) == c).sum() for c in CLASSES}
