"""Thresholds of segments: found on their own rows, in force where declared, and left over."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from conftest import rows as log_rows
from conftest import small_monitor, write_day
from driftdeck import declare as d
from driftdeck import threshold_files
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.thresholds.calibrate import calibrate
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.load import load
from driftdeck.settings import Settings


def declared_file(folder: Path, slices: str, metrics: str, **changes: str) -> Settings | Any:
    """A folder with the declaration of a log whose word c is a, b, c or d'."""
    folder.joinpath("mine").mkdir(exist_ok=True)
    given = {"reference": "d.Between('2024-01-01', '2024-01-12')", "min_rows": "1", **changes}
    rest = ", ".join(f"{name}={text}" for name, text in given.items())
    folder.joinpath("mine", "small.py").write_text(
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        f"MONITOR = small_monitor({str(folder / 'log')!r}, metrics={metrics}, slices={slices},"
        f" {rest})\n"
    )
    load.cache_clear()


SPELLED = {"a": "a", "b": 'x.y "z"', "c": "all"}
"""Words that TOML must quote, or that stand for the whole elsewhere."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Sixteen days, of which each has 160 rows; "all" is rare on most."""
    for n in range(1, 17):
        frame = log_rows(date(2024, 1, n), count=160)
        frame["c"] = frame["c"].map(SPELLED)
        frame.loc[frame.index[: 40 if n % 2 else 0], "c"] = "a"
        if n == 14:
            frame.loc[frame.index[::2], "c"] = SPELLED["b"]
        write_day(tmp_path / "log", date(2024, 1, n), frame)
    return tmp_path


def test_thresholds_of_segments_are_found_on_their_own_rows(log: Path, settings: Settings) -> None:
    """Calibrated, written, read back, and each that of a monitor over the filtered log."""
    slices = "(d.by('c', most=2, judged=('row_count', 'drift'), metrics=('row_count', 'drift')),"
    slices += " d.where('above', 'x > 0', judged=('missing_share',)), d.by('version'))"
    metrics = "(d.drift(), d.row_count(), d.missing(), d.accuracy())"
    declared_file(log, slices.replace("d.by('version')", "d.by(d.category('version'))"), metrics)
    mine = settings.model_copy(update={"monitors": (str(log / "mine"),)})
    [bare] = load(*mine.monitor_folders)
    assert calibrate(bare, mine) == 0
    load.cache_clear()
    [monitor] = load(*mine.monitor_folders)
    found = threshold_files.read(log / "mine" / "small.thresholds.toml")

    assert found is not None
    assert threshold_files.find_problems(monitor, found) == []
    judged = {(key.metric, key.column, key.slice, key.value) for key in found.thresholds}
    words = [SPELLED[w] for w in "abc"]
    values = {value for _, _, name, value in judged if name == "c"}
    assert len(values) == 2
    assert values < set(words)
    wanted = {(m, c, "c", v) for v in values for m, c in (("row_count", ""), ("drift", "x"))}
    wanted |= {("missing_share", column, "above", "true") for column in ("x", "c")}
    whole = {(s.metric.name, s.key[1], "", "") for s in monitor.series()}
    assert judged == wanted | whole

    for value in values:
        other = log / f"only {len(value)}"
        for n in range(1, 13):
            frame = pd.read_parquet(log / "log" / f"date=2024-01-{n:02}")
            inside = frame[frame["c"] == value].reset_index(drop=True)
            write_day(other / "log", date(2024, 1, n), inside)
        declared_file(other, "()", metrics)
        theirs = settings.model_copy(update={"monitors": (str(other / "mine"),)})
        [alone] = load(*theirs.monitor_folders)
        assert calibrate(alone, theirs) == 0
        filtered = threshold_files.read(other / "mine" / "small.thresholds.toml")
        assert filtered is not None
        for metric, column in (("row_count", ""), ("drift", "x")):
            ours = found.thresholds[ThresholdKey(metric, column, "c", value)]
            assert ours == filtered.thresholds[ThresholdKey(metric, column)], (value, metric)


