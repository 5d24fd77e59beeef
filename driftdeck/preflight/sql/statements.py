"""Every SQL statement of a tree with its place: of panels, variables, annotations and rules."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from driftdeck.facts.panels import walk_panels
from driftdeck.preflight.alerting import apply as alerting
from driftdeck.preflight.alerting import expressions
from driftdeck.preflight.alerting.rules import Rule
from driftdeck.preflight.dashboards import providers
from driftdeck.preflight.dashboards.content import type_of
from driftdeck.preflight.dashboards.files import Dashboard, find_files, read_dashboard
from driftdeck.preflight.datasources import apply as datasources
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.findings import Place, Report
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.sql import queries


@dataclass(frozen=True)
class Statement:
    """A statement as written.

    kind: panel, variable, annotation or rule. form: time_series or table. values: the current
    value of each dashboard variable. guarded: whether a NULL is caught by the rule that reads it.
    """

    place: Place
    kind: str
    sql: str
    form: str
    values: dict[str, str]
    guarded: bool = False


def statements(tree: Path, reading: Reading) -> Iterator[Statement]:
    """The statements of a tree, in the order of its files; reports nothing."""
    quiet = replace(reading, report=Report(muted=True))
    sources = Datasources.of(datasources.read(tree, quiet))
    for provider in providers.read(tree, quiet):
        for file in find_files(tree, provider, quiet) or []:
            if (dashboard := read_dashboard(file, quiet)) is not None:
                yield from _of_dashboard(dashboard, sources)
    for alerts in alerting.read(tree, quiet):
        for group in alerts.groups:
            for rule in group.rules:
                yield from _of_rule(rule, sources)


def _of_dashboard(dashboard: Dashboard, sources: Datasources) -> Iterator[Statement]:
    values = dict(_values(dashboard))
    for index, item in enumerate(_list(dashboard.content.get("templating"))):
        query = item.get("query") if item.get("type") == "query" else None
        kind = type_of(item.get("datasource"), sources)
        if isinstance(query, str) and queries.is_sql({"rawSql": query}, kind):
            place = dashboard.place("templating", "list", index, "query")
            yield Statement(place, "variable", query, "table", values)
    for path, panel in walk_panels(dashboard.content):
        targets = panel.get("targets")
        for index, target in enumerate(targets if isinstance(targets, list) else []):
            reference = target.get("datasource") or panel.get("datasource")
            sql = target.get("rawSql")
            if isinstance(sql, str) and queries.is_sql(target, type_of(reference, sources)):
                place = dashboard.place(*path, "targets", index, "rawSql")
                yield Statement(place, "panel", sql, str(target.get("format")), values)
    for index, item in enumerate(_list(dashboard.content.get("annotations"))):
        target = item.get("target")
        sql = target.get("rawSql") if isinstance(target, dict) else None
        if isinstance(sql, str):
            place = dashboard.place("annotations", "list", index, "target", "rawSql")
            yield Statement(place, "annotation", sql, "table", values)


def _list(holder: Any) -> list[dict[str, Any]]:
    items = holder.get("list") if isinstance(holder, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _values(dashboard: Dashboard) -> Iterator[tuple[str, str]]:
    for variable in _list(dashboard.content.get("templating")):
        current = variable.get("current")
        value = current.get("value") if isinstance(current, dict) else None
        if isinstance(value, list):
            value = value[0] if value else None
        yield str(variable.get("name")), "" if value in (None, "$__all") else str(value)


def _of_rule(rule: Rule, sources: Datasources) -> Iterator[Statement]:
    for index, query in enumerate(rule.data):
        sql = query.model.get("rawSql")
        kind = (sources.types or {}).get(query.datasource_uid)
        if query.is_expression or not isinstance(sql, str):
            continue
        if queries.is_sql(query.model, kind):
            place = rule.place("data", index, "model", "rawSql")
            form = str(query.model.get("format"))
            guarded = expressions.guards(rule, query.ref_id)
            yield Statement(place, "rule", sql, form, {}, guarded)
