"""A year of hours of the flights against its days: the same rows, metrics and command.

python -m benchmarks.hours runs both backfills in turns, each a command in a process of its own on
an empty database, without reports; then windows of a week by one process, without the command.
"""

import time
from datetime import date

from benchmarks.backfill import command, prepared
from benchmarks.results import format_summary, ratios, record, summary
from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.database import connect
from driftdeck.load import find_monitor, load
from driftdeck.settings import Settings

DECLARED = '''"""The flights, hour by hour."""

from dataclasses import replace

from driftdeck import declare as d
from examples.flights.monitors.flights import MONITOR as FLIGHTS

MONITOR = replace(
    FLIGHTS,
    name="flight_hours",
    title="Flight delays, hour by hour",
    every=d.Hourly(timezone="America/New_York"),
    retrain=None,
)
'''
NAMES = ("flights", "flight_hours")
ROUNDS = 5
AIM = 3.0
WEEK_BEFORE = date(2013, 5, 27), date(2013, 6, 2)
WEEK = date(2013, 6, 3), date(2013, 6, 9)


def main() -> None:
    """Measure, say, record."""
    settings = prepared()
    (settings.monitors_dir / "flight_hours.py").write_text(DECLARED, encoding="utf-8")
    load.cache_clear()
    commands: dict[str, list[float]] = {name: [] for name in NAMES}
    weeks: dict[str, list[float]] = {name: [] for name in NAMES}
    count = 0
    for _ in range(ROUNDS):
        for name in NAMES:
            began = time.perf_counter()
            command(settings, name)
            commands[name].append(time.perf_counter() - began)
        with connect(settings) as connection:
            row = connection.execute(
                "select count(*) from monitoring.window_status where monitor = 'flight_hours'"
            ).fetchone()
            count = row[0] if row else 0
        for name in NAMES:
            weeks[name].append(_measure_week(settings, name))
    days, hours = (commands[name] for name in NAMES)
    results = {
        "aim": AIM,
        "windows": count,
        "days_command_seconds": summary(days),
        "hours_command_seconds": summary(hours),
        "hours_times_days": ratios(hours, days),
        "week_of_days_seconds": summary(weeks[NAMES[0]]),
        "week_of_hours_seconds": summary(weeks[NAMES[1]]),
        "week_of_hours_times_days": ratios(weeks[NAMES[1]], weeks[NAMES[0]]),
    }
    record("hours", results)
    print(f"a year of days, a command    {format_summary(summary(days), ' s')}")
    print(f"a year of {count} hours       {format_summary(summary(hours), ' s')}")
    print(f"  ratio                      {format_summary(ratios(hours, days), 'x')}")
    week = format_summary(ratios(weeks[NAMES[1]], weeks[NAMES[0]]), "x")
    print(f"a week by one process, ratio {week}")


def _measure_week(settings: Settings, name: str) -> float:
    """Seconds of a week's windows; the reference is read, and its indexes are made, for the week
    before."""
    monitor = find_monitor(name, *settings.monitor_folders)
    with connect(settings) as connection:
        runner = Runner(monitor, settings, connection, backfill=True)
        now = read_clock(connection)
        before, windows = (
            list(list_complete_windows(monitor, now, *days)) for days in (WEEK_BEFORE, WEEK)
        )
        runner.run_batch(before)
        began = time.perf_counter()
        runner.run_batch(windows)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
