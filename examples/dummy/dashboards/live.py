"""The hello-world: dummy_metrics live, as `make dummy` writes it."""

from grafanalib.core import TimeSeries

from driftdeck.dashboards import panels
from driftdeck.dashboards.page import Item, Page, Row, link
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, override
from driftdeck.declare import NUMBER, SHARE, Monitor, Unit

NAME = "dummy"
NEWEST = """\
SELECT timestamp AS time, {column} FROM (
  SELECT timestamp, {column} FROM monitoring.dummy_metrics ORDER BY timestamp DESC LIMIT 1000
) newest
ORDER BY 1"""
"""The newest rows whatever the time range: an old table says "zoom to data", not "no data"."""
ROWS = """\
SELECT timestamp, value1, value2, value3 FROM monitoring.dummy_metrics
ORDER BY timestamp DESC LIMIT 50"""


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The dashboard, where the dummy table is watched."""
    if NAME not in [monitor.name for monitor in monitors]:
        return []
    uid = site.uid("live")
    value1 = _values(site, "value1", "Random whole numbers from 0 to 1000.", NUMBER)
    value3 = _values(site, "value3", "Random shares from 0 to 1.", SHARE)
    rows = panels.table(
        site,
        f"{uid}/rows",
        "The newest 50 rows",
        "SELECT * FROM dummy_metrics LIMIT 50, newest first.",
        ROWS,
        overrides=[override("timestamp", unit="dateTimeAsIso")],
    )
    return [
        Page(
            uid=uid,
            title="Dummy metrics, live",
            description="Rows of `make dummy` as they arrive. Generated: edit the source.",
            rows=[Row("", [Item(value1, 12, 8), Item(value3, 12, 8), Item(rows, 24, 10)])],
            start="now-15m",
            refresh="5s",
            tags=["example"],
            links=[link("Models", site.uid("overview"))],
        )
    ]


def _values(site: Site, column: str, description: str, unit: Unit) -> TimeSeries:
    return panels.timeseries(
        site,
        f"{site.uid('live')}/{column}",
        column,
        description,
        [NEWEST.format(column=column)],
        unit,
        points=True,
        low=0,
        high=unit.high,
        overrides=[override(column, color={"mode": "fixed", "fixedColor": BLUE})],
    )
