"""How things look: colours, states and threshold steps, said once."""

from collections.abc import Iterable

from driftdeck.declare import Thresholds
from driftdeck.facts import Json

TEAL, AMBER, RED = "#45ADA8", "#F7B500", "#D92D3A"
"""Quiet, warning, alert, and nothing else: told apart by colour-blind readers as well."""
BLUE, VIOLET, GREY = "#5794F2", "#B877D9", "#8E8E8E"
"""What the model said, what came true, what it is compared with."""
SERIES = (
    "#5794F2", "#B877D9", "#C9A27C", "#00B8D9", "#FF85C0", "#A0785A", "#3D5AFE", "#7C8FA6",
    "#CA95E5", "#8AB8FF", "#C15CB5", "#B0BEC5",
)  # fmt: skip
"""Of the lines of one panel: none is a state's colour."""
STATES = ((0, "quiet", TEAL), (1, "warning", AMBER), (2, "alert", RED))
COLLECTION = (
    ("ok", TEAL),
    ("waiting", BLUE),
    ("partial", AMBER),
    ("empty", GREY),
    ("failed", RED),
)


def state_mappings() -> list[Json]:
    """Thresholds 0, 1, 2 as words and colours."""
    options = {
        str(value): {"text": text, "color": color, "index": value} for value, text, color in STATES
    }
    unjudged = {"text": "not judged", "color": GREY, "index": len(STATES)}
    return [
        {"type": "value", "options": options},
        {"type": "special", "options": {"match": "null", "result": unjudged}},
    ]


def collection_mappings() -> list[Json]:
    """Statuses of collections in colour."""
    options = {
        status: {"text": status, "color": color, "index": index}
        for index, (status, color) in enumerate(COLLECTION)
    }
    return [{"type": "value", "options": options}]


def lines(thresholds: Thresholds | None) -> list[Json]:
    """Threshold steps to be drawn as lines: amber at each warning, red at each alert threshold."""
    thresholds = thresholds or Thresholds()
    marks = [
        (thresholds.alert_below, RED),
        (thresholds.warn_below, AMBER),
        (thresholds.warn_above, AMBER),
        (thresholds.alert_above, RED),
    ]
    return [_open(), *({"color": c, "value": v} for v, c in marks if v is not None)]


def areas(*, warn_above: float | None = None, alert_above: float | None = None) -> list[Json]:
    """Threshold steps that colour values: teal, amber from one threshold, red from another."""
    marks = [(warn_above, AMBER), (alert_above, RED)]
    return [_open(), *({"color": c, "value": v} for v, c in marks if v is not None)]


def _open() -> Json:
    return {"color": TEAL, "value": None}


def fixed(color: str) -> Json:
    """One colour, whatever the value."""
    return {"mode": "fixed", "fixedColor": color}


def series_colors(names: Iterable[str]) -> list[Json]:
    """Overrides that give each named line a colour of its own, the same in every panel."""
    return [override(name, color=fixed(SERIES[n % len(SERIES)])) for n, name in enumerate(names)]


def override(name: str, **properties: object) -> Json:
    """A field override by name; `custom__width` is written for `custom.width`."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [
            {"id": key.replace("__", "."), "value": value} for key, value in properties.items()
        ],
    }
