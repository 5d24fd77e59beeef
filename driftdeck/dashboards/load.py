"""Finds dashboards of one's own: modules of a project's folders that make pages.

A module has a function `pages(site, monitors)`, which may give none where its monitors are not
there, or a PAGE that was pulled from Grafana.
"""

from collections.abc import Iterable
from pathlib import Path

from driftdeck.dashboards.complete_json import PulledDashboard
from driftdeck.dashboards.page import Page
from driftdeck.dashboards.site import Site
from driftdeck.declare import DeclarationError, Monitor
from driftdeck.load import execute


def own_pages(
    folders: Iterable[Path], site: Site, monitors: tuple[Monitor, ...]
) -> list[Page | PulledDashboard]:
    """The pages of every module, by folder and name. Raises DeclarationError naming the module."""
    return [
        page
        for folder in folders
        for path in sorted(folder.glob("[!_]*.py"))
        for page in _pages(path, site, monitors)
    ]


def _pages(path: Path, site: Site, monitors: tuple[Monitor, ...]) -> list[Page | PulledDashboard]:
    place = f"{path.parent.name}/{path.name}"
    names = execute(path)
    if isinstance(page := names.get("PAGE"), PulledDashboard):
        return [page]
    if not callable(make := names.get("pages")):
        raise DeclarationError(
            place, "makes no page", "define pages(site, monitors), or PAGE = pulled_dashboard(...)"
        )
    pages = list(make(site, monitors))
    for page in pages:
        if not isinstance(page, (Page, PulledDashboard)):
            raise DeclarationError(
                f"{place}: pages", f"{type(page).__name__} is no page", "return a list of Page"
            )
    return pages
