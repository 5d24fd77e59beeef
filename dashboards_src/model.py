"""One dashboard for each monitor: everything declared about it, in one place."""

from collections.abc import Iterator

from grafanalib.core import Panel

from driftdeck.dashboards import classes, panels, runs, segments, sql
from driftdeck.dashboards.metric_panels import SIDES, metric_panel, report_link, single_panel
from driftdeck.dashboards.page import Item, Page, Row, annotation, link, period, variable
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import (
    AMBER,
    BLUE,
    GREY,
    RED,
    VIOLET,
    areas,
    collection_mappings,
    fixed,
    lines,
    override,
    series_colors,
    state_mappings,
)
from driftdeck.declare import COUNT, NUMBER, SHARE, Metric, Monitor, Thresholds, Unit
from driftdeck.declare.kinds import BY_NAME
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.metrics import DRIFTS, Scope
from driftdeck.facts import Json

SHOWN_ELSEWHERE = ("prediction_mean", "target_mean")
"""Metrics of the data that stand beside the prediction."""
RATIO = Unit("times the alert threshold", "none")
BEYOND = {
    BreachSide.HIGH: "Divided by the column's own alert threshold: above 1 is a breach.",
    BreachSide.LOW: "1 is a p-value at the column's own alert threshold, 2 one of 0: above 1 is a"
    " breach. Far from its threshold it is 0.",
}


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """A dashboard for each monitor."""
    return [_page(site, monitor) for monitor in monitors]


def _page(site: Site, monitor: Monitor) -> Page:
    uid = site.uid(monitor.name)
    start, end = period(monitor)
    groups = (
        *(_now, _states, _drift, _column, _prediction, _performance),
        *(segments.rows, _quality, _own, runs.rows),
    )
    return Page(
        uid=uid,
        title=monitor.title,
        description=f"{monitor.description} Owner: {monitor.owner}. Generated: edit the source.",
        rows=[row for make in groups for row in make(site, monitor, uid)],
        start=start,
        end=end,
        timezone=monitor.every.timezone,
        refresh="30s" if not monitor.ends else "5m",
        tags=["model"],
        variables=_variables(site, monitor),
        annotations=_annotations(site, monitor),
        links=[link("Models", site.uid("overview")), link("Collectors", site.uid("collectors"))],
    )


def _declared(monitor: Monitor, *names: str) -> list[Metric]:
    return [metric for metric in monitor.metrics if metric.name in names]


def _variables(site: Site, monitor: Monitor) -> list[Json]:
    chosen = segments.variables(site, monitor)
    if not _declared(monitor, *DRIFTS):
        return chosen
    drifts = [s for metric in _declared(monitor, *DRIFTS) for s in monitor.series_of(metric)]
    first = drifts[0].key[1]
    query = sql.histogram_columns(monitor)
    return [variable(site, "column", "Column", query, current=first), *chosen]


def _annotations(site: Site, monitor: Monitor) -> list[Json]:
    """Performance alerts stand out by default; those of the data can be switched on."""
    judged = [metric for metric in monitor.metrics if not metric.unjudged]
    performance = [metric for metric in judged if metric.is_performance]
    data = [metric for metric in judged if not metric.is_performance]
    kinds = [("Performance alerts", RED, performance, True), ("Data alerts", AMBER, data, False)]
    marks = [
        annotation(site, name, color, sql.episodes(monitor, metrics), enable=enable)
        for name, color, metrics, enable in kinds
        if metrics
    ]
    if monitor.expected:
        marks.append(annotation(site, "Expected breaches", GREY, sql.expected_marks(monitor)))
    return [*marks, annotation(site, "Retraining", BLUE, sql.retraining_marks(monitor))]


