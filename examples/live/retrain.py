"""Trains the served model anew from the two tables; the service takes it at its next answer."""

from datetime import date, timedelta

from database import connect
from examples.flights import model
from examples.flights.retrain import MEMORY
from examples.live import tables
from examples.live.service import Models
from settings import load_settings

MODELS = "models/live"


def train(_: str, day: str) -> str:
    """Train on the 90 days up to a breach (YYYY-MM-DD), with the labels that are there.

    Returns the new version, which is the day after. Raises ValueError where there is no label.
    """
    settings = load_settings()
    after = date.fromisoformat(day) + timedelta(days=1)
    with connect(settings) as connection:
        rows = tables.between(connection, str(after - MEMORY), str(after))
    fitted = model.train(rows, after.isoformat())
    Models(settings.data / MODELS).promote(fitted)
    facts = fitted.facts
    print(f"{facts.rows} flights of {facts.trained_from} to {facts.trained_to}")
    return facts.version
