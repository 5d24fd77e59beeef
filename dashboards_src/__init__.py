"""Metrics as panels, queries and alert rules: one module a dashboard. Imports no collector."""

from dashboards_src import collectors, dummy, model, outages, overview, retrained
from dashboards_src.alerts import groups
from dashboards_src.contacts import notifications
from dashboards_src.page import Page
from dashboards_src.site import Site
from monitors.declare import Monitor

DASHBOARDS = (
    overview.pages,
    model.pages,
    retrained.pages,
    outages.pages,
    dummy.pages,
    collectors.pages,
)
"""Each makes the pages of one kind of dashboard, in display order."""


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """Every dashboard."""
    return [page for make in DASHBOARDS for page in make(site, monitors)]


__all__ = ["DASHBOARDS", "Page", "Site", "groups", "notifications", "pages"]
