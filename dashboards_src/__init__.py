"""Metrics as panels, queries and alert rules: one module a dashboard. Imports no collector."""

from collections.abc import Iterable
from pathlib import Path

from driftdeck.dashboards.alerts import groups
from driftdeck.dashboards.complete_json import PulledDashboard
from driftdeck.dashboards.contacts import notifications
from driftdeck.dashboards.load import own_pages
from driftdeck.dashboards.page import Page
from driftdeck.dashboards.site import Site
from driftdeck.dashboards_src import collectors, model, overview
from driftdeck.declare import Monitor

DASHBOARDS = (overview.pages, model.pages, collectors.pages)
"""Each makes the pages of one kind of dashboard, in display order."""


def pages(
    site: Site, monitors: tuple[Monitor, ...], folders: Iterable[Path] = ()
) -> list[Page | PulledDashboard]:
    """Every dashboard. folders: of the project's own ones, which come last."""
    standard: list[Page | PulledDashboard] = [
        page for make in DASHBOARDS for page in make(site, monitors)
    ]
    return [*standard, *own_pages(folders, site, monitors)]


__all__ = ["DASHBOARDS", "Page", "PulledDashboard", "Site", "groups", "notifications", "pages"]
