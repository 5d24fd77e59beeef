"""Predicted and observed prices, side by side: a dashboard of a project's own."""

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.page import Item, Page, Row, link
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, VIOLET, fixed, override
from driftdeck.declare import COUNT, Monitor

COLORS = [
    override("predicted", color=fixed(BLUE)),
    override("observed", color=fixed(VIOLET), displayName="sold"),
]


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The dashboard, where prices are watched."""
    return [_page(site, monitor) for monitor in monitors if monitor.name == "prices"]


def _page(site: Site, monitor: Monitor) -> Page:
    uid = site.uid("observed")
    counts = (
        'SELECT window_start AS time, row_count AS "predicted", labelled_count AS "observed"'
        f" FROM monitoring.collection WHERE monitor = {sql.literal(monitor.name)}"
        " AND $__timeFilter(window_start) ORDER BY 1"
    )
    bars = panels.timeseries(
        site, f"{uid}/bars", "Houses", "How many were offered, and how many sold.", [counts], COUNT,
        bars=True, low=0, overrides=COLORS, legend=("mean", "min"),
    )  # fmt: skip
    means = panels.timeseries(
        site, f"{uid}/means", "Mean price", "The mean of each day, predicted and observed.",
        [sql.series(monitor, "prediction_mean", "target_mean", name="metric")], COUNT,
    )  # fmt: skip
    table = panels.table(
        site, f"{uid}/table", "Windows", "The same numbers, window by window.", counts,
        overrides=[override("predicted", custom__minWidth=220)],
    )  # fmt: skip
    return Page(
        uid=uid,
        title="Predicted and observed prices",
        description=monitor.description,
        rows=[Row("", [Item(bars, 12, 8), Item(means, 12, 8), Item(table, 24, 9)])],
        links=[link("Models", site.uid("overview"))],
    )
