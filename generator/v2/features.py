"""What a layout has that rows on a grid have not, in words."""

from collections.abc import Iterator, Mapping
from typing import Final

from driftdeck.facts import Json

CONDITIONAL: Final = "conditionalRendering"
TABS: Final = "tabs"
MANY: Final = 3
"""More places than that are counted, not named; tabs always are."""


def describe_layout(layout: Json, titles: Mapping[str, str] | None = None) -> str:
    """A layout for people: its features, or that it is rows. titles: of elements, by name."""
    return "; ".join(features(layout, titles)) or "rows"


def features(layout: Json, titles: Mapping[str, str] | None = None) -> list[str]:
    """What of a layout the classic form cannot say; empty for rows of panels on a grid."""
    places: dict[str, dict[str, None]] = {}
    for what, where in _walk(layout, "", 0, titles or {}):
        places.setdefault(what, {})[where] = None
    order = sorted(places, key=lambda what: what != TABS)
    return [_with_places(what, [where for where in places[what] if where]) for what in order]


def _with_places(what: str, where: list[str]) -> str:
    if not where:
        return what
    if what != TABS and len(where) > MANY:
        return f"{what} in {len(where)} places"
    return f"{what}{'' if what == TABS else ' in'} {', '.join(map(repr, where))}"


def _walk(
    layout: Json, inside: str, depth: int, titles: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """(what, where) of everything that is new. inside: the title of the row or tab around."""
    kind, spec = layout.get("kind"), layout.get("spec", {})
    if kind == "AutoGridLayout":
        yield "auto grid", inside
    if kind == "RowsLayout" and depth:
        yield "rows inside", inside
    for item in spec.get("items", []):
        name = item["spec"].get("element", {}).get("name", "")
        if kind == "AutoGridLayout" and item["spec"].get("repeat"):
            yield "panels repeated", titles.get(name, name)
        if item["spec"].get(CONDITIONAL):
            yield "a condition", titles.get(name, name)
    for number, part in enumerate([*spec.get("rows", []), *spec.get("tabs", [])]):
        inner = part["spec"]
        below = inner.get("layout", {})
        title = inner.get("title") or inside
        if kind == "TabsLayout":
            yield TABS, inner.get("title") or "untitled"
        elif inner.get("hideHeader") and (number or depth) and below.get("kind") != "TabsLayout":
            yield "rows without a heading", inside
        if inner.get(CONDITIONAL):
            yield "a condition", title or "a row"
        if inner.get("fillScreen"):
            yield "a filled screen", title or "a row"
        yield from _walk(below, title, depth + 1, titles)
