"""What was taken for what: the confusion matrix of a model of several classes."""

from collections.abc import Sequence

from driftdeck.dashboards import panels
from driftdeck.dashboards.page import Item
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.sql import literal, quoted
from driftdeck.dashboards.style import override
from driftdeck.declare import Monitor
from driftdeck.facts import Json

SHADED: Json = {
    "unit": "percentunit",
    "min": 0,
    "max": 1,
    "decimals": 1,
    "color": {"mode": "continuous-blues"},
    "custom__displayMode": "color-background",
    "custom__cellOptions": {"type": "color-background", "mode": "basic"},
}


def confusion(site: Site, monitor: Monitor, uid: str, classes: Sequence[str]) -> Item:
    """Labelled rows in range by class: the share of each that was predicted to be of each."""
    names = [f"as {name}" for name in classes]
    panel = panels.table(
        site,
        f"{uid}/confusion",
        "What each class was taken for",
        "Labelled rows in range: of those of a class, the share that was predicted to be of each.",
        confusion_query(monitor, classes),
        overrides=[
            override("class", custom__minWidth=90),
            override("labels", custom__width=75),
            *(override(name, custom__minWidth=80, **SHADED) for name in names),
        ],
    )
    return Item(panel, 16, max(8, 3 + len(classes)), "no row in range has a label")


def confusion_query(monitor: Monitor, classes: Sequence[str]) -> str:
    """A row a class, in the order in which they are declared."""
    shares = ",\n  ".join(
        f"coalesce(sum(count) FILTER (WHERE predicted = {literal(name)}), 0)"
        f" / nullif(sum(count), 0)::float AS {quoted(f'as {name}')}"
        for name in classes
    )
    order = ", ".join(literal(name) for name in classes)
    return f"""\
SELECT label AS "class",
  {shares},
  sum(count)::bigint AS "labels"
FROM monitoring.confusion
WHERE monitor = {literal(monitor.name)} AND $__timeFilter(window_start)
GROUP BY label
ORDER BY array_position(ARRAY[{order}], label)"""
