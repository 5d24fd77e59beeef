"""A dashboard as rows of panels, and its one way to grafanalib."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from grafanalib.core import Annotations, Dashboard, GridPos, Panel, RowPanel, Templating, Time

from driftdeck.dashboards.site import Site, panel_id
from driftdeck.declare import Monitor
from driftdeck.facts import Json

WIDTH = 24
SHOWN, LEAST_DAYS = 90, 7
"""So many windows are shown at first, and a week at least."""


@dataclass(frozen=True)
class Item:
    """A panel with its size in grid cells (24 wide).

    may_be_empty: why its queries may return no row; '' where they must return some.
    """

    panel: Panel
    width: int
    height: int
    may_be_empty: str = ""


@dataclass(frozen=True)
class Row:
    """Panels under one heading, laid out from left to right."""

    title: str
    items: Sequence[Item]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One dashboard. start, end: of its time range; refresh: between reloads, '' for none."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    start: str = "now-90d"
    end: str = "now"
    timezone: str = "browser"
    refresh: str = "30s"
    tags: Sequence[str] = ()
    variables: Sequence[Json] = ()
    annotations: Sequence[Json] = ()
    links: Sequence[Json] = field(default_factory=tuple)

    def panels(self) -> list[Panel]:
        """Every panel placed on the grid, a heading before each row."""
        placed: list[Panel] = []
        top = 0
        for row in self.rows:
            if row.title:
                placed.append(_heading(self.uid, row.title, top))
                top += 1
            for item, x, y in _flow(row.items):
                item.panel.gridPos = GridPos(h=item.height, w=item.width, x=x, y=top + y)
                placed.append(item.panel)
            top += max((y + item.height for item, _, y in _flow(row.items)), default=0)
        return placed

    def may_be_empty(self) -> dict[int, str]:
        """Panel ids that may show nothing, with the reason."""
        items = [item for row in self.rows for item in row.items]
        return {item.panel.id: item.may_be_empty for item in items if item.may_be_empty}

    def dashboard(self) -> Dashboard:
        """The page as grafanalib's dashboard."""
        return Dashboard(
            uid=self.uid,
            title=self.title,
            description=self.description,
            panels=self.panels(),
            tags=["driftdeck", *self.tags],
            time=Time(self.start, self.end),
            timezone=self.timezone,
            refresh=self.refresh or None,
            templating=Templating(list=list(self.variables)),
            annotations=Annotations(list=list(self.annotations)),
            links=list(self.links),
            editable=True,
        )


def period(monitor: Monitor) -> tuple[str, str]:
    """The time range of a monitor: the days it has, in its own zone, or the newest 90 windows."""
    if not monitor.ends:
        shown = math.ceil(SHOWN * monitor.every.length / timedelta(days=1))
        return f"now-{max(shown, LEAST_DAYS)}d", "now"
    first, last = date.fromisoformat(monitor.starts), date.fromisoformat(monitor.ends)
    days = list(monitor.every.days(first, last))
    return _moment(days[0].start), _moment(days[-1].end - timedelta(milliseconds=1))


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _flow(items: Sequence[Item]) -> Iterator[tuple[Item, int, int]]:
    """(item, x, y) from left to right; an item that does not fit begins a new line."""
    x = y = line = 0
    for item in items:
        if x + item.width > WIDTH:
            x, y, line = 0, y + line, 0
        yield item, x, y
        x, line = x + item.width, max(line, item.height)


def _heading(uid: str, title: str, top: int) -> RowPanel:
    return RowPanel(
        title=title, id=panel_id(f"{uid}/row/{title}"), gridPos=GridPos(h=1, w=WIDTH, x=0, y=top)
    )


def variable(site: Site, name: str, label: str, query: str, *, current: str = "") -> Json:
    """A single-choice variable filled by a query."""
    query = site.sql(query)
    chosen: Json = {"selected": True, "text": current, "value": current} if current else {}
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": site.datasource,
        "query": query,
        "definition": query,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "sort": 0,
        "hide": 0,
        "current": chosen,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
    }


def annotation(site: Site, name: str, color: str, query: str, *, enable: bool = True) -> Json:
    """A SQL annotation: the query gives time, timeend, text and tags."""
    return {
        "name": name,
        "enable": enable,
        "hide": False,
        "iconColor": color,
        "datasource": site.datasource,
        "target": {
            "refId": "Annotation",
            "rawSql": site.sql(query),
            "format": "table",
            "editorMode": "code",
            "rawQuery": True,
        },
    }


def link(title: str, uid: str) -> Json:
    """A link to another dashboard, keeping nothing."""
    return {
        "type": "link",
        "title": title,
        "url": f"/d/{uid}",
        "icon": "dashboard",
        "targetBlank": False,
        "keepTime": False,
        "includeVars": False,
        "asDropdown": False,
        "tags": [],
        "tooltip": "",
    }
