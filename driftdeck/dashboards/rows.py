"""Rows of a dashboard, closed and open: Grafana keeps the panels of a closed one inside it.

What people compare and edit is the open form, in which a closed row is one field of the row.
"""

from collections.abc import Sequence

from driftdeck.dashboards.places import parts
from driftdeck.facts import Json


def open_rows(dashboard: Json) -> Json:
    """The dashboard with every row's panels below it, as if a closed row were opened."""
    if not any(_inside(panel) for panel in parts(dashboard, "panel")):
        return dashboard
    panels, down = [], 0
    for panel in in_order(parts(dashboard, "panel")):
        inner = in_order(_inside(panel))
        row = _moved(panel, down)
        if not inner or not all("gridPos" in child for child in inner):
            panels.append(row)
            continue
        panels.append({**row, "panels": []})
        below = row["gridPos"]["y"] + row["gridPos"]["h"]
        away = below - inner[0]["gridPos"]["y"]
        placed = [_moved(child, away) for child in inner]
        panels += placed
        down += _end(placed) - below
    return {**dashboard, "panels": panels}


def close_rows(dashboard: Json) -> Json:
    """The dashboard as Grafana keeps it: the panels below a closed row inside it."""
    there = in_order(parts(dashboard, "panel"))
    if not any(_is_closed(panel) for panel in there):
        return dashboard
    panels: list[Json] = []
    up = 0
    row: Json | None = None
    for panel in there:
        if panel.get("type") == "row" or row is None:
            if row is not None and row["panels"]:
                up += _end(row["panels"]) - (row["gridPos"]["y"] + row["gridPos"]["h"])
            row = _moved(panel, -up) if _is_closed(panel) else None
            panels.append(row if row is not None else _moved(panel, -up))
            if row is not None:
                row["panels"] = []
        else:
            row["panels"].append(_moved(panel, -up))
    return {**dashboard, "panels": panels}


def _inside(panel: Json) -> list[Json]:
    """The panels inside a closed row."""
    closed_row = panel.get("type") == "row" and panel.get("collapsed") and "gridPos" in panel
    return list(panel.get("panels") or []) if closed_row else []


def _is_closed(panel: Json) -> bool:
    """Whether a row is closed, and what is below it has not been put inside."""
    return bool(panel.get("type") == "row" and panel.get("collapsed") and not panel.get("panels"))


def _moved(panel: Json, down: int) -> Json:
    grid = panel.get("gridPos")
    return {**panel, "gridPos": {**grid, "y": grid["y"] + down}} if grid and down else {**panel}


def _end(panels: list[Json]) -> int:
    return max(int(panel["gridPos"]["y"] + panel["gridPos"]["h"]) for panel in panels)


def in_order(panels: Sequence[Json]) -> list[Json]:
    """Panels from top to bottom and from left to right."""
    return sorted(panels, key=lambda panel: (_cell(panel, "y"), _cell(panel, "x")))


def _cell(panel: Json, key: str) -> int:
    grid = panel.get("gridPos")
    value = grid.get(key, 0) if isinstance(grid, dict) else 0
    return value if isinstance(value, int) else 0
