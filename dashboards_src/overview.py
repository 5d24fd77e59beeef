"""Every model at a glance: state, worst breach, freshness."""

from driftdeck.dashboards import overview_sql, panels
from driftdeck.dashboards.page import Item, Page, Row, link
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import (
    AMBER,
    RED,
    TEAL,
    areas,
    collection_mappings,
    override,
    state_mappings,
)
from driftdeck.declare import Monitor
from driftdeck.facts import Json

COLORED: Json = {
    "custom__displayMode": "color-background",
    "custom__cellOptions": {"type": "color-background", "mode": "basic"},
}


THRESHOLDS = ("warning", "alert")


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The one overview; none where nothing is watched."""
    if not monitors:
        return []
    uid = site.uid("overview")
    uids = [site.uid(monitor.name) for monitor in monitors]
    return [
        Page(
            uid=uid,
            title="Models overview",
            description="Every watched model: its newest state, and whether its data is fresh."
            " Generated: edit the source.",
            rows=[
                Row("", _counts(site, monitors, uids, uid)),
                Row("", [_models(site, monitors, uids, uid)]),
                Row("Newest windows", [_worst(site, monitors, uids, uid)]),
            ],
            tags=["overview"],
            links=[link("Collectors", site.uid("collectors"))],
        )
    ]


def _counts(site: Site, monitors: tuple[Monitor, ...], uids: list[str], uid: str) -> list[Item]:
    never = "good.until IS NULL AND m.late_hours IS NOT NULL"
    late = f"extract(epoch FROM {overview_sql.DUE} - good.until) > 0 OR ({never})"
    counts = [
        ("models", "Watched", "Models under watch.", "true", None),
        (
            "alert",
            "In alert",
            "Models whose newest window has a value beyond its alert threshold.",
            "newest.worst_level = 2",
            RED,
        ),
        (
            "warning",
            "With a warning",
            "Models whose newest window has a value beyond its warning threshold.",
            "newest.worst_level = 1",
            AMBER,
        ),
        ("late", "Late", "Models whose data should have arrived by now.", late, RED),
        (
            "failed",
            "Failed",
            "Models whose newest collection failed.",
            "newest.status = 'failed'",
            RED,
        ),
    ]
    items = []
    for key, title, description, condition, color in counts:
        marks: list[Json] = (
            [{"color": TEAL, "value": None}, {"color": color, "value": 1}] if color else []
        )
        panel = panels.stat(
            site,
            f"{uid}/{key}",
            title,
            description,
            overview_sql.models_count(monitors, uids, condition),
            steps=marks,
        )
        items.append(Item(panel, 5 if key != "models" else 4, 4))
    return items


def _models(site: Site, monitors: tuple[Monitor, ...], uids: list[str], uid: str) -> Item:
    open_model = [{"title": "Open the dashboard", "url": "/d/${__data.fields.uid}"}]
    overrides = [
        override("model", links=open_model, custom__width=190),
        override("state", mappings=state_mappings(), custom__width=90, **COLORED),
        override("collection", mappings=collection_mappings(), custom__width=90, **COLORED),
        override("worst", custom__minWidth=235),
        override("value", decimals=3, custom__width=80),
        override(
            "days late",
            decimals=1,
            custom__width=85,
            thresholds={"mode": "absolute", "steps": areas(alert_above=0.001)},
            custom__displayMode="color-text",
            custom__cellOptions={"type": "color-text"},
        ),
        override("breached of 30", custom__width=125),
        override("newest window", custom__width=122),
        override("failed of 30", custom__width=105),
        override("rows", custom__width=70),
        override("owner", custom__width=115),
        override("uid", custom__hidden=True),
    ]
    panel = panels.table(
        site,
        f"{uid}/table",
        "Models",
        "The newest window of every model. Breached and failed count its last 30 windows.",
        overview_sql.models(monitors, uids),
        overrides=overrides,
    )
    return Item(panel, 24, max(7, 4 + len(monitors)))


def _worst(site: Site, monitors: tuple[Monitor, ...], uids: list[str], uid: str) -> Item:
    open_column = [
        {"title": "Show it", "url": "/d/${__data.fields.uid}${__data.fields.query}"},
    ]
    panel = panels.table(
        site,
        f"{uid}/worst",
        "Judged series of the newest windows, worst first",
        "Each series of each model's newest window beside its thresholds.",
        overview_sql.worst_series(monitors, uids),
        overrides=[
            override("model", links=open_column, custom__minWidth=150),
            override("metric", custom__minWidth=150),
            override("column", links=open_column, custom__minWidth=130),
            override("segment", custom__minWidth=120),
            *(override(name, decimals=3, custom__width=95) for name in ("value", *THRESHOLDS)),
            override("state", mappings=state_mappings(), custom__width=90, **COLORED),
            override("window", custom__width=130),
            override("uid", custom__hidden=True),
            override("query", custom__hidden=True),
        ],
    )
    return Item(panel, 24, 12)
