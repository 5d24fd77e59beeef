"""One pass over grafanalib's dashboards that leaves modern, minimal, classic JSON.

grafanalib 0.7.1 writes schema 12 with keys of panels long gone; Grafana 9.4 to 13 read 42.
"""

from collections.abc import Mapping

from dashboards_src.given import GIVEN

Json = dict[str, object]
SCHEMA_VERSION = 42
DASHBOARD_KEYS = (
    "annotations", "description", "editable", "graphTooltip", "links", "panels", "refresh",
    "tags", "templating", "time", "timezone", "title", "uid",
)  # fmt: skip
PANEL_KEYS = (
    "collapsed", "datasource", "description", "fieldConfig", "gridPos", "id", "links", "options",
    "panels", "repeat", "targets", "title", "transformations", "type",
)  # fmt: skip
TARGET_KEYS = ("datasource", "format", "rawQuery", "rawSql", "refId")


def modernise(raw: Mapping[str, object]) -> Json:
    """A grafanalib dashboard, encoded, as schema 42."""
    if GIVEN in raw:
        return _unmarked(raw)
    dashboard = {key: raw[key] for key in DASHBOARD_KEYS if raw.get(key) is not None}
    panels = raw["panels"]
    assert isinstance(panels, list)
    return {
        **dashboard,
        "panels": [_panel(panel) for panel in panels],
        "schemaVersion": SCHEMA_VERSION,
        "graphTooltip": 1,
    }


def _unmarked(raw: Mapping[str, object]) -> Json:
    """A dashboard that is given as it is."""
    panels = raw["panels"]
    assert isinstance(panels, list)
    bare = [{key: value for key, value in one.items() if key != GIVEN} for one in panels]
    return {**{key: value for key, value in raw.items() if key != GIVEN}, "panels": bare}


def _panel(raw: Mapping[str, object]) -> Json:
    panel = {key: raw[key] for key in PANEL_KEYS if raw.get(key) not in (None, [])}
    targets = panel.get("targets")
    if isinstance(targets, list):
        panel["targets"] = [_target(target) for target in targets]
    if "fieldConfig" in panel:
        panel["fieldConfig"] = _without_none(panel["fieldConfig"])
        _config(panel)
    if panel["type"] == "row":
        panel = {**panel, "collapsed": False, "panels": []}
    if panel["type"] == "text":
        panel["options"] = {"mode": raw.get("mode"), "content": raw.get("content")}
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


def _target(raw: Mapping[str, object]) -> Json:
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
