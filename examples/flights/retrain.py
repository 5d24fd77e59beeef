"""Trains the flights' model anew on the days before a breach; the new one answers from then on."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from examples.flights import model
from examples.flights.data import ZONE
from settings import load_settings

MEMORY = timedelta(days=90)
ANSWERS = timedelta(days=2)
"""So long after the day of the breach the new model begins: until then the day's labels arrive."""


def train(_: str, day: str) -> str:
    """Train on the days up to a breach (YYYY-MM-DD) and answer the log anew from two days on.

    Returns the new version, which is the first day that it answers. Uses only labels that have
    arrived by the midnight before. Raises FileNotFoundError where the log is not prepared,
    ValueError where nothing of it has a label.
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
    print(f"{answer(data_dir / 'flights', fitted, begins)} days answered anew")
    return fitted.facts.version


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
    paths = [path for path in partitions(log) if path.parent.name >= f"date={first}"]
    if not paths:
        return 0
    # Together: each call of the classifier costs more than a day's rows.
    rows = pd.concat([pd.read_parquet(path) for path in paths], keys=range(len(paths)))
    rows["late_probability"] = fitted.predict(rows)
    rows["model_version"] = fitted.facts.version
    for number, path in enumerate(paths):
        beside = path.with_suffix(".partial")
        rows.loc[number].to_parquet(beside, index=False, engine="pyarrow")
        beside.replace(path)
    return len(paths)


def partitions(folder: Path) -> list[Path]:
    """The files of a log, by day."""
    return sorted(folder.glob("date=*/part-0.parquet"))


def _read(folder: Path, days: list[date]) -> pd.DataFrame:
    wanted = {f"date={day}" for day in days}
    paths = [path for path in partitions(folder) if path.parent.name in wanted]
    if not paths:
        raise FileNotFoundError(f"{folder} has none of {days[0]} to {days[-1]}; prepare the data")
    frames = [
        pd.read_parquet(path).assign(day=path.parent.name.partition("=")[2]) for path in paths
    ]
    return pd.concat(frames, ignore_index=True)