def test_segments_are_judged_where_declared_only(
    log: Path, settings: Settings, connection: psycopg.Connection
) -> None:
    """By the thresholds of their own; with too few rows, or not judged, by none. Stored so."""
    slices = "(d.by('c', most=2, judged=('row_count', 'drift'), min_rows=45),"
    slices += " d.by(d.category('version'), judged=('accuracy',)))"
    declared_file(log, slices, "(d.drift(), d.row_count(), d.missing(), d.accuracy(alert=0.99))")
    mine = settings.model_copy(update={"monitors": (str(log / "mine"),)})
    [bare] = load(*mine.monitor_folders)
    calibrate(bare, mine)
    load.cache_clear()
    [monitor] = load(*mine.monitor_folders)
    assert any(key.slice == "c" for key in monitor.calibrated)
    for n in (13, 14):
        Runner(monitor, mine, connection).run(find_window(monitor, date(2024, 1, n)))
    stored = connection.execute(
        "select extract(day from window_start)::int, metric, column_name, slice_column,"
        " slice_value, row_count, warn_above, alert_above, alert_below, level"
        " from monitoring.metric where slice_column <> ''"
    ).fetchall()

    assert {row[3] for row in stored} == {"c", "version"}
    for _, metric, column, slice_, value, rows, warn, above, below, level in stored:
        segment = d.Segment(slice_, value)
        key = ThresholdKey(metric, column, slice_, value)
        wanted = monitor.calibrated.get(key)
        if slice_ == "version":
            wanted = d.Thresholds(alert_below=0.99) if metric == "accuracy" else None
        if segment.is_counted_only or (slice_ == "c" and rows < 45 and metric != "row_count"):
            wanted = None
        assert (warn, above, below) == (
            (wanted.warn_above, wanted.alert_above, wanted.alert_below) if wanted else (None,) * 3
        ), key
        assert (level is None) == (wanted is None), key
    assert any(row[5] < 45 and row[1] == "drift" and row[9] is None for row in stored)
    assert any(row[5] >= 45 and row[1] == "drift" and row[9] is not None for row in stored)


def test_thresholds_that_are_left_over_are_problems() -> None:
    """Those of a slice that is gone or does not judge, and all of a slice that has changed."""
    slices = (d.by("c", judged=("drift",)),)
    monitor = small_monitor(metrics=(d.drift(), d.recall()), slices=slices)
    level = d.Thresholds(warn_above=0.1, alert_above=0.2)
    low = d.Thresholds(warn_below=0.2, alert_below=0.1)
    keys = {ThresholdKey("drift", "x"): level, ThresholdKey("drift", "c"): level,
            ThresholdKey("recall"): low, ThresholdKey("drift", "x", "c", "a"): level}  # fmt: skip

    def problems(other: d.Monitor, **more: ThresholdKey) -> list[str]:
        by_key = {**keys, **dict.fromkeys(more.values(), level)}
        made = threshold_files.Calibration(threshold_files.fingerprint(monitor), "", by_key)
        return threshold_files.find_problems(other, made)

    assert problems(monitor) == []
    [gone] = problems(monitor, a=ThresholdKey("drift", "x", "region", "north"))
    assert gone == (
        "small: drift.x (region = north) is not judged by its slice; delete it from"
        " small.thresholds.toml"
    )
    [idle] = problems(monitor, a=ThresholdKey("recall", "", "c", "a"))
    assert "recall.all (c = a) is not judged by its slice" in idle
    [own] = problems(monitor, a=ThresholdKey("drift", "c", "c", "a"))
    assert "drift.c (c = a) is not judged" in own
    for other in (
        replace(monitor, slices=(d.by("c", judged=("drift",), min_rows=7),)),
        replace(monitor, slices=(d.by("c", judged=("drift",), most=3),)),
        replace(monitor, slices=(d.by("c", judged=("drift", "recall")),)),
    ):
        assert any("stale" in problem for problem in problems(other))
    idle_too = replace(monitor, slices=(*slices, d.by(d.category("region"))))
    assert problems(idle_too) == [], "a slice that judges nothing moves no threshold"
