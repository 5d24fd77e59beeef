"""Which alerts other levels would have raised over the stored windows."""

from dataclasses import dataclass

import psycopg
from rich.console import Console
from rich.table import Table

from driftdeck.collectors.thresholds.episodes import Judged, judged
from driftdeck.declare import Levels, Monitor, Series
from driftdeck.errors import UsageError
from driftdeck.firing import confirm, find_onsets


@dataclass(frozen=True)
class Raised:
    """Alerts of one series: how many, and on how many windows one stood."""

    alerts: int
    windows: int


def replay(connection: psycopg.Connection, monitor: Monitor) -> int:
    """Print, for each judged series, the alerts of the stored levels and of today's; 0.

    Raises UsageError where nothing is stored.
    """
    stored = judged(connection, monitor)
    if not stored:
        raise UsageError(f"nothing is stored of {monitor.name}; collect it first")
    table = Table("metric", "column", "levels", "alerts then", "now", "windows then", "now")
    changed = 0
    for series in monitor.series():
        if series.key not in stored or series.levels is None:
            continue
        then, now = compare(series, stored[series.key], series.levels)
        changed += then != now
        said = ", ".join(f"{name} {value:g}" for name, value in series.levels.given().items())
        style = "bold" if then != now else None
        numbers = (then.alerts, now.alerts, then.windows, now.windows)
        table.add_row(*series.key, said, *map(str, numbers), style=style)
    Console(width=120).print(table)
    print(f"{monitor.name}: {changed} series would have alerted otherwise")
    return 0


def compare(series: Series, windows: list[Judged], levels: Levels) -> tuple[Raised, Raised]:
    """What was raised with the levels of the time, and what these would have raised."""
    return (
        _raised(series, [one.breached for one in windows]),
        _raised(series, [levels.judge(one.value) == 2 for one in windows]),
    )


def _raised(series: Series, breached: list[bool]) -> Raised:
    standing = confirm(series.metric.firing, breached)
    return Raised(sum(find_onsets(standing)), sum(standing))
