"""A built dashboard, asked of a database, as what `page.js` shows: plain JSON."""

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
from driftdeck.preview.choices import ByChoice, Variable, for_each, options_of
from driftdeck.preview.colors import named
from driftdeck.preview.fields import Clock
from driftdeck.preview.frames import Answer, Ask, AskError
from driftdeck.preview.panels import drawing, notes
from driftdeck.preview.plot import local_ms
from driftdeck.verify.questions import moment

POINTS = 800
"""So many fit a panel: decides $__interval."""


@dataclass(frozen=True)
class Asked:
    """What is asked for, as in the address of a dashboard.

    start, end: '' for the dashboard's own. values: of its variables. every: whether to draw all
    choices of the variables, or only the one.
    """

    start: str = ""
    end: str = ""
    refresh: str = ""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    every: bool = True


def draw(dashboard: Json, ask: Ask, asked: Asked, now: datetime) -> Json:
    """A dashboard for a page.

    Raises UsageError for a time range that cannot be read, psycopg.OperationalError where no
    database answers. A query that is refused is an error of its panel.
    """
    drawing = _Drawing(dashboard, ask, asked, now)
    return drawing.page()


class _Drawing:
    def __init__(self, dashboard: Json, ask: Ask, asked: Asked, now: datetime) -> None:
        self.dashboard = dashboard
        self.ask = ask
        self.asked = asked
        self.clock = Clock(now, _zone(dashboard.get("timezone", "")))
        given = dashboard.get("time", {})
        self.begins = asked.start or given.get("from", "now-6h")
        self.ends = asked.end or given.get("to", "now")
        here = self.clock.local(now)
        start, end = moment(self.begins, here), moment(self.ends, here, end=True)
        if start >= end:
            raise UsageError(f"the time range ends before it begins: {self.begins} to {self.ends}")
        self.span = Range(start, end, max(1.0, (end - start).total_seconds() / POINTS))
        self.times: Values = {
            "__from": str(int(start.timestamp() * 1000)),
            "__to": str(int(end.timestamp() * 1000)),
            "__dashboard": dashboard["title"],
        }
        self.variables: list[Variable] = []
        self.only: dict[str, Value] = {}
        for item in dashboard.get("templating", {}).get("list", []):
            self._add_variable(item)

    def page(self) -> Json:
        dashboard = self.dashboard
        return {
            "uid": dashboard["uid"],
            "title": dashboard["title"],
            "description": dashboard.get("description", ""),
            "refresh": self.asked.refresh or dashboard.get("refresh") or "",
            "time": self._time(),
            "links": [
                {"title": one["title"], "url": one["url"]}
                for one in dashboard.get("links", [])
                if one.get("type") == "link"
            ],
            "variables": [self._variable(one) for one in self.variables],
            "chosen": {one.name: self.only[one.name] for one in self.variables},
            "annotations": list(self._annotations()),
            "sections": self._sections(),
        }

    def _time(self) -> Json:
        span, clock = self.span, self.clock
        relative = self.begins.startswith("now") or self.ends.startswith("now")
        shown = "%Y-%m-%d %H:%M:%S"
        return {
            "from": self.begins,
            "to": self.ends,
            "start": int(span.start.timestamp() * 1000),
            "end": int(span.end.timestamp() * 1000),
            "offsets": _offsets(span, clock),
            "text": _relative(self.begins, self.ends)
            if relative
            else f"{clock.local(span.start):{shown}} to {clock.local(span.end):{shown}}",
            "zone": clock.local(span.start).tzname(),
            "drawn": f"{clock.local(clock.now):{shown}}",
        }

    def _add_variable(self, item: Json) -> None:
        sql = item.get("query", "") if isinstance(item.get("query"), str) else ""
        asked = item["type"] == "query"

        def options(values: Values) -> tuple[Any, ...]:
            try:
                found = self.ask(fill(sql, {**self.times, **values}, sql=True), self.span)
            except AskError:
                found = Answer([], [])
            return tuple(options_of(item, found.names, found.rows))

        by_choice = (
            for_each([sql], self.variables, options, self.only if not self.asked.every else None)
            if asked
            else ByChoice((), {(): tuple(options_of(item, [], []))})
        )
        stored = (item.get("current") or {}).get("value") or ()
        if item["type"] in ("constant", "textbox"):
            stored = stored or item.get("query", "")
        current = self.asked.values.get(item["name"]) or (
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
        self.only[variable.name] = variable.chosen(self.only)
        self.variables.append(variable)

    def _variable(self, one: Variable) -> Json:
        shown = [[asdict(option) for option in group] for group in one.options.drawn.values()]
        keys = list(one.options.drawn)
        return {
            "name": one.name,
            "label": one.label,
            "kind": one.kind,
            "several": one.several,
            "hidden": one.hidden,
            "options": _by_choice(one.options.uses, keys, shown),
        }

    def _each(self, texts: Sequence[str], make: Callable[[Values], Json]) -> Json:
        only = self.only if not self.asked.every else None
        found = for_each(texts, self.variables, make, only)
        made = _by_choice(found.uses, list(found.drawn), list(found.drawn.values()))
        return made | {"left_out": found.left_out}

    def _annotations(self) -> Iterator[Json]:
        for item in self.dashboard.get("annotations", {}).get("list", []):
            sql = item.get("target", {}).get("rawSql", "")
            if sql:
                yield {
                    "name": item["name"],
                    "enable": item.get("enable", True),
                    "hidden": bool(item.get("hide")),
                    "color": named(item.get("iconColor", "red")),
                    "marks": self._each([sql], partial(self._marks, sql)),
                }

    def _marks(self, sql: str, values: Values) -> Json:
        try:
            answer = self.ask(fill(sql, {**self.times, **values}, sql=True), self.span)
        except AskError as error:
            return {"error": str(error), "marks": []}
        columns = {name.lower(): list(given) for name, given in answer.columns()}
        count = len(answer.rows)
        ends = columns.get("timeend", [None] * count)
        marks = [
            {
                "start": local_ms(begins, self.clock),
                "end": local_ms(end, self.clock) if end else None,
                "text": str(text or ""),
            }
            for begins, end, text in zip(
                columns.get("time", []), ends, columns.get("text", [""] * count), strict=False
            )
            if begins
        ]
        return {"error": "", "marks": marks}

    def _sections(self) -> list[Json]:
        """Panels by the row that they stand under; those before the first row have none."""
        sections: list[Json] = [{"title": None, "collapsed": False, "panels": [], "id": 0}]
        order = sorted(
            self.dashboard.get("panels", []),
            key=lambda one: (one["gridPos"]["y"], one["gridPos"]["x"]),
        )
        for panel in order:
            if panel["type"] != "row":
                sections[-1]["panels"].append(self._panel(panel))
                continue
            sections.append(
                {
                    "title": self._each([panel.get("title", "")], self._titled(panel)),
                    "collapsed": bool(panel.get("collapsed")),
                    "panels": [self._panel(inner) for inner in panel.get("panels", [])],
                    "id": panel.get("id", 0),
                }
            )
        return sections if sections[0]["panels"] else sections[1:]

    def _titled(self, panel: Json) -> Callable[[Values], Json]:
        return lambda values: {"title": fill(panel.get("title", ""), values)}

    def _panel(self, panel: Json) -> Json:
        texts = [json.dumps(panel, ensure_ascii=False)]
        return {
            "id": panel.get("id", 0),
            "kind": panel["type"],
            "place": panel["gridPos"],
            "links": [
                {"title": one.get("title", ""), "url": one.get("url", "")}
                for one in panel.get("links") or []
            ],
            "notes": list(notes(panel)),
            "drawn": self._each(texts, partial(self._drawn, panel)),
        }

    def _drawn(self, panel: Json, values: Values) -> Json:
        return drawing(panel, {**self.times, **values}, self.ask, self.span, self.clock)


def _by_choice(uses: Sequence[str], keys: Sequence[tuple[Value, ...]], drawn: list[Any]) -> Json:
    named_keys = [json.dumps(key, ensure_ascii=False, separators=(",", ":")) for key in keys]
    return {"uses": list(uses), "by": dict(zip(named_keys, drawn, strict=True))}


def _zone(name: str) -> ZoneInfo | Any:
    if name in ("", "browser"):
        return None  # this machine's, where the browser mostly is
    return UTC if name.lower() == "utc" else ZoneInfo(name)


def _offsets(span: Range, clock: Clock) -> list[list[int]]:
    """[local milliseconds, offset] from when on clocks are so far ahead of UTC, in milliseconds."""
    found: list[list[int]] = []
    at = span.start - timedelta(days=1)
    while at <= span.end + timedelta(days=1):
        ahead = clock.local(at).utcoffset() or timedelta(0)
        if not found or found[-1][1] != ahead // timedelta(milliseconds=1):
            found.append([local_ms(at, clock), ahead // timedelta(milliseconds=1)])
        at += timedelta(hours=1 if (span.end - span.start).days < 60 else 24)
    return found


UNITS = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "M": "month",
    "y": "year",
}


def _relative(start: str, end: str) -> str:
    number, unit = start.removeprefix("now-")[:-1], start[-1]
    if end == "now" and number.isdigit() and unit in UNITS:
        return f"Last {number} {UNITS[unit]}{'s' if number != '1' else ''}"
    return f"{start} to {end}"
