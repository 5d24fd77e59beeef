"""A small model whose world changes twice, with its log; its training leaves a mark at each step.

Days are of January 2024. A model is right until the world that it was trained in ends.
"""

import json
import os
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

DAYS, ROWS = 24, 200
CHANGES = (8, 17)
"""Days of the month from which on older models are wrong."""
FIRST_VERSION = "1"
PAUSE, PAUSE_A_DAY = 0.3, 0.03
"""Seconds that each step takes at least, and the answering of a day: time to be killed in."""


def changes(day: date) -> int:
    """How often the world has changed by a day."""
    return sum(day.day >= change for change in CHANGES)


def prepare(folder: Path) -> None:
    """Write the log, as the first model answered it: a Parquet file a day."""
    for number in range(1, DAYS + 1):
        day = date(2024, 1, number)
        random = np.random.default_rng(number)
        rows = pd.DataFrame(
            {
                "at": pd.Timestamp(day, tz="UTC")
                + pd.to_timedelta(np.sort(random.uniform(0, 86399, ROWS)), unit="s"),
                "x": random.normal(0.1 * number, 1.0, ROWS),
                "y": random.integers(0, 2, ROWS),
            }
        )
        _write(_path(folder, day), _answered(rows, day, FIRST_VERSION, 0, 0.1))


def train(_: str, day: str) -> str:
    """Learn from the log up to a day (YYYY-MM-DD); returns the version, its first day."""
    _mark("training", day)
    breach = date.fromisoformat(day)
    days = [date(2024, 1, number) for number in range(1, breach.day + 1)]
    seen = pd.concat([pd.read_parquet(_path(_log(), past)) for past in days])
    version = str(breach + timedelta(days=1))
    learnt = {
        "world": changes(breach),
        "bias": 0.1 + 0.01 * float((seen["p"] - seen["y"]).abs().mean()),
    }
    _models().mkdir(exist_ok=True)
    (_models() / f"{version}.json").write_text(json.dumps(learnt), encoding="utf-8")
    print(f"learnt from {len(seen)} rows")
    _mark("trained", day)
    return version


def promote(_name: str, day: str, version: str) -> None:
    """Answer the log anew from a version's first day on, a day after the other."""
    _mark("promoting", day)
    learnt = json.loads((_models() / f"{version}.json").read_text(encoding="utf-8"))
    first = date.fromisoformat(version)
    for number in range(first.day, DAYS + 1):
        path = _path(_log(), date(2024, 1, number))
        rows = pd.read_parquet(path)
        _write(path, _answered(rows, date(2024, 1, number), version, **learnt))
        _mark(f"promoting {number - first.day + 1}", day, PAUSE_A_DAY)
    _mark("promoted", day)


def _answered(rows: pd.DataFrame, day: date, version: str, world: int, bias: float) -> pd.DataFrame:
    """Rows with what a model says of them: right by so much, or as wrong in a later world."""
    right = bias + rows["y"] * (1 - 2 * bias)
    answers = right if world >= changes(day) else 1 - right
    return rows.assign(p=(answers + 0.01 * rows["x"]).clip(0.01, 0.99), version=version)


def _write(path: Path, rows: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    rows.to_parquet(beside, index=False)
    beside.replace(path)


def _path(folder: Path, day: date) -> Path:
    return folder / f"date={day}" / "part-0.parquet"


def _log() -> Path:
    return Path(os.environ["DATA_DIR"]) / "log"


def _models() -> Path:
    return Path(os.environ["DATA_DIR"]) / "models"


def _mark(step: str, day: str, pause: float = PAUSE) -> None:
    """Leave word of a step, and give somebody the time to act on it."""
    marks = Path(os.environ["DATA_DIR"]) / "marks"
    marks.mkdir(exist_ok=True)
    (marks / f"{step}, {day}").touch()
    time.sleep(pause)
