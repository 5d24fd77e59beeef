"""Finds thresholds from the reference's own days: each is compared with all the others.

A day is never like two months: what a quiet day's distance looks like is measured, not guessed.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from driftdeck import threshold_files
from driftdeck.collectors.engines.choice import for_calibration
from driftdeck.collectors.frames.reference import daily_rows, days_of, from_frame, load_reference
from driftdeck.collectors.jobs.collect import from_rows
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.declare import Monitor, Series, Thresholds
from driftdeck.declare.methods import BreachSide
from driftdeck.errors import UsageError
from driftdeck.firing import confirm
from driftdeck.load import find_declaration
from driftdeck.settings import Settings

Key = tuple[str, str]
DIGITS = 4
MONTH = 30
NO_NEWS = {"missing_share": (0.01, 0.05)}
"""Where a warning, and an alert, would speak of a single row: no threshold of theirs lies lower."""


def calibrate(monitor: Monitor, settings: Settings) -> int:
    """Write the threshold file of a monitor and print what it would have alerted on; 0 when done.

    Raises: SourceError, UsageError naming what is missing.
    """
    wanted = list_calibrated(monitor)
    if not wanted or monitor.reference is None:
        raise UsageError(f"{monitor.name} declares no metric to calibrate")
    write(monitor, settings, measure_days(monitor, Reader(monitor, settings), wanted))
    return 0


def list_calibrated(monitor: Monitor) -> list[Series]:
    """The series whose thresholds are found on the reference's days."""
    return [series for series in monitor.series() if series.metric.quantiles is not None]


def write(monitor: Monitor, settings: Settings, values: Mapping[Key, list[float]]) -> None:
    """Write the threshold file from the values of quiet days, and print it beside them."""
    wanted = list_calibrated(monitor)
    proposed = {
        s.key: propose(s, values[s.key])
        for s in wanted
        if len(values[s.key]) >= threshold_files.ENOUGH
    }
    reference = load_reference(Reader(monitor, settings), monitor, days_of(monitor, None))
    text = render(monitor, proposed, reference.hash if reference else "")
    path = threshold_files.locate(find_declaration(monitor.name, settings.monitor_folders))
    path.write_text(text, encoding="utf-8")
    _print(monitor, wanted, values, proposed, path)


def measure_days(
    monitor: Monitor, reader: Reader, series: Sequence[Series]
) -> Mapping[Key, list[float]]:
    """Each series' value on each reference day, the other days being the reference."""
    days = days_of(monitor, None)
    frames = [rows.frame for rows in daily_rows(reader, monitor, days)]
    if not any(len(frame) for frame in frames):
        raise SourceError(f"{monitor.name}: the reference has no rows; prepare its data first")
    values: dict[Key, list[float]] = {s.key: [] for s in series}
    for index, day in track(
        list(enumerate(days)),
        description=monitor.name,
        transient=True,
        disable=not sys.stdout.isatty(),
    ):
        others = pd.concat(frames[:index] + frames[index + 1 :], ignore_index=True)
        if len(frames[index]) < monitor.min_rows or others.empty:
            continue
        reference = from_frame(monitor, others, "")
        window = monitor.every.window(day)
        collected = from_rows(
            monitor, window, frames[index], reference, list(series), for_calibration(monitor)
        )
        for value in collected.values:
            if value.outcome.value is not None:
                values[value.series.key].append(value.outcome.value)
    return values


def propose(series: Series, values: Sequence[float]) -> Thresholds:
    """Thresholds at the metric's quantiles of quiet days, alert strictly beyond warn."""
    quantiles = series.metric.quantiles
    assert quantiles is not None
    low: tuple[float | None, float | None] = (None, None)
    high: tuple[float | None, float | None] = (None, None)
    if series.metric.breach_side in (BreachSide.HIGH, BreachSide.BOTH):
        high = _beyond(values, quantiles.warn, quantiles.alert, 1)
        if series.metric.name in NO_NEWS:
            warn, alert = NO_NEWS[series.metric.name]
            high = max(high[0], warn), max(high[1], alert)
    if series.metric.breach_side in (BreachSide.LOW, BreachSide.BOTH):
        low = _beyond(values, 1 - quantiles.warn, 1 - quantiles.alert, -1)
    return Thresholds(
        warn_below=low[0], alert_below=low[1], warn_above=high[0], alert_above=high[1]
    )


def _beyond(
    values: Sequence[float], warn_share: float, alert_share: float, sign: int
) -> tuple[float, float]:
    """The two quantiles, rounded, and alert at least 1 % of its size further out than warn."""
    warn, alert = (
        float(f"{np.quantile(values, share):.{DIGITS}g}") for share in (warn_share, alert_share)
    )
    least = warn + sign * max(abs(warn) * 0.01, 1e-6)
    return warn, float(f"{(max if sign > 0 else min)(alert, least):.{DIGITS}g}")


def estimate_false_alarm_days(series: Series, values: Sequence[float]) -> float:
    """Days a month on which an alert would stand though nothing was wrong.

    Thresholds found on one half of the days are tried on the other, and the other way round.
    values: one a quiet day, in order.
    """
    half = len(values) // 2
    parts = (list(values[:half]), list(values[half:]))
    alarms = 0
    for tuned, tried in (parts, parts[::-1]):
        levels = propose(series, tuned)
        alarms += sum(confirm(series.metric.firing, [levels.judge(value) == 2 for value in tried]))
    return MONTH * alarms / len(values)


def render(monitor: Monitor, proposed: Mapping[Key, Thresholds], data: str) -> str:
    """The text of the threshold file. data: hash of the reference rows that were read."""
    lines = [
        f"# Thresholds of {monitor.name}, found by `driftdeck calibrate {monitor.name}`",
        "# on the reference's own days. Review them; change what you know better.",
        "",
        *threshold_files.format_heading(monitor, data),
    ]
    for metric in dict.fromkeys(metric for metric, _ in proposed):
        lines += ["", f"[{metric}]"]
        for (name, column), series_thresholds in proposed.items():
            if name == metric:
                pairs = series_thresholds.as_dict().items()
                numbers = ", ".join(f"{key} = {value!r}" for key, value in pairs)
                lines.append(f"{threshold_files.format_key(column)} = {{ {numbers} }}")
    return "\n".join(lines) + "\n"


def _print(
    monitor: Monitor,
    wanted: Sequence[Series],
    values: Mapping[Key, list[float]],
    proposed: Mapping[Key, Thresholds],
    path: Path,
) -> None:
    table = Table("metric", "column", "median", "thresholds", "false alarms (days a month)")
    for series in wanted:
        metric, column = series.key
        seen = values[series.key]
        if series.key not in proposed:
            table.add_row(metric, column, "-", f"only {len(seen)} days with a value", "-")
            continue
        numbers = ", ".join(f"{k} {v:g}" for k, v in proposed[series.key].as_dict().items())
        alarms = estimate_false_alarm_days(series, seen)
        table.add_row(metric, column, f"{np.median(seen):.3g}", numbers, f"{alarms:.1f}")
    Console(width=110).print(table)
    print(
        f"{monitor.name}: {len(proposed)} thresholds written to {path.name}; review and commit them"
    )
