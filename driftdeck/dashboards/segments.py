"""The rows of a model's dashboard that show its segments."""

from collections.abc import Iterator

from grafanalib.core import Panel

from driftdeck.dashboards import panels, segment_sql
from driftdeck.dashboards.metric_panels import dashed, report_link
from driftdeck.dashboards.page import Item, Row, variable
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.sql import most_points, shared_points, shared_states
from driftdeck.dashboards.style import (
    BLUE,
    GREY,
    RED,
    areas,
    fixed,
    override,
    state_mappings,
)
from driftdeck.declare import NUMBER, Monitor
from driftdeck.facts import Json

NO_ROWS = "no window in range has a segment yet"
UNJUDGED = "no segment is judged in range"
KEPT = "${__url_time_range}"
COLORED: Json = {
    "custom__displayMode": "color-background",
    "custom__cellOptions": {"type": "color-background", "mode": "basic"},
}
TEXT: Json = {"custom__displayMode": "color-text", "custom__cellOptions": {"type": "color-text"}}
"""Cells, each in the old and the new spelling: 9.4 knows the old."""


def variables(site: Site, monitor: Monitor) -> list[Json]:
    """Which slice, which series of its segments, and which of them: the worst ones at first."""
    if not monitor.slices:
        return []
    first = segment_sql.order(monitor)[0].name
    return [
        variable(site, "slice", "Slice", segment_sql.slices(monitor), current=first),
        variable(site, "series", "Of segments", segment_sql.series(monitor)),
        variable(site, "segment", "Segment", segment_sql.segments(monitor)),
    ]


def rows(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """Segments: which are in alert and since when; the chosen one beside the whole; each over
    time."""
    if not monitor.slices:
        return
    items = []
    if segment_sql.judged_metrics(monitor):
        items += [
            Item(_in_alert(site, monitor, uid), 12, 10, UNJUDGED),
            Item(_states(site, monitor, uid), 12, 10, UNJUDGED),
        ]
    items += [
        Item(_worst(site, monitor, uid), 12, 10, NO_ROWS),
        Item(_beside_whole(site, monitor, uid), 12, 10, NO_ROWS),
        Item(_each(site, monitor, uid), 24, 9, NO_ROWS),
    ]
    yield Row("Segments", items)


def _in_alert(site: Site, monitor: Monitor, uid: str) -> Panel:
    show: Json = {
        "title": "Show this segment",
        "url": f"/d/{uid}?var-slice=${{__data.fields.slice}}&var-segment=${{__data.fields.value}}"
        f"&var-series=${{__data.fields.series}}&{KEPT}",
    }
    return panels.table(
        site,
        f"{uid}/segments_in_alert",
        "Judged segments, worst first",
        "Since when the alert of each stands, if it does at the end of the range; how many of its"
        f" {monitor.every.nouns} were beyond its alert threshold, beside how many of the whole's"
        " were. Those in alert come first, then those in breach most often. A click shows it.",
        segment_sql.in_alert(monitor),
        overrides=[
            override("segment", links=[show], custom__minWidth=100),
            override("series", links=[show], custom__minWidth=110),
            override("state", mappings=state_mappings(), custom__width=72, **COLORED),
            override("alert since", custom__width=156),
            override("in breach", custom__width=100),
            override("the whole", custom__width=100),
            override("slice", custom__hidden=True),
            override("value", custom__hidden=True),
        ],
    )


def _states(site: Site, monitor: Monitor, uid: str) -> Panel:
    return panels.timeline(
        site,
        f"{uid}/segment_states",
        "Judged segments of $slice over time",
        "Those in breach most often. Teal is quiet, amber beyond its warning threshold, red beyond"
        " its alert threshold. A gap: not measured, or too few rows to judge."
        + shared_states(monitor),
        segment_sql.states(monitor),
        most_points=most_points(monitor),
    )


def _worst(site: Site, monitor: Monitor, uid: str) -> Panel:
    show: Json = {
        "title": "Show this segment",
        "url": f"/d/{uid}?var-segment=${{__value.text}}&{KEPT}&${{slice:queryparam}}"
        "&${series:queryparam}",
    }
    return panels.table(
        site,
        f"{uid}/segments",
        "$series by $slice, worst first",
        "The mean of each segment in range beside that of the whole; the share of its judged"
        f" {monitor.every.nouns} that were in breach. First those whose alert is firing at the end"
        " of the range, then those in breach most often. A click on a segment shows it.",
        segment_sql.worst(monitor),
        overrides=[
            override("segment", links=[show], custom__minWidth=100),
            *(override(name, decimals=3, custom__width=88) for name in NUMBERS),
            override("alert", color=fixed(RED), custom__width=70, **TEXT),
            override(
                "in breach",
                unit="percentunit",
                decimals=0,
                custom__width=86,
                thresholds={"mode": "absolute", "steps": areas(warn_above=0.1, alert_above=0.3)},
                **TEXT,
            ),
            override("rows", decimals=0, custom__width=70),
        ],
    )


NUMBERS = ("value", "whole", "difference")


def _beside_whole(site: Site, monitor: Monitor, uid: str) -> Panel:
    return panels.timeseries(
        site,
        f"{uid}/segment",
        "$series: $slice = $segment beside the whole",
        "The chosen segment and the whole window; where it is judged, its alert threshold."
        + shared_points(monitor),
        [segment_sql.beside_whole(monitor)],
        NUMBER,
        overrides=[
            override("whole", color=fixed(GREY)),
            override("segment", color=fixed(BLUE)),
            *(dashed(name, RED) for name in ("alert", "low alert")),
        ],
        links=[report_link(site, monitor)],
        legend=("mean", "min", "max"),
    )


def _each(site: Site, monitor: Monitor, uid: str) -> Panel:
    return panels.timeseries(
        site,
        f"{uid}/each_segment",
        "$series of every $slice",
        f"Each segment over time.{shared_points(monitor)}",
        [segment_sql.each(monitor)],
        NUMBER,
        legend=("mean",),
        legend_right=True,
        most_points=most_points(monitor),
    )
