"""What each command does: picks windows, has them run, and says what became of them.

What takes long to import is imported where it is needed: mostly nothing is due.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from driftdeck.collectors.jobs.clock import clock
from driftdeck.collectors.jobs.due import due_windows
from driftdeck.collectors.jobs.leftovers import leftovers
from driftdeck.collectors.jobs.store import training_is_called_for
from driftdeck.collectors.jobs.windows import window_of
from driftdeck.database import connect
from driftdeck.database.errors import is_outage
from driftdeck.database.locks import held
from driftdeck.database.roles import changed_settings, end_overlong_statements
from driftdeck.declare import Monitor, Window
from driftdeck.diagnostics import tell
from driftdeck.load import load, named
from driftdeck.settings import Settings

if TYPE_CHECKING:
    from driftdeck.collectors.jobs.runner import Outcome


def run(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect one day and keep its report; train the model anew if that calls for it."""
    from driftdeck.collectors.jobs.runner import Runner

    monitor = named(parsed.monitor, *settings.monitor_folders)
    with connect(settings) as connection:
        window = _window(monitor, parsed.date, clock(connection))
        runner = Runner(monitor, settings, connection, may_empty=parsed.empty)
        _retrain(settings, connection, monitor)
        failed = _say(monitor, runner.run(window, report=not parsed.no_report, trains=True))
        _retrain(settings, connection, monitor)
    return failed


def report(settings: Settings, parsed: argparse.Namespace) -> int:
    """Make the report of any day: it is collected again, which changes nothing else."""
    from driftdeck.collectors.jobs.runner import Runner

    monitor = named(parsed.monitor, *settings.monitor_folders)
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
    from driftdeck.collectors.retraining.retraining import retrain

    said = retrain(settings, connection, monitor)
    if said:
        print(f"  {said}", flush=True)


def _chosen(settings: Settings, name: str) -> Sequence[Monitor]:
    every = load(*settings.monitor_folders)
    return every if name == "all" else [named(name, *settings.monitor_folders)]


def _each(settings: Settings, name: str, act: Callable[[Monitor], int]) -> int:
    """Do something with each chosen monitor; whatever fails of one costs the others nothing.

    Raises psycopg.Error where the database fails, which all of them need.
    """
    failed = 0
    for monitor in _chosen(settings, name):
        try:
            failed = max(failed, act(monitor))
        except Exception as error:
            if is_outage(error):
                raise
            tell(monitor.name, error)
            failed = 1
    return failed


def backfill(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect many days, several at a time, then keep some reports."""
    from driftdeck.collectors.jobs.backfill import Asked
    from driftdeck.collectors.jobs.backfill import backfill as collect_many

    asked = Asked(
        parsed.first, parsed.last, parsed.missing, parsed.workers, parsed.reports, parsed.dask
    )
    failed = collect_many(settings, _chosen(settings, parsed.monitor), asked)
    with connect(settings) as connection:
        _say_leftovers(settings, connection)
    return failed


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
        end_overlong_statements(connection)
        connection.commit()
        if parsed.list:
            return _each(settings, parsed.monitor, partial(_list, settings, connection))
        with connect(settings, autocommit=True) as locking:
            return _each(
                settings,
                parsed.monitor,
                partial(_due, settings, connection, locking, report=not parsed.no_report),
            )


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
    *,
    report: bool = True,
) -> int:
    with held(locking, f"due {monitor.name}") as lock:
        if lock is None:
            print(f"{monitor.name}: another process is at it")
            return 0
        _retrain(settings, connection, monitor)
        failed = windows = 0
        for window, why in due_windows(connection, monitor, settings):
            if not windows:
                from driftdeck.collectors.jobs.runner import Runner

                runner = Runner(monitor, settings, connection)
            print(f"{monitor.name} {window.day}: {why}", flush=True)
            failed = max(failed, _say(monitor, runner.run(window, report=report, trains=True)))
            _retrain(settings, connection, monitor)
            windows += 1
        if not windows:
            print(f"{monitor.name}: nothing is due")
    return failed


def status(settings: Settings, parsed: argparse.Namespace) -> int:
    """Say what has been collected, and what is left over; or the latter only."""
    with connect(settings) as connection:
        if not parsed.leftovers:
            _print_collected(settings, connection)
        _say_leftovers(settings, connection)
        ours = not settings.database_url  # roles of a server of others are set by others
        if ours and (changed := changed_settings(connection, settings.postgres_schema)):
            print(f"changed by a viewer: {', '.join(changed)}; `python -m stack migrate` mends it")
    return 0


def _say_leftovers(settings: Settings, connection: psycopg.Connection) -> None:
    for line in leftovers(connection, load(*settings.monitor_folders)):
        print(f"left over: {line}")


def forget(settings: Settings, parsed: argparse.Namespace) -> int:
    """Remove what is stored of a monitor, or of some of its windows."""
    from driftdeck.collectors.jobs.forget import forget as remove

    declared = {monitor.name: monitor for monitor in load(*settings.monitor_folders)}
    with connect(settings) as connection:
        return remove(
            settings,
            connection,
            parsed.monitor,
            declared.get(parsed.monitor),
            day=parsed.before,
            left_over=parsed.leftovers,
            yes=parsed.yes,
        )


def _print_collected(settings: Settings, connection: psycopg.Connection) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("monitor", "windows", "newest", "status", "failed", "partial", "reports")
    for monitor in load(*settings.monitor_folders):
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


def new(settings: Settings, parsed: argparse.Namespace) -> int:
    """Declare data that nobody has declared, calibrate it, and collect what there is of it."""
    from driftdeck.collectors.jobs.backfill import Asked
    from driftdeck.collectors.jobs.backfill import backfill as collect_many
    from driftdeck.collectors.new.command import make

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
    from driftdeck.collectors.thresholds.calibrate import calibrate as find_levels
    from driftdeck.collectors.thresholds.replay import replay

    if parsed.replay:
        monitor = named(parsed.monitor, *settings.monitor_folders)
        with connect(settings) as connection:
            return replay(connection, monitor)
    return find_levels(named(parsed.monitor, *settings.monitor_folders), settings)
