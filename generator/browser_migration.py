"""What the browser of a later release makes of a field when it saves, whoever touched the panel.

Source: what browsers saved on 12.4 (tests/recorded/layouts-12.4.json).
"""

from typing import Any

from driftdeck.facts import Json

HIDDEN = ("custom.hidden", "custom.hideFrom.viz")
"""How a table's column was hidden, and is."""


def keep_override(built: Json, live: Json) -> Json:
    """The source's override where a browser has written the same one in its own words."""
    if built.get("matcher") != live.get("matcher"):
        return live
    ours, theirs = (list(override.get("properties", [])) for override in (built, live))
    same = _by_id(_migrate(ours)) == _by_id(theirs)
    return {**live, "properties": ours} if same else live


def _migrate(properties: list[Json]) -> list[Json]:
    """The properties of a table's column as 12.4 writes them."""
    cells = any(item["id"] == "custom.cellOptions" for item in properties)
    as_saved = []
    for item in properties:
        value = item.get("value")
        if item["id"] == "custom.displayMode" and cells:
            continue
        if item["id"] == "custom.cellOptions" and isinstance(value, dict) and "wrapText" in value:
            as_saved.append({"id": "custom.wrapText", "value": value["wrapText"]})
            value = {key: inner for key, inner in value.items() if key != "wrapText"}
        name = HIDDEN[1] if item["id"] == HIDDEN[0] else item["id"]
        as_saved.append({"id": name, "value": value})
    return as_saved


def _by_id(properties: list[Json]) -> dict[str, Any]:
    return {str(item["id"]): item.get("value") for item in properties}


def same_steps(built: list[Any], live: list[Any]) -> bool:
    """Whether thresholds are the source's, but for the first one's value, which is never read.

    The first colour holds for whatever is below the second step; a browser that saves v2 writes 0.
    """
    return bool(
        built
        and live
        and built[1:] == live[1:]
        and built[0].get("value") is None
        and live[0] == {**built[0], "value": 0}
    )
