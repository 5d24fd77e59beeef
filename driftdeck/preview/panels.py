"""One panel, asked and drawn, whatever its kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

from driftdeck.facts import Json
from driftdeck.facts.datasources import POSTGRES_IDS
from driftdeck.grafana.variables import Values, fill
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import bars, lines, timeline, words
from driftdeck.preview.fields import Clock
from driftdeck.preview.frames import Answer, Ask, AskError
from driftdeck.preview.plot import Plot

Made = Plot | str | None


def drawing(panel: Json, values: Values, ask: Ask, span: Range, clock: Clock) -> Json:
    """A panel for a page. values: of all variables. A refused query is its error."""
    described = words.described(fill(panel.get("description") or "", values))
    base: Json = {"title": fill(panel.get("title") or "", values), "description": described}
    try:
        made = _made(panel, values, ask, span, clock)
    except AskError as error:
        return base | {"error": str(error)}
    if isinstance(made, Plot):
        return base | {
            "traces": made.traces,
            "layout": made.layout,
            "legend": asdict(made.legend),
            "marked": made.marked,
            "data_links": _data_links(panel),
        }
    return base | {"html": made}


def _made(panel: Json, values: Values, ask: Ask, span: Range, clock: Clock) -> Made:
    kind = panel["type"]
    if kind == "text":
        return words.text(_filled(panel, values))
    elsewhere = _elsewhere(panel)
    if elsewhere or kind not in KINDS:
        return words.unknown(kind, iter(elsewhere))
    answers = {
        target.get("refId", "A"): ask(fill(target["rawSql"], values, sql=True), span)
        for target in panel.get("targets", [])
        if target.get("rawSql") and not target.get("hide")
    }
    if not answers:
        return ""
    return KINDS[kind](panel, answers, span, clock)


KINDS: Mapping[str, Callable[[Json, Mapping[str, Answer], Range, Clock], Made]] = {
    "timeseries": lines.draw,
    "state-timeline": timeline.draw,
    "barchart": lambda panel, answers, _, clock: bars.draw(panel, _first(answers), clock),
    "stat": lambda panel, answers, _, clock: words.stat(panel, answers, clock),
    "table": lambda panel, answers, _, clock: words.rows(panel, _first(answers), clock),
}
"""How each kind of panel is drawn, beside `text` and `row`."""


def _first(answers: Mapping[str, Answer]) -> Answer:
    return next(iter(answers.values()))


def _filled(panel: Json, values: Values) -> Json:
    options = panel.get("options") or panel
    return {"options": {**options, "content": fill(str(options.get("content", "")), values)}}


def _elsewhere(panel: Json) -> list[str]:
    """What it asks that is no query to a PostgreSQL database."""
    kinds = [
        (one.get("datasource") or panel.get("datasource") or {}) for one in panel.get("targets", [])
    ]
    names = [one.get("type", "?") if isinstance(one, dict) else str(one) for one in kinds]
    return [f"It asks {name}." for name in dict.fromkeys(names) if name not in (*POSTGRES_IDS, "?")]


def notes(panel: Json) -> Iterator[str]:
    """What Grafana would do to a panel and a preview does not."""
    if panel.get("transformations"):
        yield "its transformations are not applied in a preview"
    if panel.get("repeat"):
        yield f"it is repeated for each value of ${panel['repeat']}, drawn once in a preview"
    if panel.get("timeFrom") or panel.get("timeShift"):
        yield "its own time range is not applied in a preview"


def _data_links(panel: Json) -> list[Json]:
    given = panel.get("fieldConfig", {}).get("defaults", {}).get("links") or []
    return [
        {"title": one.get("title", ""), "url": one["url"], "blank": bool(one.get("targetBlank"))}
        for one in given
    ]
