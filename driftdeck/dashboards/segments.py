"""The rows of a model's dashboard that show its segments."""

from collections.abc import Iterator

from driftdeck.dashboards import panels, segment_sql
from driftdeck.dashboards.metric_panels import report_link
from driftdeck.dashboards.page import Item, Row, variable
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, GREY, fixed, override, state_mappings
from driftdeck.declare import NUMBER, Monitor
from driftdeck.facts import Json

NO_ROWS = "no window in range has a segment yet"


def variables(site: Site, monitor: Monitor) -> list[Json]:
    """Which slice, which of its segments, and which series of theirs."""
    if not monitor.slices:
        return []
    first = monitor.slices[0].name
    shown = segment_sql.list_series(monitor)[0]
    return [
        variable(site, "slice", "Slice", segment_sql.slices(monitor), current=first),
        variable(site, "segment", "Segment", segment_sql.segments(monitor)),
        variable(site, "series", "Of segments", segment_sql.series(monitor), current=shown),
    ]


def rows(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """Segments, worst first; the chosen one beside the whole; each over time; their states."""
    if not monitor.slices:
        return
    show: Json = {
        "title": "Show this segment",
        "url": f"/d/{uid}?var-segment=${{__value.text}}&${{__url_time_range}}&${{slice:queryparam}}"
        "&${series:queryparam}",
    }
    worst = panels.table(
        site,
        f"{uid}/segments",
        "$series by $slice, worst first",
        "The mean of each segment in range beside that of the whole; how many of its windows were"
        " in breach, where it is judged. A click on a segment shows it.",
        segment_sql.worst(monitor),
        overrides=[
            override("segment", links=[show], custom__minWidth=90),
            override("state", mappings=state_mappings(), custom__width=80, **COLORED),
            *(override(name, decimals=3, custom__width=90) for name in NUMBERS),
            *(override(name, decimals=0, custom__width=80) for name in ("in breach", "windows")),
            override("rows", decimals=0, custom__width=70),
        ],
    )
    beside = panels.timeseries(
        site,
        f"{uid}/segment",
        "$series: $slice = $segment beside the whole",
        "The chosen segment and the whole window.",
        [segment_sql.beside_whole(monitor)],
        NUMBER,
        overrides=[
            override("whole", color=fixed(GREY)),
            override("segment", color=fixed(BLUE)),
        ],
        links=[report_link(site, monitor)],
        legend=("mean", "min", "max"),
    )
    every = panels.timeseries(
        site,
        f"{uid}/each_segment",
        "$series of every $slice",
        "Each segment over time.",
        [segment_sql.each(monitor)],
        NUMBER,
        legend=("mean",),
        legend_right=True,
    )
    items = [
        Item(worst, 12, 10, NO_ROWS),
        Item(beside, 12, 10, NO_ROWS),
        Item(every, 24, 9, NO_ROWS),
    ]
    if any(slice_.judged for slice_ in monitor.slices):
        states = panels.timeline(
            site,
            f"{uid}/segment_states",
            f"Judged segments of $slice, {monitor.every.noun} by {monitor.every.noun}",
            "Teal is quiet, amber beyond its warning threshold, red beyond its alert threshold.",
            segment_sql.states(monitor),
        )
        items.append(Item(states, 24, 10, "no segment of the chosen slice is judged in range"))
    yield Row("Segments", items)


NUMBERS = ("value", "whole", "difference")
COLORED: Json = {
    "custom__displayMode": "color-background",
    "custom__cellOptions": {"type": "color-background", "mode": "basic"},
}
"""In the old and the new spelling: 9.4 knows the old."""
