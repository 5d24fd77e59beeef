"""What the tests of `collectors new` share: an undeclared log, and the command line."""

import argparse
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from conftest import rows
from driftdeck.collectors import __main__ as command

FIRST, DAYS = date(2024, 1, 1), 24


def log(days: int = DAYS, count: int = 60) -> pd.DataFrame:
    """Some weeks of a classifier's rows, with columns that are of no use."""
    frame = pd.concat(
        [rows(FIRST + timedelta(days=n), count) for n in range(days)], ignore_index=True
    )
    frame["note"] = [f"customer {n} called about bill {n}" for n in range(len(frame))]
    frame["same"] = 1
    frame["never"] = None
    frame["counter"] = (frame["at"] - frame["at"].min()).dt.days + 100
    return frame.rename(
        columns={"p": "churn_probability", "y": "label", "version": "model_version"}
    )


def asked(name: str, source: object, *more: str) -> argparse.Namespace:
    """The command line of `new`."""
    return command._parser().parse_args(["new", name, "--from", str(source), *more])


def saved(frame: pd.DataFrame, folder: Path, name: str = "log.csv") -> Path:
    """A frame as one file."""
    path = folder / name
    frame.to_csv(path, index=False) if name.endswith("csv") else frame.to_parquet(path, index=False)
    return path
