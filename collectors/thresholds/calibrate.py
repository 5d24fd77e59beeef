"""Finds thresholds from the reference's own days: each is compared with all the others.

A day is never like two months: what a quiet day's distance looks like is measured, not guessed.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from driftdeck import threshold_files
from driftdeck.collectors.engines.choice import choose_for_calibration
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import (
    join_days,
    list_reference_days,
    make_reference,
)
from driftdeck.collectors.frames.segments import list_values
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Value
from driftdeck.collectors.windows.baselines import Baselines
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.collectors.windows.reference import load_reference, read_windows
from driftdeck.declare import Monitor, Series, Slice, Thresholds, Window
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.slices import By
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.errors import UsageError
from driftdeck.firing import confirm
from driftdeck.load import find_declaration
from driftdeck.settings import Settings

DIGITS = 4
MONTH = timedelta(days=30)
LOWEST = {"missing_share": (0.01, 0.05)}
"""Where a warning, and an alert, would speak of a single row: no threshold of theirs lies lower."""
Values = Mapping[ThresholdKey, list[float]]
"""What the windows of the reference gave, in order, by the key of the thresholds found on it."""


def calibrate(monitor: Monitor, settings: Settings) -> int:
    """Write the threshold file of a monitor and print what it would have alerted on; 0 when done.

    Raises: SourceError, UsageError naming what is missing.
    """
    calibrated_series = list_calibrated(monitor)
    if not calibrated_series or monitor.reference is None:
        raise UsageError(f"{monitor.name} declares no metric to calibrate")
    values = measure_windows(monitor, Reader(monitor, settings), calibrated_series)
    write_thresholds(monitor, settings, values)
    return 0


def list_calibrated(monitor: Monitor) -> list[Series]:
    """The series whose thresholds are found on the reference's windows."""
    return [series for series in monitor.series() if series.metric.quantiles is not None]


def write_thresholds(monitor: Monitor, settings: Settings, values: Values) -> None:
    """Write the threshold file from the values of quiet windows, and print it beside them.

    values: may be of more series than the monitor has.
    """
    by_key = {series.key: series for series in list_calibrated(monitor)}
    values = {key: v for key, v in values.items() if (key.metric, key.column) in by_key}
    proposals = {
        key: propose(by_key[key.metric, key.column], numbers)
        for key, numbers in values.items()
        if len(numbers) >= threshold_files.ENOUGH
    }
    days = list_reference_days(monitor, None)
    reference = load_reference(Reader(monitor, settings), monitor, days)
    text = format_file(monitor, proposals, reference.hash if reference else "")
    path = threshold_files.locate(find_declaration(monitor.name, settings.monitor_folders))
    path.write_text(text, encoding="utf-8")
    _print_table(monitor, by_key, values, proposals, path)


@dataclass(frozen=True)
class _Block:
    """Whole days of the reference that are left out of it together, and the windows in them.

    frame: the rows of the block.
    """

    windows: list[Window]
    frame: pd.DataFrame

    def cut(self, window: Window, time: str) -> pd.DataFrame:
        """The rows of one of the windows. time: the column."""
        if len(self.windows) == 1:
            return self.frame
        times = self.frame[time]
        inside = (times >= window.start) & (times < window.end)
        return self.frame[inside].reset_index(drop=True)


def _read_blocks(monitor: Monitor, reader: Reader) -> list[_Block]:
    """Hours are left out with their day, weeks and months by themselves."""
    every, days = monitor.every, list_reference_days(monitor, None)
    first, last = days[0].day, days[-1].day
    whole = days if every.length <= timedelta(days=1) else list(every.within(first, last))
    rows = read_windows(reader, whole)
    windows = list(every.within(first, last))
    return [
        _Block([w for w in windows if block.start <= w.start < block.end], read.frame)
        for block, read in zip(whole, rows, strict=True)
    ]


def measure_windows(monitor: Monitor, reader: Reader, series: Sequence[Series]) -> Values:
    """Each series' value in each window of the reference, the other days being the reference; of
    segments those that are judged."""
    blocks = _read_blocks(monitor, reader)
    if not any(len(block.frame) for block in blocks):
        raise SourceError(f"{monitor.name}: the reference has no rows; prepare its data first")
    values: dict[ThresholdKey, list[float]] = {
        monitor.threshold_key(line.metric, line.key[1], None, None): []
        for line in series
        if line.metric.quantiles is None or line.metric.quantiles.same is None
    }
    judged = replace(monitor, slices=tuple(_judging(monitor, blocks)))
    baselines = Baselines(monitor, reader)
    for index, block in track(
        list(enumerate(blocks)),
        description=monitor.name,
        transient=True,
        disable=not sys.stdout.isatty(),
    ):
        frames = [other.frame for n, other in enumerate(blocks) if n != index]
        others = join_days(frames) if frames else pd.DataFrame()
        if others.empty:
            continue
        reference = make_reference(monitor, others, "")
        for window in block.windows:
            rows = block.cut(window, monitor.source.time)
            if len(rows) < monitor.min_rows:
                continue
            comparison = Comparison(reference, baselines.load(window, datetime.now(UTC)))
            current = CoercedRows(judged, rows, window.end)
            result = measure_rows(
                judged, window, current, comparison, series, choose_for_calibration(monitor)
            )
            _add(values, monitor, window, result.values)
    return values


