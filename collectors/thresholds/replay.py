"""Replay: which alerts other thresholds would have raised over the stored windows."""

from dataclasses import dataclass

import psycopg
from rich.console import Console
from rich.table import Table

from driftdeck.collectors.thresholds.episodes import Judgement, load_judgements
from driftdeck.declare import Monitor, Series, Thresholds
from driftdeck.errors import UsageError
from driftdeck.firing import confirm, find_onsets


@dataclass(frozen=True)
class AlertCounts:
    """Alerts of one series: how many, and on how many windows one stood."""

    alerts: int
    windows: int


def replay(connection: psycopg.Connection, monitor: Monitor) -> int:
    """Print, for each judged series, the alerts of the stored thresholds and of today's; 0.

    Raises UsageError where nothing is stored.
    """
    stored = load_judgements(connection, monitor)
    if not stored:
        raise UsageError(f"nothing is stored of {monitor.name}; collect it first")
    table = Table("metric", "column", "thresholds", "alerts then", "now", "windows then", "now")
    changed = 0
    for series in monitor.series():
        if series.key not in stored or series.thresholds is None:
            continue
        then, now = compare(series, stored[series.key], series.thresholds)
        changed += then != now
        numbers = ", ".join(f"{name} {n:g}" for name, n in series.thresholds.as_dict().items())
        style = "bold" if then != now else None
        counts = (then.alerts, now.alerts, then.windows, now.windows)
        table.add_row(*series.key, numbers, *map(str, counts), style=style)
    Console(width=120).print(table)
    print(f"{monitor.name}: {changed} series would have alerted otherwise")
    return 0


def compare(
    series: Series, judgements: list[Judgement], thresholds: Thresholds
) -> tuple[AlertCounts, AlertCounts]:
    """What was raised with the thresholds of the time, and what these would have raised."""
    return (
        _count_alerts(series, [judgement.breached for judgement in judgements]),
        _count_alerts(series, [thresholds.judge(judgement.value) == 2 for judgement in judgements]),
    )


def _count_alerts(series: Series, breached: list[bool]) -> AlertCounts:
    standing = confirm(series.metric.firing, breached)
    return AlertCounts(sum(find_onsets(standing)), sum(standing))
