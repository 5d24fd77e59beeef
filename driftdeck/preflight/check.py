"""check(tree) -> findings: what Grafana would do with a provisioning tree, without starting it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from driftdeck.errors import UsageError
from driftdeck.preflight.alerting import apply as alerting
from driftdeck.preflight.alerting.apply import Looked
from driftdeck.preflight.dashboards import boards, providers, storing
from driftdeck.preflight.dashboards.boards import Board
from driftdeck.preflight.dashboards.storing import Provided
from driftdeck.preflight.datasources import apply as datasources
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.findings import Finding, Place, Report
from driftdeck.preflight.garbage import uncollected
from driftdeck.preflight.read.files import shown
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.rules import RULES
from driftdeck.preflight.state import State, retire

FOLDERS = ("datasources", "dashboards", "alerting", "plugins", "notifiers", "access-control")


class NoTreeError(UsageError):
    """A folder that is no provisioning tree."""


@uncollected()
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
    return [one for one in reading.report.sorted() if RULES[one.rule].holds(reading.release)]


def _start(tree: Path, state: State, reading: Reading, before: Path | None) -> None:
    """One start of Grafana: datasources, then alerting, then dashboards."""
    state.met.clear()
    state.stored = set(state.receivers)
    files = datasources.read(tree, reading)
    sources = Datasources.of(files)
    alerts = alerting.look(tree, sources, reading)
    made = providers.read(tree, reading)
    provided = [Provided(one, boards.look(tree, one, sources, reading)) for one in made]
    datasources.apply(files, state, reading)
    alerting.apply(alerts, state, reading)
    storing.apply(provided, state, reading)
    if before is not None:
        _orphans(tree, state, reading)
    if not reading.report.muted:
        _references(alerts, [board for one in provided for board in one.boards or []], reading)


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


def _references(alerts: list[Looked], found: list[Board], reading: Reading) -> None:
    """What links and rules say of dashboards and panels; nothing where the tree holds none."""
    panels: dict[str, set[str]] = {}
    for board in found:
        panels.setdefault(board.uid, set()).update(board.panels)
    if not panels:
        return
    for board in found:
        for uid in (uid for uid in board.links if uid not in panels):
            for place in board.linking(uid):
                reading.report.doubtful(
                    place,
                    "dangling-link",
                    f"the link leads to dashboard {uid!r}, which is not in this tree",
                )
    for rule in (rule for one in alerts for group in one.groups for rule in group.rules):
        place = rule.board_place
        if rule.board and rule.board not in panels:
            reading.report.doubtful(
                place, "dangling-panel", f"dashboard {rule.board!r} is not in this tree"
            )
        elif rule.board and rule.panel and rule.panel not in panels[rule.board]:
            reading.report.doubtful(
                place,
                "dangling-panel",
                f"dashboard {rule.board!r} has no panel {rule.panel}",
            )
