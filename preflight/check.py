"""check(tree) -> findings: what Grafana would do with a provisioning tree, without starting it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from preflight import alerting, dashboards, datasources, expressions, providers, queries, storing
from preflight.dashboards import Known
from preflight.files import shown
from preflight.findings import Finding, Place, Report
from preflight.garbage import uncollected
from preflight.reading import Reading
from preflight.rules import DASHBOARD, PANEL, Rule
from preflight.state import State, retire

FOLDERS = ("datasources", "dashboards", "alerting", "plugins", "notifiers", "access-control")


class NoTreeError(ValueError):
    """A folder that is no provisioning tree."""


@uncollected()
def check(
    tree: Path,
    reading: Reading,
    before: Path | None = None,
    moved_before: Mapping[str, Path] | None = None,
) -> list[Finding]:
    """The findings of a tree, by file and line.

    before: the tree that a running Grafana has read already; without it, a fresh server.
    moved_before: where the folders of Grafana's machine lie for that tree, if elsewhere.
    Raises: NoTreeError.
    """
    for folder in filter(None, (tree, before)):
        if not any((folder / name).is_dir() for name in FOLDERS):
            raise NoTreeError(
                f"{folder} holds none of {', '.join(f'{name}/' for name in FOLDERS[:3])}; name the"
                " folder that Grafana reads as its provisioning folder"
            )
    state = State()
    if before is not None:
        moved = reading.moved if moved_before is None else moved_before
        _start(before, state, replace(reading, report=Report(muted=True), moved=moved), None)
    _start(tree, state, reading, before)
    return reading.report.sorted()


def _start(tree: Path, state: State, reading: Reading, before: Path | None) -> None:
    """One start of Grafana: datasources, then alerting, then dashboards."""
    state.met.clear()
    state.stored = set(state.receivers)
    sources = datasources.read(tree, reading)
    alerts = alerting.read(tree, reading)
    made = providers.read(tree, reading)
    datasources.apply(sources, state, reading)
    alerting.apply(alerts, state, reading)
    boards = storing.apply(tree, made, state, reading)
    if before is not None:
        _orphans(tree, state, reading)
    if reading.report.muted:
        return
    known = Known.of(sources, boards)
    for board in boards:
        dashboards.check(board, known, reading)
    for file in alerts:
        for rule in (rule for group in file.groups for rule in group.rules):
            _rule(rule, known, reading)


def _orphans(tree: Path, state: State, reading: Reading) -> None:
    """What no file holds any more and Grafana keeps for ever; files never delete by absence."""
    stored = [
        *(("rule", org, uid, "alerting") for org, uid in state.rules),
        *(("receiver", org, uid, "alerting") for org, uid in state.receivers),
        *(("mute-time", org, name, "alerting") for org, name in state.mute_times),
        *(("template", org, name, "alerting") for org, name in state.templates),
        *(("datasource", org, name, "datasources") for org, name in state.datasources),
    ]
    for kind, org, name, folder in sorted(stored):
        if (kind, org, name) not in state.met:
            reading.report.lost(
                Place(shown(tree / folder)),
                "orphan",
                f"{kind} {name!r} is in no file any more, but Grafana keeps it:"
                f" {retire(kind, org, name)}",
            )
    for org in sorted(state.policies):
        if ("policy", org, "") not in state.met:
            reading.report.lost(
                Place(shown(tree / "alerting")),
                "orphan",
                f"the policies of organisation {org} are in no file any more, but Grafana keeps"
                f" them: {retire('policies', org, str(org))}",
            )


def _rule(rule: Rule, known: Known, reading: Reading) -> None:
    report = reading.report
    for path, message in expressions.problems(rule, reading.release):
        report.doubtful(rule.place(*path), "expression", message)
    for index, query in enumerate(rule.data):
        if query.is_expression:
            continue
        uid = query.datasource_uid
        if known.sources is not None and uid and uid not in known.sources:
            report.doubtful(
                rule.place("data", index, "datasourceUid"),
                "unknown-datasource",
                f"datasource {uid!r} is not here; known uids are"
                f" {', '.join(sorted(known.sources))}",
            )
        kind = (known.sources or {}).get(uid)
        if queries.is_sql(query.model, kind):
            readers = _readers(rule, query.ref_id)
            if rule.condition == query.ref_id:
                readers.append({"type": "threshold"})
            for key, name, message in queries.of_rule(query.model, readers, reading.release):
                report.doubtful(rule.place("data", index, "model", key), name, message)
    _panel(rule, known, reading)


def _readers(rule: Rule, ref: str) -> list[dict[str, object]]:
    """The expressions that read a query."""
    found = []
    for query in rule.data:
        if query.is_expression:
            names, _ = expressions.needs(query.model, query._source.reading.release)
            if ref in names:
                found.append(query.model)
    return found


def _panel(rule: Rule, known: Known, reading: Reading) -> None:
    """The dashboard and panel that a rule names."""
    board = rule.annotations.get(DASHBOARD) or rule.dashboard_uid
    panel = rule.annotations.get(PANEL) or (str(rule.panel_id) if rule.panel_id else "")
    where = ("annotations", DASHBOARD) if DASHBOARD in rule.annotations else ("dashboardUid",)
    if not board or known.panels is None:
        return
    if board not in known.panels:
        reading.report.doubtful(
            rule.place(*where), "dangling-panel", f"dashboard {board!r} is not in this tree"
        )
    elif panel and panel not in known.panels[board]:
        reading.report.doubtful(
            rule.place(*where), "dangling-panel", f"dashboard {board!r} has no panel {panel}"
        )
