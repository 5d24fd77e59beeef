"""Alert rules as plain data in Grafana's file format: grafanalib's do not load.

Each rule has query A (the value) and query T (the threshold stored with it), with the same labels,
and the condition C: a strict comparison. NULL would fire, so no query can return one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from driftdeck.dashboards.overview_sql import DUE, GOOD, declared
from driftdeck.dashboards.site import Site, panel_id
from driftdeck.declare import Hourly, Metric, Monitor
from driftdeck.declare.methods import BreachSide
from driftdeck.facts import Json
from driftdeck.facts.postgres import literal
from driftdeck.firing import breached_query

OF_COLUMN = (
    "{{ if $labels.column_name }} of {{ $labels.column_name }}{{ end }}"
    "{{ if $labels.segment }} where {{ $labels.segment }}{{ end }}"
)
"""In a message: of which column or class, and of which segment, where the alert is of one."""
SECONDS = 600
"""The length of the time range that a query must have; none of ours looks at it."""


def groups(site: Site, monitors: tuple[Monitor, ...]) -> list[Json]:
    """One group of rules for each monitor."""
    return [
        {
            "orgId": 1,
            "name": monitor.name,
            "folder": site.alert_folder,
            "interval": site.rule_interval,
            "rules": list(_rules(site, monitor)),
        }
        for monitor in monitors
    ]


def _rules(site: Site, monitor: Monitor) -> Iterator[Json]:
    for metric in monitor.metrics:
        if metric.unjudged:
            continue
        sides = {
            BreachSide.HIGH: ("above",),
            BreachSide.LOW: ("below",),
            BreachSide.BOTH: ("above", "below"),
        }
        for side in sides[metric.breach_side]:
            if metric.thresholds and getattr(metric.thresholds, f"alert_{side}") is None:
                continue  # a side that does not matter
            yield _breach(site, monitor, metric, side)
    if monitor.late_after is not None:
        yield _late(site, monitor)
    yield _runs(site, monitor, FAILED)
    yield _runs(site, monitor, INCOMPLETE)
    if monitor.retrain is not None:
        yield _retraining(site, monitor)


def _breach(site: Site, monitor: Monitor, metric: Metric, side: str) -> Json:
    k, n = metric.firing.k, metric.firing.n
    kind = "performance" if metric.is_performance else "breach"
    what = f"{monitor.title}: {metric.title} {side} its alert threshold"
    return _rule(
        site,
        monitor,
        name=f"{metric.name}_{side}",
        title=what,
        kind=kind,
        a=breached_query(monitor, metric, side, "value"),
        t=breached_query(monitor, metric, side, "level"),
        sign=">" if side == "above" else "<",
        panel=panel_of(site, monitor, metric),
        summary=f"{metric.title}{OF_COLUMN} is {side} its alert threshold in at least {k} of the"
        f" newest {n} judged windows: {number('A')} against {number('T')}.",
        next_steps=metric.next_steps,
    )


def _late(site: Site, monitor: Monitor) -> Json:
    uid = site.uid(monitor.name)
    unit, seconds = ("hours", 3600) if isinstance(monitor.every, Hourly) else ("days", 86400)
    late = f"greatest(0, coalesce(extract(epoch FROM {DUE} - good.until) / {seconds}, 9999))"
    value = f"""\
SELECT m.name, {late} AS {unit}
FROM {declared([monitor], [uid])}
{GOOD}"""
    return _rule(
        site,
        monitor,
        name="late",
        title=f"{monitor.title}: data is late",
        kind="late",
        a=value,
        t=f"SELECT {literal(monitor.name)} AS name, 0.0 AS {unit}",
        sign=">",
        panel=panel_id(f"{uid}/newest"),
        summary=f"The newest collected window is {number('A')} {unit} behind.",
        next_steps="Run the collectors' status; is the source there, did the schedule run?",
    )


@dataclass(frozen=True)
class Runs:
    """A rule about collections: more than `threshold` of the newest `of` ended with `status`."""

    name: str
    title: str
    status: str
    threshold: int
    of: int
    summary: str
    next_steps: str


FAILED = Runs(
    name="failed",
    title="collection failed",
    status="failed",
    threshold=0,
    of=3,
    summary="collections failed",
    next_steps="Read the error in the runs panel, mend it, and run that window again.",
)
INCOMPLETE = Runs(
    name="incomplete",
    title="windows only partly measured",
    status="partial",
    threshold=2,
    of=5,
    summary="windows lack some of their values",
    next_steps="Read the reasons in the runs panel; a column may have gone or changed type.",
)


def _runs(site: Site, monitor: Monitor, runs: Runs) -> Json:
    name = literal(monitor.name)
    value = f"""\
