"""A classic dashboard as a whole object of dashboard.grafana.app/v2beta1."""

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from driftdeck.dashboards.places import Part, parts
from driftdeck.dashboards.rows import open_rows
from driftdeck.facts import Json
from driftdeck.generator.defaults import INTERVALS
from driftdeck.generator.differences import Change, fields
from driftdeck.generator.v2.elements import (
    NoFormError,
    annotation_kind,
    name_of,
    panel_kind,
    variable_kind,
)
from driftdeck.generator.v2.layout import layout_of

GROUP: Final = "dashboard.grafana.app"
API: Final = f"{GROUP}/v2beta1"
SYNC: Final = ("Off", "Crosshair", "Tooltip")
LINK: Final[Json] = {
    "title": "", "type": "link", "icon": "", "tooltip": "", "tags": [], "asDropdown": False,
    "targetBlank": False, "includeVars": False, "keepTime": False,
}  # fmt: skip
BUILT_IN: Final[Json] = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}
"""The one that every dashboard has; Grafana adds it to a classic one when it reads it."""


def object_of(document: Json) -> Json:
    """The object of a classic dashboard; its name is the uid. Raises NoFormError naming it."""
    try:
        spec = spec_of(document)
    except NoFormError as error:
        message = f"dashboard {document['uid']} has no v2 form: {error}; leave FORMAT=v2 out"
        raise NoFormError(message) from error
    return {
        "apiVersion": API,
        "kind": "Dashboard",
        "metadata": {"name": document["uid"]},
        "spec": spec,
    }


def spec_of(document: Json) -> Json:
    """What the object says of the dashboard."""
    plotted = [part for part in parts(open_rows(document), "panel") if part.get("type") != "row"]
    marks = parts(document, "annotation")
    if not any(part.get("builtIn") for part in marks):
        marks = [BUILT_IN, *marks]
    return {
        "title": document["title"],
        "description": document.get("description", ""),
        "tags": document.get("tags", []),
        "editable": document.get("editable", True),
        "preload": bool(document.get("preload")),
        "liveNow": bool(document.get("liveNow")),
        "cursorSync": SYNC[document.get("graphTooltip") or 0],
        "links": [{**LINK, **part} for part in document.get("links", [])],
        "timeSettings": _time(document),
        "variables": [variable_kind(part) for part in parts(document, "variable")],
        "annotations": [annotation_kind(part) for part in marks],
        "elements": {name_of(part): panel_kind(part) for part in plotted},
        "layout": layout_of(document),
    }


def _time(document: Json) -> Json:
    span, picker = document.get("time", {}), document.get("timepicker", {})
    settings = {
        "timezone": document.get("timezone", "browser"),
        "from": span.get("from", "now-6h"),
        "to": span.get("to", "now"),
        "autoRefresh": document.get("refresh") or "",
        "autoRefreshIntervals": picker.get("refresh_intervals") or INTERVALS,
        "hideTimepicker": bool(picker.get("hidden")),
        "fiscalYearStartMonth": document.get("fiscalYearStartMonth", 0),
    }
    if document.get("weekStart"):
        settings["weekStart"] = document["weekStart"]
    return settings


def files(artefacts: Mapping[str, str]) -> dict[str, str]:
    """The object of each dashboard of the built files, as the text of a file of its own name."""
    texts = {}
    for path, text in artefacts.items():
        if path.startswith("dashboards/") and path.endswith(".json"):
            encoded = msgspec.json.encode(object_of(json.loads(text)), order="sorted")
            name = path.removeprefix("dashboards/")
            texts[name] = msgspec.json.format(encoded, indent=2).decode() + "\n"
    return texts


def differences(wanted: Json, stored: Json) -> list[Change]:
    """In what two specs differ, field by field."""
    return list(fields(Part("dashboard"), (), wanted, stored))
