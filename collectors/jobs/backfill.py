"""Collects many windows of many monitors at once, then keeps some of their reports.

One loop submits batches to executors, and handles their results. A monitor whose backfill trains
its model is collected in order, a batch after the other; of the others all batches are submitted.
"""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

import psycopg
from rich.progress import Progress, TaskID

from driftdeck.collectors.engines.choice import Choice, is_sampled
from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.due import find_first_day
from driftdeck.collectors.jobs.store import find_finished_windows
from driftdeck.collectors.jobs.work import Batch, BatchResult, open_executors, run_batch
from driftdeck.collectors.retraining.records import is_training_called_for
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.episodes import find_confirmed, find_newest, find_reported
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.database import connect
from driftdeck.database.errors import is_outage
from driftdeck.declare import Monitor, Window
from driftdeck.diagnostics import tell
from driftdeck.events import announce
from driftdeck.settings import Settings

BATCH_SIZE, BATCH_DAYS = 15, 5
"""At least so many windows are stored in one transaction, and those of so many whole days: a day's
files are read once for all of its hours."""
NEWEST_REPORTED = 3
"""So many of the newest windows get a report."""
PROGRESS_INTERVAL = 50
"""After so many windows a line says how far it is, where there is no terminal."""


@dataclass(frozen=True)
class BackfillOptions:
    """What is to be collected again, and how.

    first, last: days; None for all there are. missing: only what has not been collected well.
    workers: processes. reports: at most so many a monitor. dask: a scheduler's address, or ''.
    """

    first: date | None = None
    last: date | None = None
    missing: bool = False
    workers: int = 1
    reports: int = 10
    dask: str = ""


