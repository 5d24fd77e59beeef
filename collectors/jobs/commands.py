"""What each command does: picks windows, has them run, and says what became of them.

What takes long to import is imported where it is needed: mostly nothing is due.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.leftovers import find_leftovers
from driftdeck.collectors.retraining.records import is_training_called_for
from driftdeck.collectors.windows.calendar import find_newest, find_window
from driftdeck.database import connect
from driftdeck.database.errors import is_outage
from driftdeck.database.locks import held
from driftdeck.database.roles import changed_settings, end_overlong_statements
from driftdeck.declare import Monitor, Window
from driftdeck.diagnostics import tell
from driftdeck.errors import UsageError
from driftdeck.events import announce
from driftdeck.load import find_monitor, load
from driftdeck.settings import Settings

if TYPE_CHECKING:
    from driftdeck.collectors.jobs.backfill import BackfillOptions
    from driftdeck.collectors.jobs.runner import Outcome


def run(
    settings: Settings,
    name: str,
    window_name: str = "",
    *,
    report: bool = True,
    may_empty: bool = False,
) -> int:
    """Collect one window of a monitor; train the model anew if that calls for it. 1: it failed.

    window_name: as its `every` writes it, by default the newest that is over. report: whether
    Evidently's is kept. may_empty: believe a window that has no rows, or no labels, any more.
    Raises UsageError.
    """
    from driftdeck.collectors.jobs.runner import Runner

    monitor = find_monitor(name, *settings.monitor_folders)
    named = find_window(monitor, window_name) if window_name else None
    with connect(settings) as connection:
        window = _choose_window(monitor, named, read_clock(connection))
        runner = Runner(monitor, settings, connection, may_empty=may_empty)
        _retrain(settings, connection, monitor)
        failed = _announce_outcome(monitor, runner.run(window, report=report, trains=True))
        _retrain(settings, connection, monitor)
    return failed


def make_report(settings: Settings, name: str, window_name: str) -> int:
    """Make the report of any window: it is collected again, which changes nothing else.

    1: it failed. Raises UsageError.
    """
    from driftdeck.collectors.jobs.runner import Runner

    monitor = find_monitor(name, *settings.monitor_folders)
    named = find_window(monitor, window_name) if window_name else None
    with connect(settings) as connection:
        window = _choose_window(monitor, named, read_clock(connection))
        return _announce_outcome(
            monitor, Runner(monitor, settings, connection).run(window, report=True)
        )


def _choose_window(monitor: Monitor, named: Window | None, now: datetime) -> Window:
    """The window that is named, by default the newest. Raises UsageError if it is not over."""
    window = named or find_newest(monitor, now)
    if window.end > now:
        raise UsageError(f"{window.name} is not over yet; a window is collected when complete")
    return window


def _announce_outcome(monitor: Monitor, outcome: "Outcome") -> int:
    day, failed = outcome.window.name, outcome.status == "failed"
    first = f"{monitor.name} {day}: {outcome.status} in {outcome.seconds:.1f} s"
    rest = [f"  {line}" for line in (outcome.error, outcome.report) if line]
    announce(
        "\n".join([first, *rest]),
        "collected",
        level=logging.ERROR if failed else logging.INFO,
        monitor=monitor.name,
        window=day,
        seconds=round(outcome.seconds, 1),
        status=outcome.status,
        error=outcome.error,
        report=outcome.report,
    )
    return int(failed)


def _retrain(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> None:
    """Do the training that is called for; one that was cut off comes before anything else."""
    if not is_training_called_for(connection, monitor.name):
        return
    from driftdeck.collectors.retraining.retraining import retrain

    sentence = retrain(settings, connection, monitor)
    if sentence:
        announce(f"  {sentence}", "retrained", monitor=monitor.name, outcome=sentence)


def _find_monitors(settings: Settings, name: str) -> Sequence[Monitor]:
    every = load(*settings.monitor_folders)
    return every if name == "all" else [find_monitor(name, *settings.monitor_folders)]


def _run_for_each(settings: Settings, name: str, act: Callable[[Monitor], int]) -> int:
    """Do something with each chosen monitor; whatever fails of one costs the others nothing.

    Raises psycopg.Error where the database fails, which all of them need.
    """
    failed = 0
    for monitor in _find_monitors(settings, name):
        try:
            failed = max(failed, act(monitor))
        except Exception as error:
            if is_outage(error):
                raise
            tell(error, monitor=monitor.name)
            failed = 1
    return failed


def backfill(settings: Settings, name: str, options: "BackfillOptions") -> int:
    """Collect many windows of a monitor, or of all, then keep some reports. 1: something failed."""
    from driftdeck.collectors.jobs.backfill import backfill as collect_many

    failed = collect_many(settings, _find_monitors(settings, name), options)
    with connect(settings) as connection:
        _announce_leftovers(settings, connection)
    return failed


def collect_due(
    settings: Settings, name: str = "all", *, every: float | None = None, report: bool = True
) -> int:
    """Collect what is due of a monitor, or of all, oldest first; 1: something failed.

    What another process is at is left to it. every: seconds between two passes, until stopped; by
    default it is one pass. report: whether Evidently's are kept.
    """
    while every:
        try:
            _collect_each(settings, name, report=report)
        except psycopg.Error as error:
            tell(error, database=settings.database)
        time.sleep(every)
    return _collect_each(settings, name, report=report)


def _collect_each(settings: Settings, name: str, *, report: bool) -> int:
    """Each chosen monitor once, over one connection, and another that holds its lock."""
    with connect(settings) as connection:
        end_overlong_statements(connection)
        connection.commit()
        with connect(settings, autocommit=True) as locking:
            collect = partial(_collect_monitor, settings, connection, locking, report=report)
            return _run_for_each(settings, name, collect)


def list_due(settings: Settings, name: str = "all") -> int:
    """Print what is due of a monitor, or of all, and collect nothing; 1: of one it is not known."""
    with connect(settings) as connection:
        end_overlong_statements(connection)
        connection.commit()
        return _run_for_each(settings, name, partial(_print_due, settings, connection))


def _print_due(settings: Settings, connection: psycopg.Connection, monitor: Monitor) -> int:
    """One line a due window, for schedulers that run each by itself."""
    for window, why in find_due_windows(connection, monitor, settings):
        print(f"{monitor.name} {window.name}\t{why}", flush=True)
    return 0


def _collect_monitor(
    settings: Settings,
    connection: psycopg.Connection,
    locking: psycopg.Connection,
    monitor: Monitor,
    *,
    report: bool = True,
) -> int:
    with held(locking, f"due {monitor.name}") as lock:
        if lock is None:
            announce(f"{monitor.name}: another process is at it", "busy", monitor=monitor.name)
            return 0
        _retrain(settings, connection, monitor)
        failed = windows = 0
        for window, why in find_due_windows(connection, monitor, settings):
            if not windows:
                from driftdeck.collectors.jobs.runner import Runner

                runner = Runner(monitor, settings, connection)
            announce(
                f"{monitor.name} {window.name}: {why}",
                "due",
                monitor=monitor.name,
                window=window.name,
                reason=why,
            )
            failed = max(
                failed, _announce_outcome(monitor, runner.run(window, report=report, trains=True))
            )
            _retrain(settings, connection, monitor)
            windows += 1
        if not windows:
            announce(f"{monitor.name}: nothing is due", "idle", monitor=monitor.name)
    return failed


def show_collected(settings: Settings, *, only_leftovers: bool = False) -> int:
    """Say what has been collected, and what is left over; or the latter only."""
    with connect(settings) as connection:
        if not only_leftovers:
            _print_table(settings, connection)
        _announce_leftovers(settings, connection)
        ours = not settings.database_url  # roles of a server of others are set by others
        if ours and (changed := changed_settings(connection, settings.postgres_schema)):
            print(f"changed by a viewer: {', '.join(changed)}; `driftdeck migrate` mends it")
    return 0


def _announce_leftovers(settings: Settings, connection: psycopg.Connection) -> None:
    for line in find_leftovers(connection, load(*settings.monitor_folders)):
        announce(f"left over: {line}", "left over", what=line)


def forget(
    settings: Settings,
    name: str,
    *,
    before: date | None = None,
    leftovers: bool = False,
    yes: bool = False,
) -> int:
    """Remove what is stored of a monitor, or of some of its windows.

    before: only days before this one, local to the monitor. leftovers: only windows that are not
    declared any more. yes: without, it is counted only. Raises UsageError.
    """
    from driftdeck.collectors.jobs.forget import forget as remove

    declared = {monitor.name: monitor for monitor in load(*settings.monitor_folders)}
    with connect(settings) as connection:
        return remove(
            settings,
            connection,
            name,
            declared.get(name),
            day=before,
            only_leftovers=leftovers,
            yes=yes,
        )


def _print_table(settings: Settings, connection: psycopg.Connection) -> None:
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
        newest = monitor.every.containing(start).name if start else "never"
        table.add_row(monitor.name, str(count), newest, *(str(r or "-") for r in rest))
    Console().print(table)


def calibrate(settings: Settings, name: str) -> int:
    """Find a monitor's thresholds on the days of its reference, and write them beside it."""
    from driftdeck.collectors.thresholds.calibrate import calibrate as find_thresholds

    return find_thresholds(find_monitor(name, *settings.monitor_folders), settings)


def replay(settings: Settings, name: str) -> int:
    """Show what a monitor's thresholds of today would have raised over what is stored."""
    from driftdeck.collectors.thresholds.replay import replay as judge_again

    monitor = find_monitor(name, *settings.monitor_folders)
    with connect(settings) as connection:
        return judge_again(connection, monitor)
