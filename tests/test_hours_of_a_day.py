"""Windows of hours cut out of their day are what each is when it is read by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines.drift_index.numbers import NumberIndex
from driftdeck.collectors.frames.reference import Reference, list_reference_days
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources import reader as reading
from driftdeck.collectors.sources.paths import Paths
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import WindowResult
from driftdeck.collectors.windows.baselines import Baselines
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.declare import Monitor, Window
from driftdeck.settings import Settings

DAY = date(2024, 3, 31)
"""Clocks are set forward in Lisbon."""
NOW = datetime(2024, 6, 1, tzinfo=UTC)
SKIPPED = "{seconds,collected_at,source_state}"
"""Of a stored window: how long it took, when that was, and whether its files were settled then."""
TOMORROW = NOW + timedelta(days=1)
Damage = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]


def split(day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(rows of a day with an id each, their labels), none in two of the hours."""
    frame = rows(day)
    frame["id"] = [f"{day}-{n}" for n in range(len(frame))]
    hours = frame["at"].dt.hour
    frame = frame[(hours != 3) & (hours != 17)].reset_index(drop=True)
    labels = frame[["id", "y"]].assign(known=frame["at"] + pd.Timedelta("2h"))
    return frame.drop(columns="y"), labels.sample(frac=1, random_state=7)


