"""What each command does: picks windows, has them run, and says what became of them.

What takes long to import is imported where it is needed: mostly nothing is due.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from collectors.clock import clock
from collectors.due import due_windows
from collectors.sources.errors import SourceError
from collectors.store import training_is_called_for
from collectors.windows import window_of
from database import connect
from database.locks import held
from diagnostics import tell
from monitors.declare import Monitor, Window
from monitors.load import load, named
from settings import Settings, SettingsError

if TYPE_CHECKING:
    from collectors.runner import Outcome


def run(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect one day and keep its report; train the model anew if that calls for it."""
    from collectors.runner import Runner

    monitor = named(parsed.monitor, settings.monitors_dir)
    with connect(settings) as connection:
        window = _window(monitor, parsed.date, clock(connection))
        runner = Runner(monitor, settings, connection)
        _retrain(settings, connection, monitor)
        failed = _say(monitor, runner.run(window, report=not parsed.no_report, trains=True))
        _retrain(settings, connection, monitor)
    return failed


def report(settings: Settings, parsed: argparse.Namespace) -> int:
    """Make the report of any day: it is collected again, which changes nothing else."""
    from collectors.runner import Runner

    monitor = named(parsed.monitor, settings.monitors_dir)
    with connect(settings) as connection:
        window = _window(monitor, parsed.date, clock(connection))
        return _say(monitor, Runner(monitor, settings, connection).run(window, report=True))


def _window(monitor: Monitor, day: date | None, now: datetime) -> Window:
    """The window of a day, by default of yesterday. Raises ValueError if it is not over."""
    if day is None:
        yesterday = now.astimezone(monitor.every.zone).date() - timedelta(days=1)
        day = min(yesterday, monitor.last_day or yesterday)
    window = window_of(monitor, day)
    if window.end > now:
        raise ValueError(f"{window.day} is not over yet; a window is collected when complete")
    return window


def _say(monitor: Monitor, outcome: "Outcome") -> int:
    day = outcome.window.day
    print(f"{monitor.name} {day}: {outcome.status} in {outcome.seconds:.1f} s", flush=True)
    for line in filter(None, (outcome.error, outcome.report)):
        print(f"  {line}", flush=True)
    return int(outcome.status == "failed")


def _retrain(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> None:
    """Do the training that is called for; one that was cut off comes before anything else."""
    if not training_is_called_for(connection, monitor.name):
        return
    from collectors.retraining import retrain

    said = retrain(settings, connection, monitor)
    if said:
        print(f"  {said}", flush=True)


def _chosen(settings: Settings, name: str) -> Sequence[Monitor]:
    every = load(settings.monitors_dir)
    return every if name == "all" else [named(name, settings.monitors_dir)]


def _each(settings: Settings, name: str, act: Callable[[Monitor], int]) -> int:
    """Do something with each chosen monitor; a source that is gone costs the others nothing."""
    failed = 0
    for monitor in _chosen(settings, name):
        try:
            failed = max(failed, act(monitor))
        except (SettingsError, SourceError) as error:
            print(f"{monitor.name}: {error}", file=sys.stderr, flush=True)
            failed = 1
    return failed


def backfill(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect many days, several at a time, then keep some reports."""
    from collectors.backfill import Asked
    from collectors.backfill import backfill as collect_many

    asked = Asked(
        parsed.first, parsed.last, parsed.missing, parsed.workers, parsed.reports, parsed.dask
    )
    return collect_many(settings, _chosen(settings, parsed.monitor), asked)


def due(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect what is due, oldest first; what another process is at is left to it."""
    while parsed.every:
        try:
            _pass(settings, parsed)
        except psycopg.Error as error:
            tell("collectors", error, settings.database)
        time.sleep(parsed.every)
    return _pass(settings, parsed)


def _pass(settings: Settings, parsed: argparse.Namespace) -> int:
    """Each chosen monitor once, over one connection, and another that holds its lock."""
    with connect(settings) as connection:
        if parsed.list:
            return _each(settings, parsed.monitor, partial(_list, settings, connection))
        with connect(settings, autocommit=True) as locking:
            return _each(settings, parsed.monitor, partial(_due, settings, connection, locking))


def _list(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> int:
    """One line a due window, for schedulers that run each by itself."""
    for window, why in due_windows(connection, monitor, settings):
        print(f"{monitor.name} {window.day}\t{why}", flush=True)
    return 0


def _due(
    settings: Settings,
    connection: psycopg.Connection,
    locking: psycopg.Connection,
    monitor: Monitor,
) -> int:
    with held(locking, f"due {monitor.name}") as lock:
        if lock is None:
            print(f"{monitor.name}: another process is at it")
            return 0
        _retrain(settings, connection, monitor)
        failed = windows = 0
        for window, why in due_windows(connection, monitor, settings):
            if not windows:
                from collectors.runner import Runner

                runner = Runner(monitor, settings, connection)
            print(f"{monitor.name} {window.day}: {why}", flush=True)
            failed = max(failed, _say(monitor, runner.run(window, report=True, trains=True)))
            _retrain(settings, connection, monitor)
            windows += 1
        if not windows:
            print(f"{monitor.name}: nothing is due")
    return failed


def status(settings: Settings, _: argparse.Namespace) -> int:
    """Say what has been collected."""
    from rich.console import Console
    from rich.table import Table

    table = Table("monitor", "windows", "newest", "status", "failed", "partial", "reports")
    with connect(settings) as connection:
        for monitor in load(settings.monitors_dir):
            row = connection.execute(
                "select count(*), max(window_start), (array_agg(status order by window_start"
                " desc))[1], count(*) filter (where status = 'failed'),"
                " count(*) filter (where status = 'partial'),"
                " count(*) filter (where report_url <> '')"
                " from monitoring.collection where monitor = %s",
                [monitor.name],
            ).fetchone()
            count, start, *rest = row or (0, None, "", 0, 0, 0)
            day = start.astimezone(monitor.every.zone).date() if start else "never"
            table.add_row(monitor.name, str(count), str(day), *(str(r or "-") for r in rest))
    Console().print(table)
    return 0


def new(settings: Settings, parsed: argparse.Namespace) -> int:
    """Declare data that nobody has declared, calibrate it, and collect what there is of it."""
    from collectors.backfill import Asked
    from collectors.backfill import backfill as collect_many
    from collectors.new.command import make

    monitor = make(settings, parsed)
    asked = Asked(workers=parsed.workers, reports=parsed.reports)
    try:
        failed = collect_many(settings, [monitor], asked)
    except psycopg.OperationalError as error:
        failed = 0
        print(f"{monitor.name}: no database answers yet ({str(error).strip().splitlines()[0]})")
    print(f"{monitor.name}: next, `make build` makes its dashboard, `make up` shows it")
    return failed


def calibrate(settings: Settings, parsed: argparse.Namespace) -> int:
    """Propose levels from the reference's days, or replay the present ones over the store."""
    from collectors.calibrate import calibrate as find_levels
    from collectors.replay import replay

    if parsed.replay:
        monitor = named(parsed.monitor, settings.monitors_dir)
        with connect(settings) as connection:
            return replay(connection, monitor)
    return find_levels(named(parsed.monitor, settings.monitors_dir), settings)
