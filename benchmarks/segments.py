"""What segments cost: a window of 100,000 rows against a reference of a million, without slices and
with twenty segments of each of one and of three columns.

python -m benchmarks.segments measures whole windows in turns: 20 columns coerced, drift, missing
shares and performance measured, histograms counted, the explanation written; and collects them in
turns, which reads the window from Parquet, measures it and stores its values. The reference is read
and its indexes are made before, once for all windows.
The floor is what exact numbers of segments cannot do without: each column of numbers sorted for the
whole and once for each slice, and searched in the sorted reference.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import frames
from benchmarks.contestants import Memory
from benchmarks.results import SCRATCH, format_summary, ratios, record, summary
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import Choice
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference, make_reference
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.values import Status
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.database import connect, migrate
from driftdeck.database.embedded import Embedded
from driftdeck.declare import Monitor
from driftdeck.settings import Settings

WINDOW, REFERENCE = 100_000, 1_000_000
SLICED = ("c03", "c04", "c05")
"""Of 24, 48 and 96 words, of which the twenty most frequent are segments."""
ROUNDS, REPEATS = 5, 3
AIM = 3.0
PORT = 5496


def main() -> None:
    """Measure, say, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=int, help="one process's peak with so many slices")
    parsed = parser.parse_args()
    if parsed.memory is not None:
        print(json.dumps(measure_memory(parsed.memory)))
        return
    window, reference = make_frame(WINDOW, 1, 0.05), make_frame(REFERENCE, 2, 0.0)
    contestants: dict[str, Callable[[], object]] = {
        f"{20 * count} segments": make_measurement(count, window, reference) for count in (0, 1, 3)
    }
    contestants["floor of 60"] = make_floor(window, reference)
    seconds = _time_in_turns(contestants)
    without = seconds["0 segments"]
    collections = _time_in_turns(make_collections(prepare(window, reference)))
    memory = {count: _measure_apart(count) for count in (0, 1, 3)}
    results: dict[str, Any] = {
        name: {"seconds": summary(times), "times_the_whole": ratios(times, without)}
        for name, times in seconds.items()
    }
    for count, mib in memory.items():
        results[f"{20 * count} segments"] |= mib
    for name, times in collections.items():
        results[f"{name} collected"] = {
            "seconds": summary(times),
            "times_the_whole": ratios(times, collections["0 segments"]),
        }
    record("segments", {"aim": AIM, **results})
    for name, result in results.items():
        ratio = format_summary(result["times_the_whole"], "x")
        memory_text = f", {result['mib']:5.0f} MiB" if "mib" in result else ""
        print(f"{name:22} {result['seconds']['median']:7.4f} s, {ratio}{memory_text}")


def make_frame(rows: int, seed: int, shift: float) -> pd.DataFrame:
    """The frame of the other benchmarks, with a classifier's probability and its label."""
    frame = frames.frame(rows, seed, shift)
    random = np.random.default_rng(seed + 100)
    frame["p"] = random.beta(2, 5, rows)
    frame["y"] = (random.random(rows) < frame["p"]).astype(int)
    frame["at"] = pd.Timestamp("2024-03-01", tz="UTC") + pd.to_timedelta(np.arange(rows), "ms")
    return frame


def make_monitor(slices: int) -> Monitor:
    """20 columns and a classifier. slices: so many of `SLICED`."""
    return d.Monitor(
        name="bench",
        title="Bench",
        description="A benchmark.",
        owner="bench",
        source=d.Parquet("bench", time="at"),
        starts="2024-01-01",
        reference=d.Between("2024-01-01", "2024-01-31"),
        columns=(*map(d.number, frames.NUMBERS), *map(d.category, frames.CATEGORIES)),
        prediction=d.probability("p", cut=0.5),
        target="y",
        metrics=(
            d.drift(warn=0.1, alert=0.2),
            d.missing(warn=0.01, alert=0.05),
            d.row_count(alert=(10, None)),
            d.accuracy(warn=0.7, alert=0.6),
            d.precision(warn=0.7, alert=0.6),
            d.recall(warn=0.7, alert=0.6),
            d.roc_auc(warn=0.8, alert=0.7),
            d.log_loss(warn=0.6, alert=0.8),
        ),
        slices=tuple(d.by(name, judged=("recall",)) for name in SLICED[:slices]),
        late_after=d.Hours(24),
        min_rows=50,
    )


