"""120 days of outages: what was predicted when each was opened, and what was observed later."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

ZONE = ZoneInfo("Europe/Lisbon")
FIRST, LAST = date(2025, 1, 1), date(2025, 4, 30)
DISTRICTS = ("Aveiro", "Braga", "Coimbra", "Faro", "Lisboa", "Porto", "Setúbal")
SHARES = (0.09, 0.12, 0.10, 0.08, 0.28, 0.22, 0.11)
DAILY = 400
NEVER_REPORTED = 0.03
VERSION = "2024-12"


@dataclass(frozen=True)
class Incident:
    """A stretch of days, both ends included, on which something is known to be wrong."""

    name: str
    kind: str
    first: date
    last: date
    what: str

    def on(self, day: date) -> bool:
        """Whether a day belongs to it."""
        return self.first <= day <= self.last


STORMS = Incident(
    "storms", "drift", date(2025, 2, 24), date(2025, 3, 9), "winds and predicted minutes rise"
)
STRIKE = Incident(
    "strike", "performance", date(2025, 3, 20), date(2025, 4, 2), "repairs take 60 % longer"
)
OUTAGE_OF_THE_LOG = Incident(
    "gap", "gap", date(2025, 4, 10), date(2025, 4, 12), "nothing was logged"
)
INCIDENTS = (STORMS, STRIKE, OUTAGE_OF_THE_LOG)


def simulate(day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The outages opened on a local day: (predicted, observed), always the same for a day.

    predicted: outage_id, predicted_for (UTC), district, wind_speed (m/s), temperature (Celsius),
        line_load (share), predicted_minutes, model_version.
    observed: outage_id, reported_at (UTC, hours to two days later), observed_minutes.
    """
    if OUTAGE_OF_THE_LOG.on(day):
        predicted = _predicted(day, 0)
    else:
        predicted = _predicted(day, int(_random(day, 0).normal(DAILY, 20)))
    return predicted, _observed(day, predicted)


def _random(day: date, stream: int) -> np.random.Generator:
    return np.random.default_rng([day.toordinal(), stream])


def _predicted(day: date, rows: int) -> pd.DataFrame:
    random = _random(day, 1)
    wind = random.gamma(4.0, 1.6, rows) + (6.0 if STORMS.on(day) else 0.0)
    load = random.beta(5, 3, rows)
    temperature = random.normal(13.0, 3.0, rows)
    minutes = 25 + 5.5 * wind + 45 * load**2 + random.normal(0, 4, rows)
    midnight = datetime.combine(day, time(tzinfo=ZONE)).timestamp()
    seconds = np.sort(random.uniform(0, 23 * 3600, rows))
    return pd.DataFrame(
        {
            "outage_id": [f"{day:%Y%m%d}-{n:04d}" for n in range(rows)],
            "predicted_for": pd.to_datetime(midnight + seconds.round(), unit="s", utc=True),
            "district": random.choice(DISTRICTS, rows, p=SHARES),
            "wind_speed": wind.round(2),
            "temperature": temperature.round(1),
            "line_load": load.round(3),
            "predicted_minutes": minutes.round(1).clip(5),
            "model_version": VERSION,
        }
    )


def _observed(day: date, predicted: pd.DataFrame) -> pd.DataFrame:
    random = _random(day, 2)
    rows = len(predicted)
    slower = 1.6 if STRIKE.on(day) else 1.0
    minutes = predicted["predicted_minutes"] * slower * random.lognormal(-0.02, 0.2, rows)
    delay = pd.to_timedelta(random.uniform(2, 48, rows) * 3600, unit="s").round("s")
    lasted = pd.to_timedelta(minutes.round(), unit="min")
    frame = pd.DataFrame(
        {
            "outage_id": predicted["outage_id"],
            "reported_at": predicted["predicted_for"] + lasted + delay,
            "observed_minutes": minutes.round(1).clip(lower=1),
        }
    )
    return frame[random.random(rows) >= NEVER_REPORTED].reset_index(drop=True)


def all_days() -> list[date]:
    """The 120 simulated days."""
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
