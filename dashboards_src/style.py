"""How things look: colours, states and threshold steps, said once."""

from monitors.declare import Levels

GREEN, AMBER, RED, BLUE, GREY = "#56A64B", "#FF9830", "#E02F44", "#5794F2", "#8E8E8E"
STATES = ((0, "quiet", GREEN), (1, "warning", AMBER), (2, "alert", RED))
COLLECTION = (
    ("ok", GREEN),
    ("waiting", BLUE),
    ("partial", AMBER),
    ("empty", GREY),
    ("failed", RED),
)

Json = dict[str, object]


def state_mappings() -> list[Json]:
    """Levels 0, 1, 2 as words and colours."""
    options = {
        str(value): {"text": text, "color": color, "index": value} for value, text, color in STATES
    }
    return [{"type": "value", "options": options}]


def collection_mappings() -> list[Json]:
    """Statuses of collections in colour."""
    options = {
        status: {"text": status, "color": color, "index": index}
        for index, (status, color) in enumerate(COLLECTION)
    }
    return [{"type": "value", "options": options}]


def steps(levels: Levels | None) -> list[Json]:
    """Threshold steps from levels; the first is open below."""
    if levels is None:
        return [{"color": GREEN, "value": None}]
    marks = [(None, GREEN)]
    if levels.warn_below is not None or levels.alert_below is not None:
        low = [(levels.alert_below, AMBER), (levels.warn_below, GREEN)]
        given = [(value, color) for value, color in low if value is not None]
        first = RED if levels.alert_below is not None else AMBER
        marks = [(None, first), *given]
        if levels.warn_below is None:
            marks[-1] = (levels.alert_below, GREEN)
    high = [(levels.warn_above, AMBER), (levels.alert_above, RED)]
    marks += [(value, color) for value, color in high if value is not None]
    return [{"color": color, "value": value} for value, color in marks]


def override(name: str, **properties: object) -> Json:
    """A field override by name; `custom__width` is written for `custom.width`."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value} for key, value in properties.items()
        ],
    }
