"""Collects many windows of many monitors at once, then keeps some of their reports.

One loop hands batches to whoever works, and hears what became of them. A monitor whose backfill
trains its model is played in order, a batch after the other; the others are all begun at once.
"""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import date, datetime

import psycopg
from rich.progress import Progress, TaskID

from driftdeck.collectors.engines.choice import Choice, is_sampled
from driftdeck.collectors.jobs.clock import clock
from driftdeck.collectors.jobs.due import first_day
from driftdeck.collectors.jobs.store import finished_windows
from driftdeck.collectors.jobs.work import Batch, BatchResult, lanes, work
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

BATCH = 15
"""So many windows are stored in one transaction."""
NEWEST_REPORTED = 3
"""So many of the newest windows get a report."""
SAID_EVERY = 50


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
class _Job:
    """A monitor's backfill: what is still to be handed out, what is being done, what came of it.

    again: played windows that are collected once more, to be checked. lane: where it is played.
    gone: its source cannot be read any more.
    """

    monitor: Monitor
    windows: list[Window]
    played: bool
    waiting: list[Batch] = field(default_factory=list)
    again: list[Batch] = field(default_factory=list)
    busy: int = 0
    playing: bool = False
    lane: Executor | None = None
    counts: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    unreported: int = 0
    bar: TaskID | None = None
    failed: bool = False
    gone: bool = False

    def next(self) -> Batch | None:
        """The batch to be done next, None where it waits for another."""
        if self.waiting and not self.playing:
            batch = self.waiting.pop(0)
            self.playing = batch.played
            return batch
        return self.again.pop(0) if self.again else None

    @property
    def done(self) -> bool:
        """Whether nothing of it is under way or waits."""
        return not (self.busy or self.waiting or self.again)


def backfill(settings: Settings, monitors: Sequence[Monitor], asked: BackfillOptions) -> int:
    """Run the windows of monitors, showing progress; 1 if something failed.

    Whatever fails of one monitor costs the others nothing. Raises psycopg.Error, SettingsError.
    """
    with (
        connect(settings) as connection,
        Progress(transient=True, disable=not sys.stdout.isatty()) as progress,
        lanes(asked.workers, asked.dask) as free,
    ):
        backfilling = _Backfill(settings, connection, asked, list(free), progress)
        begun = [backfilling.begin(one) for one in monitors]
        return int(backfilling.finish() or not all(begun))


