"""Metrics as panels, queries and alert rules: one module a dashboard. Imports no collector."""

from dashboards_src import collectors, dummy, given, model, outages, overview, retrained
from dashboards_src.alerts import groups
from dashboards_src.contacts import notifications
from dashboards_src.given import Pulled
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


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page | Pulled]:
    """Every dashboard."""
    made: list[Page | Pulled] = [page for make in DASHBOARDS for page in make(site, monitors)]
    return [*made, *given.pages()]


__all__ = ["DASHBOARDS", "Page", "Pulled", "Site", "groups", "notifications", "pages"]
