"""Evidently's reports of classes, segments and other baselines: stored numbers, or left out."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from litestar.testing import create_test_client

from conftest import rows, small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines import evidently as report
from driftdeck.collectors.engines.choice import BY_HAND
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import make_reference
from driftdeck.collectors.reports.workspace import make_dashboard, make_snapshot
from driftdeck.collectors.values import Measurement, WindowResult
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.settings import Settings
from driftdeck.stack import evidently as ui
from repository import SMALL

DAY = date(2024, 1, 9)
CLASSES = ("early", "late", "on time")
OF_CLASSES = (
    d.accuracy(alert=0.1), d.balanced_accuracy(alert=0.1), d.precision(alert=0.1),
    d.recall(alert=0.1), d.recall(average="class", alert=0.1), d.f1(alert=0.99),
    d.precision(average="weighted", alert=0.1),
)  # fmt: skip
PROBABLE = (*OF_CLASSES, d.roc_auc(alert=0.1), d.log_loss(alert=9.0))


def three(frame: pd.DataFrame) -> pd.DataFrame:
    """A log of three classes, with the probability of each."""
    random = np.random.default_rng(len(frame))
    shares = random.dirichlet([1, 1, 1], len(frame)).round(4)
    truth = [random.choice(CLASSES, p=share / share.sum()) for share in shares]
    said = np.array(CLASSES)[shares.argmax(axis=1)]
    columns = {f"p_{n}": shares[:, n] for n in range(3)}
    return frame.assign(y=truth, said=said, **columns)


def with_probabilities(**changes: object) -> d.Monitor:
    """A monitor of classes with probabilities."""
    names = {name: f"p_{n}" for n, name in enumerate(CLASSES)}
    return small_monitor(
        **{"prediction": d.classes(names), "metrics": PROBABLE, "model_version": "", **changes}
    )


def in_words(**changes: object) -> d.Monitor:
    """A monitor of words only."""
    label = d.label("said", classes=CLASSES)
    return small_monitor(
        **{"prediction": label, "metrics": OF_CLASSES, "model_version": "", **changes}
    )


def measured(monitor: d.Monitor, frame: pd.DataFrame, **changes: object) -> WindowResult:
    """A window with its report."""
    quiet = [three(rows(date(2024, 1, n))) for n in range(1, 5)]
    reference = make_reference(monitor, pd.concat(quiet, ignore_index=True), "")
    comparison = replace(Comparison(reference), **changes)
    window = monitor.every.window(DAY)
    current = CoercedRows(monitor, frame, window.end)
    return measure_rows(monitor, window, current, comparison, list(monitor.series()), BY_HAND)


def reported(result: WindowResult) -> dict[str, float]:
    """The number of each metric in the report."""
    numbers = {}
    for run in result.runs:
        for metric in run.dict()["metrics"]:
            numbers[metric["config"]["type"].rpartition(":")[2]] = metric["value"]
    return numbers


@pytest.mark.parametrize("monitor", [with_probabilities(), in_words()], ids=["probable", "words"])
def test_a_report_of_classes_has_the_stored_numbers(monitor: d.Monitor) -> None:
    """Of the metrics that Evidently has; its tests are of our thresholds."""
    result = measured(monitor, three(rows(DAY)))
    numbers, stored = reported(result), {v.series.key: v.outcome.value for v in result.values}
    names = {"Accuracy": "accuracy", "Precision": "precision", "Recall": "recall", "F1Score": "f1"}
    if monitor.has_probabilities:
        names |= {"RocAuc": "roc_auc", "LogLoss": "log_loss"}

    assert set(numbers) == set(names)
    for theirs, ours in names.items():
        assert numbers[theirs] == pytest.approx(stored[ours, ""], abs=1e-9)
    failed = [t for run in result.runs for t in run.tests_results if t.status.value == "FAIL"]
    assert [test.name.partition(" ")[0] for test in failed] == ["F1"]
    titles = {panel.title for panel in make_dashboard(monitor).panels}
    assert {"Accuracy", "F1"} <= titles
    make_snapshot(monitor, result)


def test_what_evidently_makes_up_is_left_out() -> None:
    """Of a window in which a class is absent, it says what nobody stored."""
    frame = three(rows(DAY))
    result = measured(with_probabilities(), frame[frame["y"] != "late"])
    stored = {v.series.key[0]: v.outcome.value for v in result.values if not v.series.key[1]}
    numbers = reported(result)

    assert numbers["Accuracy"] == pytest.approx(stored["accuracy"])
    for name, ours in (("Recall", "recall"), ("F1Score", "f1"), ("RocAuc", "roc_auc")):
        assert name not in numbers or numbers[name] == pytest.approx(stored[ours])
    make_snapshot(with_probabilities(), result)


def test_yes_and_no_in_words_are_reported() -> None:
    """A label without a probability."""
    monitor = small_monitor(
        prediction=d.label("said", positive="yes", negative="no"),
        target=d.label("y", positive="yes", negative="no"),
        metrics=(d.accuracy(alert=0.1), d.precision(alert=0.1), d.recall(alert=0.1)),
    )
    frame = rows(DAY)
    frame = frame.assign(
        y=np.where(frame["y"] == 1, "yes", "no"), said=np.where(frame["p"] > 0.6, "yes", "no")
    )
    window = monitor.every.window(DAY)
    current = CoercedRows(monitor, frame, window.end)
    result = measure_rows(
        monitor, window, current, Comparison(), list(monitor.series()), BY_HAND
    )  # fmt: skip
    stored = [value.outcome.value for value in result.values]

    assert list(reported(result).values()) == pytest.approx(stored)


def test_a_report_compares_with_the_reference_only() -> None:
    """Drift against the window before has the same name in a report: one of them would be lost."""
    metrics = (
        d.drift(columns=("x",)),
        d.drift(baseline=d.PREVIOUS, columns=("x",)),
    )
    monitor = small_monitor(metrics=metrics)
    before = CoercedRows(monitor, rows(DAY, shift=3.0))
    result = measured(monitor, three(rows(DAY)), baselines=MappingProxyType({"previous": before}))
    drift, previous = (value.outcome.value for value in result.values)
    snapshot = make_snapshot(monitor, result)

    assert previous is not None
    assert drift is not None
    assert previous > 1 > drift
    assert [run.dict()["metrics"][0]["value"] for run in result.runs] == [drift]
    assert len(snapshot.metric_results) == 1
    assert [panel.title for panel in make_dashboard(monitor).panels] == ["Drift"]


def test_segments_are_not_in_a_report() -> None:
    """A report is of the whole; its numbers would be taken for those of a segment."""
    whole = measured(with_probabilities(), three(rows(DAY)))
    sliced = measured(with_probabilities(slices=(d.by("c"),)), three(rows(DAY)))

    assert reported(sliced) == reported(whole)
    assert len(sliced.runs) == len(whole.runs)


@pytest.mark.parametrize(
    ("every", "name", "pattern"),
    [
        ("d.Daily()", "2024-01-05", "YYYY-MM-DD"),
        ("d.Hourly(6)", "2024-01-05T12", "YYYY-MM-DDTHH"),
        ("d.Weekly()", "2024-W01", "YYYY-Www"),
        ("d.Monthly()", "2024-01", "YYYY-MM"),
    ],
)
def test_a_report_that_is_not_there_is_made_by_the_name_of_its_window(
    settings: Settings, connection: object, mine: Settings, monkeypatch: pytest.MonkeyPatch,
    every: str, name: str, pattern: str,
) -> None:  # fmt: skip
    """As `driftdeck report` takes it; of the newest it says how one is written."""
    declared = (SMALL / "monitors" / "prices.py").read_text()
    (mine.root / "monitors" / "prices.py").write_text(
        declared.replace('    starts="2024-01-01",', f'    starts="2024-01-01", every={every},')
    )
    monkeypatch.setattr(ui, "load_settings", lambda: mine)
    noon = int(datetime(2024, 1, 5, 12, tzinfo=UTC).timestamp() * 1000)
    with create_test_client([ui.window]) as client:
        told = client.get(f"/window/prices/{noon}").text
        newest = client.get("/window/prices/newest").text
        unknown = client.get("/window/nobody/newest").text

    assert f"driftdeck report prices --window {name}<" in told
    assert f"--window {pattern}<" in newest
    assert "no monitor nobody" in unknown


def test_another_number_than_the_stored_one_is_no_report() -> None:
    """Whatever a later Evidently may make of the same rows."""
    monitor = in_words(metrics=(d.accuracy(alert=0.1),))
    [line] = monitor.series()
    current = CoercedRows(monitor, three(rows(DAY)))
    right = measured(monitor, three(rows(DAY))).values[0].outcome.value
    assert right is not None
    for value, count in ((right, 1), (right + 1e-6, 0)):
        runs = report.report_classes(monitor, current, {line: Measurement(value)}, {line: None})
        assert len(list(runs)) == count
