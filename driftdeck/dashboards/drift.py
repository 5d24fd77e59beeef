"""The rows of a model's dashboard that show drift: of every column, and of the chosen one."""

from collections.abc import Iterator

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.metric_panels import SIDES, dashed, declared, report_link
from driftdeck.dashboards.page import Item, Row
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import (
    AMBER,
    BLUE,
    GREY,
    RED,
    VIOLET,
    areas,
    fixed,
    lines,
    override,
    series_colors,
)
from driftdeck.declare import NUMBER, SHARE, Monitor, Thresholds, Unit
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.metrics import DRIFTS
from driftdeck.facts import Json

RATIO = Unit("times the alert threshold", "none")
BEYOND = {
    BreachSide.HIGH: "Divided by the column's own alert threshold: above 1 is a breach.",
    BreachSide.LOW: "1 is a p-value at the column's own alert threshold, 2 one of 0: above 1 is a"
    " breach. Far from its threshold it is 0.",
}


def rows(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """Every column's drift against each of what it is compared with, a row each."""
    for metric in declared(monitor, "drift", "drift_previous", "drift_same"):
        base = metric.baseline.title
        link_to_column: Json = {
            "title": "Show this column",
            "url": f"/d/{uid}?var-column=${{__field.name}}&${{__url_time_range}}",
        }
        relative = panels.timeseries(
            site,
            f"{uid}/{metric.name}",
            "Drift of every column, in units of its alert threshold",
            f"{metric.meaning} {BEYOND[metric.breach_side]} Click a line for its column."
            + sql.shared_points(monitor, "largest"),
            [sql.relative(monitor, metric.name)],
            RATIO,
            steps=lines(Thresholds(alert_above=1.0)),
            overrides=series_colors(column.name for column in monitor.columns),
            links=[link_to_column, report_link(site, monitor)],
            low=0,
            legend=("mean", "max"),
            legend_right=True,
            most_points=sql.most_points(monitor),
        )
        shares = panels.bars(
            site,
            f"{uid}/{metric.name}_shares",
            f"Share of {monitor.every.nouns} in breach",
            "For each column, how many of the judged windows in range were beyond its alert"
            " threshold.",
            sql.breach_shares(monitor, metric.name),
            SHARE,
            x="column",
            horizontal=True,
            steps=areas(warn_above=0.1, alert_above=0.3),
            high=1.05,  # else the axis ends in the middle of its last label, 100%
        )
        yield Row(
            f"Drift against {base}" if base else "Drift",
            [Item(relative, 16, 11), Item(shares, 8, 11)],
        )


def column(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """The chosen column: its drift, and its values beside the reference's."""
    drifts = declared(monitor, *DRIFTS)
    if not drifts:
        return
    colours = (
        ("warning", AMBER),
        ("alert", RED),
        ("low warning", AMBER),
        ("low alert", RED),
    )
    styles = [
        override("drift", color=fixed(BLUE)),
        override("against the window before", color=fixed(VIOLET)),
        override("against windows like it", color=fixed(GREY)),
        *(dashed(name, color) for name, color in colours),
    ]
    sides = [SIDES[bad] for bad in dict.fromkeys(metric.breach_side for metric in drifts)]
    detail = panels.timeseries(
        site,
        f"{uid}/column",
        "$column: drift and its thresholds",
        "Drift of the chosen column with the warning and alert thresholds then in force. "
        + " ".join(sides),
        [sql.column_detail(monitor, [metric.name for metric in drifts])],
        NUMBER,
        overrides=styles,
        links=[report_link(site, monitor)],
        low=0,
    )
    shape = panels.bars(
        site,
        f"{uid}/histogram",
        "$column: current against reference",
        "Shares of the reference's bins: the newest reference in range, and its windows in range."
        " A bin begins at its label.",
        sql.histogram(monitor),
        SHARE,
        x="bin",
        overrides=[
            override("reference", color=fixed(GREY)),
            override("current", color=fixed(BLUE)),
        ],
    )
    yield Row("Column", [Item(detail, 12, 9), Item(shape, 12, 9)])
