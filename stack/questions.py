"""Every query that the built artefacts hold, ready to be asked: panels, variables, annotations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from preflight.macros import Range

Json = dict[str, Any]
RELATIVE = re.compile(r"now(?:-(\d+)([smhdwMy]))?(?:/[dwMy])?")
UNIT_SECONDS = {
    "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 30 * 86400, "y": 365 * 86400,
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One query and where it stands.

    place: for people, "Flight delays / Drift / A". form: time_series or table.
    may_be_empty: why it may return no row, '' where it may not.
    """

    place: str
    sql: str
    form: str
    start: datetime
    end: datetime
    uid: str
    may_be_empty: str = ""
    panel: Json = field(default_factory=dict)

    @property
    def span(self) -> Range:
        """Its time range, with the interval of a panel 800 points wide."""
        return Range(self.start, self.end, max(1.0, (self.end - self.start).total_seconds() / 800))

    def with_values(self, values: Mapping[str, str]) -> "Question":
        """The question with dashboard variables replaced, as the browser does before asking."""
        return Question(
            self.place, substitute(self.sql, values), self.form, self.start, self.end, self.uid,
            self.may_be_empty, self.panel,
        )  # fmt: skip


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Replace $name and ${name} of the known variables, quotes doubled."""
    for name, value in values.items():
        quoted = value.replace("'", "''").replace("\\", r"\\")
        pattern = rf"\$\{{{name}(?::\w+)?\}}|\${name}\b"
        text = re.sub(pattern, quoted, text)
    return text


def moment(text: str, now: datetime) -> datetime:
    """A dashboard's `from` or `to` as a moment. Raises ValueError."""
    match = RELATIVE.fullmatch(text)
    if match is None:
        return datetime.fromisoformat(text)
    if match[1] is None:
        return now
    return now - timedelta(seconds=int(match[1]) * UNIT_SECONDS[match[2]])


def time_range(dashboard: Json, now: datetime) -> tuple[datetime, datetime]:
    """The range on which a dashboard opens."""
    return moment(dashboard["time"]["from"], now), moment(dashboard["time"]["to"], now)


def panels(dashboard: Json) -> Iterator[Json]:
    """Every panel that is no heading, also those inside collapsed rows."""
    for panel in dashboard.get("panels", []):
        if panel["type"] != "row":
            yield panel
        yield from (inner for inner in panel.get("panels", []) if inner["type"] != "row")


def variables(dashboard: Json, now: datetime) -> Iterator[Question]:
    """The queries behind a dashboard's variables."""
    start, end = time_range(dashboard, now)
    for item in dashboard.get("templating", {}).get("list", []):
        if item["type"] == "query":
            place = f"{dashboard['title']} / variable {item['name']}"
            yield Question(place, item["query"], "table", start, end, dashboard["uid"])


def questions(
    dashboard: Json, may_be_empty: Mapping[int, str], now: datetime
) -> Iterator[Question]:
    """The queries of a dashboard's panels and annotations, variables not yet replaced."""
    start, end = time_range(dashboard, now)
    title, uid = dashboard["title"], dashboard["uid"]
    for panel in panels(dashboard):
        why = may_be_empty.get(panel["id"], "")
        for target in panel.get("targets", []):
            place = f"{title} / {panel['title']} / {target['refId']}"
            yield Question(place, target["rawSql"], target["format"], start, end, uid, why, panel)
    for item in dashboard.get("annotations", {}).get("list", []):
        if "target" in item:
            place = f"{title} / annotation {item['name']}"
            sql = item["target"]["rawSql"]
            yield Question(place, sql, "table", start, end, uid, "an annotation marks events")
