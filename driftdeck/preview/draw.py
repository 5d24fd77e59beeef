"""Draws a built dashboard with the results of its queries, as the JSON that `browser/` shows."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from driftdeck.errors import UsageError
from driftdeck.facts import Json
from driftdeck.grafana.variables import Value, Values, fill
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview.choices import ByChoice, Variable, for_each, list_options
from driftdeck.preview.colors import to_css
from driftdeck.preview.fields import Clock
from driftdeck.preview.frames import QueryError, QueryResult, RunQuery
from driftdeck.preview.panels import draw_panel, list_notes
from driftdeck.preview.plot import to_local_ms
from driftdeck.verify.queries import parse_time

POINTS = 800
"""So many points fit a panel, which decides $__interval."""


@dataclass(frozen=True)
class DashboardRequest:
    """What the address of a dashboard requests.

    start, end: of the time range, as Grafana writes them, '' for the dashboard's own. refresh: its
    interval, '' for the dashboard's own. values: of its variables, by name. all_choices: whether to
    draw every choice of the variables, or only this one.
    """

    start: str = ""
    end: str = ""
    refresh: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    all_choices: bool = True


def draw(dashboard: Json, run: RunQuery, request: DashboardRequest, now: datetime) -> Json:
    """A dashboard for a page.

    Raises UsageError for a time range that cannot be read, psycopg.OperationalError where no
    database answers. A query that is refused is an error of its panel.
    """
    drawing = _DashboardDrawing(dashboard, run, request, now)
    return drawing.draw()


class _DashboardDrawing:
    def __init__(
        self, dashboard: Json, run: RunQuery, request: DashboardRequest, now: datetime
    ) -> None:
        self.dashboard = dashboard
        self.run = run
        self.request = request
        self.clock = Clock(now, _find_zone(dashboard.get("timezone", "")))
        time_settings = dashboard.get("time", {})
        self.begins = request.start or time_settings.get("from", "now-6h")
        self.ends = request.end or time_settings.get("to", "now")
        local_now = self.clock.local(now)
        start, end = parse_time(self.begins, local_now), parse_time(self.ends, local_now, end=True)
        if start >= end:
            raise UsageError(f"the time range ends before it begins: {self.begins} to {self.ends}")
        self.span = Range(start, end, max(1.0, (end - start).total_seconds() / POINTS))
        self.times: Values = {
            "__from": str(int(start.timestamp() * 1000)),
            "__to": str(int(end.timestamp() * 1000)),
            "__dashboard": dashboard["title"],
        }
        self.variables: list[Variable] = []
        self.current: dict[str, Value] = {}
        for item in dashboard.get("templating", {}).get("list", []):
            self._add_variable(item)

    def draw(self) -> Json:
        dashboard = self.dashboard
        return {
            "uid": dashboard["uid"],
            "title": dashboard["title"],
            "description": dashboard.get("description", ""),
            "refresh": self.request.refresh or dashboard.get("refresh") or "",
            "time": self._describe_time(),
            "links": [
                {"title": link["title"], "url": link["url"]}
                for link in dashboard.get("links", [])
                if link.get("type") == "link"
            ],
            "variables": [self._describe_variable(variable) for variable in self.variables],
            "chosen": {variable.name: self.current[variable.name] for variable in self.variables},
            "annotations": list(self._draw_annotations()),
            "sections": self._draw_sections(),
        }

    def _describe_time(self) -> Json:
        span, clock = self.span, self.clock
        relative = self.begins.startswith("now") or self.ends.startswith("now")
        format_ = "%Y-%m-%d %H:%M:%S"
        return {
            "from": self.begins,
            "to": self.ends,
            "start": int(span.start.timestamp() * 1000),
            "end": int(span.end.timestamp() * 1000),
            "offsets": _list_offsets(span, clock),
            "text": _format_relative(self.begins, self.ends)
            if relative
            else f"{clock.local(span.start):{format_}} to {clock.local(span.end):{format_}}",
            "zone": clock.local(span.start).tzname(),
            "drawn": f"{clock.local(clock.now):{format_}}",
        }

    def _add_variable(self, item: Json) -> None:
        sql = item.get("query", "") if isinstance(item.get("query"), str) else ""
        is_query = item["type"] == "query"

        def options(values: Values) -> tuple[Any, ...]:
            try:
                result = self.run(fill(sql, {**self.times, **values}, sql=True), self.span)
            except QueryError:
                result = QueryResult([], [])
            return tuple(list_options(item, result.names, result.rows))

        by_choice = (
            for_each(
                [sql],
                self.variables,
                options,
                self.current if not self.request.all_choices else None,
            )
            if is_query
            else ByChoice((), {(): tuple(list_options(item, [], []))})
        )
        stored = (item.get("current") or {}).get("value") or ()
        if item["type"] in ("constant", "textbox"):
            stored = stored or item.get("query", "")
        current = self.request.values.get(item["name"]) or (
            tuple(map(str, stored)) if isinstance(stored, list | tuple) else (str(stored),)
        )
        variable = Variable(
            item["name"],
            item.get("label") or item["name"],
            item["type"],
            item.get("hide", 0) == 2,
            bool(item.get("multi") or item.get("includeAll")),
            by_choice,
            current,
        )
        self.current[variable.name] = variable.choose(self.current)
        self.variables.append(variable)

    def _describe_variable(self, variable: Variable) -> Json:
        options = [
            [asdict(option) for option in group] for group in variable.options.contents.values()
        ]
        keys = list(variable.options.contents)
        return {
            "name": variable.name,
            "label": variable.label,
            "kind": variable.kind,
            "several": variable.several,
            "hidden": variable.hidden,
            "options": _serialise_choices(variable.options.uses, keys, options),
        }

    def _draw_each(self, texts: Sequence[str], make: Callable[[Values], Json]) -> Json:
        single_choice = self.current if not self.request.all_choices else None
        by_choice = for_each(texts, self.variables, make, single_choice)
        serialised = _serialise_choices(
            by_choice.uses, list(by_choice.contents), list(by_choice.contents.values())
        )
        return serialised | {"left_out": by_choice.left_out}

    def _draw_annotations(self) -> Iterator[Json]:
        for item in self.dashboard.get("annotations", {}).get("list", []):
            sql = item.get("target", {}).get("rawSql", "")
            if sql:
                yield {
                    "name": item["name"],
                    "enable": item.get("enable", True),
                    "hidden": bool(item.get("hide")),
                    "color": to_css(item.get("iconColor", "red")),
                    "marks": self._draw_each([sql], partial(self._read_marks, sql)),
                }

    def _read_marks(self, sql: str, values: Values) -> Json:
        try:
            result = self.run(fill(sql, {**self.times, **values}, sql=True), self.span)
        except QueryError as error:
            return {"error": str(error), "marks": []}
        columns = {name.lower(): list(column) for name, column in result.columns()}
        count = len(result.rows)
        ends = columns.get("timeend", [None] * count)
        marks = [
            {
                "start": to_local_ms(begins, self.clock),
                "end": to_local_ms(end, self.clock) if end else None,
                "text": str(text or ""),
            }
            for begins, end, text in zip(
                columns.get("time", []), ends, columns.get("text", [""] * count), strict=False
            )
            if begins
        ]
        return {"error": "", "marks": marks}

    def _draw_sections(self) -> list[Json]:
        """Panels grouped by their row; those before the first row have a section without title."""
        sections: list[Json] = [{"title": None, "collapsed": False, "panels": [], "id": 0}]
        order = sorted(
            self.dashboard.get("panels", []),
            key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"]),
        )
        for panel in order:
            if panel["type"] != "row":
                sections[-1]["panels"].append(self._describe_panel(panel))
                continue
            sections.append(
                {
                    "title": self._draw_each([panel.get("title", "")], self._title_row(panel)),
                    "collapsed": bool(panel.get("collapsed")),
                    "panels": [self._describe_panel(inner) for inner in panel.get("panels", [])],
                    "id": panel.get("id", 0),
                }
            )
        return sections if sections[0]["panels"] else sections[1:]

    def _title_row(self, panel: Json) -> Callable[[Values], Json]:
        return lambda values: {"title": fill(panel.get("title", ""), values)}

    def _describe_panel(self, panel: Json) -> Json:
        texts = [json.dumps(panel, ensure_ascii=False)]
        return {
            "id": panel.get("id", 0),
            "kind": panel["type"],
            "place": panel["gridPos"],
            "links": [
                {"title": link.get("title", ""), "url": link.get("url", "")}
                for link in panel.get("links") or []
            ],
            "notes": list(list_notes(panel)),
            "drawn": self._draw_each(texts, partial(self._draw_panel, panel)),
        }

    def _draw_panel(self, panel: Json, values: Values) -> Json:
        return draw_panel(panel, {**self.times, **values}, self.run, self.span, self.clock)


def _serialise_choices(
    uses: Sequence[str], keys: Sequence[tuple[Value, ...]], contents: list[Any]
) -> Json:
    named_keys = [json.dumps(key, ensure_ascii=False, separators=(",", ":")) for key in keys]
    return {"uses": list(uses), "by": dict(zip(named_keys, contents, strict=True))}


def _find_zone(name: str) -> ZoneInfo | Any:
    if name in ("", "browser"):
        return None  # this machine's, where the browser mostly is
    return UTC if name.lower() == "utc" else ZoneInfo(name)


def _list_offsets(span: Range, clock: Clock) -> list[list[int]]:
    """[local milliseconds, milliseconds ahead of UTC] at the start and at each change of clocks."""
    offsets: list[list[int]] = []
    moment = span.start - timedelta(days=1)
    while moment <= span.end + timedelta(days=1):
        ahead = clock.local(moment).utcoffset() or timedelta(0)
        if not offsets or offsets[-1][1] != ahead // timedelta(milliseconds=1):
            offsets.append([to_local_ms(moment, clock), ahead // timedelta(milliseconds=1)])
        moment += timedelta(hours=1 if (span.end - span.start).days < 60 else 24)
    return offsets


UNITS = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "M": "month",
    "y": "year",
}


def _format_relative(start: str, end: str) -> str:
    number, unit = start.removeprefix("now-")[:-1], start[-1]
    if end == "now" and number.isdigit() and unit in UNITS:
        return f"Last {number} {UNITS[unit]}{'s' if number != '1' else ''}"
    return f"{start} to {end}"
