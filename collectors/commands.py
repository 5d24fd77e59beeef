"""What each command does: picks windows, has them run, and says what became of them."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from collectors.calibrate import calibrate as find_levels
from collectors.due import due_windows, locked
from collectors.episodes import confirmed, newest, reported
from collectors.replay import replay
from collectors.retraining import retrain_if_due
from collectors.runner import Outcome, Runner, clock, run_all, run_in_order
from collectors.sources import Reader, SourceError
from collectors.store import finished_windows
from collectors.windows import complete_windows, window_of
from database import connect
from monitors.declare import Monitor, Window
from monitors.load import load, named
from settings import Settings, SettingsError

NEWEST_REPORTED = 3
"""So many of the newest windows of a backfill get a report."""


def run(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect one day and keep its report; train the model anew if that calls for it."""
    monitor = named(parsed.monitor, settings.monitors_dir)
    with connect(settings) as connection:
        window = _window(monitor, parsed.date, clock(connection))
        runner = Runner(monitor, settings, connection)
        failed = _say(monitor, runner.run(window, report=not parsed.no_report))
        _retrain(connection, monitor, window)
    return failed


def report(settings: Settings, parsed: argparse.Namespace) -> int:
    """Make the report of any day: it is collected again, which changes nothing else."""
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


def _say(monitor: Monitor, outcome: Outcome) -> int:
    day = outcome.window.day
    print(f"{monitor.name} {day}: {outcome.status} in {outcome.seconds:.1f} s", flush=True)
    for line in filter(None, (outcome.error, outcome.report)):
        print(f"  {line}", flush=True)
    return int(outcome.status == "failed")


def _retrain(connection: psycopg.Connection, monitor: Monitor, window: Window) -> None:
    said = retrain_if_due(connection, monitor, window)
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
    """Collect many days in several processes, then keep some reports."""
    return _each(settings, parsed.monitor, lambda one: _backfill(settings, one, parsed))


def _backfill(settings: Settings, monitor: Monitor, parsed: argparse.Namespace) -> int:
    with connect(settings) as connection:
        now = clock(connection)
        first = parsed.first or monitor.first_day or Reader(monitor, settings).first_day(now)
        windows = list(complete_windows(monitor, now, first, parsed.last))
        if parsed.missing:
            done = finished_windows(connection, monitor.name, now)
            windows = [window for window in windows if window.start not in done]
        played = monitor.retrain is not None and monitor.retrain.replay
        after = partial(_retrain, connection, monitor) if played else None
        failed = _run_many(settings, monitor, windows, parsed.workers, after)
        _report_some(settings, monitor, connection, parsed.reports)
    return failed


def _run_many(
    settings: Settings,
    monitor: Monitor,
    windows: Sequence[Window],
    workers: int,
    after: Callable[[Window], None] | None,
) -> int:
    """Run windows without reports, showing progress; 1 if one failed.

    after: done after each window, which then run in order.
    """
    counts: Counter[str] = Counter()
    with Progress(transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task(monitor.name, total=len(windows))
        for outcome in (
            run_in_order(monitor, settings, windows)
            if after
            else run_all(monitor, settings, windows, workers)
        ):
            if after:
                after(outcome.window)
            counts[outcome.status] += 1
            progress.advance(task)
            if not sys.stdout.isatty() and counts.total() % 50 == 0:
                print(f"{monitor.name}: {counts.total()} of {len(windows)} windows", flush=True)
            if outcome.status == "failed":
                print(f"{monitor.name} {outcome.window.day}: {outcome.error}")
    said = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    print(f"{monitor.name}: {len(windows)} windows collected{f' ({said})' if said else ''}")
    return int(counts["failed"] > 0)


def _report_some(
    settings: Settings, monitor: Monitor, connection: psycopg.Connection, most: int
) -> None:
    """See that the newest windows, then the newest confirmed breaches, have a report."""
    starts = newest(connection, monitor, min(NEWEST_REPORTED, most))
    breaches = [one for one in reversed(confirmed(connection, monitor)) if one not in starts]
    wanted = [*starts, *breaches[: most - len(starts)]]
    there = reported(connection, monitor)
    runner = Runner(monitor, settings, connection, backfill=True)
    kept = 0
    for start in sorted(set(wanted) - there):
        window = monitor.every.window(start.astimezone(monitor.every.zone).date())
        outcome = runner.run(window, report=True)
        kept += outcome.reported
        if not outcome.reported:
            print(f"{monitor.name} {window.day}: {outcome.report}")
    left = len(starts) + len(breaches) - len(wanted)
    if kept:
        print(f"{monitor.name}: {kept} reports kept{f', {left} breaches without' if left else ''}")


def due(settings: Settings, parsed: argparse.Namespace) -> int:
    """Collect what is due, oldest first; what another process is at is left to it."""
    step = _list if parsed.list else _due
    failed = _each(settings, parsed.monitor, lambda one: step(settings, one))
    while parsed.every:
        time.sleep(parsed.every)
        try:
            _each(settings, parsed.monitor, lambda one: step(settings, one))
        except psycopg.Error as error:
            print(f"the database says: {str(error).strip()}", file=sys.stderr, flush=True)
    return failed


def _list(settings: Settings, monitor: Monitor) -> int:
    """One line a due window, for schedulers that run each by itself."""
    with connect(settings) as connection:
        for window, why in due_windows(connection, monitor, settings):
            print(f"{monitor.name} {window.day}\t{why}", flush=True)
    return 0


def _due(settings: Settings, monitor: Monitor) -> int:
    with connect(settings) as connection, locked(connection, monitor) as mine:
        if not mine:
            print(f"{monitor.name}: another process is at it")
            return 0
        failed = windows = 0
        runner = Runner(monitor, settings, connection)
        for window, why in due_windows(connection, monitor, settings):
            print(f"{monitor.name} {window.day}: {why}", flush=True)
            failed = max(failed, _say(monitor, runner.run(window, report=True)))
            _retrain(connection, monitor, window)
            windows += 1
        if not windows:
            print(f"{monitor.name}: nothing is due")
    return failed


def status(settings: Settings, _: argparse.Namespace) -> int:
    """Say what has been collected."""
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
    from collectors.new.command import make

    monitor = make(settings, parsed)
    collecting = argparse.Namespace(
        first=None, last=None, missing=False, workers=parsed.workers, reports=parsed.reports
    )
    try:
        failed = _each(settings, monitor.name, lambda one: _backfill(settings, one, collecting))
    except psycopg.OperationalError as error:
        failed = 0
        print(f"{monitor.name}: no database answers yet ({str(error).strip().splitlines()[0]})")
    print(f"{monitor.name}: next, `make build` makes its dashboard, `make up` shows it")
    return failed


def calibrate(settings: Settings, parsed: argparse.Namespace) -> int:
    """Propose levels from the reference's days, or replay the present ones over the store."""
    if parsed.replay:
        monitor = named(parsed.monitor, settings.monitors_dir)
        with connect(settings) as connection:
            return replay(connection, monitor)
    return find_levels(named(parsed.monitor, settings.monitors_dir), settings)
