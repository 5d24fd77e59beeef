"""Trains the flights' model anew on the days before a breach, and has it answer from then on."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from driftdeck.settings import load_settings
from examples.errors import ExampleError
from examples.flights import by_day, model
from examples.flights.data import ZONE

MEMORY = timedelta(days=90)
ANSWERS = timedelta(days=2)
"""So long after the day of the breach the new model begins: until then the day's labels arrive."""


def train(_: str, day: str) -> str:
    """Train on the days up to a breach (YYYY-MM-DD), and save the model.

    Returns the new version, which is the first day that it is to answer, two days on. Uses only
    labels that have arrived by the midnight before. Raises ExampleError where the log is not
    prepared, ValueError where nothing of it has a label.
    """
    data_dir = load_settings().data
    breach = date.fromisoformat(day)
    begins = breach + ANSWERS
    rows = labelled(data_dir, breach - MEMORY + timedelta(days=1), breach, known_by=begins)
    fitted = model.train(rows, begins.isoformat())
    fitted.save(data_dir / "models" / "flights")
    print(
        f"{fitted.facts.rows} flights of {fitted.facts.trained_from} to {fitted.facts.trained_to}"
    )
    return fitted.facts.version


def promote(_: str, day: str, version: str) -> None:
    """Answer the log anew by a saved version, from two days after the breach (YYYY-MM-DD) on.

    As often as one likes: every file is written whole, and says the same each time.
    """
    data_dir = load_settings().data
    fitted = model.load(data_dir / "models" / "flights", version)
    begins = date.fromisoformat(day) + ANSWERS
    print(f"{answer(data_dir / 'flights', fitted, begins)} days answered anew")


def labelled(data_dir: Path, first: date, last: date, known_by: date) -> pd.DataFrame:
    """The logged rows of a span of days with `late` (1.0, 0.0, NaN unknown) and `day`.

    known_by: labels that arrived on this local day or later are not seen.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    log = _read(data_dir / "flights", days).assign(late=float("nan"))
    labels = _read(data_dir / "flight_labels", days)
    known = labels[labels["arrived_at"] < pd.Timestamp(known_by, tz=ZONE)]
    log["late"] = log["flight_id"].map(known.set_index("flight_id")["late"]).astype(float)
    return log


def answer(log: Path, fitted: model.Model, first: date) -> int:
    """Put a model's answers into the log from a day on, a file at a time; how many days."""
    files = [path for path in by_day.paths(log) if path.parent.name >= f"date={first}"]
    if not files:
        return 0
    rows, counts = by_day.read(files)
    rows["late_probability"] = fitted.predict(rows)
    rows["model_version"] = fitted.facts.version
    by_day.replace(files, rows, counts)
    return len(files)


def _read(folder: Path, days: list[date]) -> pd.DataFrame:
    wanted = {f"date={day}" for day in days}
    files = [path for path in by_day.paths(folder) if path.parent.name in wanted]
    if not files:
        raise ExampleError(f"{folder} has none of {days[0]} to {days[-1]}; prepare the data")
    rows, counts = by_day.read(files)
    return rows.assign(
        day=np.repeat([path.parent.name.partition("=")[2] for path in files], counts)
    )
