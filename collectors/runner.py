"""Runs windows of a monitor: one, or many in several processes, each window a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg

from collectors.clock import clock
from collectors.collect import collect
from collectors.imports import kept
from collectors.reference import Reference, days_of, load_reference
from collectors.retraining import call_for_training
from collectors.sources.declared import Sources
from collectors.sources.reader import Reader
from collectors.sources.state import states
from collectors.store import store, store_reference, store_report, training_breach
from collectors.values import Collected, Measured, Status, Value
from diagnostics import LOG, described
from monitors.declare import Monitor, Window
from settings import Settings

if TYPE_CHECKING:
    from collectors.workspace import Workspace

REFUSED = (psycopg.DataError, psycopg.IntegrityError)
"""What the database says of rows, not of itself."""
CANNOT = "its numbers cannot be stored"


@dataclass(frozen=True)
class Outcome:
    """What became of one window. report: where it is kept, or why it is not; '' if not asked."""

    window: Window
    status: Status
    error: str
    seconds: float
    report: str = ""

    @property
    def reported(self) -> bool:
        """Whether a report is kept."""
        return self.report.startswith("http")


class Runner:
    """Collects and stores windows of one monitor over one connection; reads a reference once.

    backfill: whether many windows are run at once, as the choice of the engine wants to know.
    """

    def __init__(
        self,
        monitor: Monitor,
        settings: Settings,
        connection: psycopg.Connection,
        *,
        backfill: bool = False,
    ) -> None:
        self.monitor = monitor
        self._backfill = backfill
        self.settings = settings
        self._connection = connection
        self._reader = Reader(monitor, settings)
        self._references: dict[tuple[date, date] | None, Reference | None] = {}

    def run(
        self, window: Window, *, report: bool = False, check: bool = True, trains: bool = False
    ) -> Outcome:
        """Collect and store one window, and keep its report if asked.

        check: whether Evidently measures it, too, if the lot falls on it. trains: whether it may
        call for a training, which is then to be done before another window is collected.
        Raises psycopg.Error if it cannot be stored. A report that cannot be kept loses nothing.
        """
        collected = self._collect(window, report, check, self._states([window]))
        [outcome] = self._store([collected], trains=trains)
        return replace(outcome, report=self._keep(collected)) if report else outcome

    def run_batch(self, windows: Sequence[Window]) -> list[Outcome]:
        """Collect windows and store them together, without reports. Raises psycopg.Error."""
        states = self._states(windows)
        return self._store([self._collect(window, False, True, states) for window in windows])

    def _states(self, windows: Sequence[Window]) -> dict[Window, str]:
        """Of the windows' sources, before they are read: a change meanwhile is then seen as one."""
        return states(Sources(self.monitor, self.settings), windows, clock(self._connection))

    def _store(self, collected: Sequence[Collected], *, trains: bool = False) -> list[Outcome]:
        """What cannot be stored is a failure of its window alone."""
        try:
            with self._connection.transaction():
                store(self._connection, collected)
                for one in collected if trains else ():
                    call_for_training(self._connection, self.monitor, one.window)
        except REFUSED as error:
            if len(collected) > 1:
                return [done for one in collected for done in self._store([one], trains=trains)]
            if collected[0].error.startswith(CANNOT):
                raise
            LOG.debug("%s cannot be stored", self.monitor.name, exc_info=error)
            return self._store([_refused(collected[0], f"{CANNOT}: {described(error)}")])
        return [Outcome(one.window, one.status, one.error, one.seconds) for one in collected]

    def _keep(self, collected: Collected) -> str:
        try:
            path = self._workspace.save(self.monitor, collected)
            gone = self._workspace.prune(self.monitor)
            store_report(self._connection, collected, path, gone)
        except Exception as error:
            self._connection.rollback()
            return f"no report is kept: {type(error).__name__}: {str(error)[:300]}"
        return f"{self.settings.evidently}{path}"

    @cached_property
    def _workspace(self) -> "Workspace":
        with kept():
            from collectors.workspace import Workspace

        return Workspace(self.settings)

    def _collect(
        self, window: Window, report: bool, check: bool, states: dict[Window, str]
    ) -> Collected:
        return collect(
            self.monitor,
            window,
            self._reader,
            self._reference_of,
            clock(self._connection),
            backfill=self._backfill,
            report=report,
            check_every=self.settings.check_every if check else 0,
            state=states[window],
        )

    def _reference_of(self, version: str) -> Reference | None:
        """What the windows of a model version are compared with."""
        plan, breach = self.monitor.retrain, None
        if plan is not None and plan.reference is not None:
            breach = training_breach(self._connection, self.monitor.name, version)
        days = days_of(self.monitor, breach)
        span = (days[0], days[-1]) if days else None
        if span not in self._references:
            reference = load_reference(self._reader, self.monitor, days)
            if reference is not None:
                store_reference(self._connection, self.monitor.name, reference)
                self._connection.commit()
            self._references[span] = reference
        return self._references[span]


def _refused(collected: Collected, reason: str) -> Collected:
    """A window of which the reason alone can be stored."""
    values = tuple(
        Value(value.series, Measured(None, reason[:300]), 0, None) for value in collected.values
    )
    return Collected(
        *(collected.monitor, collected.window, Status.FAILED, values),
        error=reason,
        seconds=collected.seconds,
        source_state=collected.source_state,
    )
