"""The served model: each answer is logged, labels come apart, a new model takes over."""

from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from driftdeck.collectors.sources.reader import Reader
from driftdeck.database import connect
from driftdeck.load import load
from driftdeck.settings import Settings
from repository import ROOT, missing_example

if missing := missing_example("flights/live", "flask"):
    pytest.skip(missing, allow_module_level=True)

from flask.testing import FlaskClient

from examples.errors import ExampleError
from examples.flights import data, model
from examples.flights.live import play, retrain, tables
from examples.flights.live.service import Models, create

LAST = "2013-01-05"


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """The first days of the year."""
    every = data.load()
    return every[every["day"] <= "2013-01-08"]


@pytest.fixture(scope="module")
def first(flights: pd.DataFrame) -> model.Model:
    """A model of the first five days."""
    return model.train(flights[flights["day"] <= LAST], "first")


@pytest.fixture
def models(first: model.Model, tmp_path: Path) -> Models:
    """A folder in which the first model is current."""
    found = Models(tmp_path / "models" / "live")
    first.save(tmp_path / "models" / "live")
    found.promote(first.facts.version)
    return found


@pytest.fixture
def client(models: Models, settings: Settings, connection: psycopg.Connection) -> FlaskClient:
    """The service, on empty tables."""
    tables.make(connection)
    return create(models, lambda: connect(settings)).test_client()


def asked(flights: pd.DataFrame) -> list[dict[str, object]]:
    """Flights as a client sends them."""
    rows = flights[["flight_id", "scheduled_departure", *model.FEATURES]].astype(object)
    rows["scheduled_departure"] = rows["scheduled_departure"].map(pd.Timestamp.isoformat)
    return rows.where(rows.notna(), None).to_dict("records")


def test_what_is_answered_is_logged_once(
    client: FlaskClient, flights: pd.DataFrame, first: model.Model, connection: psycopg.Connection
) -> None:
    """The table holds each answer to the digit, missing values as such, a repeated one once."""
    day = flights[flights["day"] == "2013-01-06"]
    answers = [client.post("/predictions", json=asked(day)).json for _ in range(2)]
    logged = tables.between(connection, "2013-01-06", "2013-01-07").set_index("flight_id")

    assert answers[0] == answers[1]
    assert [one["late_probability"] for one in answers[0]] == list(first.predict(day))
    assert len(logged) == len(day)
    for name in ("departure_delay", "pressure"):
        given = day.set_index("flight_id")[name].loc[logged.index]
        np.testing.assert_array_equal(logged[name].to_numpy(float), given.to_numpy(float))
    assert logged["late"].isna().all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flight_id": "a"}, "send a JSON list of flights"),
        ([], "send a JSON list of flights"),
        ([{"flight_id": "a"}], "flight 0 has no scheduled_departure"),
        (
            [{"flight_id": "a", "scheduled_departure": "2013-01-06T12:00:00Z", "hour": "noon"}],
            "flight 0: hour is 'noon', not a number",
        ),
    ],
)
def test_a_wrong_request_is_told(
    client: FlaskClient, connection: psycopg.Connection, given: object, said: str
) -> None:
    """With status 400, and nothing is logged."""
    answer = client.post("/predictions", json=given)

    assert (answer.status_code, answer.json["error"]) == (400, said)
    assert connection.execute("select count(*) from live.predictions").fetchone() == (0,)


def test_a_retrained_model_takes_over(
    client: FlaskClient,
    flights: pd.DataFrame,
    connection: psycopg.Connection,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Trained from the tables, with the labels that are there; promoted, the next answer is
    its own."""
    monkeypatch.setattr(retrain, "load_settings", lambda: settings.model_copy(
        update={"data_dir": tmp_path}
    ))  # fmt: skip
    week = flights[flights["day"] <= "2013-01-07"]
    client.post("/predictions", json=asked(week))
    assert client.get("/health").json == {"model_version": "first"}
    with pytest.raises(ExampleError, match="no label"):
        retrain.train("flights_live", "2013-01-07")
    begins = pd.Timestamp("2013-01-01", tz=data.ZONE)
    known = pd.Timestamp("2013-01-07", tz=data.ZONE)
    play._land(connection, flights, begins, known)
    connection.commit()
    version = retrain.train("flights_live", "2013-01-07")
    assert client.get("/health").json == {"model_version": "first"}
    retrain.promote("flights_live", "2013-01-07", version)
    answer = client.post("/predictions", json=asked(flights[flights["day"] == "2013-01-08"]))

    assert version == "2013-01-08"
    assert {one["model_version"] for one in answer.json} == {version}
    labelled = week[(week["arrived_at"] < known) & week["late"].notna()]
    facts = model.load(tmp_path / "models" / "live", version).facts
    assert facts.rows == len(labelled) < week["late"].notna().sum()


def test_the_monitor_reads_what_was_served(
    client: FlaskClient, flights: pd.DataFrame, connection: psycopg.Connection, settings: Settings
) -> None:
    """The declaration fits the tables: a day's rows, its labels as they are known by then."""
    day = flights[flights["day"] == "2013-01-06"]
    client.post("/predictions", json=asked(day))
    play._land(
        connection, flights, *(pd.Timestamp(t, tz=data.ZONE) for t in ("2013-01-06", "2013-01-08"))
    )
    connection.commit()
    [monitor] = load(ROOT / "examples/flights/live/house/monitors")
    window = monitor.every.window(pd.Timestamp("2013-01-06").date())
    rows = Reader(monitor, settings).read(window, window.end).frame
    known = day["arrived_at"] <= window.end

    assert len(rows) == len(day)
    assert rows["late"].notna().sum() == known.sum() < day["late"].notna().sum()


def test_the_clock_is_set_once(
    flights: pd.DataFrame,
    connection: psycopg.Connection,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Preparing fills the tables up to the beginning; again, it changes nothing."""
    begins = pd.Timestamp("2013-01-07", tz=data.ZONE)
    monkeypatch.setattr(play, "BEGINS", begins)
    monkeypatch.setattr(play.prepare, "TRAINED_TO", LAST)
    monkeypatch.setattr(data, "load", lambda: flights)
    mine = settings.model_copy(update={"data_dir": tmp_path})
    tables.make(connection)
    connection.commit()
    assert play.seed(mine)
    connection.commit()
    assert play.played(connection) == begins
    counts = "select (select count(*) from live.predictions), (select count(*) from live.outcomes)"
    before = connection.execute(counts).fetchone()
    connection.commit()

    assert before is not None
    assert before[0] == (flights["scheduled_departure"] < begins).sum()
    assert 0 < before[1] == (flights["late"].notna() & (flights["arrived_at"] < begins)).sum()
    assert not play.seed(mine)
    assert connection.execute(counts).fetchone() == before