SELECT {name} AS name,
  (count(*) FILTER (WHERE status = {literal(runs.status)}))::float AS windows
FROM (
  SELECT status FROM monitoring.collection
  WHERE monitor = {name} ORDER BY window_start DESC LIMIT {runs.of}
) newest"""
    return _rule(
        site,
        monitor,
        name=runs.name,
        title=f"{monitor.title}: {runs.title}",
        kind="collection",
        a=value,
        t=f"SELECT {name} AS name, {runs.threshold}.0 AS windows",
        sign=">",
        panel=panel_id(f"{site.uid(monitor.name)}/runs"),
        summary=f"{number('A')} of the newest {runs.of} {runs.summary}.",
        next_steps=runs.next_steps,
    )


def _retraining(site: Site, monitor: Monitor) -> Json:
    name = literal(monitor.name)
    return _rule(
        site,
        monitor,
        name="retraining",
        title=f"{monitor.title}: retraining failed",
        kind="retraining",
        a=f"""\
SELECT {name} AS name, (count(*) FILTER (WHERE status = 'failed'))::float AS failed
FROM (
  SELECT status FROM monitoring.retraining
  WHERE monitor = {name} ORDER BY started_at DESC LIMIT 1
) newest""",
        t=f"SELECT {name} AS name, 0.0 AS failed",
        sign=">",
        panel=panel_id(f"{site.uid(monitor.name)}/retraining"),
        summary="The newest retraining failed.",
        next_steps="Read its output in the retrainings panel; the old model still answers.",
    )


def panel_of(site: Site, monitor: Monitor, metric: Metric) -> int:
    """The panel of the monitor's dashboard that shows a metric's breach."""
    return panel_id(f"{site.uid(monitor.name)}/{metric.name}")


def _rule(
    site: Site,
    monitor: Monitor,
    *,
    name: str,
    title: str,
    kind: str,
    a: str,
    t: str,
    sign: str,
    panel: int,
    summary: str,
    next_steps: str,
) -> Json:
    dashboard = site.uid(monitor.name)
    return {
        "uid": site.uid(monitor.name, name),
        "title": title,
        "condition": "C",
        "for": "0s",
        "noDataState": "Alerting" if kind == "late" else "OK",
        "execErrState": "Error",
        "labels": {"monitor": monitor.name, "kind": kind, "owner": monitor.owner},
        "annotations": {
            "__dashboardUid__": dashboard,
            "__panelId__": str(panel),
            "summary": summary,
            "next_steps": next_steps,
            "runbook_url": f"{site.reference}#{site.uid(monitor.name, name)}",
            "model": monitor.title,
            "report": site.report(monitor.name, "newest"),
            "value": number("A"),
            "threshold": number("T"),
        },
        "data": [
            _query(site, "A", a),
            _query(site, "T", t),
            _condition(f"!is_nan($A) && $A {sign} $T"),
        ],
    }


def number(ref: str) -> str:
    """A query's number in a message, to four digits."""
    return f'{{{{ printf "%.4g" $values.{ref}.Value }}}}'


def _query(site: Site, ref: str, sql: str) -> Json:
    return {
        "refId": ref,
        "datasourceUid": site.datasource_uid,
        "relativeTimeRange": {"from": SECONDS, "to": 0},
        "model": {
            "refId": ref,
            "datasource": site.datasource,
            "rawSql": site.sql(sql),
            "format": "table",
            "editorMode": "code",
            "rawQuery": True,
        },
    }


def _condition(expression: str) -> Json:
    reference = {"type": "__expr__", "uid": "__expr__"}
    return {
        "refId": "C",
        "datasourceUid": "__expr__",
        "model": {
            "refId": "C",
            "type": "math",
            "datasource": reference,
            "expression": expression,
        },
    }
