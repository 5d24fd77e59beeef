"""What the tests of previews share: a panel, a moment, and the drawings of a dashboard."""

from collections.abc import Iterator
from datetime import UTC, datetime

from driftdeck.facts import Json

NOW = datetime(2024, 1, 13, 12, tzinfo=UTC)
PANEL: Json = {
    "id": 7,
    "type": "timeseries",
    "title": "Drift",
    "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
    "fieldConfig": {
        "defaults": {
            "unit": "percentunit",
            "color": {"mode": "palette-classic"},
            "custom": {"thresholdsStyle": {"mode": "line"}},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": "green", "value": None}, {"color": "#D92D3A", "value": 0.5}],
            },
            "mappings": [
                {"type": "value", "options": {"1": {"text": "one", "color": "red", "index": 0}}},
                {"type": "range", "options": {"from": 5, "to": 9, "result": {"text": "many"}}},
                {"type": "special", "options": {"match": "null", "result": {"text": "not"}}},
            ],
        },
        "overrides": [
            {
                "matcher": {"id": "byName", "options": "b"},
                "properties": [
                    {"id": "color", "value": {"mode": "fixed", "fixedColor": "#123456"}},
                    {"id": "custom.lineStyle", "value": {"fill": "dash"}},
                    {"id": "displayName", "value": "the b"},
                ],
            },
            {
                "matcher": {"id": "byRegexp", "options": "/^b.*/"},
                "properties": [{"id": "decimals", "value": 1}],
            },
        ],
    },
    "options": {"legend": {"displayMode": "table", "placement": "right", "calcs": ["mean"]}},
}


def drawings(model: Json) -> Iterator[tuple[Json, Json]]:
    """(panel, drawing) for each choice."""
    for section in model["sections"]:
        for panel in section["panels"]:
            for drawn in panel["drawn"]["by"].values():
                yield panel, drawn


def of_small(dashboards: list[Json]) -> Json:
    """The monitor's own dashboard."""
    return next(one for one in dashboards if one["uid"] == "driftdeck-small")