def put(column: str, value: object, every: int) -> Damage:
    """Some rows get another value."""

    def act(frame: pd.DataFrame, labels: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        values = frame[column].astype(object)
        return frame.assign(**{column: values.where(frame.index % every > 0, value)}), labels

    return act


DAMAGES: dict[str, Damage] = {
    "none": lambda frame, labels: (frame, labels),
    "text among numbers": lambda frame, labels: (
        frame.assign(x=frame["x"].astype(str).where(frame.index > 20, "?")),
        labels,
    ),
    "infinite": put("x", np.inf, 50),
    "huge": put("x", 1e150, 50),
    "nothing but one number": put("x", 7.0, 1),
    "missing numbers": put("x", None, 3),
    "no number before noon": lambda frame, labels: (
        frame.assign(x=frame["x"].where(frame["at"].dt.hour > 12)),
        labels,
    ),
    "missing words": put("c", None, 9),
    "no column": lambda frame, labels: (frame.drop(columns="x"), labels),
    "moments shared": lambda frame, labels: (
        frame.assign(at=frame["at"].dt.floor("10min")),
        labels,
    ),
    "no time": put("at", pd.NaT, 60),
    "some without label": lambda frame, labels: (frame, labels.iloc[::3]),
    "no label before noon": lambda frame, labels: (
        frame,
        labels[labels["known"].dt.hour > 14],
    ),
    "labels of others": lambda frame, labels: (
        frame,
        pd.concat([labels, labels.iloc[:30].assign(id=[f"other {n}" for n in range(30)])]),
    ),
    "labels twice": lambda frame, labels: (
        frame,
        pd.concat([labels, labels.iloc[:40].assign(known=labels["known"] + pd.Timedelta("1h"))]),
    ),
    "label without id": lambda frame, labels: (
        frame,
        pd.concat([labels, labels.iloc[:3].assign(id=None)]),
    ),
    "rows with one id": lambda frame, labels: (
        frame.assign(id=frame["id"].where(frame.index % 7 > 0, frame["id"].iloc[1])),
        labels,
    ),
    "labels that come later": lambda frame, labels: (
        frame,
        labels.assign(known=labels["known"].where(labels["known"].dt.hour < 20, TOMORROW)),
    ),
}  # fmt: skip


def watch(tmp_path: Path, **changes: object) -> Monitor:
    """Hours of Lisbon, labels in files of their own."""
    return small_monitor(
        str(tmp_path / "log"),
        every=d.Hourly(timezone="Europe/Lisbon"),
        source=d.Parquet(str(tmp_path / "log"), time="at", timezone="UTC"),
        labels=d.Parquet(str(tmp_path / "labels"), time="known", on="id", timezone="UTC"),
        slices=(d.by("c", most=2),),
        min_rows=5,
        **changes,
    )


@pytest.fixture
def watched(tmp_path: Path, settings: Settings) -> tuple[Monitor, Reference]:
    """Some days of rows and labels, and the reference."""
    for day in [*(date(2024, 1, n) for n in range(1, 8)), DAY - timedelta(days=1)]:
        frame, labels = split(day)
        write_day(tmp_path / "log", day, frame)
        write_day(tmp_path / "labels", day, labels)
    monitor = watch(tmp_path)
    days = list_reference_days(monitor, None)
    reference = load_reference(Reader(monitor, settings), monitor, days)
    assert reference is not None
    return monitor, reference


def measure(reader: Reader, reference: Reference, window: Window) -> WindowResult:
    """A window as a backfill has it, but for how long that took."""
    result = collect(
        reader.monitor, window, reader, lambda _: reference, NOW, backfill=True, report=False
    )
    return replace(result, seconds=0.0)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_window_is_the_same_alone_and_out_of_its_day(
    watched: tuple[Monitor, Reference],
    settings: Settings,
    tmp_path: Path,
    damage: Damage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Values, ledgers, warnings, fingerprints and statuses, whatever is wrong with the data."""
    monitor, reference = watched
    frame, labels = damage(*split(DAY))
    write_day(tmp_path / "log", DAY, frame)
    write_day(tmp_path / "labels", DAY, labels)
    windows = list(monitor.every.within(DAY, DAY))
    assert len(windows) == 23
    reader = Reader(monitor, settings)

    together = [measure(reader, reference, window) for window in windows]
    apart = [measure(Reader(monitor, settings), reference, window) for window in windows]
    monkeypatch.setattr(Reader, "_find_day", lambda *_: None)
    alone = [measure(Reader(monitor, settings), reference, window) for window in windows]

    for a, b, c in zip(together, apart, alone, strict=True):
        assert without_examples(a) == without_examples(b) == without_examples(c)
    assert sum(result.row_count or 0 for result in together) > 0


def test_the_hours_of_a_day_are_measured_at_once(
    watched: tuple[Monitor, Reference], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the reference, which is the same for all; a baseline is of a single window."""
    monitor, reference = watched
    drift = d.drift(warn=0.2, alert=0.4)
    monitor = replace(monitor, metrics=(drift, d.drift(baseline=d.PREVIOUS, warn=0.2, alert=0.4)))
    counts: list[int] = []
    at_once = NumberIndex.wasserstein_of_windows

    def counted(self: NumberIndex, values: np.ndarray, of_each: np.ndarray) -> np.ndarray:
        counts.append(len(of_each))
        return at_once(self, values, of_each)

    monkeypatch.setattr(NumberIndex, "wasserstein_of_windows", counted)
    reader = Reader(monitor, settings)
    baselines = Baselines(monitor, reader)
    results = [
        collect(
            monitor, window, reader, lambda _: reference, NOW,
            backfill=True, report=False, baselines=baselines,
        )
        for window in monitor.every.within(DAY - timedelta(days=1), DAY - timedelta(days=1))
    ]  # fmt: skip

    values = [v for r in results for v in r.values if v.series.key[1] == "x"]
    scores = [v.outcome.value for v in values if v.segment is None and v.outcome.value is not None]
    assert len(scores) == 22 + 19  # there are no rows before the first hour and after two gaps
    assert counts == [22]


def without_examples(result: WindowResult) -> WindowResult:
    """Examples that no sentence names are not stored."""
    ledgers = {
        name: replace(ledger, examples={}) if ledger else None
        for name, ledger in (("rows", result.rows), ("labels", result.labels))
    }
    return replace(result, **ledgers)


def test_a_days_files_are_read_once(
    watched: tuple[Monitor, Reference], settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """For all of its hours; again when they have changed."""
    monitor, reference = watched
    reader = Reader(monitor, settings)
    days: list[Window] = []
    read = Reader._read_day

    def counted(self: Reader, window: Window) -> object:
        days.append(window)
        return read(self, window)

    monkeypatch.setattr(Reader, "_read_day", counted)
    hashed: list[int] = []
    hash_rows = reading.hash_rows
    monkeypatch.setattr(
        reading, "hash_rows", lambda *given: hashed.append(len(given[0])) or hash_rows(*given)
    )
    day = DAY - timedelta(days=1)
    windows = list(monitor.every.within(day, day))
    results = [measure(reader, reference, window) for window in windows]

    assert len(days) == 1
    assert len(hashed) == 2  # the rows, and their labels
    frame, _ = split(day)
    write_day(tmp_path / "log", day, frame.assign(x=frame["x"] + 9))
    again = [measure(reader, reference, window) for window in windows]
    assert len(days) == 2
    looked: list[Window] = []
    look = reading._describe_files

    def counted_look(paths: Sequence[Paths], window: Window) -> object:
        looked.append(window)
        return look(paths, window)

    monkeypatch.setattr(reading, "_describe_files", counted_look)
    with reader.batch():
        assert [measure(reader, reference, window).values for window in windows] == [
            result.values for result in again
        ]
    assert len(looked) == 1
    pairs = zip(results, again, strict=True)
    assert all(a.source_fingerprint != b.source_fingerprint for a, b in pairs if a.row_count)


def test_what_is_stored_of_a_window_does_not_depend_on_its_batch(
    watched: tuple[Monitor, Reference], settings: Settings, connection: psycopg.Connection
) -> None:
    """Row by row, but for what says when it was collected."""
    monitor, _ = watched
    day = DAY - timedelta(days=1)
    windows = list(monitor.every.within(day, day))

    def stored() -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        for table in ("metric_value", "histogram", "window_status"):
            text = f"select to_jsonb(t) - '{SKIPPED}'::text[] from monitoring.{table} t"
            found += connection.execute(f"{text} where monitor = 'small' order by 1").fetchall()
        return found

    Runner(monitor, settings, connection, backfill=True).run_batch(windows)
    together = stored()
    for window in windows:
        Runner(monitor, settings, connection, backfill=True).run(window)

    assert len(together) > 24 * len(monitor.metrics)
    assert stored() == together
