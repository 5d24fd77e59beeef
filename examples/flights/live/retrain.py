"""Trains the served model anew from the two tables; promoted, the service answers by it."""

from datetime import date, timedelta

from driftdeck.database import connect
from driftdeck.settings import load_settings
from examples.flights import model
from examples.flights.live import tables
from examples.flights.live.service import Models
from examples.flights.retrain import MEMORY

MODELS = "models/live"


def train(_: str, day: str) -> str:
    """Train on the 90 days up to a breach (YYYY-MM-DD), with the labels that are there.

    Returns the new version, which is the day after, and saves it.
    Raises ValueError where there is no label.
    """
    settings = load_settings()
    after = date.fromisoformat(day) + timedelta(days=1)
    with connect(settings) as connection:
        rows = tables.between(connection, str(after - MEMORY), str(after))
    fitted = model.train(rows, after.isoformat())
    fitted.save(settings.data / MODELS)
    facts = fitted.facts
    print(f"{facts.rows} flights of {facts.trained_from} to {facts.trained_to}")
    return facts.version


def promote(_name: str, _day: str, version: str) -> None:
    """Have the service answer by a saved version from its next answer on."""
    Models(load_settings().data / MODELS).promote(version)
