"""Where panels stand: a row of the classic form becomes a tab, its panels an auto grid.

Panels before the first row stay above the tabs. A dashboard of one row, or of none, has nothing to
choose between and gets no tabs. An auto grid makes all its cells alike, so it holds only panels of
one size; others keep their places in a grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from driftdeck.dashboards.places import parts
from driftdeck.dashboards.rows import in_order, open_rows
from driftdeck.facts import Json
from driftdeck.generator.v2.elements import name_of

WIDTH = 24
CELL, GAP = 30, 8
"""The height of a cell of the classic grid, and what lies between two, in pixels."""
NARROWEST = 40
"""Pixels that a cell of the width must have, or a panel moves to the next line: 24 fill 960."""
NOTHING: tuple[Any, ...] = (None, False, "", {}, [])


@dataclass
class Group:
    """A row of a classic dashboard with its panels; row: None for those before the first."""

    row: Json | None
    panels: list[Json] = field(default_factory=list)


def groups(document: Json) -> list[Group]:
    """The rows of a classic dashboard, closed ones too, each with its panels."""
    grouped = [Group(None)]
    for panel in in_order(parts(open_rows(document), "panel")):
        if panel.get("type") == "row":
            grouped.append(Group(panel))
        else:
            grouped[-1].panels.append(panel)
    return grouped if grouped[0].panels else grouped[1:]


def layout_of(document: Json) -> Json:
    """The layout of a classic dashboard."""
    there = groups(document)
    head = [group for group in there if group.row is None]
    rows = [group for group in there if group.row is not None]
    if not rows:
        return _inner(head[0].panels if head else [])
    if len(rows) == 1:
        return _rows([_row(group) for group in there])
    tabs = {"kind": "TabsLayout", "spec": {"tabs": [_tab(group) for group in rows]}}
    if not head:
        return tabs
    return _rows([_row(head[0]), _untitled(tabs)])


def _rows(rows: Sequence[Json]) -> Json:
    return {"kind": "RowsLayout", "spec": {"rows": list(rows)}}


def _untitled(layout: Json) -> Json:
    return {
        "kind": "RowsLayoutRow",
        "spec": {"title": "", "collapse": False, "hideHeader": True, "layout": layout},
    }


def _row(group: Group) -> Json:
    inner = _inner(group.panels)
    if group.row is None:
        return _untitled(inner)
    spec = {
        "title": group.row.get("title", ""),
        "collapse": bool(group.row.get("collapsed")),
        "layout": inner,
        **_repeat(group.row),
    }
    return {"kind": "RowsLayoutRow", "spec": spec}


def _tab(group: Group) -> Json:
    assert group.row is not None
    spec = {"title": group.row.get("title", ""), "layout": _inner(group.panels)}
    return {"kind": "TabsLayoutTab", "spec": {**spec, **_repeat(group.row)}}


def _repeat(of: Json) -> Json:
    name = of.get("repeat")
    return {"repeat": {"mode": "variable", "value": name}} if name else {}


def _inner(panels: Sequence[Json]) -> Json:
    """An auto grid of panels of one size, else a grid that begins at its own top."""
    sizes = {(panel["gridPos"]["w"], panel["gridPos"]["h"]) for panel in panels}
    if len(sizes) == 1 and not any(panel.get("repeat") for panel in panels):
        [(width, height)] = sizes
        return auto_grid(panels, width, height)
    top = min((panel["gridPos"]["y"] for panel in panels), default=0)
    items = [_grid_item(panel, top) for panel in panels]
    return {"kind": "GridLayout", "spec": {"items": items}}


def auto_grid(panels: Sequence[Json], width: int, height: int) -> Json:
    """As many columns as the classic grid shows beside each other, fewer where it is narrow.

    width, height: of a panel, in cells.
    """
    spec = {
        "maxColumnCount": WIDTH // width,
        "columnWidthMode": "custom",
        "columnWidth": NARROWEST * width,
        "rowHeightMode": "custom",
        "rowHeight": (CELL + GAP) * height - GAP,
        "items": [
            {"kind": "AutoGridLayoutItem", "spec": {"element": _reference(panel)}}
            for panel in panels
        ],
    }
    return {"kind": "AutoGridLayout", "spec": spec}


def _grid_item(panel: Json, top: int) -> Json:
    grid = panel["gridPos"]
    spec = {"x": grid["x"], "y": grid["y"] - top, "width": grid["w"], "height": grid["h"]}
    spec["element"] = _reference(panel)
    if repeat := _repeat(panel):
        more = {"direction": panel.get("repeatDirection"), "maxPerRow": panel.get("maxPerRow")}
        spec["repeat"] = repeat["repeat"] | {key: value for key, value in more.items() if value}
    return {"kind": "GridLayoutItem", "spec": spec}


def _reference(panel: Json) -> Json:
    return {"kind": "ElementReference", "name": name_of(panel)}


def normal(value: Any) -> Any:
    """A layout, or a part, without what says nothing: a browser writes those, Grafana does not."""
    if isinstance(value, dict):
        below = {key: normal(inner) for key, inner in value.items()}
        return {key: inner for key, inner in below.items() if not _empty(inner)}
    return [normal(item) for item in value] if isinstance(value, list) else value


def _empty(value: Any) -> bool:
    return any(
        value is nothing or (value == nothing and type(value) is type(nothing))
        for nothing in NOTHING
    )
