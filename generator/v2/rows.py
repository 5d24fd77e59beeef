"""A dashboard that was saved as v2, in the classic form: its panels where the layout has them.

Grafana's own answer has the panels right and the places wrong: a heading has no id in v2, and
what follows an untitled row comes out above its heading.
"""

from collections.abc import Iterator

from driftdeck.dashboards.places import parts
from driftdeck.dashboards.rows import in_order, open_rows
from driftdeck.facts import Json
from driftdeck.generator.differences import NOTHING, pair_parts
from driftdeck.generator.v2.elements import name_of
from driftdeck.generator.v2.features import features
from driftdeck.generator.v2.layout import WIDTH, layout_of, normal


def in_rows(answer: Json, layout: Json, built: Json) -> Json:
    """The classic form of what is stored as v2.

    answer: the classic API's. layout: the stored one. built: the source's: its headings are taken,
    and, where the layout has more than rows on a grid, its places.
    """
    there = [panel for panel in parts(open_rows(answer), "panel") if panel.get("type") != "row"]
    if features(layout):
        panels = _as_built(there, built)
    else:
        panels = list(_placed(layout, {name_of(panel): panel for panel in there}, built))
    return {**answer, "panels": in_order(panels)}


def same(layout: Json, document: Json) -> bool:
    """Whether a layout is the one that a classic dashboard gets."""
    return bool(normal(layout) == normal(layout_of(document)))


def _as_built(there: list[Json], built: Json) -> list[Json]:
    source_panels = parts(open_rows(built), "panel")
    headings = [panel for panel in source_panels if panel.get("type") == "row"]
    plotted = [panel for panel in source_panels if panel.get("type") != "row"]
    panels = []
    for _, known, panel in pair_parts("panel", plotted, there):
        if panel is not NOTHING:
            place = {} if known is NOTHING else {"gridPos": known["gridPos"]}
            panels.append({**panel, **place})
    return [*headings, *panels]


def _placed(layout: Json, named: dict[str, Json], built: Json) -> Iterator[Json]:
    """Each heading and panel with its cell of the whole dashboard."""
    known = [panel for panel in parts(open_rows(built), "panel") if panel.get("type") == "row"]
    top = 0
    for row in _rows(layout):
        if not row.get("hideHeader"):
            yield _heading(row, top, known)
            top += 1
        end = top
        for item in row["layout"]["spec"].get("items", []):
            spec = item["spec"]
            panel = named.get(spec["element"]["name"])
            if panel is None:  # a layout may name what is not there any more
                continue
            x, y, w, h = (spec.get(key, 0) for key in ("x", "y", "width", "height"))
            yield {**panel, "gridPos": {"x": x, "y": top + y, "w": w, "h": h}}
            end = max(end, top + y + h)
        top = end


def _rows(layout: Json) -> list[Json]:
    if layout.get("kind") == "RowsLayout":
        return [row["spec"] for row in layout["spec"].get("rows", [])]
    return [{"hideHeader": True, "layout": layout}]


def _heading(row: Json, top: int, known: list[Json]) -> Json:
    """The source's heading of this title, which each is taken once; else a new one."""
    title = row.get("title") or ""
    built = next((candidate for candidate in known if candidate.get("title") == title), None)
    if built is not None:
        known.remove(built)
    heading = {"type": "row", "title": title, **(built or {}), "panels": []}
    repeat = row.get("repeat", {}).get("value")
    return {
        **{key: value for key, value in heading.items() if key != "repeat"},
        **({"repeat": repeat} if repeat else {}),
        "collapsed": bool(row.get("collapse")),
        "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
    }
