"""One dashboard for each monitor: everything declared about it, in one place."""

from collections.abc import Iterator

from driftdeck.dashboards import drift, mark_sql, metric_rows, panels, runs, segments, sql
from driftdeck.dashboards.page import Item, Page, Row, annotation, link, period, variable
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import (
    AMBER,
    BLUE,
    GREY,
    RED,
    areas,
    collection_mappings,
    state_mappings,
)
from driftdeck.declare import Monitor
from driftdeck.declare.metrics import DRIFTS
from driftdeck.facts import Json


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """A dashboard for each monitor."""
    return [_page(site, monitor) for monitor in monitors]


def _page(site: Site, monitor: Monitor) -> Page:
    uid = site.uid(monitor.name)
    start, end = period(monitor)
    groups = (
        *(_now, _states, drift.rows, drift.column, metric_rows.prediction, metric_rows.performance),
        *(segments.rows, metric_rows.quality, metric_rows.own, runs.rows),
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


def _variables(site: Site, monitor: Monitor) -> list[Json]:
    chosen = segments.variables(site, monitor)
    drifts = [series for series in monitor.series() if series.metric.name in DRIFTS]
    if not drifts:
        return chosen
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
        annotation(site, name, color, mark_sql.episodes(monitor, metrics), enable=enable)
        for name, color, metrics, enable in kinds
        if metrics
    ]
    if monitor.expected:
        marks.append(annotation(site, "Expected breaches", GREY, mark_sql.expected_marks(monitor)))
    return [*marks, annotation(site, "Retraining", BLUE, mark_sql.retraining_marks(monitor))]


def _now(site: Site, monitor: Monitor, uid: str) -> Iterator[Row]:
    name, noun = sql.window_name(monitor), monitor.every.noun
    stats = [
        ("state", "State", "The worst state in the newest window.", "worst_level", 3, 26),
        ("worst", "Worst", "What is worst in it.", sql.WORST, 5, 18),  # names are long
        ("newest", "Newest window", f"The newest {noun} collected.", name, 4, 26),
        ("status", "Collection", "How its collection ended.", "status", 4, 26),
    ]
    items = []
    for key, title, description, expression, width, text_size in stats:
        mappings = {"state": state_mappings(), "status": collection_mappings()}.get(key, [])
        query = sql.newest(monitor, expression, title.lower())
        items.append(
            Item(
                panels.stat(
                    site,
                    f"{uid}/{key}",
                    title,
                    description,
                    query,
                    mappings=mappings,
                    text_size=text_size,
                ),
                width,
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
        " A gap: not collected, not measured, or too few rows to judge. Missing values have a panel"
        f" of their own.{sql.shared_states(monitor)}",
        sql.states(monitor, shown),
        most_points=sql.most_points(monitor),
    )
    yield Row("State", [Item(panel, 24, max(5, 3 + (len(series) * 2 + 2) // 3))])
