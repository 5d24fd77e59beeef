"""The rows of a model's dashboard that show what is not drift: its metrics, a panel each."""

from collections.abc import Iterator

from grafanalib.core import Panel

from driftdeck.dashboards import classes, panels, sql
from driftdeck.dashboards.metric_panels import declared, metric_panel, single_panel
from driftdeck.dashboards.page import Item, Row
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import BLUE, GREY, VIOLET, fixed, lines, override
from driftdeck.declare import COUNT, SHARE, Metric, Monitor
from driftdeck.declare.kinds import BY_NAME
from driftdeck.declare.metrics import DRIFTS, Scope

SHOWN_ELSEWHERE = ("prediction_mean", "target_mean")
"""Metrics of the data that stand beside the prediction."""


def prediction(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """How prediction and target drift, and their means."""
    drifts = [
        metric
        for metric in declared(monitor, *DRIFTS)
        if metric.scope in (Scope.PREDICTION, Scope.TARGET)
    ]
    items = [Item(single_panel(site, monitor, uid, metric), 8, 8) for metric in drifts]
    means = declared(monitor, "prediction_mean", "target_mean")
    if len(means) == 2 and monitor.prediction_column is not None:
        panel = panels.timeseries(
            site,
            f"{uid}/prediction_mean",
            "Mean prediction and mean label",
            "What the model expects beside what happened. Labels arrive later.",
            [sql.series(monitor, "prediction_mean", "target_mean", name="metric")],
            monitor.prediction_column.unit,
            overrides=[
                override("prediction_mean", color=fixed(BLUE), displayName="mean prediction"),
                override("target_mean", color=fixed(VIOLET), displayName="mean label"),
            ],
            legend=("mean",),
        )
        items.append(Item(panel, 8, 8))
    if items:
        yield Row("Prediction and target", items)


def performance(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """What came true, a panel each; how many labels there are, and what was taken for what."""
    metrics = [metric for metric in monitor.metrics if metric.is_performance]
    if not metrics:
        return
    items = [Item(metric_panel(site, monitor, uid, metric), 8, 8) for metric in metrics]
    labelled = panels.timeseries(
        site,
        f"{uid}/coverage",
        "Rows with a label",
        "The share of each window's rows whose label has arrived: performance speaks of these.",
        [sql.coverage(monitor)],
        SHARE,
        low=0,
        high=1,
        overrides=[override("labelled", color=fixed(GREY))],
        legend=("mean", "min"),
    )
    items.append(Item(labelled, 8, 8))
    prediction = monitor.prediction_column
    if prediction is not None and prediction.classes:
        items.append(classes.confusion(site, monitor, uid, prediction.classes))
    yield Row("Performance", items)


def quality(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """Metrics of the data itself."""
    items = []
    for metric in monitor.metrics:
        kind = BY_NAME.get(metric.name)
        if kind is None or kind.name in DRIFTS or kind.name in SHOWN_ELSEWHERE:
            continue
        if metric.is_performance:
            continue
        if metric.name == "row_count":
            items.append(Item(_row_counts(site, monitor, uid, metric), 12, 8))
        else:
            items.append(Item(metric_panel(site, monitor, uid, metric), 12, 8))
    if items:
        yield Row("Data quality", items)


def _row_counts(site: Site, monitor: Monitor, uid: str, metric: Metric) -> Panel:
    return panels.timeseries(
        site,
        f"{uid}/row_count",
        metric.title,
        metric.meaning + sql.shared_points(monitor),
        [sql.single(monitor, metric)],
        COUNT,
        steps=lines(metric.thresholds),
        overrides=[override(metric.title, color=fixed(BLUE))],
        bars=True,
        low=0,
        legend=("mean", "min", "max"),
    )


def own(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    """Metrics of one's own, and Evidently's."""
    metrics = [metric for metric in monitor.metrics if metric.name not in BY_NAME]
    if metrics:
        items = [Item(metric_panel(site, monitor, uid, metric), 12, 8) for metric in metrics]
        yield Row("Own metrics", items)
