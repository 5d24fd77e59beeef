"""alerting/*: read, and applied in Grafana's order."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from driftdeck.preflight.alerting import evaluation, routing, stored_rules
from driftdeck.preflight.alerting.mutetimes import MuteTime
from driftdeck.preflight.alerting.routing import Deleted, DeletedName, Routing
from driftdeck.preflight.alerting.rules import RuleGroup
from driftdeck.preflight.alerting.stored_rules import KeptGroup
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.read import files
from driftdeck.preflight.read.fields import Listed, Owned
from driftdeck.preflight.read.files import YAML, TopLevel, parse, paths
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import RESET_AS_ASKED, ROUTING_FIRST
from driftdeck.preflight.state import State

ADVICE = " on a fresh server (--organisation says that it does)"


class AlertingFile(TopLevel, Routing):
    """A file of alerting/. Its apiVersion is not looked at."""

    api_version: Any = None
    groups: Annotated[list[RuleGroup], Listed] = []
    delete_rules: Annotated[list[Deleted], Listed] = []
    mute_times: Annotated[list[MuteTime], Listed] = []
    delete_mute_times: Annotated[list[DeletedName], Listed] = []


@dataclass(frozen=True)
class Looked:
    """A file of alerting/ as it was looked at by itself, and what the others may meet of it.

    file: without its groups of rules, whose queries are most of what is written there.
    """

    file: AlertingFile
    groups: tuple[KeptGroup, ...]


def read(tree: Path, reading: Reading) -> list[AlertingFile]:
    """The files of alerting/ with all that stands in them, each checked as a file only."""
    parsed = (_parsed(path, reading) for path in paths(tree, "alerting"))
    return [made for made in parsed if made is not None]


def look(tree: Path, sources: Datasources, reading: Reading) -> list[Looked]:
    """The files of alerting/, each checked with the rules in it."""
    looked = reading.each(partial(_look, sources=sources), paths(tree, "alerting"))
    return [one for one in looked if one is not None]


def _look(path: Path, reading: Reading, sources: Datasources) -> Looked | None:
    file = _parsed(path, reading)
    if file is None:
        return None
    for rule in (rule for group in file.groups for rule in group.rules):
        stored_rules.check(rule, reading)
        if not reading.report.muted:
            evaluation.check(rule, sources, reading)
    kept = tuple(map(KeptGroup.of, file.groups))
    file.forget("groups")
    return Looked(file, kept)


def _parsed(path: Path, reading: Reading) -> AlertingFile | None:
    file = files.read(path, "alerting", reading, (*YAML, ".json"))
    return None if file is None else parse(file, AlertingFile)


def apply(looked: list[Looked], state: State, reading: Reading) -> None:
    """In Grafana's order: up to 10.3 rules first; since, those who are told, whom rules may name.

    Contact points are taken away last.
    """
    found = [one.file for one in looked]
    routing_first = reading.release >= ROUTING_FIRST
    for one in looked:
        _organisations(one, reading)
    if not routing_first:
        _rules(looked, state, reading)
    _tell(found, state, reading)
    _take_away(found, state, reading)
    if routing_first:
        _rules(looked, state, reading)
    for file in found:
        for receiver in file.delete_contact_points:
            routing.delete_receiver(receiver, state, reading)
            _written("receiver", receiver, receiver.uid, state, reading)


def _rules(looked: list[Looked], state: State, reading: Reading) -> None:
    """Rules and their deletions, file by file."""
    for one in looked:
        stored_rules.apply(one.groups, state, reading)
        for gone in one.file.delete_rules:
            state.drop_rule(gone.org_id, gone.uid)
            _written("rule", gone, gone.uid, state, reading)


def _tell(found: list[AlertingFile], state: State, reading: Reading) -> None:
    """Contact points, mute times, templates, policies."""
    written = routing.uids(point for file in found for point in file.contact_points)
    for file in found:
        routing.apply_contact_points(file.contact_points, written, state, reading)
    stored = set(state.mute_times)
    for file in found:
        _mute_times(file.mute_times, stored, state, reading)
    for file in found:
        routing.apply_templates(file.templates, state, reading)
    for file in found:
        for policy in file.policies:
            route = routing.read_route(policy, reading)
            if route is not None:
                routing.apply_policy(policy, route, state, reading)


def _organisations(looked: Looked, reading: Reading) -> None:
    """Who is told can only be written for an organisation that is there; rules lie idle."""
    file = looked.file
    entries: tuple[Owned, ...] = (
        *file.contact_points, *file.policies, *file.mute_times, *file.templates,
        *file.delete_contact_points, *file.delete_mute_times, *file.delete_templates,
    )  # fmt: skip
    places = [(one.org_id, one.place("orgId")) for one in entries]
    places += [(org, file.place("resetPolicies")) for org in file.reset_policies]
    for org, place in places:
        if org not in reading.organisations:
            reading.report.fatal(
                place, "unknown-organisation", f"organisation {org} does not exist{ADVICE}"
            )
    for group in looked.groups:
        if group.rules and group.org not in reading.organisations:
            reading.report.lost(
                group.org_place,
                "unknown-organisation",
                f"organisation {group.org} does not exist, so nobody sees these rules{ADVICE}",
            )


def _mute_times(
    times: list[MuteTime], stored: set[tuple[int, str]], state: State, reading: Reading
) -> None:
    """Store mute times. stored: those that Grafana held before this start, which it updates."""
    for one in times:
        if state.meet("mute-time", one.org_id, one.name):
            known = (one.org_id, one.name) in stored
            (reading.report.lost if known else reading.report.fatal)(
                one.place("name"), "duplicate-name", f"mute time {one.name!r} is here twice"
            )
        state.mute_times.add((one.org_id, one.name))


def _take_away(found: list[AlertingFile], state: State, reading: Reading) -> None:
    for file in found:
        for index, org in enumerate(file.reset_policies):
            state.policies.pop(org, None)
            if ("policy", org, "") in state.met:
                said = (
                    reading.report.note
                    if reading.release >= RESET_AS_ASKED
                    else reading.report.lost
                )
                said(
                    file.place("resetPolicies", index),
                    "reset-policies",
                    f"resetPolicies is applied after policies: organisation {org} keeps Grafana's"
                    " own; remove one of the two",
                )
    for file in found:
        for mute_time in file.delete_mute_times:
            routing.delete_mute_time(mute_time, state, reading)
            _written("mute-time", mute_time, mute_time.name.strip(), state, reading)
    for file in found:
        for template in file.delete_templates:
            state.templates.discard((template.org_id, template.name.strip()))
            _written("template", template, template.name.strip(), state, reading)


def _written(kind: str, gone: Owned, name: str, state: State, reading: Reading) -> None:
    """What a tree writes and then deletes is not there."""
    if (kind, gone.org_id, name) in state.met:
        reading.report.lost(
            gone.place(), "deleted-again", f"{kind} {name!r} is written and deleted in one tree"
        )
