"""How many rows each model answered, side by side: a dashboard of one's own. Delete it freely."""

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.page import Item, Page, Row, period
from driftdeck.dashboards.site import Site
from driftdeck.declare import COUNT, Monitor


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """One panel for each monitor; none where nothing is watched."""
    uid = site.uid("volume")
    items = []
    for monitor in monitors:
        rows = sql.series(monitor, "row_count", name="metric")
        key = f"{uid}/{monitor.name}"
        panel = panels.timeseries(site, key, monitor.title, "Rows a window.", [rows], COUNT)
        items.append(Item(panel, 12, 8))
    if not items:
        return []
    start, end = period(monitors[0])
    return [
        Page(
            uid=uid,
            title="Volume",
            description="Rows of every model.",
            rows=[Row("", items)],
            start=start,
            end=end,
        )
    ]
