"""Every query that the built artefacts hold, ready to run: of panels, variables, annotations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from driftdeck.errors import UsageError
from driftdeck.facts import Json
from driftdeck.facts.durations import shift
from driftdeck.facts.panels import plotted_panels
from driftdeck.grafana.variables import fill
from driftdeck.preflight.sql.macros import Range

POINTS = 800
"""So many points has a panel as wide as a screen."""
RELATIVE = re.compile(r"now((?:[-+]\d+[smhdwMy])*)(?:/([smhdwMy]))?")


@dataclass(frozen=True)
class Query:
    """One query and where it stands.

    place: for people, "Flight delays / Drift / A". form: time_series or table. uid: of the
    dashboard. may_be_empty: why it may return no row, '' where it may not. panel: its JSON.
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
        """Its time range, with the interval of a panel that is as wide as a screen."""
        return Range(
            self.start, self.end, max(1.0, (self.end - self.start).total_seconds() / POINTS)
        )

    def with_values(self, values: Mapping[str, str]) -> "Query":
        """The query with dashboard variables replaced, as the browser does before it is run."""
        return Query(
            self.place, fill(self.sql, values, sql=True), self.form, self.start, self.end, self.uid,
            self.may_be_empty, self.panel,
        )  # fmt: skip


def parse_time(text: str, now: datetime, *, end: bool = False) -> datetime:
    """A dashboard's `from` or `to` as a moment: relative to now, ISO, or milliseconds.

    `/d` goes to the beginning of the day in the zone of now, or to its end. Raises UsageError.
    """
    try:
        return _parse_time(text, now, end=end)
    except (OverflowError, OSError):  # the calendar's, and the clock's of the machine
        raise UsageError(f"{text!r} lies outside the years 1 to 9999") from None


def _parse_time(text: str, now: datetime, *, end: bool) -> datetime:
    if re.fullmatch(r"\d{10,}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    match = RELATIVE.fullmatch(text)
    if match is None:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            message = f"{text!r} is no time: now-90d, 2013-01-01T00:00 and milliseconds are"
            raise UsageError(message) from None
        return time if time.tzinfo else time.replace(tzinfo=now.tzinfo)
    steps = re.findall(r"([-+]\d+)([smhdwMy])", match[1])
    time = now
    for number, unit in steps:
        time = shift(time, int(number), unit)
    return _round(time, match[2], end=end) if match[2] else time


def _round(time: datetime, unit: str, *, end: bool) -> datetime:
    if unit == "w":
        time -= timedelta(days=time.weekday())
    kept = "yMdhms".index("d" if unit == "w" else unit) + 1
    parts = [time.year, time.month, time.day, time.hour, time.minute, time.second]
    year, month, day, hour, minute, second = [*parts[:kept], *[0, 1, 1, 0, 0, 0][kept:]]
    begins = datetime(year, month, day, hour, minute, second, tzinfo=time.tzinfo)
    if not end:
        return begins
    return shift(begins, 1, unit) - timedelta(milliseconds=1)


def parse_time_range(dashboard: Json, now: datetime) -> tuple[datetime, datetime]:
    """The range on which a dashboard opens."""
    range_ = dashboard["time"]
    return parse_time(range_["from"], now), parse_time(range_["to"], now, end=True)


def list_variable_queries(dashboard: Json, now: datetime) -> Iterator[Query]:
    """The queries behind a dashboard's variables."""
    start, end = parse_time_range(dashboard, now)
    for item in dashboard.get("templating", {}).get("list", []):
        if item["type"] == "query":
            place = f"{dashboard['title']} / variable {item['name']}"
            yield Query(place, item["query"], "table", start, end, dashboard["uid"])


def list_queries(
    dashboard: Json, may_be_empty: Mapping[int, str], now: datetime
) -> Iterator[Query]:
    """The queries of a dashboard's panels and annotations, variables not yet replaced."""
    start, end = parse_time_range(dashboard, now)
    title, uid = dashboard["title"], dashboard["uid"]
    for panel in plotted_panels(dashboard):
        why = may_be_empty.get(panel["id"], "")
        for target in panel.get("targets", []):
            place = f"{title} / {panel['title']} / {target['refId']}"
            yield Query(place, target["rawSql"], target["format"], start, end, uid, why, panel)
    for item in dashboard.get("annotations", {}).get("list", []):
        if "target" in item:
            place = f"{title} / annotation {item['name']}"
            sql = item["target"]["rawSql"]
            yield Query(place, sql, "table", start, end, uid, "an annotation marks events")
