"""Keeps reports in an Evidently workspace: its SQL storage, in a database of its own.

Written through Evidently's own storage, so that no UI needs to run. One project a monitor, one
report a window: a repeated run replaces its report. See
https://docs.evidentlyai.com/docs/platform/overview
"""

import asyncio
import logging
import os
from collections.abc import Coroutine, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

os.environ["DO_NOT_TRACK"] = "1"  # before the import

from evidently.core.metric_types import metric_tests_widget
from evidently.core.report import Snapshot, metric_tests_stats
from evidently.core.serialization import ReportModel, SnapshotModel
from evidently.sdk.models import (
    DashboardModel,
    DashboardPanelPlot,
    DashboardTabModel,
    PanelMetric,
    SnapshotMetadataModel,
)
from evidently.sdk.panels import line_plot_panel
from evidently.ui.service.base import Project
from evidently.ui.service.managers.projects import ProjectManager
from evidently.ui.service.storage.sql.utils import create_sql_project_manager
from evidently.ui.service.type_aliases import ZERO_UUID
from sqlalchemy import create_engine

from driftdeck.collectors.engines.evidently import PERFORMANCE
from driftdeck.collectors.values import WindowResult
from driftdeck.database import alone_with_evidently, evidently_uri
from driftdeck.declare import Monitor, Window
from driftdeck.declare.metrics import DRIFTS
from driftdeck.errors import DriftdeckError
from driftdeck.settings import Settings

Result = TypeVar("Result")
logging.getLogger("alembic").setLevel(logging.ERROR)


@lru_cache(maxsize=2)
def _manager(settings: Settings) -> ProjectManager:
    """One for all monitors: each would keep connections of its own."""
    engine = create_engine(evidently_uri(settings), pool_pre_ping=True)
    with alone_with_evidently(settings):
        return create_sql_project_manager(engine)


