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


def lines(levels: Levels | None) -> list[Json]:
    """Threshold steps to be drawn as lines: amber at each warning, red at each alert level."""
    given = levels or Levels()
    marks = [
        (given.alert_below, RED),
        (given.warn_below, AMBER),
        (given.warn_above, AMBER),
        (given.alert_above, RED),
    ]
    return [_open(), *({"color": c, "value": v} for v, c in marks if v is not None)]


def areas(*, warn_above: float | None = None, alert_above: float | None = None) -> list[Json]:
    """Threshold steps that colour values: green, amber from one level, red from another."""
    marks = [(warn_above, AMBER), (alert_above, RED)]
    return [_open(), *({"color": c, "value": v} for v, c in marks if v is not None)]


def _open() -> Json:
    return {"color": GREEN, "value": None}


def override(name: str, **properties: object) -> Json:
    """A field override by name; `custom__width` is written for `custom.width`."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value} for key, value in properties.items()
        ],
    }
