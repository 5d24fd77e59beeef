"""The forecast: last week's same hour, and quantiles of the change from it by gradient boosting."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from examples.demand.data import HORIZONS, ORIGINS, WEATHER
from examples.errors import ExampleError
from examples.flights.model import ONE_THREAD

QUANTILES = {"low": 0.1, "prediction": 0.5, "high": 0.9}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PROFILE = ["origin", "weekday", "hour_of_day"]
LOGGED = (
    *("origin", "horizon", "hour_of_day", "weekday", "usual", "last_week", "week_before"),
    *("yesterday_change", "day_change", *WEATHER),
)
"""The features; the trees see `usual` and `week_before` as differences from last week."""


@dataclass(frozen=True)
class Model:
    """A seasonal profile (departures by PROFILE) and a regressor for each of QUANTILES."""

    profile: pd.Series
    regressors: dict[str, HistGradientBoostingRegressor]

    def forecast(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with usual, prediction, low and high: whole flights, low <= prediction <= high.

        An hour in which nothing departed last week, nor ever in training, is forecast as 0 to 0.
        """
        rows = _with_usual(rows, self.profile)
        known, base = _features(rows), rows["last_week"].fillna(0.0).to_numpy()
        is_open = _is_open(rows)
        with threadpool_limits(**ONE_THREAD):
            answers = {
                name: np.where(is_open, base + regressor.predict(known), 0.0).round().clip(0.0)
                for name, regressor in self.regressors.items()
            }
        # Quantiles that are learned apart may cross.
        answers["low"] = np.minimum(answers["low"], answers["prediction"])
        answers["high"] = np.maximum(answers["high"], answers["prediction"])
        return rows.assign(**{name: answers[name] for name in ("prediction", "low", "high")})


def train(rows: pd.DataFrame) -> Model:
    """Fit on rows as `data.load` gives them; those without a week before last are not used.

    Raises ExampleError where none is left.
    """
    profile = rows.groupby(PROFILE)["departures"].mean().rename("usual")
    rows = _with_usual(rows[rows["week_before"].notna()], profile)
    rows = rows[_is_open(rows)]
    if rows.empty:
        raise ExampleError("demand: no hour to train on has two weeks before it; widen the days")
    known, change = _features(rows), rows["departures"] - rows["last_week"]
    with threadpool_limits(**ONE_THREAD):
        fitted = {name: _regressor(q).fit(known, change) for name, q in QUANTILES.items()}
    return Model(profile, fitted)


def _with_usual(rows: pd.DataFrame, profile: pd.Series) -> pd.DataFrame:
    joined = rows.drop(columns="usual", errors="ignore").join(profile, on=PROFILE)
    return joined.assign(usual=joined["usual"].fillna(0.0).round(3))


def _is_open(rows: pd.DataFrame) -> np.ndarray:
    """Whether anything departs in such an hour: at night the airports are closed."""
    is_open: np.ndarray = ((rows["usual"] > 0) | (rows["last_week"] > 0)).to_numpy()
    return is_open


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "origin": pd.Categorical(rows["origin"], categories=ORIGINS),
            "weekday": pd.Categorical(rows["weekday"], categories=WEEKDAYS),
            "hours_ahead": rows["horizon"].map(HORIZONS).astype(float),
            "hour_of_day": rows["hour_of_day"],
            "last_week": rows["last_week"],
            "above_usual": rows["last_week"] - rows["usual"],
            "above_week_before": rows["last_week"] - rows["week_before"],
            **{name: rows[name] for name in ("yesterday_change", "day_change", *WEATHER)},
        },
        index=rows.index,
    )


def _regressor(quantile: float) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="quantile",
        quantile=quantile,
        categorical_features=["origin", "weekday"],
        max_iter=50,
        max_leaf_nodes=8,
        min_samples_leaf=100,
        random_state=0,
    )