def _now(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    name, noun = sql.window_name(monitor), monitor.every.noun
    stats = [
        ("state", "State", "The worst state in the newest window.", "worst_level"),
        ("worst", "Worst", "What is worst in it.", sql.WORST),
        ("newest", "Newest window", f"The newest {noun} collected.", name),
        ("status", "Collection", "How its collection ended.", "status"),
    ]
    items = []
    for key, title, description, expression in stats:
        mappings = {"state": state_mappings(), "status": collection_mappings()}.get(key, [])
        query = sql.newest(monitor, expression, title.lower())
        items.append(
            Item(
                panels.stat(
                    site, f"{uid}/{key}", title, description, query, mappings=mappings, text=True
                ),
                4,
                3,
            )
        )
    breached = sql.breached_now(monitor)
    windows = sql.counted(monitor, "count(*)", "windows")
    items += [
        Item(
            panels.stat(
                site,
                f"{uid}/breached",
                "Beyond alert",
                "How many of the newest window's series are beyond their alert threshold."
                f" One {noun} alerts nobody: a rule wants several of the newest windows.",
                breached,
                steps=areas(alert_above=1),
            ),
            4,
            3,
        ),
        Item(
            panels.stat(site, f"{uid}/windows", "Windows", "Windows collected in range.", windows),
            4,
            3,
        ),
    ]
    yield Row("", items)


def _states(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    judged = [metric.name for metric in monitor.metrics if not metric.unjudged]
    shown = [name for name in judged if name != "missing_share"]
    series = [each for each in monitor.series() if each.metric.name in shown]
    if not series:
        return
    panel = panels.timeline(
        site,
        f"{uid}/states",
        f"Every judged series, {monitor.every.noun} by {monitor.every.noun}",
        "Teal is quiet, amber beyond its warning threshold, red beyond its alert threshold."
        " A gap: not collected, not measured, or too few rows to judge.",
        sql.states(monitor, shown),
    )
    yield Row("State", [Item(panel, 24, max(5, 3 + (len(series) * 2 + 2) // 3))])


def _drift(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    for metric in _declared(monitor, "drift", "drift_previous", "drift_same"):
        base = metric.baseline.title
        link_to_column: Json = {
            "title": "Show this column",
            "url": f"/d/{uid}?var-column=${{__field.name}}&${{__url_time_range}}",
        }
        relative = panels.timeseries(
            site,
            f"{uid}/{metric.name}",
            "Drift of every column, in units of its alert threshold",
            f"{metric.meaning} {BEYOND[metric.breach_side]} Click a line for its column.",
            [sql.relative(monitor, metric.name)],
            RATIO,
            steps=lines(Thresholds(alert_above=1.0)),
            overrides=series_colors(column.name for column in monitor.columns),
            links=[link_to_column, report_link(site, monitor)],
            low=0,
            legend=("mean", "max"),
            legend_right=True,
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


def _column(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    drifts = _declared(monitor, *DRIFTS)
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
        *(_line(name, color) for name, color in colours),
    ]
    sides = [SIDES[bad] for bad in dict.fromkeys(metric.breach_side for metric in drifts)]
    detail = panels.timeseries(
        site,
        f"{uid}/column",
        "$column: drift and its thresholds",
        "Drift of the chosen column with the warning and alert thresholds then in force. "
        + " ".join(sides),
        [sql.column_detail(monitor, "drift")],
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


def _line(name: str, color: str) -> Json:
    return override(
        name,
        color=fixed(color),
        custom__lineWidth=1,
        custom__lineStyle={"fill": "dash", "dash": [8, 6]},
    )


def _prediction(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    drifts = [
        metric
        for metric in _declared(monitor, *DRIFTS)
        if metric.scope in (Scope.PREDICTION, Scope.TARGET)
    ]
    items = [Item(single_panel(site, monitor, uid, metric), 8, 8) for metric in drifts]
    means = _declared(monitor, "prediction_mean", "target_mean")
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


def _performance(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
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


def _quality(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
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
        metric.meaning,
        [sql.single(monitor, metric)],
        COUNT,
        steps=lines(metric.thresholds),
        overrides=[override(metric.title, color=fixed(BLUE))],
        bars=True,
        low=0,
        legend=("mean", "min", "max"),
    )


def _own(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    metrics = [metric for metric in monitor.metrics if metric.name not in BY_NAME]
    if metrics:
        items = [Item(metric_panel(site, monitor, uid, metric), 12, 8) for metric in metrics]
        yield Row("Own metrics", items)