@dataclass
class _MonitorBackfill:
    """A monitor's backfill: what is still to be submitted, what is running, what came of it.

    trains: whether its windows may call for trainings, so that its batches go in order. queue: the
    batches to be submitted. checks: those that collect windows once more, to check their engine.
    running: how many batches are. is_training: whether one that trains is. executor: which runs
    those. is_unreadable: its source cannot be read any more.
    """

    monitor: Monitor
    windows: list[Window]
    trains: bool
    queue: list[Batch] = field(default_factory=list)
    checks: list[Batch] = field(default_factory=list)
    running: int = 0
    is_training: bool = False
    executor: Executor | None = None
    counts: Counter[str] = field(default_factory=Counter)
    report_count: int = 0
    unreported_count: int = 0
    progress_task: TaskID | None = None
    has_failed: bool = False
    is_unreadable: bool = False

    def take_batch(self) -> Batch | None:
        """The batch to be submitted next, None where it waits for another."""
        if self.queue and not self.is_training:
            batch = self.queue.pop(0)
            self.is_training = batch.trains
            return batch
        return self.checks.pop(0) if self.checks else None

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is running or waits."""
        return not (self.running or self.queue or self.checks)


def backfill(settings: Settings, monitors: Sequence[Monitor], options: BackfillOptions) -> int:
    """Run the windows of monitors, showing progress; 1 if something failed.

    Whatever fails of one monitor costs the others nothing. Raises psycopg.Error, SettingsError.
    """
    with (
        connect(settings) as connection,
        Progress(transient=True, disable=not sys.stdout.isatty()) as progress,
        open_executors(options.workers, options.dask) as executors,
    ):
        scheduler = _Scheduler(settings, connection, options, list(executors), progress)
        are_planned = [scheduler.add(monitor) for monitor in monitors]
        return int(scheduler.run() or not all(are_planned))


class _Scheduler:
    """Submits the batches of all monitors to executors, and handles their results."""

    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        options: BackfillOptions,
        executors: list[Executor],
        progress: Progress,
    ) -> None:
        self._settings, self._connection = settings, connection
        self._options, self._progress = options, progress
        self._idle_executors = executors
        self._settings_json = settings.model_dump_json()
        self._backfills: list[_MonitorBackfill] = []
        self._running: dict[Future[BatchResult], tuple[_MonitorBackfill, Batch, Executor]] = {}

    def add(self, monitor: Monitor) -> bool:
        """Plan a monitor's batches; False if its windows cannot be told."""
        try:
            windows = self._list_windows(monitor)
        except Exception as error:
            if is_outage(error):
                raise
            self._connection.rollback()
            tell(error, monitor=monitor.name)
            return False
        trains = monitor.retrain is not None and monitor.retrain.during_backfill
        backfill = _MonitorBackfill(monitor, windows, trains)
        self._backfills.append(backfill)
        backfill.progress_task = self._progress.add_task(monitor.name, total=len(windows))
        backfill.queue = [
            Batch(monitor.name, batch, trains=trains) for batch in cut_batches(windows)
        ]
        if is_training_called_for(self._connection, monitor.name):  # the others wait for it
            backfill.queue.insert(0, Batch(monitor.name, (), trains=True))
        if trains and self._options.missing and (unchecked := self._find_unchecked(monitor)):
            backfill.checks = [Batch(monitor.name, unchecked)]
        if backfill.is_done:
            self._finish_collection(backfill)
        return True

    def run(self) -> bool:
        """Submit every batch and handle its result; whether something failed."""
        self._submit_batches()
        while self._running:
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                backfill, batch, executor = self._running.pop(future)
                self._idle_executors.append(executor)
                backfill.running -= 1
                backfill.is_training = backfill.is_training and not batch.trains
                self._handle(backfill, batch, future)
            self._submit_batches()
        return any(backfill.has_failed for backfill in self._backfills)

    def _list_windows(self, monitor: Monitor) -> list[Window]:
        now = read_clock(self._connection)
        source = Reader(monitor, self._settings)
        first = self._options.first or find_first_day(self._connection, source, now)
        windows = list(list_complete_windows(monitor, now, first, self._options.last))
        if self._options.missing:
            finished = find_finished_windows(self._connection, monitor, now)
            windows = [window for window in windows if window.start not in finished]
        return windows

    def _find_unchecked(self, monitor: Monitor) -> tuple[Window, ...]:
        """Sampled windows that were stored by a batch that trains, and not checked before the
        backfill was cut off."""
        rows = self._connection.execute(
            "select window_start from monitoring.window_status where monitor = %s and engine = %s"
            " order by 1",
            [monitor.name, Choice(index=True, evidently=False, report=False).name],
        ).fetchall()
        windows = (self._window(monitor, start) for (start,) in rows)
        every = self._settings.check_every
        return tuple(window for window in windows if is_sampled(monitor, window, every))

    def _submit_batches(self) -> None:
        """A batch to each idle executor, first those that others of a monitor wait for.

        A monitor that is trained stays with its executor, where its references have been read.
        """
        backfills = sorted(self._backfills, key=lambda backfill: not backfill.trains)
        while self._idle_executors:
            batches = ((owner, batch) for owner in backfills if (batch := owner.take_batch()))
            backfill, batch = next(batches, (None, None))
            if backfill is None or batch is None:
                return
            executor = self._idle_executors[0]
            if batch.trains:
                if backfill.executor in self._idle_executors:
                    executor = backfill.executor
                backfill.executor = executor
            self._idle_executors.remove(executor)
            future = executor.submit(run_batch, self._settings_json, batch)
            self._running[future] = backfill, batch, executor
            backfill.running += 1

    def _handle(
        self, backfill: _MonitorBackfill, batch: Batch, future: "Future[BatchResult]"
    ) -> None:
        try:
            result = future.result()
        except BrokenExecutor:  # the process has ended, and with it what others wait for
            raise
        except Exception as error:
            if is_outage(error):
                raise
            if not backfill.is_unreadable:
                tell(error, monitor=backfill.monitor.name)
            backfill.is_unreadable = backfill.has_failed = True
            backfill.queue.clear()
            backfill.checks.clear()
            return
        if batch.reports:
            self._count_reports(backfill, result)
            return
        if backfill.trains and not batch.trains:
            self._announce_failures(backfill, result)
        else:
            self._count_windows(backfill, result)
        if batch.trains:
            every = self._settings.check_every
            sample = [w for w in batch.windows if is_sampled(backfill.monitor, w, every)]
            backfill.checks += [Batch(backfill.monitor.name, tuple(sample))] if sample else []
        if backfill.is_done and not backfill.is_unreadable:
            self._finish_collection(backfill)

    def _count_windows(self, backfill: _MonitorBackfill, result: BatchResult) -> None:
        """Count what became of windows, and say how far it is."""
        name = backfill.monitor.name
        for line in filter(None, result.messages):
            announce(f"{name}: {line}", "retrained", monitor=name, outcome=line)
        for outcome in result.outcomes:
            backfill.counts[outcome.status] += 1
            if backfill.progress_task is not None:
                self._progress.advance(backfill.progress_task)
            count = backfill.counts.total()
            if not sys.stdout.isatty() and count % PROGRESS_INTERVAL == 0:
                every = len(backfill.windows)
                announce(
                    f"{name}: {count} of {every} windows",
                    "progress",
                    monitor=name,
                    collected=count,
                    windows=every,
                )
        self._announce_failures(backfill, result)

    @staticmethod
    def _announce_failures(backfill: _MonitorBackfill, result: BatchResult) -> None:
        """Say which windows failed."""
        name = backfill.monitor.name
        for outcome in result.outcomes:
            if outcome.status == "failed":
                backfill.has_failed = True
                announce(
                    f"{name} {outcome.window.name}: {outcome.error}",
                    "collected",
                    level=logging.ERROR,
                    monitor=name,
                    window=outcome.window.name,
                    seconds=round(outcome.seconds, 1),
                    status=outcome.status,
                    error=outcome.error,
                )

    def _finish_collection(self, backfill: _MonitorBackfill) -> None:
        """All windows are stored: say so, and have the reports made."""
        counts = ", ".join(
            f"{number} {status}" for status, number in sorted(backfill.counts.items())
        )
        sentence = f"{len(backfill.windows)} windows collected{f' ({counts})' if counts else ''}"
        announce(
            f"{backfill.monitor.name}: {sentence}",
            "backfilled",
            monitor=backfill.monitor.name,
            windows=len(backfill.windows),
            **backfill.counts,
        )
        backfill.queue = list(self._list_report_batches(backfill))

    def _list_report_batches(self, backfill: _MonitorBackfill) -> Iterator[Batch]:
        """The newest windows, then the newest confirmed breaches, that have no report yet."""
        monitor, most = backfill.monitor, self._options.reports
        newest = find_newest(self._connection, monitor, min(NEWEST_REPORTED, most))
        confirmed = find_confirmed(self._connection, monitor)
        reported = find_reported(self._connection, monitor)
        self._connection.commit()
        breaches = [start for start in reversed(confirmed) if start not in newest]
        starts = [*newest, *breaches[: most - len(newest)]]
        backfill.unreported_count = len(newest) + len(breaches) - len(starts)
        for start in sorted(set(starts) - reported):
            yield Batch(monitor.name, (self._window(monitor, start),), reports=True)

    @staticmethod
    def _window(monitor: Monitor, start: datetime) -> Window:
        return monitor.every.containing(start)

    def _count_reports(self, backfill: _MonitorBackfill, result: BatchResult) -> None:
        """Count the reports that are kept, and say which are not, and how many are in the end."""
        name = backfill.monitor.name
        for outcome in result.outcomes:
            backfill.report_count += outcome.has_report
            if not outcome.has_report:
                day, why = outcome.window.name, outcome.report
                announce(f"{name} {day}: {why}", "no report", monitor=name, window=day, error=why)
        if backfill.report_count and backfill.is_done:
            count, without = backfill.report_count, backfill.unreported_count
            rest = f", {without} breaches without" if without else ""
            announce(
                f"{name}: {count} reports kept{rest}",
                "reports kept",
                monitor=name,
                reports=count,
                without=without,
            )


def cut_batches(windows: Sequence[Window]) -> Iterator[tuple[Window, ...]]:
    """Windows in batches of whole days."""
    batch, days = list[Window](), 0
    for _, day in groupby(windows, key=lambda window: window.day):
        batch.extend(day)
        days += 1
        if len(batch) >= BATCH_SIZE and days >= BATCH_DAYS:
            yield tuple(batch)
            batch, days = [], 0
    if batch:
        yield tuple(batch)
