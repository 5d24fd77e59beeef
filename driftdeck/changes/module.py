"""Writes the module of a dashboard that no module builds, and proves that it builds it."""

from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from driftdeck.changes.constructors import Call, call_of
from driftdeck.changes.edits import UnprovedError, literal
from driftdeck.dashboards.complete_json import PulledDashboard
from driftdeck.dashboards.places import parts
from driftdeck.facts import Json
from driftdeck.generator.artefacts import dashboard
from driftdeck.generator.differences import compare
from driftdeck.generator.normalisation import normalise_dashboard

HEAD = '''"""{title}: made in Grafana, pulled from it by `make pull`."""

{imports}
PAGE = pulled_dashboard(
'''
OWN = ("type", "title", "gridPos", "pluginVersion")
SAID = ("uid", "title", "panels", "id", "version", "iteration")


def module_of(live: Json) -> str:
    """The text of a module whose PAGE is a dashboard of Grafana."""
    fields = {key: value for key, value in live.items() if key not in SAID}
    if "annotations" in fields:  # the built-in one is Grafana's own
        own = [panel for panel in parts(live, "annotation") if panel.get("builtIn") != 1]
        fields["annotations"] = {**fields["annotations"], "list": own}
    schema = int(live.get("schemaVersion") or 0)
    every = live.get("panels") or []
    calls = [call_of(panel, schema) for panel in every]
    texts = [
        call.text if call else _complete_call(panel)
        for call, panel in zip(calls, every, strict=True)
    ]
    panels = "".join(f"        {text},\n" for text in texts)
    title = live["title"].replace("\\", "\\\\").replace('"""', "'''")
    return (
        HEAD.format(title=title, imports=_imports(calls))
        + f"    {literal(live['uid'])},\n    {literal(live['title'])},\n"
        + (f"    {_named(fields)},\n" if fields else "")
        + f"    panels=(\n{panels}    ),\n)\n"
    )


def _imports(calls: Sequence[Call | None]) -> str:
    names = sorted(set().union(*(call.names for call in calls if call)))
    grafanalib = f"from grafanalib.core import {', '.join(names)}\n\n" if names else ""
    ours = "complete_panel, pulled_dashboard" if None in calls else "pulled_dashboard"
    return f"{grafanalib}from driftdeck.dashboards.complete_json import {ours}\n"


def _complete_call(panel: Json) -> str:
    grid, place = panel.get("gridPos"), ""
    fields = {key: value for key, value in panel.items() if key not in OWN}
    if isinstance(grid, dict) and set(grid) == set("xywh"):
        place = f", at=({', '.join(str(grid[key]) for key in 'xywh')})"
    elif grid is not None:
        fields["gridPos"] = grid
    named = f", {_named(fields)}" if fields else ""
    kind, title = literal(panel.get("type", "")), literal(panel.get("title", ""))
    return f"complete_panel({kind}, {title}{place}{named})"


def _named(fields: Json) -> str:
    """Fields as keyword arguments; those whose names are none, in a mapping."""
    plain = {k: v for k, v in fields.items() if k.isidentifier() and not iskeyword(k)}
    odd = {key: value for key, value in fields.items() if key not in plain}
    named = [f"{key}={literal(value)}" for key, value in plain.items()]
    return ", ".join([*named, *([f"**{literal(odd)}"] if odd else [])])


def prove_module(text: str, live: Json) -> None:
    """Run the module as the build does: it makes what Grafana has. Raises UnprovedError."""
    scope: dict[str, Any] = {}
    exec(compile(text, "pulled", "exec"), scope)
    page = scope["PAGE"]
    assert isinstance(page, PulledDashboard)
    built = dashboard(page)
    if differences := compare(built, normalise_dashboard(built, live)):
        where = ", ".join(f"{change.part} {change.field}" for change in differences[:5])
        raise UnprovedError(f"{live['title']}: a module would not build it as it is: {where}")
