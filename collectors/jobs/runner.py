"""Runs windows of a monitor: one, or many in several processes, each window a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg

from driftdeck.collectors.frames.reference import Reference, list_reference_days
from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.store import (
    count_measured_rows,
    store,
    store_reference,
    store_report,
)
from driftdeck.collectors.retraining.records import find_training_breach
from driftdeck.collectors.retraining.retraining import call_for_training
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.sources.state import describe_states
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.baselines import Baselines
from driftdeck.collectors.windows.collect import collect, make_failed_result, mark_lost
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.database.errors import is_outage
from driftdeck.declare import Monitor, Window
from driftdeck.garbage import keep_imports
from driftdeck.settings import Settings

if TYPE_CHECKING:
    from driftdeck.collectors.reports.workspace import Workspace

BARE = (Status.EMPTY, Status.WAITING)
"""How a window without rows, or without labels, ends."""


@dataclass(frozen=True)
class Outcome:
    """What became of one window. report: where it is kept, or why it is not; '' if not asked."""

    window: Window
    status: Status
    error: str
    seconds: float
    report: str = ""

    @property
    def has_report(self) -> bool:
        """Whether a report is kept."""
        return self.report.startswith("http")


class Runner:
    """Collects and stores windows of one monitor over one connection; reads a reference once.

    backfill: whether many windows are run at once, as the choice of the engine wants to know.
    may_empty: whether a window that had rows, or labels, and has none any more loses its numbers.
    """

    def __init__(
        self,
        monitor: Monitor,
        settings: Settings,
        connection: psycopg.Connection,
        *,
        backfill: bool = False,
        may_empty: bool = False,
    ) -> None:
        self.monitor = monitor
        self._may_empty = may_empty
        self._backfill = backfill
        self.settings = settings
        self._connection = connection
        self._reader = Reader(monitor, settings)
        self._baselines = Baselines(monitor, self._reader)
        self._reference_days: dict[datetime | None, list[Window]] = {}
        self._references: dict[tuple[Window, Window] | None, Reference | None] = {}

    def run(
        self, window: Window, *, report: bool = False, check: bool = True, trains: bool = False
    ) -> Outcome:
        """Collect and store one window, and keep its report if asked.

        check: whether Evidently measures it, too, if it is sampled. trains: whether it may
        call for a training, which is then to be done before another window is collected.
        Raises psycopg.Error if it cannot be stored. A report that cannot be kept loses nothing.
        """
        now = read_clock(self._connection)
        result = self._collect(window, report, check, self._describe_states([window], now), now)
        [outcome] = self._store([result], trains=trains)
        return replace(outcome, report=self._keep_report(result)) if report else outcome

    def run_batch(self, windows: Sequence[Window]) -> list[Outcome]:
        """Collect windows and store them together, without reports. Raises psycopg.Error."""
        now = read_clock(self._connection)
        states = self._describe_states(windows, now)
        with self._reader.batch():
            results = [self._collect(window, False, True, states, now) for window in windows]
        return self._store(results)

    def _describe_states(self, windows: Sequence[Window], now: datetime) -> dict[Window, str]:
        """Describe the windows' sources, before they are read: a change meanwhile is then seen."""
        return describe_states(Sources(self.monitor, self.settings), windows, now)

    def _store(self, results: Sequence[WindowResult], *, trains: bool = False) -> list[Outcome]:
        """Store windows together; where the database refuses one, each by itself."""
        stored = self._keep_measured(results)
        try:
            with self._connection.transaction():  # all of it or nothing, whatever ends it
                store(self._connection, stored)
                for result in stored if trains else ():
                    call_for_training(self._connection, self.monitor, result.window)
            self._connection.commit()
        except Exception as error:
            if is_outage(error):
                raise
            self._connection.rollback()
            if len(results) > 1:
                outcomes = [self._store([result], trains=trains) for result in results]
                return [outcome for [outcome] in outcomes]
            doing = "its numbers cannot be stored: "
            stored = [make_failed_result(self.monitor, results[0].window, error, doing)]
            store(self._connection, stored)
            self._connection.commit()
        return [
            Outcome(result.window, result.status, result.error, result.seconds) for result in stored
        ]

    def _keep_measured(self, results: Sequence[WindowResult]) -> list[WindowResult]:
        """Results as they are stored: a window without rows or labels that had some keeps what was
        measured, until somebody says that it has none."""
        bare = [result.window for result in results if result.status in BARE]
        if not bare or self._may_empty:
            return list(results)
        counts = count_measured_rows(self._connection, self.monitor.name, bare)
        self._connection.commit()
        return [
            mark_lost(result, self.monitor, *counts.get(result.window, (0, 0)))
            for result in results
        ]

    def _keep_report(self, result: WindowResult) -> str:
        try:
            path = self._workspace.save(self.monitor, result)
            pruned = self._workspace.prune(self.monitor)
            store_report(self._connection, result, path, pruned)
        except Exception as error:
            self._connection.rollback()
            return f"no report is kept: {type(error).__name__}: {str(error)[:300]}"
        return f"{self.settings.evidently}{path}"

    @cached_property
    def _workspace(self) -> "Workspace":
        with keep_imports():
            from driftdeck.collectors.reports.workspace import Workspace

        return Workspace(self.settings)

    def _collect(
        self, window: Window, report: bool, check: bool, states: dict[Window, str], now: datetime
    ) -> WindowResult:
        result = collect(
            self.monitor,
            window,
            self._reader,
            self._load_reference,
            now,
            backfill=self._backfill,
            report=report,
            check_every=self.settings.check_every if check else 0,
            state=states[window],
            baselines=self._baselines,
        )
        self._connection.rollback()  # what failed on the way may have left a transaction
        return result

    def _load_reference(self, version: str) -> Reference | None:
        """What the windows of a model version are compared with."""
        plan, breach = self.monitor.retrain, None
        if plan is not None and plan.reference is not None:
            breach = find_training_breach(self._connection, self.monitor.name, version)
        if breach not in self._reference_days:
            self._reference_days[breach] = list_reference_days(self.monitor, breach)
        days = self._reference_days[breach]
        span = (days[0], days[-1]) if days else None
        if span not in self._references:
            reference = load_reference(self._reader, self.monitor, days)
            if reference is not None:
                store_reference(self._connection, self.monitor.name, reference)
                self._connection.commit()
            self._references[span] = reference
        return self._references[span]
