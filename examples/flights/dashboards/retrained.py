"""The flights with and without retraining, side by side, from two monitors of the same rows."""

from grafanalib.core import TimeSeries

from driftdeck.dashboards import mark_sql, panels, sql
from driftdeck.dashboards.page import Item, Page, Row, annotation, link, period
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, GREY, fixed, override
from driftdeck.declare import Metric, Monitor

WITH, WITHOUT = "flights", "flights_first"
COMPARED = {"recall": ("percentunit", 1), "log_loss": ("none", 4)}
"""The metrics, with Grafana's unit and decimals."""
SIDES = ("retrained", "first model")
DAYS = 14


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The dashboard, where both are watched."""
    watched = {monitor.name: monitor for monitor in monitors}
    if not {WITH, WITHOUT} <= set(watched):
        return []
    return [_page(site, watched[WITH])]


def _page(site: Site, monitor: Monitor) -> Page:
    uid = site.uid("retrained")
    metrics = [metric for metric in monitor.metrics if metric.name in COMPARED]
    lines = [Item(_line(site, uid, metric), 12, 10) for metric in metrics]
    table = panels.table(
        site,
        f"{uid}/versions",
        "By model",
        "Means over the days that each model answered, beside those of the first model on the same"
        " days. Where they are alike, the world did not ask for a new model.",
        _by_version(),
        overrides=[
            override("model", custom__minWidth=220),
            *(
                override(f"{name}, {side}", unit=unit, decimals=decimals)
                for name, (unit, decimals) in COMPARED.items()
                for side in SIDES
            ),
        ],
    )
    start, end = period(monitor)
    return Page(
        uid=uid,
        title="Flight delays, with and without retraining",
        description=f"{monitor.description} Generated: edit the source.",
        rows=[Row("", [*lines, Item(table, 24, 9)])],
        start=start,
        end=end,
        timezone=monitor.every.timezone,
        refresh="5m",
        tags=["example"],
        annotations=[annotation(site, "Retraining", BLUE, mark_sql.retraining_marks(monitor))],
        links=[link("Models", site.uid("overview")), link(monitor.title, site.uid(monitor.name))],
    )


def _line(site: Site, uid: str, metric: Metric) -> TimeSeries:
    return panels.timeseries(
        site,
        f"{uid}/{metric.name}",
        f"{metric.title}, mean of {DAYS} days",
        f"{metric.meaning} With retraining, and by the first model alone.",
        [_moving(metric.name)],
        metric.unit,
        overrides=[
            override("retrained", color=fixed(BLUE)),
            override("first model", color=fixed(GREY)),
        ],
        legend=("mean",),
    )


def _moving(metric: str) -> str:
    """Each side's moving mean over days that have a value."""
    return f"""\
SELECT window_start AS time,
  CASE monitor WHEN {sql.literal(WITH)} THEN 'retrained' ELSE 'first model' END AS metric,
  avg(value) OVER (PARTITION BY monitor ORDER BY window_start ROWS {DAYS - 1} PRECEDING) AS value
FROM monitoring.metric
WHERE monitor IN ({sql.literal(WITH)}, {sql.literal(WITHOUT)}) AND metric = {sql.literal(metric)}
  AND value IS NOT NULL AND $__timeFilter(window_start)
ORDER BY 1, 2"""


def _by_version() -> str:
    means = ",\n  ".join(
        f'avg({side}) FILTER (WHERE metric = {sql.literal(name)}) AS "{name}, {said}"'
        for name in COMPARED
        for side, said in zip(("a", "b"), SIDES, strict=True)
    )
    metrics = ", ".join(sql.literal(name) for name in COMPARED)
    return f"""\
WITH paired AS (
  SELECT with_it.window_start, with_it.model_version, metric, with_it.value AS a,
    without.value AS b
  FROM monitoring.metric with_it
  JOIN monitoring.metric without USING (window_start, metric)
  WHERE with_it.monitor = {sql.literal(WITH)} AND without.monitor = {sql.literal(WITHOUT)}
    AND metric IN ({metrics}) AND $__timeFilter(window_start)
    AND with_it.value IS NOT NULL AND without.value IS NOT NULL
), named AS (
  SELECT model_version AS model, false AS every, * FROM paired
  UNION ALL
  SELECT 'all retrained ones', true, * FROM paired
  WHERE model_version IN (SELECT new_version FROM monitoring.retraining
    WHERE monitor = {sql.literal(WITH)} AND status = 'done')
)
SELECT model, count(DISTINCT window_start) AS "days",
  {means}
FROM named GROUP BY model, every ORDER BY every, min(window_start)"""
