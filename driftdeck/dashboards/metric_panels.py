"""Panels of one metric: a line, or a line for each column or class."""

from grafanalib.core import Panel

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, fixed, lines, override, series_colors
from driftdeck.declare import Metric, Monitor
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.metrics import Scope
from driftdeck.facts import Json

SIDES = {
    BreachSide.HIGH: "A distance above its threshold is a breach.",
    BreachSide.LOW: "A p-value below its threshold is a breach.",
}
"""What is said of drift, by the side on which its method's score is bad."""


def report_link(site: Site, monitor: Monitor) -> Json:
    """From a point to the report of its window."""
    return {
        "title": f"Open this {monitor.every.noun}'s report",
        "url": site.report(monitor.name, "${__value.time}"),
        "targetBlank": True,
    }


def metric_panel(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    """The panel of a metric: a line for each of its columns or classes, or its one line."""
    if metric.scope in (Scope.COLUMNS, Scope.CLASSES):
        return lines_panel(site, monitor, uid, metric)
    return single_panel(site, monitor, uid, metric)


def single_panel(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    """One line with the thresholds in force today as lines."""
    series = next(monitor.series_of(metric))
    bounded = series.unit.high is not None
    score = f" The score is {series.method.meaning}." if series.method else ""
    side = f" {SIDES[metric.breach_side]}" if series.method else ""
    return panels.timeseries(
        site,
        f"{uid}/{metric.name}",
        metric.title,
        metric.meaning + score + side,
        [sql.single(monitor, metric)],
        series.unit,
        steps=lines(series.thresholds),
        overrides=[override(metric.title, color=fixed(BLUE))],
        links=[report_link(site, monitor)],
        high=1 if bounded and metric.is_performance else None,
        legend=("mean", "min", "max"),
    )


def lines_panel(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    """A line for each column or class; thresholds that are the same for all are lines, too."""
    series = list(monitor.series_of(metric))
    unit = series[0].unit
    return panels.timeseries(
        site,
        f"{uid}/{metric.name}",
        metric.title,
        metric.meaning,
        [sql.series(monitor, metric.name)],
        unit,
        steps=lines(metric.thresholds),
        overrides=series_colors(line.key[1] for line in series),
        links=[report_link(site, monitor)],
        low=unit.low,
        high=1 if unit.high is not None and metric.is_performance else None,
        soft_high=0.2 if unit.high == 1 and metric.breach_side is BreachSide.HIGH else None,
        legend=("mean", "max"),
        legend_right=True,
    )
