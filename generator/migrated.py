"""What the browser of a later release makes of a field when it saves, whoever touched the panel.

Source: what browsers saved on 12.4 (tests/recorded/layouts-12.4.json).
"""

from typing import Any

from driftdeck.facts import Json

HIDDEN = ("custom.hidden", "custom.hideFrom.viz")
"""How a table's column was hidden, and is."""


def keep_override(made: Json, there: Json) -> Json:
    """The source's override where a browser has written the same one in its own words."""
    if made.get("matcher") != there.get("matcher"):
        return there
    ours, theirs = (list(one.get("properties", [])) for one in (made, there))
    same = _by_id(_migrated(ours)) == _by_id(theirs)
    return {**there, "properties": ours} if same else there


def _migrated(properties: list[Json]) -> list[Json]:
    """The properties of a table's column as 12.4 writes them."""
    cells = any(one["id"] == "custom.cellOptions" for one in properties)
    found = []
    for one in properties:
        value = one.get("value")
        if one["id"] == "custom.displayMode" and cells:
            continue
        if one["id"] == "custom.cellOptions" and isinstance(value, dict) and "wrapText" in value:
            found.append({"id": "custom.wrapText", "value": value["wrapText"]})
            value = {key: inner for key, inner in value.items() if key != "wrapText"}
        name = HIDDEN[1] if one["id"] == HIDDEN[0] else one["id"]
        found.append({"id": name, "value": value})
    return found


def _by_id(properties: list[Json]) -> dict[str, Any]:
    return {str(one["id"]): one.get("value") for one in properties}


def same_steps(made: list[Any], there: list[Any]) -> bool:
    """Whether thresholds are the source's, but for the first one's value, which is never read.

    The first colour holds for whatever is below the second step; a browser that saves v2 writes 0.
    """
    return bool(
        made
        and there
        and made[1:] == there[1:]
        and made[0].get("value") is None
        and there[0] == {**made[0], "value": 0}
    )
