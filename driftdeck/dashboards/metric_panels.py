"""Panels of one metric: a line, or a line for each column or class."""

from collections.abc import Sequence

from grafanalib.core import Panel

from driftdeck.dashboards import panels, sql
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, fixed, lines, override, series_colors
from driftdeck.declare import Metric, Monitor, Series, Unit
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
    noun = monitor.every.noun if monitor.every.noun.isalpha() else "window"  # of 6 hours
    return {
        "title": f"Open this {noun}'s report",
        "url": site.report(monitor.name, "${__value.time}"),
        "targetBlank": True,
    }


def declared(monitor: Monitor, *names: str) -> list[Metric]:
    """The metrics of these names that a monitor declares."""
    return [metric for metric in monitor.metrics if metric.name in names]


def dashed(name: str, color: str) -> Json:
    """A line that is a threshold."""
    return override(
        name,
        color=fixed(color),
        custom__lineWidth=1,
        custom__lineStyle={"fill": "dash", "dash": [8, 6]},
    )


def metric_panel(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    """The panel of a metric: a line for each of its columns or classes, or its one line."""
    if metric.scope in (Scope.COLUMNS, Scope.CLASSES):
        return lines_panel(site, monitor, uid, metric)
    return single_panel(site, monitor, uid, metric)


def single_panel(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    """One line with the thresholds in force today as lines."""
    series = next(monitor.series_of(metric))
    bounded = series.unit.high is not None
    low, soft_high = _axis(metric, series.unit, [series])
    score = f" The score is {series.method.meaning}." if series.method else ""
    side = f" {SIDES[metric.breach_side]}" if series.method else ""
    return panels.timeseries(
        site,
        f"{uid}/{metric.name}",
        metric.title,
        metric.meaning + score + side + sql.shared_points(monitor),
        [sql.single(monitor, metric)],
        series.unit,
        steps=lines(series.thresholds),
        overrides=[override(metric.title, color=fixed(BLUE))],
        links=[report_link(site, monitor)],
        low=low,
        high=1 if bounded and metric.is_performance else None,
        soft_high=soft_high,
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
        metric.meaning + sql.shared_points(monitor),
        [sql.series(monitor, metric.name)],
        unit,
        steps=lines(metric.thresholds),
        overrides=series_colors(line.key[1] for line in series),
        links=[report_link(site, monitor)],
        low=unit.low,
        high=1 if unit.high is not None and metric.is_performance else None,
        soft_high=_axis(metric, unit, series)[1],
        legend=("mean",) if metric.is_performance else ("mean", "max"),
        legend_right=not metric.is_performance,
        most_points=sql.most_points(monitor),
    )


def _axis(
    metric: Metric, unit: Unit, series: Sequence[Series]
) -> tuple[float | None, float | None]:
    """(the least, the soft most) of an axis; None where the values say it.

    Where quiet is 0, Grafana would make an axis of flat zeros that ends at 10000 %.
    """
    if unit.low != 0 or metric.breach_side is not BreachSide.HIGH or metric.is_performance:
        return None, None
    alerts = [line.thresholds.alert_above for line in series if line.thresholds is not None]
    most = max((alert for alert in alerts if alert is not None), default=0.0)
    if most > 1e-4:
        return 0, float(f"{1.25 * most:.2g}")
    return 0, 0.01 if unit.high == 1 else 1
