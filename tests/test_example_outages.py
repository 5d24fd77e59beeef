"""The outages: the same whenever they are simulated, with incidents that can be seen."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import psycopg
import pytest

from driftdeck.database import connect
from driftdeck.settings import Settings
from repository import missing_example

if missing := missing_example("outages"):
    pytest.skip(missing, allow_module_level=True)

from examples.outages import load as outages
from examples.outages.simulate import INCIDENTS, all_days, simulate


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
