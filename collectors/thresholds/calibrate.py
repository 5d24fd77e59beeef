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

from driftdeck import thresholds
from driftdeck.collectors.engines.choice import choose_for_calibration
from driftdeck.collectors.frames.reference import list_reference_days, make_reference
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.windows.collect import measure_rows
from driftdeck.collectors.windows.reference import load_reference, read_days
from driftdeck.declare import Monitor, Series, Thresholds
from driftdeck.declare.methods import BreachSide
from driftdeck.errors import UsageError
from driftdeck.firing import confirm
from driftdeck.load import find_declaration
from driftdeck.settings import Settings

Key = tuple[str, str]
DIGITS = 4
MONTH = 30
LOWEST = {"missing_share": (0.01, 0.05)}
"""Where a warning, and an alert, would speak of a single row: no threshold of theirs lies lower."""


def calibrate(monitor: Monitor, settings: Settings) -> int:
    """Write the threshold file of a monitor and print what it would have alerted on; 0 when done.

    Raises: SourceError, UsageError naming what is missing.
    """
    calibrated_series = list_calibrated(monitor)
    if not calibrated_series or monitor.reference is None:
        raise UsageError(f"{monitor.name} declares no metric to calibrate")
    write_thresholds(
        monitor, settings, measure_days(monitor, Reader(monitor, settings), calibrated_series)
    )
    return 0


def list_calibrated(monitor: Monitor) -> list[Series]:
    """The series whose thresholds are found on the reference's days."""
    return [series for series in monitor.series() if series.metric.quantiles is not None]


def write_thresholds(
    monitor: Monitor, settings: Settings, values: Mapping[Key, list[float]]
) -> None:
    """Write the threshold file from the values of quiet days, and print it beside them."""
    calibrated_series = list_calibrated(monitor)
    proposals = {
        s.key: propose(s, values[s.key])
        for s in calibrated_series
        if len(values[s.key]) >= thresholds.ENOUGH
    }
    reference = load_reference(
        Reader(monitor, settings), monitor, list_reference_days(monitor, None)
    )
    text = format_file(monitor, proposals, reference.hash if reference else "")
    path = thresholds.locate(find_declaration(monitor.name, settings.monitor_folders))
    path.write_text(text, encoding="utf-8")
    _print_table(monitor, calibrated_series, values, proposals, path)


def measure_days(
    monitor: Monitor, reader: Reader, series: Sequence[Series]
) -> Mapping[Key, list[float]]:
    """Each series' value on each reference day, the other days being the reference."""
    days = list_reference_days(monitor, None)
    frames = [rows.frame for rows in read_days(reader, monitor, days)]
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
        reference = make_reference(monitor, others, "")
        window = monitor.every.window(day)
        collected = measure_rows(
            monitor, window, frames[index], reference, list(series), choose_for_calibration(monitor)
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


def estimate_false_alarm_days(series: Series, values: Sequence[float]) -> float:
    """Days a month on which an alert would stand though nothing was wrong.

    Thresholds found on one half of the days are tried on the other, and the other way round.
    values: one a quiet day, in order.
    """
    half = len(values) // 2
    parts = (list(values[:half]), list(values[half:]))
    alarms = 0
    for calibration, trial in (parts, parts[::-1]):
        series_thresholds = propose(series, calibration)
        is_alert = [series_thresholds.judge(value) == 2 for value in trial]
        alarms += sum(confirm(series.metric.firing, is_alert))
    return MONTH * alarms / len(values)


def format_file(monitor: Monitor, proposals: Mapping[Key, Thresholds], data: str) -> str:
    """The text of the threshold file. data: hash of the reference rows that were read."""
    lines = [
        f"# Thresholds of {monitor.name}, found by `driftdeck calibrate {monitor.name}`",
        "# on the reference's own days. Review them; change what you know better.",
        "",
        *thresholds.format_heading(monitor, data),
    ]
    for metric in dict.fromkeys(metric for metric, _ in proposals):
        lines += ["", f"[{metric}]"]
        for (name, column), series_thresholds in proposals.items():
            if name == metric:
                pairs = series_thresholds.as_dict().items()
                numbers = ", ".join(f"{key} = {value!r}" for key, value in pairs)
                lines.append(f"{thresholds.format_key(column)} = {{ {numbers} }}")
    return "\n".join(lines) + "\n"


def _print_table(
    monitor: Monitor,
    calibrated_series: Sequence[Series],
    values: Mapping[Key, list[float]],
    proposals: Mapping[Key, Thresholds],
    path: Path,
) -> None:
    table = Table("metric", "column", "median", "thresholds", "false alarms (days a month)")
    for series in calibrated_series:
        metric, column = series.key
        series_values = values[series.key]
        if series.key not in proposals:
            table.add_row(metric, column, "-", f"only {len(series_values)} days with a value", "-")
            continue
        numbers = ", ".join(f"{k} {v:g}" for k, v in proposals[series.key].as_dict().items())
        alarms = estimate_false_alarm_days(series, series_values)
        table.add_row(metric, column, f"{np.median(series_values):.3g}", numbers, f"{alarms:.1f}")
    Console(width=110).print(table)
    print(
        f"{monitor.name}: {len(proposals)} thresholds written to {path.name};"
        " review and commit them"
    )
