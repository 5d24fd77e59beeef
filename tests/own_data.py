"""What the tests of `driftdeck new` share: an undeclared log, and what is asked of it."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from conftest import rows
from driftdeck.collectors.new.request import Request

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


def asked(name: str, source: object, *words: str, **more: Any) -> Request:
    """What is asked of some data. words: options as on a command line, more: as of a `Request`."""
    given: dict[str, Any] = {}
    lists = {"category", "number", "leave_out"}
    at = iter(words)
    for word in at:
        key = word.removeprefix("--").replace("-", "_")
        if key == "force":
            given[key] = True
        elif key == "reference":
            given[key] = (next(at), next(at))
        elif key in lists:
            given[key] = (*given.get(key, ()), next(at))
        else:
            given[key] = next(at)
    return Request(name=name, source=str(source), **given, **more)


def saved(frame: pd.DataFrame, folder: Path, name: str = "log.csv") -> Path:
    """A frame as one file."""
    path = folder / name
    frame.to_csv(path, index=False) if name.endswith("csv") else frame.to_parquet(path, index=False)
    return path
