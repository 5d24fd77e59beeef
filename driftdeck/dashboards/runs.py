"""The tables of a model's windows: what moved, how each run went, what was trained anew."""

from collections.abc import Iterator

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.page import Item, Row
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import collection_mappings, override, state_mappings
from driftdeck.declare import Monitor
from driftdeck.facts import Json

INSPECTED: Json = {"custom__inspect": True}
"""A click on the cell shows all of it."""
LONG_TEXT: Json = {
    **INSPECTED,
    "custom__cellOptions": {"type": "auto", "wrapText": True},
}
"""Wrapped since 10.4; before, a click on the cell shows all of it."""


def rows(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """What moved, how each collection went, and what was trained anew."""
    runs = panels.table(
        site,
        f"{uid}/runs",
        "Runs",
        "Every collected window in range, newest first, with the reason where something failed.",
        sql.runs(monitor),
        overrides=[*run_overrides(wrap=False), *_report_cells(site)],
    )
    retrainings = panels.table(
        site,
        f"{uid}/retraining",
        "Retrainings",
        "When the model was retrained, why, and what came of it.",
        sql.retrainings(monitor),
        overrides=[
            override("window", custom__width=118),
            override("started", unit="dateTimeAsIso", custom__width=165),
            override("finished", unit="dateTimeAsIso", custom__width=165),
            override("status", custom__width=75),
            override("from", custom__width=100),
            override("to", custom__width=100),
        ],
    )
    yield Row(
        "Runs",
        [
            *_explained(site, monitor, uid),
            Item(runs, 24, 10, may_be_empty="nothing was collected in the time range"),
            Item(retrainings, 24, 6, may_be_empty="the model has not been retrained"),
        ],
    )


def _explained(site: Site, monitor: Monitor, uid: str) -> Iterator[Item]:
    """What moved, where there is a reference to have moved from."""
    if monitor.reference is None:
        return
    panel = panels.table(
        site,
        f"{uid}/explained",
        "What moved",
        "Of each window with a value beyond its alert threshold: which columns moved and where, how"
        " much of the prediction's distance goes with them, what the labels say. Computed.",
        sql.explanations(monitor),
        overrides=[
            override("window", custom__width=118),
            override("worst", custom__width=250),
            override("what moved", **LONG_TEXT),
        ],
    )
    why = "no window in range has a value beyond its alert threshold"
    yield Item(panel, 24, 8, may_be_empty=why)


def _report_cells(site: Site) -> list[Json]:
    """A run's cell that opens its report; the address stands in a column that is not shown."""
    url = f"{site.evidently}${{__data.fields.path}}"
    opened = [{"title": "Open the report", "url": url, "targetBlank": True}]
    return [override("report", links=opened), override("path", custom__hidden=True)]


def run_overrides(*, wrap: bool = True) -> list[Json]:
    """How the columns of a table of runs look. wrap: an error that is long."""
    colored = {
        "custom__displayMode": "color-text",
        "custom__cellOptions": {"type": "color-text"},
    }
    return [
        override("status", mappings=collection_mappings(), custom__width=85, **colored),
        override("state", mappings=state_mappings(), custom__width=95, **colored),
        override("window", custom__width=118),
        override("model", custom__width=105),
        override("rows", custom__width=65),
        override("labelled", custom__width=80),
        override("worst", custom__width=240),
        override("seconds", custom__width=75, unit="none"),
        override("error", custom__minWidth=200, **(LONG_TEXT if wrap else INSPECTED)),
        override("report", custom__width=70),
        override("collected", unit="dateTimeAsIso", custom__width=165),
    ]
