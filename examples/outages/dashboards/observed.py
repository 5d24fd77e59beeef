"""Observed against predicted outages, the practitioner's exercise, from the outages monitor."""

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.metric_panels import single_panel
from driftdeck.dashboards.page import Item, Page, Row, link, period
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, VIOLET, fixed, override
from driftdeck.declare import COUNT, Monitor

NAME = "outages"


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The dashboard, where the outages are watched."""
    return [_page(site, monitor) for monitor in monitors if monitor.name == NAME]


def _page(site: Site, monitor: Monitor) -> Page:
    uid = site.uid("observed")
    means = panels.timeseries(
        site,
        f"{uid}/means",
        "Mean minutes: observed and predicted",
        "The mean duration of each day's outages: as predicted when they were opened, and as"
        " observed when they ended.",
        [sql.series(monitor, "prediction_mean", "target_mean", name="metric")],
        monitor.prediction_column.unit if monitor.prediction_column else COUNT,
        overrides=[
            override("prediction_mean", color=fixed(BLUE), displayName="predicted"),
            override("target_mean", color=fixed(VIOLET), displayName="observed"),
        ],
        legend=("mean", "max"),
    )
    counts = panels.timeseries(
        site,
        f"{uid}/counts",
        "Outages: predicted and observed",
        "How many outages were opened on each day, and of how many the end was reported.",
        [_counts(monitor)],
        COUNT,
        bars=True,
        low=0,
        overrides=[
            override("predicted", color=fixed(BLUE)),
            override("observed", color=fixed(VIOLET)),
        ],
        legend=("mean", "min"),
    )
    items = [Item(means, 24, 10), Item(counts, 12, 8)]
    for metric in monitor.metrics:
        if metric.name in ("agreement", "mean_error", "mae"):
            items.append(Item(single_panel(site, monitor, uid, metric), 12, 8))
    start, end = period(monitor)
    return Page(
        uid=uid,
        title="Observed against predicted outages",
        description=f"{monitor.description} Generated: edit the source.",
        rows=[Row("", items)],
        start=start,
        end=end,
        timezone=monitor.every.timezone,
        refresh="5m",
        tags=["example"],
        links=[link("Models", site.uid("overview")), link(monitor.title, site.uid(monitor.name))],
    )


def _counts(monitor: Monitor) -> str:
    return f"""\
SELECT window_start AS time, row_count AS "predicted", labelled_count AS "observed"
FROM monitoring.collection
WHERE monitor = {sql.literal(monitor.name)} AND $__timeFilter(window_start)
ORDER BY 1"""
