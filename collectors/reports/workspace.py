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

from driftdeck.collectors.engines.evidently import BESIDE, PERFORMANCE
from driftdeck.collectors.values import WindowResult
from driftdeck.database import alone_with_evidently, evidently_uri
from driftdeck.declare import Monitor, Window
from driftdeck.declare.metrics import DRIFT_NAMES
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

    def save(self, monitor: Monitor, result: WindowResult) -> str:
        """Keep the report of a window in place of the one before; its path below the UI's address.

        Raises DriftdeckError for a window in which nothing was measured.
        """
        if not result.runs:
            raise DriftdeckError("nothing was measured, so there is nothing to report")
        project = self._ensure_project(monitor)
        report = make_snapshot(monitor, result)
        with alone_with_evidently(self._settings):  # reports share the names of their metrics
            self._run(self._manager.add_snapshot(ZERO_UUID, project, report))
        *older, newest = sorted(
            (
                report
                for report in self._list_reports(project)
                if _read_start(report) == _format_start(result.window)
            ),
            key=lambda report: report.id,
        )
        for report in older:
            self._delete(project, report.id)
        return format_path(project, newest.id)

    def prune(self, monitor: Monitor) -> list[str]:
        """Delete reports beyond the number and the age that settings allow; their paths."""
        project = self._ensure_project(monitor)
        reports = sorted(
            self._list_reports(project), key=lambda report: report.timestamp, reverse=True
        )
        oldest = datetime.now(UTC) - timedelta(days=self._settings.reports_keep_days)
        expired = [
            report
            for number, report in enumerate(reports)
            if number >= self._settings.reports_keep or _read_saved_at(report) < oldest
        ]
        for report in expired:
            self._delete(project, report.id)
        return [format_path(project, report.id) for report in expired]

    def forget(self, name: str, windows: Sequence[Window] | None) -> int:
        """Delete a monitor's reports, of some windows or, for None, all with their project; how
        many there were."""
        project = make_project_id(name)
        chosen = None if windows is None else {_format_start(window) for window in windows}
        reports = self._list_reports(project)
        forgotten = [
            report for report in reports if chosen is None or _read_start(report) in chosen
        ]
        for report in forgotten:
            self._delete(project, report.id)
        if windows is None:
            self._run(self._manager.delete_project(ZERO_UUID, project))
            self._ready.discard(project)
        return len(forgotten)

    def _ensure_project(self, monitor: Monitor) -> UUID:
        """The id of a monitor's project, which is made if it is not there."""
        identity = make_project_id(monitor.name)
        if identity in self._ready:
            return identity
        manager = self._manager
        with alone_with_evidently(self._settings):
            if self._run(manager.project_metadata.get_project(identity)) is None:
                project = Project(id=identity, name=monitor.title, description=monitor.description)
                self._run(manager.add_project(project, ZERO_UUID))
            self._run(manager.save_project_dashboard(ZERO_UUID, identity, make_dashboard(monitor)))
        self._ready.add(identity)
        return identity

    def _list_reports(self, project: UUID) -> list[SnapshotMetadataModel]:
        return self._run(self._manager.list_snapshots(ZERO_UUID, project))

    def _delete(self, project: UUID, snapshot: UUID) -> None:
        self._run(self._manager.delete_snapshot(ZERO_UUID, project, snapshot))
        blob = self._manager._create_path_for_snapshot(project, snapshot)
        self._run(self._manager.blob_storage.delete_blob(blob))

    @staticmethod
    def _run(call: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run(call)


def make_snapshot(monitor: Monitor, result: WindowResult) -> SnapshotModel:
    """Every run behind a window's values as one report: the very numbers that were stored."""
    runs: Sequence[Snapshot] = result.runs
    models = [run.to_snapshot_model() for run in runs]
    tests = [test for run in runs for test in run.tests_results]
    window = result.window
    return SnapshotModel(
        report=ReportModel(items=[]),
        name=f"{monitor.title}, {window.name}",
        # Evidently's column has no time zone.
        timestamp=window.start.astimezone(UTC).replace(tzinfo=None),
        metadata={
            "monitor": monitor.name,
            "window_start": _format_start(window),
            "model_version": result.model_version,
            "saved_at": datetime.now(UTC).isoformat(),
        },
        tags=[str(result.status)],
        metric_results={
            k: result for model in models for k, result in model.metric_results.items()
        },
        top_level_metrics=[key for model in models for key in model.top_level_metrics],
        widgets=[widget for model in models for widget in model.widgets],
        tests_widgets=[metric_tests_stats(tests), metric_tests_widget(tests)] if tests else [],
    )


def make_dashboard(monitor: Monitor) -> DashboardModel:
    """The project's own dashboard in Evidently's UI: drift by column, and performance.

    Of the whole and against the reference, since a report tells nothing else.
    """
    panels = list(_make_panels(monitor))
    for panel in panels:
        panel.id = uuid5(NAMESPACE_URL, f"driftdeck/{monitor.name}/{panel.title}")
    tab = DashboardTabModel(
        id=uuid5(NAMESPACE_URL, f"driftdeck/{monitor.name}"),
        title="General",
        panels=[panel.id for panel in panels],
    )
    return DashboardModel(tabs=[tab], panels=panels)


def _make_panels(monitor: Monitor) -> Iterator[DashboardPanelPlot]:
    series = list(monitor.series())
    for name in DRIFT_NAMES:
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
        if kind := {**BESIDE, **PERFORMANCE}.get(metric.name):
            measured = PanelMetric(metric=kind.__name__, legend=metric.title.lower())
            yield line_plot_panel(metric.title, [measured], size="half")


def make_project_id(name: str) -> UUID:
    """The id of a monitor's project: the same on every machine, so that none is made twice."""
    return uuid5(NAMESPACE_URL, f"driftdeck/{name}")


def format_path(project: UUID, snapshot: UUID) -> str:
    """Where the UI shows a report, below its address."""
    return f"/projects/{project}/reports/{snapshot}"


def _format_start(window: Window) -> str:
    return window.start.astimezone(UTC).isoformat()


def _read_start(report: SnapshotMetadataModel) -> str:
    return str(report.metadata.get("window_start", ""))


def _read_saved_at(report: SnapshotMetadataModel) -> datetime:
    return datetime.fromisoformat(str(report.metadata["saved_at"]))