def make_measurement(
    slices: int, window: pd.DataFrame, reference: pd.DataFrame
) -> Callable[[], object]:
    """The measurement of a whole window, the indexes of the reference made."""
    monitor = make_monitor(slices)
    base = make_reference(monitor, reference, "bench")

    def act() -> object:
        return measure(monitor, window, base)

    act()
    return act


def measure(monitor: Monitor, window: pd.DataFrame, reference: Reference) -> object:
    """A window as a backfill measures it."""
    [day] = monitor.every.days(date(2024, 3, 1), date(2024, 3, 1))
    choice = Choice(index=True, evidently=False, report=False)
    series, current = list(monitor.series()), CoercedRows(monitor, window, day.end)
    return measure_rows(monitor, day, current, Comparison(reference), series, choice)


def prepare(window: pd.DataFrame, reference: pd.DataFrame) -> Settings:
    """A log of the reference's days and the window's, and an empty database."""
    folder = SCRATCH / "segments"
    days = [f"2024-01-{n:02}" for n in range(1, 11)]
    parts = dict(zip(days, np.array_split(np.arange(len(reference)), len(days)), strict=True))
    frames_of_days = {day: reference.iloc[places] for day, places in parts.items()}
    for day, frame in {**frames_of_days, "2024-03-01": window}.items():
        place = folder / "log" / f"date={day}"
        place.mkdir(parents=True, exist_ok=True)
        at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(len(frame)), "ms")
        frame.assign(at=at).to_parquet(place / "rows.parquet")
    settings = Settings(
        postgres_port=PORT, postgres_host="127.0.0.1", data_dir=folder, stack_dir=folder,
        check_every=0,
    )  # fmt: skip
    Embedded(folder / "postgres", PORT).start(
        settings.postgres_user, settings.postgres_password, settings.postgres_db
    )
    migrate(settings)
    return settings


def make_collections(settings: Settings) -> dict[str, Callable[[], object]]:
    """The collection of the window with each number of slices, the reference read before."""
    collections: dict[str, Callable[[], object]] = {}
    for count in (0, 1, 3):
        monitor = replace(
            make_monitor(count),
            name=f"bench_{count}",
            source=d.Parquet("log", time="at"),
            reference=d.Between("2024-01-01", "2024-01-10"),
        )
        runner = Runner(monitor, settings, connect(settings), backfill=True)
        windows = list(monitor.every.days(date(2024, 3, 1), date(2024, 3, 1)))
        [outcome] = runner.run_batch(windows)
        if outcome.status is not Status.OK:
            raise RuntimeError(f"{count} slices: {outcome.status}: {outcome.error}")
        collections[f"{20 * count} segments"] = partial(runner.run_batch, windows)
    return collections


def make_floor(window: pd.DataFrame, reference: pd.DataFrame) -> Callable[[], object]:
    """Sorting and searching each number's column, in the whole and in the segments of each slice,
    by one core."""
    codes = [pd.factorize(window[name], sort=True)[0] for name in SLICED]
    ordered = [np.sort(reference[name].to_numpy()) for name in frames.NUMBERS]

    def act() -> None:
        for name, base in zip(frames.NUMBERS, ordered, strict=True):
            values = window[name].to_numpy()
            base.searchsorted(np.sort(values))
            for places in codes:
                base.searchsorted(values[np.lexsort((values, places))])

    return act


def measure_memory(slices: int) -> dict[str, float]:
    """This process's own beyond frames and the coerced reference: while the reference's indexes
    are made with the first window, and while later windows are measured."""
    window, reference = make_frame(WINDOW, 1, 0.05), make_frame(REFERENCE, 2, 0.0)
    monitor = make_monitor(slices)
    base = make_reference(monitor, reference, "bench")
    with Memory() as first:
        measure(monitor, window, base)
    with Memory() as later:
        for _ in range(3):
            measure(monitor, window, base)
    return {"mib": first.mib, "mib_of_later_windows": later.mib}


def _measure_apart(slices: int) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.segments", "--memory", str(slices)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return {name: round(mib, 1) for name, mib in result.items()}


def _time_in_turns(contestants: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each, the best of some repeats, a round after the other."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, act in contestants.items():
            seconds[name].append(min(_timed(act) for _ in range(REPEATS)))
    return seconds


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
