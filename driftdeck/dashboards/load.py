"""Finds dashboards of one's own: modules of a project's folders that make pages.

A module has a function `pages(site, monitors)`, which may give none where its monitors are not
there, or a PAGE that was pulled from Grafana.
"""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from driftdeck.dashboards.given import Pulled
from driftdeck.dashboards.page import Page
from driftdeck.dashboards.site import Site
from driftdeck.declare import DeclarationError, Monitor


def own_pages(
    folders: Iterable[Path], site: Site, monitors: tuple[Monitor, ...]
) -> list[Page | Pulled]:
    """The pages of every module, by folder and name. Raises DeclarationError naming the module."""
    return [
        page
        for folder in folders
        for path in sorted(folder.glob("[!_]*.py"))
        for page in _pages(path, site, monitors)
    ]


def _pages(path: Path, site: Site, monitors: tuple[Monitor, ...]) -> list[Page | Pulled]:
    place = f"{path.parent.name}/{path.name}"
    spec = importlib.util.spec_from_file_location(f"driftdeck_dashboards.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if isinstance(page := getattr(module, "PAGE", None), Pulled):
        return [page]
    if not callable(make := getattr(module, "pages", None)):
        raise DeclarationError(
            place, "makes no page", "define pages(site, monitors), or PAGE = pulled(...)"
        )
    pages = list(make(site, monitors))
    for page in pages:
        if not isinstance(page, (Page, Pulled)):
            raise DeclarationError(
                f"{place}: pages", f"{type(page).__name__} is no page", "return a list of Page"
            )
    return pages