def _judging(monitor: Monitor, blocks: Sequence[_Block]) -> Iterator[Slice]:
    """The slices that judge something, with these metrics only, and with the segments that the
    whole reference has: those of a few days less may be others."""
    judging = [slice_ for slice_ in monitor.slices if slice_.judged]
    if not judging:
        return
    whole = CoercedRows(monitor, join_days([block.frame for block in blocks]))
    for slice_ in judging:
        chosen = replace(slice_, metrics=slice_.judged)
        if isinstance(chosen, By):
            chosen = replace(chosen, values=list_values(monitor, chosen, whole))
        yield chosen


def _add(
    values: dict[ThresholdKey, list[float]],
    monitor: Monitor,
    window: Window,
    measured: Sequence[Value],
) -> None:
    """Add what a window gave to the values of its thresholds; too small segments give nothing."""
    least = {slice_.name: slice_.min_rows or monitor.min_rows for slice_ in monitor.slices}
    for value in measured:
        segment, series = value.segment, value.series
        if value.outcome.value is None or (segment is not None and segment.is_counted_only):
            continue
        if segment is not None and value.rows < least[segment.slice]:
            continue
        key = monitor.threshold_key(series.metric, series.key[1], segment, window)
        values.setdefault(key, []).append(value.outcome.value)


def propose(series: Series, values: Sequence[float]) -> Thresholds:
    """Thresholds at the metric's quantiles of quiet windows, alert strictly beyond warn."""
    quantiles = series.metric.quantiles
    assert quantiles is not None
    low: tuple[float | None, float | None] = (None, None)
    high: tuple[float | None, float | None] = (None, None)
    if series.metric.breach_side in (BreachSide.HIGH, BreachSide.BOTH):
        high = _compute_pair(values, quantiles.warn, quantiles.alert, 1)
        if series.metric.name in LOWEST:
            warn, alert = LOWEST[series.metric.name]
            high = max(high[0], warn), max(high[1], alert)
    if series.metric.breach_side in (BreachSide.LOW, BreachSide.BOTH):
        low = _compute_pair(values, 1 - quantiles.warn, 1 - quantiles.alert, -1)
    return Thresholds(
        warn_below=low[0], alert_below=low[1], warn_above=high[0], alert_above=high[1]
    )


def _compute_pair(
    values: Sequence[float], warn_share: float, alert_share: float, sign: int
) -> tuple[float, float]:
    """The two quantiles, rounded, and alert at least 1 % of its size further out than warn."""
    warn, alert = (
        float(f"{np.quantile(values, share):.{DIGITS}g}") for share in (warn_share, alert_share)
    )
    least = warn + sign * max(abs(warn) * 0.01, 1e-6)
    return warn, float(f"{(max if sign > 0 else min)(alert, least):.{DIGITS}g}")


def estimate_false_alarms(series: Series, values: Sequence[float]) -> float:
    """The share of windows on which an alert would stand though nothing was wrong.

    Thresholds found on one half of the windows are tried on the other, and the other way round.
    values: one a quiet window, in order.
    """
    half = len(values) // 2
    parts = (list(values[:half]), list(values[half:]))
    alarms = 0
    for calibration, trial in (parts, parts[::-1]):
        series_thresholds = propose(series, calibration)
        sides = [series_thresholds.find_side(value) for value in trial]
        alarms += sum(confirm(series.metric.firing, sides))
    return alarms / len(values)


def count_a_month(monitor: Monitor, key: ThresholdKey, values: Values) -> float:
    """How many windows a month a threshold judges: those of its hour or weekday, or all."""
    alike = [
        len(numbers) for other, numbers in values.items() if other._replace(like=key.like) == key
    ]
    return MONTH / monitor.every.length * len(values[key]) / sum(alike)


def format_file(monitor: Monitor, proposals: Mapping[ThresholdKey, Thresholds], data: str) -> str:
    """The text of the threshold file. data: hash of the reference rows that were read."""
    heading = [
        f"# Thresholds of {monitor.name}, found by `driftdeck calibrate {monitor.name}`",
        f"# on the reference's own {monitor.every.nouns}. Review them; change what you know"
        " better.",
        "",
        *threshold_files.format_heading(monitor, data),
    ]
    return threshold_files.format_file(heading, proposals)


def _print_table(
    monitor: Monitor,
    series: Mapping[tuple[str, str], Series],
    values: Values,
    proposals: Mapping[ThresholdKey, Thresholds],
    path: Path,
) -> None:
    every = monitor.every
    table = Table("series", "median", "thresholds", f"false alarms ({every.nouns} a month)")
    for key, quiet in values.items():
        if key not in proposals:
            table.add_row(str(key), "-", f"only {len(quiet)} {every.nouns} with a value", "-")
            continue
        numbers = ", ".join(f"{k} {v:g}" for k, v in proposals[key].as_dict().items())
        share = estimate_false_alarms(series[key.metric, key.column], quiet)
        alarms = count_a_month(monitor, key, values) * share
        table.add_row(str(key), f"{np.median(quiet):.3g}", numbers, f"{alarms:.1f}")
    Console(width=110).print(table)
    print(
        f"{monitor.name}: {len(proposals)} thresholds written to {path.name};"
        " review and commit them"
    )
