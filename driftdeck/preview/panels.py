"""Runs the queries of one panel and draws it, whatever its kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

from driftdeck.facts import Json
from driftdeck.facts.datasources import POSTGRES_IDS
from driftdeck.grafana.variables import Values, fill
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import bars, lines, timeline, words
from driftdeck.preview.fields import Clock
from driftdeck.preview.frames import QueryError, QueryResult, RunQuery
from driftdeck.preview.plot import Plot

Content = Plot | str | None


def draw_panel(panel: Json, values: Values, run: RunQuery, span: Range, clock: Clock) -> Json:
    """The JSON of a panel for a page; a query that is refused is its error.

    values: of all variables, by name. run: runs a query. span: the time range.
    """
    description = words.render_description(fill(panel.get("description") or "", values))
    base: Json = {"title": fill(panel.get("title") or "", values), "description": description}
    try:
        content = _draw_content(panel, values, run, span, clock)
    except QueryError as error:
        return base | {"error": str(error)}
    if isinstance(content, Plot):
        return base | {
            "traces": content.traces,
            "layout": content.layout,
            "legend": asdict(content.legend),
            "marked": content.marked,
            "data_links": _read_data_links(panel),
        }
    return base | {"html": content}


def _draw_content(panel: Json, values: Values, run: RunQuery, span: Range, clock: Clock) -> Content:
    kind = panel["type"]
    if kind == "text":
        return words.render_text(_fill_text(panel, values))
    other_queries = _list_other_queries(panel)
    if other_queries or kind not in KINDS:
        return words.render_unknown(kind, iter(other_queries))
    results = {
        target.get("refId", "A"): run(fill(target["rawSql"], values, sql=True), span)
        for target in panel.get("targets", [])
        if target.get("rawSql") and not target.get("hide")
    }
    if not results:
        return ""
    return KINDS[kind](panel, results, span, clock)


KINDS: Mapping[str, Callable[[Json, Mapping[str, QueryResult], Range, Clock], Content]] = {
    "timeseries": lines.draw,
    "state-timeline": timeline.draw,
    "barchart": lambda panel, results, _, clock: bars.draw(panel, _first(results), clock),
    "stat": lambda panel, results, _, clock: words.render_stat(panel, results, clock),
    "table": lambda panel, results, _, clock: words.render_table(panel, _first(results), clock),
}
"""How each kind of panel is drawn, beside `text` and `row`."""


def _first(results: Mapping[str, QueryResult]) -> QueryResult:
    return next(iter(results.values()))


def _fill_text(panel: Json, values: Values) -> Json:
    options = panel.get("options") or panel
    return {"options": {**options, "content": fill(str(options.get("content", "")), values)}}


def _list_other_queries(panel: Json) -> list[str]:
    """Sentences on the panel's queries that are not PostgreSQL's."""
    datasources = [
        (target.get("datasource") or panel.get("datasource") or {})
        for target in panel.get("targets", [])
    ]
    names = [
        datasource.get("type", "?") if isinstance(datasource, dict) else str(datasource)
        for datasource in datasources
    ]
    return [f"It asks {name}." for name in dict.fromkeys(names) if name not in (*POSTGRES_IDS, "?")]


def list_notes(panel: Json) -> Iterator[str]:
    """Sentences on what Grafana does to a panel and a preview does not."""
    if panel.get("transformations"):
        yield "its transformations are not applied in a preview"
    if panel.get("repeat"):
        yield f"it is repeated for each value of ${panel['repeat']}, drawn once in a preview"
    if panel.get("timeFrom") or panel.get("timeShift"):
        yield "its own time range is not applied in a preview"


def _read_data_links(panel: Json) -> list[Json]:
    links = panel.get("fieldConfig", {}).get("defaults", {}).get("links") or []
    return [
        {"title": link.get("title", ""), "url": link["url"], "blank": bool(link.get("targetBlank"))}
        for link in links
    ]
