"""check(tree) -> findings: what Grafana would do with a provisioning tree, without starting it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from driftdeck.errors import UsageError
from driftdeck.garbage import pause_collection
from driftdeck.preflight.alerting import apply as alerting
from driftdeck.preflight.alerting.apply import AlertingFile, rules_of
from driftdeck.preflight.dashboards import content, providers, storing
from driftdeck.preflight.dashboards.files import Dashboard, find_files, read_dashboard
from driftdeck.preflight.dashboards.providers import Provider
from driftdeck.preflight.datasources import apply as datasources
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.findings import Finding, Place, Report
from driftdeck.preflight.read.files import shown
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.rules import RULES
from driftdeck.preflight.state import State, retire

FOLDERS = ("datasources", "dashboards", "alerting", "plugins", "notifiers", "access-control")


class NoTreeError(UsageError):
    """A folder that is no provisioning tree."""


@pause_collection()
def check(
    tree: Path,
    reading: Reading | None = None,
    before: Path | None = None,
    moved_before: Mapping[str, Path] | None = None,
) -> list[Finding]:
    """The findings of a tree, by file and line: what Grafana would do with it.

    tree: the folder that Grafana reads as its provisioning folder. reading: for which release, with
    which environment; the newest, with this process's, where None. Its report is added to.
    before: the tree that a running Grafana has read already; without it, a fresh server.
    moved_before: where the folders of Grafana's machine lie for that tree, if elsewhere.
    Raises: NoTreeError.
    """
    reading = reading or Reading(environment=os.environ)
    for folder in filter(None, (tree, before)):
        if not any((folder / name).is_dir() for name in FOLDERS):
            raise NoTreeError(
                f"{folder} holds none of {', '.join(f'{name}/' for name in FOLDERS[:3])}; name the"
                " folder that Grafana reads as its provisioning folder"
            )
    state = State(reading.release)
    if before is not None:
        moved = reading.moved if moved_before is None else moved_before
        _start(before, state, replace(reading, report=Report(muted=True), moved=moved), None)
    _start(tree, state, reading, before)
    return [
        finding for finding in reading.report.sorted() if RULES[finding.rule].holds(reading.release)
    ]


def _start(tree: Path, state: State, reading: Reading, before: Path | None) -> None:
    """One start of Grafana: datasources, then alerting, then dashboards."""
    state.met.clear()
    state.stored = set(state.receivers)
    files = datasources.read(tree, reading)
    sources = Datasources.of(files)
    alerts = alerting.read(tree, reading)
    provisions = [
        (provider, _read_dashboards(tree, provider, reading))
        for provider in providers.read(tree, reading)
    ]
    dashboards = [dashboard for _, in_folder in provisions for dashboard in in_folder or []]
    if not reading.report.muted:
        alerting.check(alerts, sources, reading)
        for dashboard in dashboards:
            content.check(dashboard, sources, reading)
    datasources.apply(files, state, reading)
    alerting.apply(alerts, state, reading)
    storing.apply(provisions, state, reading)
    if before is not None:
        _report_orphans(tree, state, reading)
    if not reading.report.muted:
        _check_references(alerts, dashboards, reading)


def _read_dashboards(tree: Path, provider: Provider, reading: Reading) -> list[Dashboard] | None:
    """The dashboards of a provider; None where its folder is not there."""
    files = find_files(tree, provider, reading)
    if files is None:
        return None
    read = (read_dashboard(file, reading) for file in files)
    return [dashboard for dashboard in read if dashboard is not None]


def _report_orphans(tree: Path, state: State, reading: Reading) -> None:
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


def _check_references(
    alerts: list[AlertingFile], dashboards: list[Dashboard], reading: Reading
) -> None:
    """What links and rules say of dashboards and panels; nothing where the tree holds none."""
    panels: dict[str, set[str]] = {}
    for dashboard in dashboards:
        panels.setdefault(dashboard.uid, set()).update(dashboard.panel_ids)
    if not panels:
        return
    for dashboard in dashboards:
        for uid in (uid for uid in dashboard.links if uid not in panels):
            for place in dashboard.link_places(uid):
                reading.report.doubtful(
                    place,
                    "dangling-link",
                    f"the link leads to dashboard {uid!r}, which is not in this tree",
                )
    for rule in rules_of(alerts):
        uid, panel = rule.linked_dashboard, rule.linked_panel
        if uid and uid not in panels:
            missing = f"dashboard {uid!r} is not in this tree"
        elif uid and panel and panel not in panels[uid]:
            missing = f"dashboard {uid!r} has no panel {panel}"
        else:
            continue
        reading.report.doubtful(rule.link_place, "dangling-panel", missing)