class Workspace:
    """The kept reports. Every method raises what SQLAlchemy raises where no database answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ready: set[UUID] = set()

    @property
    def _manager(self) -> ProjectManager:
        return _manager(self._settings)

    def save(self, monitor: Monitor, collected: WindowResult) -> str:
        """Keep the report of a window in place of the one before; its path below the UI's address.

        Raises DriftdeckError for a window in which nothing was measured.
        """
        if not collected.runs:
            raise DriftdeckError("nothing was measured, so there is nothing to report")
        project = self._project(monitor)
        report = page(monitor, collected)
        with alone_with_evidently(self._settings):  # reports share the names of their metrics
            self._run(self._manager.add_snapshot(ZERO_UUID, project, report))
        *older, newest = sorted(
            (kept for kept in self._kept(project) if _window(kept) == _of(collected.window)),
            key=lambda kept: kept.id,
        )
        for kept in older:
            self._delete(project, kept.id)
        return path(project, newest.id)

    def prune(self, monitor: Monitor) -> list[str]:
        """Delete reports beyond the number and the age that settings allow; their paths."""
        project = self._project(monitor)
        kept = sorted(self._kept(project), key=lambda report: report.timestamp, reverse=True)
        oldest = datetime.now(UTC) - timedelta(days=self._settings.reports_keep_days)
        gone = [
            report
            for number, report in enumerate(kept)
            if number >= self._settings.reports_keep or _saved(report) < oldest
        ]
        for report in gone:
            self._delete(project, report.id)
        return [path(project, report.id) for report in gone]

    def forget(self, name: str, windows: Sequence[Window] | None) -> int:
        """Delete a monitor's reports, of some windows or, for None, all with their project; how
        many there were."""
        project = project_of(name)
        chosen = None if windows is None else {_of(window) for window in windows}
        kept = self._kept(project)
        gone = [report for report in kept if chosen is None or _window(report) in chosen]
        for report in gone:
            self._delete(project, report.id)
        if windows is None:
            self._run(self._manager.delete_project(ZERO_UUID, project))
            self._ready.discard(project)
        return len(gone)

    def _project(self, monitor: Monitor) -> UUID:
        """The id of a monitor's project, which is made if it is not there."""
        identity = project_of(monitor.name)
        if identity in self._ready:
            return identity
        manager = self._manager
        with alone_with_evidently(self._settings):
            if self._run(manager.project_metadata.get_project(identity)) is None:
                project = Project(id=identity, name=monitor.title, description=monitor.description)
                self._run(manager.add_project(project, ZERO_UUID))
            self._run(manager.save_project_dashboard(ZERO_UUID, identity, dashboard(monitor)))
        self._ready.add(identity)
        return identity

    def _kept(self, project: UUID) -> list[SnapshotMetadataModel]:
        return self._run(self._manager.list_snapshots(ZERO_UUID, project))

    def _delete(self, project: UUID, snapshot: UUID) -> None:
        self._run(self._manager.delete_snapshot(ZERO_UUID, project, snapshot))
        blob = self._manager._create_path_for_snapshot(project, snapshot)
        self._run(self._manager.blob_storage.delete_blob(blob))

    @staticmethod
    def _run(call: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run(call)


def page(monitor: Monitor, collected: WindowResult) -> SnapshotModel:
    """Every run behind a window's values as one report: the very numbers that were stored."""
    runs: Sequence[Snapshot] = collected.runs
    models = [run.to_snapshot_model() for run in runs]
    tests = [test for run in runs for test in run.tests_results]
    window = collected.window
    return SnapshotModel(
        report=ReportModel(items=[]),
        name=f"{monitor.title}, {window.name}",
        # Evidently's column has no time zone.
        timestamp=window.start.astimezone(UTC).replace(tzinfo=None),
        metadata={
            "monitor": monitor.name,
            "window_start": _of(window),
            "model_version": collected.model_version,
            "saved_at": datetime.now(UTC).isoformat(),
        },
        tags=[str(collected.status)],
        metric_results={
            k: result for model in models for k, result in model.metric_results.items()
        },
        top_level_metrics=[key for model in models for key in model.top_level_metrics],
        widgets=[widget for model in models for widget in model.widgets],
        tests_widgets=[metric_tests_stats(tests), metric_tests_widget(tests)] if tests else [],
    )


def dashboard(monitor: Monitor) -> DashboardModel:
    """The project's own dashboard in Evidently's UI: drift by column, and performance."""
    panels = list(_panels(monitor))
    for panel in panels:
        panel.id = uuid5(NAMESPACE_URL, f"driftdeck/{monitor.name}/{panel.title}")
    tab = DashboardTabModel(
        id=uuid5(NAMESPACE_URL, f"driftdeck/{monitor.name}"),
        title="General",
        panels=[panel.id for panel in panels],
    )
    return DashboardModel(tabs=[tab], panels=panels)


def _panels(monitor: Monitor) -> Iterator[DashboardPanelPlot]:
    series = list(monitor.series())
    for name in DRIFTS:
        lines = [
            PanelMetric(
                metric="ValueDrift",
                metric_labels={"column": line.column.name},
                legend=line.column.name,
            )
            for line in series
            if line.metric.name == name and line.column is not None
        ]
        if lines:
            yield line_plot_panel(next(m.title for m in monitor.metrics if m.name == name), lines)
    for metric in monitor.metrics:
        if metric.name in PERFORMANCE:
            measured = PanelMetric(
                metric=PERFORMANCE[metric.name].__name__, legend=metric.title.lower()
            )
            yield line_plot_panel(metric.title, [measured], size="half")


def project_of(name: str) -> UUID:
    """The id of a monitor's project: the same on every machine, so that none is made twice."""
    return uuid5(NAMESPACE_URL, f"driftdeck/{name}")


def path(project: UUID, snapshot: UUID) -> str:
    """Where the UI shows a report, below its address."""
    return f"/projects/{project}/reports/{snapshot}"


def _of(window: Window) -> str:
    return window.start.astimezone(UTC).isoformat()


def _window(kept: SnapshotMetadataModel) -> str:
    return str(kept.metadata.get("window_start", ""))


def _saved(kept: SnapshotMetadataModel) -> datetime:
    return datetime.fromisoformat(str(kept.metadata["saved_at"]))
