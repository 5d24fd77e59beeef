"""Panels, variables and annotations of a classic dashboard as the kinds of v2beta1.

Each is what Grafana 12.4 makes of the classic form itself, which the recorded answers show.
"""

from collections.abc import Mapping
from typing import Final

from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json

OPTIONS: Final = (
    "cacheTimeout", "hideTimeOverride", "interval", "maxDataPoints", "queryCachingTTL",
    "timeCompare", "timeFrom", "timeShift",
)  # fmt: skip
"""Of a panel: what is an option of its queries here."""
HIDE: Final = ("dontHide", "hideLabel", "hideVariable", "inControlsMenu")
REFRESH: Final = ("never", "onDashboardLoad", "onTimeRangeChanged")
SORT: Final = (
    "disabled", "alphabeticalAsc", "alphabeticalDesc", "numericalAsc", "numericalDesc",
    "alphabeticalCaseInsensitiveAsc", "alphabeticalCaseInsensitiveDesc", "naturalAsc",
    "naturalDesc",
)  # fmt: skip
KINDS: Final = {
    "query": "QueryVariable",
    "custom": "CustomVariable",
    "constant": "ConstantVariable",
    "textbox": "TextVariable",
}
"""The variables that have a form here."""
TEXT: Final = "__legacyStringValue"
"""Where a variable's query lies that is a text, as it is for every SQL datasource."""


class NoFormError(DriftdeckError, ValueError):
    """Something of a dashboard that has no form in v2beta1 here: says what."""


def name_of(panel: Json) -> str:
    """What a layout calls a panel."""
    return f"panel-{panel['id']}"


def panel_kind(panel: Json) -> Json:
    """A panel as an element. Raises NoFormError for a library panel."""
    if "libraryPanel" in panel:
        raise NoFormError(f"panel {panel.get('title')!r} is a library panel; copy it instead")
    spec: Json = {
        "id": panel["id"],
        "title": panel.get("title", ""),
        "description": panel.get("description", ""),
        "links": [_link(item) for item in panel.get("links", [])],
        "data": {
            "kind": "QueryGroup",
            "spec": {
                "queries": [_query(item, panel) for item in panel.get("targets", [])],
                "transformations": [
                    {"kind": item["id"], "spec": item} for item in panel.get("transformations", [])
                ],
                "queryOptions": {key: panel[key] for key in OPTIONS if panel.get(key)},
            },
        },
        "vizConfig": {
            "kind": "VizConfig",
            "group": panel["type"],
            "version": panel.get("pluginVersion", ""),
            "spec": {
                "options": panel.get("options", {}),
                "fieldConfig": _field_config(panel.get("fieldConfig", {})),
            },
        },
    }
    if panel.get("transparent"):
        spec["transparent"] = True
    return {"kind": "Panel", "spec": spec}


def _link(link: Json) -> Json:
    return {key: link[key] for key in ("title", "url", "targetBlank") if key in link}


def _query(target: Json, panel: Json) -> Json:
    rest = {k: v for k, v in target.items() if k not in ("refId", "hide", "datasource")}
    query = data_query(target.get("datasource") or panel.get("datasource") or {}, rest)
    spec = {"query": query, "refId": target["refId"], "hidden": bool(target.get("hide"))}
    return {"kind": "PanelQuery", "spec": spec}


def data_query(datasource: Mapping[str, str], spec: Json) -> Json:
    """A query of a datasource, which is referred to by its uid."""
    query: Json = {"kind": "DataQuery", "group": datasource.get("type", ""), "version": "v0"}
    if uid := datasource.get("uid"):
        query["datasource"] = {"name": uid}
    return {**query, "spec": spec}


def _field_config(config: Json) -> Json:
    defaults = {k: v for k, v in config.get("defaults", {}).items() if v not in ([], {})}
    return {"defaults": defaults, "overrides": config.get("overrides", [])}


def variable_kind(variable: Json) -> Json:
    """A variable. Raises NoFormError for a type that has none here."""
    kind = KINDS.get(variable["type"])
    if kind is None:
        raise NoFormError(f"variable {variable['name']!r} is of type {variable['type']!r}")
    current = variable.get("current") or {}
    spec: Json = {
        "name": variable["name"],
        "current": {key: current.get(key, "") for key in ("text", "value")},
        "hide": HIDE[variable.get("hide") or 0],
        "skipUrlSync": bool(variable.get("skipUrlSync")),
        **{key: variable[key] for key in ("label", "description") if variable.get(key)},
    }
    if kind in ("ConstantVariable", "TextVariable"):
        return {"kind": kind, "spec": {**spec, "query": variable.get("query", "")}}
    spec |= {
        "options": variable.get("options", []),
        "multi": bool(variable.get("multi")),
        "includeAll": bool(variable.get("includeAll")),
        "allowCustomValue": variable.get("allowCustomValue", True),
        **({"allValue": variable["allValue"]} if variable.get("allValue") else {}),
    }
    if kind == "CustomVariable":
        return {"kind": kind, "spec": {**spec, "query": variable.get("query", "")}}
    written = variable["query"]
    query = {TEXT: written} if isinstance(written, str) else written
    return {
        "kind": kind,
        "spec": {
            **spec,
            "query": data_query(variable["datasource"], query),
            "refresh": REFRESH[variable.get("refresh") or 0],
            "sort": SORT[variable.get("sort") or 0],
            "regex": variable.get("regex", ""),
            **({"definition": variable["definition"]} if "definition" in variable else {}),
        },
    }


def annotation_kind(annotation: Json) -> Json:
    """An annotation, its query under its datasource."""
    query = data_query(annotation["datasource"], annotation.get("target", {}))
    spec = {
        "query": query,
        "enable": bool(annotation.get("enable")),
        "hide": bool(annotation.get("hide")),
        "iconColor": annotation.get("iconColor", ""),
        "name": annotation["name"],
    }
    for key in ("filter", "mappings"):
        if annotation.get(key):
            spec[key] = annotation[key]
    if annotation.get("builtIn"):
        spec |= {"builtIn": True, "legacyOptions": {"type": annotation.get("type", "dashboard")}}
    return {"kind": "AnnotationQuery", "spec": spec}
