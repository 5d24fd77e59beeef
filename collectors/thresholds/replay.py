"""Replay: which alerts other thresholds would have raised over the stored windows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import psycopg
from rich.console import Console
from rich.table import Table

from driftdeck.collectors.thresholds.episodes import Judgement, StoredSeries, load_judgements
from driftdeck.declare import Monitor, Segment, Series, Thresholds, Window
from driftdeck.errors import UsageError
from driftdeck.firing import confirm, find_onsets

ThresholdsAt = Callable[[datetime], Thresholds | None]
"""Those in force in the window that begins at a moment."""


@dataclass(frozen=True)
class AlertCounts:
    """Alerts of one series: how many, and on how many windows one stood."""

    alerts: int
    windows: int


def replay(connection: psycopg.Connection, monitor: Monitor) -> int:
    """Print, for each judged series, the alerts of the stored thresholds and of today's; 0.

    Raises UsageError where nothing is stored.
    """
    by_key = {series.key: series for series in monitor.series()}
    counts: dict[StoredSeries, tuple[AlertCounts, AlertCounts]] = {}
    window_at, stored = cache(monitor.every.containing), 0
    for key, judgements in load_judgements(connection, monitor):
        stored += 1
        series = by_key.get((key.metric, key.column))
        if series is not None and any(_list_thresholds(monitor, series, key.segment)):
            thresholds = _find_thresholds(monitor, series, key, window_at)
            counts[key] = compare(series, judgements, thresholds)
    connection.commit()
    if not stored:
        raise UsageError(f"nothing is stored of {monitor.name}; collect it first")
    names = ["metric", "column", "segment", "thresholds", "alerts then", "now", "windows then",
             "now"]  # fmt: skip
    table = Table(*names)
    order = {key: n for n, key in enumerate(by_key)}
    for key in sorted(counts, key=lambda key: (order[key[:2]], str(key.segment or ""))):
        then, now = counts[key]
        numbers = _describe(list(_list_thresholds(monitor, by_key[key[:2]], key.segment)))
        style = "bold" if then != now else None
        texts = (then.alerts, now.alerts, then.windows, now.windows)
        segment = str(key.segment or "")
        table.add_row(*key[:2], segment, numbers, *map(str, texts), style=style)
    Console(width=140).print(table)
    changed = sum(then != now for then, now in counts.values())
    print(f"{monitor.name}: {changed} series would have alerted otherwise")
    return 0


def compare(
    series: Series, judgements: Sequence[Judgement], thresholds: ThresholdsAt
) -> tuple[AlertCounts, AlertCounts]:
    """What was raised with the thresholds of the time, and what these would have raised.

    thresholds: a window that has none today is one that nobody judges.
    """
    now = [
        in_force.find_side(judgement.value)
        for judgement in judgements
        if (in_force := thresholds(judgement.start)) is not None
    ]
    return (
        _count_alerts(series, [judgement.side for judgement in judgements]),
        _count_alerts(series, now),
    )


def _find_thresholds(
    monitor: Monitor, series: Series, key: StoredSeries, window_at: Callable[[datetime], Window]
) -> ThresholdsAt:
    metric, quantiles = series.metric, series.metric.quantiles
    if quantiles is None or quantiles.same is None:
        always = monitor.thresholds_of(metric, key.column, key.segment)
        return lambda _: always
    return lambda start: monitor.thresholds_of(metric, key.column, key.segment, window_at(start))


def _list_thresholds(
    monitor: Monitor, series: Series, segment: Segment | None
) -> Iterator[Thresholds]:
    """Every threshold of a series that any window may have."""
    column = series.key[1]
    if (fixed := monitor.thresholds_of(series.metric, column, segment)) is not None:
        yield fixed
        return
    base = monitor.threshold_key(series.metric, column, segment, None)
    for key, thresholds in monitor.calibrated.items():
        if key[:4] == base[:4]:
            yield thresholds


def _describe(thresholds: Sequence[Thresholds]) -> str:
    if len(thresholds) > 1:
        return f"{len(thresholds)}, by hour or weekday"
    return ", ".join(f"{name} {n:g}" for name, n in thresholds[0].as_dict().items())


def _count_alerts(series: Series, sides: list[int]) -> AlertCounts:
    standing = confirm(series.metric.firing, sides)
    return AlertCounts(sum(find_onsets(standing)), sum(standing))
