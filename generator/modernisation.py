"""One pass over grafanalib's dashboards that leaves modern, minimal, classic JSON.

grafanalib 0.7.1 writes schema 12 with keys of panels long gone; Grafana 9.4 to 13 read 42.
"""

from collections.abc import Mapping

from driftdeck.dashboards.complete_json import COMPLETE
from driftdeck.facts import Json

SCHEMA_VERSION = 42
DASHBOARD_KEYS = (
    "annotations", "description", "editable", "graphTooltip", "links", "panels", "refresh",
    "tags", "templating", "time", "timezone", "title", "uid",
)  # fmt: skip
PANEL_KEYS = (
    "collapsed", "datasource", "description", "fieldConfig", "gridPos", "id", "links", "options",
    "panels", "repeat", "targets", "title", "transformations", "type",
)  # fmt: skip
WHEN_SET = (
    "hideTimeOverride", "interval", "maxDataPoints", "maxPerRow", "repeatDirection", "timeFrom",
    "timeShift", "transparent",
)  # fmt: skip
POINTS_UNASKED = 100
"""So many maxDataPoints grafanalib writes where nobody asked."""
TARGET_KEYS = ("datasource", "format", "rawQuery", "rawSql", "refId")


def modernise(raw: Mapping[str, object]) -> Json:
    """A grafanalib dashboard, encoded, as schema 42."""
    if COMPLETE in raw:
        return _unmarked(raw)
    dashboard = {key: raw[key] for key in DASHBOARD_KEYS if raw.get(key) is not None}
    panels = raw["panels"]
    assert isinstance(panels, list)
    return {
        **dashboard,
        "panels": [panel_of(panel) for panel in panels],
        "schemaVersion": SCHEMA_VERSION,
        "graphTooltip": 1,
    }


def _unmarked(raw: Mapping[str, object]) -> Json:
    """A dashboard that is complete, but for panels that grafanalib's constructors make."""
    panels = raw["panels"]
    assert isinstance(panels, list)
    bare = [
        {key: value for key, value in panel.items() if key != COMPLETE}
        if COMPLETE in panel
        else panel_of(panel)
        for panel in panels
    ]
    return {**{key: value for key, value in raw.items() if key != COMPLETE}, "panels": bare}


def panel_of(raw: Mapping[str, object]) -> Json:
    """A grafanalib panel, encoded, as schema 42."""
    panel = {key: raw[key] for key in PANEL_KEYS if raw.get(key) not in (None, [])}
    panel |= {key: raw[key] for key in WHEN_SET if raw.get(key) and raw[key] != POINTS_UNASKED}
    targets = panel.get("targets")
    if isinstance(targets, list):
        panel["targets"] = [target_of(target) for target in targets]
    if "fieldConfig" in panel:
        panel["fieldConfig"] = _without_none(panel["fieldConfig"])
        _config(panel)
    if panel["type"] == "row":
        panel = {**panel, "collapsed": False, "panels": []}
    return panel


def _config(panel: Json) -> None:
    """Table cells: the spelling of 9.4 (`displayMode`) stands beside the newer `cellOptions`."""
    config = panel["fieldConfig"]
    assert isinstance(config, dict)
    defaults = config.setdefault("defaults", {})
    config.setdefault("overrides", [])
    custom = defaults.get("custom", {})
    if panel["type"] == "table" and "displayMode" in custom:
        custom["cellOptions"] = {"type": custom["displayMode"]}


def target_of(raw: Mapping[str, object]) -> Json:
    """A grafanalib target of SQL, encoded, as Grafana's datasource reads it; others as they are."""
    if not {"rawSql", "intervalFactor"} <= set(raw):  # grafanalib's have both
        return dict(raw)
    return {**{key: raw[key] for key in TARGET_KEYS}, "editorMode": "code"}


def _without_none(value: object) -> object:
    """Drop None, but not the open first step of thresholds, whose value is null."""
    if isinstance(value, dict):
        return {
            key: _without_none(inner)
            for key, inner in value.items()
            if inner is not None or (key == "value" and "color" in value)
        }
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value
