"""Where panels stand in a dashboard's JSON: on the grid, inside closed rows, in the old `rows`."""

from collections.abc import Iterator
from typing import Any

from driftdeck.facts import Json

Path = tuple[str | int, ...]


def walk_panels(dashboard: Json) -> Iterator[tuple[Path, Json]]:
    """(path, panel) of every panel and row, those inside rows behind their row.

    Library panels are among them, with `libraryPanel` and without a type. What is no mapping is
    passed over.
    """
    for path, panel in _members(dashboard, "panels", ()):
        yield path, panel
        yield from _members(panel, "panels", path)
    for path, row in _members(dashboard, "rows", ()):
        yield from _members(row, "panels", path)


def plotted_panels(dashboard: Json) -> Iterator[Json]:
    """Every panel that is no row."""
    return (panel for _, panel in walk_panels(dashboard) if panel.get("type") != "row")


def _members(holder: Json, key: str, path: Path) -> Iterator[tuple[Path, Json]]:
    items: Any = holder.get(key)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            yield (*path, key, index), item