class _Backfill:
    def __init__(
        self,
        settings: Settings,
        connection: psycopg.Connection,
        asked: BackfillOptions,
        free: list[Executor],
        progress: Progress,
    ) -> None:
        self._settings, self._connection = settings, connection
        self._options, self._progress = asked, progress
        self._free = free
        self._given = settings.model_dump_json()
        self._jobs: list[_Job] = []
        self._running: dict[Future[BatchResult], tuple[_Job, Batch, Executor]] = {}

    def begin(self, monitor: Monitor) -> bool:
        """Plan a monitor's batches; False if its windows cannot be told."""
        try:
            windows = self._windows(monitor)
        except Exception as error:
            if is_outage(error):
                raise
            self._connection.rollback()
            tell(error, monitor=monitor.name)
            return False
        played = monitor.retrain is not None and monitor.retrain.during_backfill
        job = _Job(monitor, windows, played)
        self._jobs.append(job)
        job.bar = self._progress.add_task(monitor.name, total=len(windows))
        job.waiting = [
            Batch(monitor.name, tuple(windows[n : n + BATCH]), played=played)
            for n in range(0, len(windows), BATCH)
        ]
        if is_training_called_for(self._connection, monitor.name):  # the others wait for it
            job.waiting.insert(0, Batch(monitor.name, (), played=True))
        if played and self._options.missing and (lot := self._unchecked(monitor)):
            job.again = [Batch(monitor.name, lot)]
        if job.done:
            self._collected(job)
        return True

    def finish(self) -> bool:
        """Hand out every batch and hear of it; whether something failed."""
        self._hand_out()
        while self._running:
            for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                job, batch, lane = self._running.pop(future)
                self._free.append(lane)
                job.busy -= 1
                job.playing = job.playing and not batch.played
                self._hear(job, batch, future)
            self._hand_out()
        return any(job.failed for job in self._jobs)

    def _windows(self, monitor: Monitor) -> list[Window]:
        now = clock(self._connection)
        source = Reader(monitor, self._settings)
        first = self._options.first or first_day(self._connection, source, now)
        windows = list(list_complete_windows(monitor, now, first, self._options.last))
        if self._options.missing:
            done = finished_windows(self._connection, monitor, now)
            windows = [window for window in windows if window.start not in done]
        return windows

    def _unchecked(self, monitor: Monitor) -> tuple[Window, ...]:
        """Played windows of the lot that were stored, and not checked before it was cut off."""
        rows = self._connection.execute(
            "select window_start from monitoring.window_status where monitor = %s and engine = %s"
            " order by 1",
            [monitor.name, Choice(index=True, evidently=False, report=False).name],
        ).fetchall()
        windows = (self._window(monitor, start) for (start,) in rows)
        every = self._settings.check_every
        return tuple(window for window in windows if is_sampled(monitor, window, every))

    def _hand_out(self) -> None:
        """A batch to each free lane, first those that others of a monitor wait for.

        A played monitor stays in its lane, where its references have been read.
        """
        jobs = sorted(self._jobs, key=lambda job: not job.played)
        while self._free:
            found = ((job, batch) for job in jobs if (batch := job.next()))
            job, batch = next(found, (None, None))
            if job is None or batch is None:
                return
            lane = job.lane if batch.played and job.lane in self._free else self._free[0]
            if batch.played:
                job.lane = lane
            self._free.remove(lane)
            self._running[lane.submit(work, self._given, batch)] = job, batch, lane
            job.busy += 1

    def _hear(self, job: _Job, batch: Batch, future: "Future[BatchResult]") -> None:
        try:
            done = future.result()
        except BrokenExecutor:  # the process has ended, and with it what others wait for
            raise
        except Exception as error:
            if is_outage(error):
                raise
            if not job.gone:
                tell(error, monitor=job.monitor.name)
            job.gone = job.failed = True
            job.waiting.clear()
            job.again.clear()
            return
        if batch.reports:
            self._hear_reports(job, done)
            return
        if job.played and not batch.played:
            self._fail(job, done)
        else:
            self._count(job, done)
        if batch.played:
            every = self._settings.check_every
            lot = [window for window in batch.windows if is_sampled(job.monitor, window, every)]
            job.again += [Batch(job.monitor.name, tuple(lot))] if lot else []
        if job.done and not job.gone:
            self._collected(job)

    def _count(self, job: _Job, done: BatchResult) -> None:
        name = job.monitor.name
        for line in filter(None, done.messages):
            announce(f"{name}: {line}", "retrained", monitor=name, outcome=line)
        for outcome in done.outcomes:
            job.counts[outcome.status] += 1
            if job.bar is not None:
                self._progress.advance(job.bar)
            if not sys.stdout.isatty() and job.counts.total() % SAID_EVERY == 0:
                done_so_far, every = job.counts.total(), len(job.windows)
                announce(
                    f"{name}: {done_so_far} of {every} windows",
                    "progress",
                    monitor=name,
                    collected=done_so_far,
                    windows=every,
                )
        self._fail(job, done)

    @staticmethod
    def _fail(job: _Job, done: BatchResult) -> None:
        """Say which windows failed."""
        for outcome in done.outcomes:
            if outcome.status == "failed":
                job.failed = True
                announce(
                    f"{job.monitor.name} {outcome.window.name}: {outcome.error}",
                    "collected",
                    level=logging.ERROR,
                    monitor=job.monitor.name,
                    window=outcome.window.name,
                    seconds=round(outcome.seconds, 1),
                    status=outcome.status,
                    error=outcome.error,
                )

    def _collected(self, job: _Job) -> None:
        """All windows are stored: say so, and have the reports made."""
        counts = ", ".join(f"{number} {status}" for status, number in sorted(job.counts.items()))
        said = f"{len(job.windows)} windows collected{f' ({counts})' if counts else ''}"
        announce(
            f"{job.monitor.name}: {said}",
            "backfilled",
            monitor=job.monitor.name,
            windows=len(job.windows),
            **job.counts,
        )
        job.waiting = list(self._reports(job))

    def _reports(self, job: _Job) -> Iterator[Batch]:
        """The newest windows, then the newest confirmed breaches, that have no report yet."""
        monitor, most = job.monitor, self._options.reports
        starts = find_newest(self._connection, monitor, min(NEWEST_REPORTED, most))
        found = find_confirmed(self._connection, monitor)
        there = find_reported(self._connection, monitor)
        self._connection.commit()
        breaches = [one for one in reversed(found) if one not in starts]
        wanted = [*starts, *breaches[: most - len(starts)]]
        job.unreported = len(starts) + len(breaches) - len(wanted)
        for start in sorted(set(wanted) - there):
            yield Batch(monitor.name, (self._window(monitor, start),), reports=True)

    @staticmethod
    def _window(monitor: Monitor, start: datetime) -> Window:
        return monitor.every.containing(start)

    def _hear_reports(self, job: _Job, done: BatchResult) -> None:
        name = job.monitor.name
        for outcome in done.outcomes:
            job.kept += outcome.reported
            if not outcome.reported:
                day, why = outcome.window.name, outcome.report
                announce(f"{name} {day}: {why}", "no report", monitor=name, window=day, error=why)
        if job.kept and job.done:
            left = f", {job.unreported} breaches without" if job.unreported else ""
            announce(
                f"{name}: {job.kept} reports kept{left}",
                "reports kept",
                monitor=name,
                reports=job.kept,
                without=job.unreported,
            )
