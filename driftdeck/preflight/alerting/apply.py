"""alerting/*: read, and applied in Grafana's order."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from driftdeck.preflight.alerting import evaluation, routing, stored_rules
from driftdeck.preflight.alerting.mutetimes import MuteTime
from driftdeck.preflight.alerting.routing import Deletion, NamedDeletion, Routing
from driftdeck.preflight.alerting.rules import Rule, RuleGroup
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.read.fields import Listed, OrganisationEntry
from driftdeck.preflight.read.files import YAML, TopLevel, files, parse
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import RESET_AS_ASKED, ROUTING_FIRST
from driftdeck.preflight.state import State

ADVICE = " on a fresh server (--organisation says that it does)"


class AlertingFile(TopLevel, Routing):
    """A file of alerting/. Its apiVersion is not looked at."""

    api_version: Any = None
    groups: Annotated[list[RuleGroup], Listed] = []
    delete_rules: Annotated[list[Deletion], Listed] = []
    mute_times: Annotated[list[MuteTime], Listed] = []
    delete_mute_times: Annotated[list[NamedDeletion], Listed] = []


def read(tree: Path, reading: Reading) -> list[AlertingFile]:
    """The files of alerting/, each checked as a file only."""
    tree_files = files(tree, "alerting", reading, (*YAML, ".json"))
    parsed = (parse(file, AlertingFile) for file in tree_files)
    return [alerts for alerts in parsed if alerts is not None]


def check(alerts: list[AlertingFile], sources: Datasources, reading: Reading) -> None:
    """Report what Grafana refuses of each rule by itself, and what keeps it from evaluating one."""
    for rule in rules_of(alerts):
        stored_rules.check(rule, reading)
        evaluation.check(rule, sources, reading)


def rules_of(alerts: Iterable[AlertingFile]) -> Iterator[Rule]:
    """Every rule of some files."""
    return (rule for file in alerts for group in file.groups for rule in group.rules)


def apply(alerts: list[AlertingFile], state: State, reading: Reading) -> None:
    """In Grafana's order: up to 10.3 rules first; since, those who are told, whom rules may name.

    Contact points are taken away last.
    """
    routing_first = reading.release >= ROUTING_FIRST
    for file in alerts:
        _check_organisations(file, reading)
    if not routing_first:
        _store_rules(alerts, state, reading)
    _store_routing(alerts, state, reading)
    _delete_routing(alerts, state, reading)
    if routing_first:
        _store_rules(alerts, state, reading)
    for file in alerts:
        for receiver in file.delete_contact_points:
            routing.delete_receiver(receiver, state, reading)
            _report_deleted_again("receiver", receiver, receiver.uid, state, reading)


def _store_rules(alerts: list[AlertingFile], state: State, reading: Reading) -> None:
    """Rules and their deletions, file by file."""
    for file in alerts:
        stored_rules.apply(file.groups, state, reading)
        for gone in file.delete_rules:
            state.drop_rule(gone.org_id, gone.uid)
            _report_deleted_again("rule", gone, gone.uid, state, reading)


def _store_routing(alerts: list[AlertingFile], state: State, reading: Reading) -> None:
    """Contact points, mute times, templates, policies."""
    written = routing.uids(point for file in alerts for point in file.contact_points)
    for file in alerts:
        routing.apply_contact_points(file.contact_points, written, state, reading)
    stored = set(state.mute_times)
    for file in alerts:
        _store_mute_times(file.mute_times, stored, state, reading)
    for file in alerts:
        routing.apply_templates(file.templates, state, reading)
    for file in alerts:
        for policy in file.policies:
            route = routing.read_route(policy, reading)
            if route is not None:
                routing.apply_policy(policy, route, state, reading)


def _check_organisations(file: AlertingFile, reading: Reading) -> None:
    """Contact points and policies need an organisation that is there; rules lie idle."""
    entries: tuple[OrganisationEntry, ...] = (
        *file.contact_points, *file.policies, *file.mute_times, *file.templates,
        *file.delete_contact_points, *file.delete_mute_times, *file.delete_templates,
    )  # fmt: skip
    places = [(entry.org_id, entry.place("orgId")) for entry in entries]
    places += [(org, file.place("resetPolicies")) for org in file.reset_policies]
    for org, place in places:
        if org not in reading.organisations:
            reading.report.fatal(
                place, "unknown-organisation", f"organisation {org} does not exist{ADVICE}"
            )
    for group in file.groups:
        if group.rules and group.org_id not in reading.organisations:
            reading.report.lost(
                group.place("orgId"),
                "unknown-organisation",
                f"organisation {group.org_id} does not exist, so nobody sees these rules{ADVICE}",
            )


def _store_mute_times(
    times: list[MuteTime], stored: set[tuple[int, str]], state: State, reading: Reading
) -> None:
    """Store mute times. stored: those that Grafana held before this start, which it updates."""
    for mute_time in times:
        if state.meet("mute-time", mute_time.org_id, mute_time.name):
            known = (mute_time.org_id, mute_time.name) in stored
            (reading.report.lost if known else reading.report.fatal)(
                mute_time.place("name"),
                "duplicate-name",
                f"mute time {mute_time.name!r} is here twice",
            )
        state.mute_times.add((mute_time.org_id, mute_time.name))


def _delete_routing(alerts: list[AlertingFile], state: State, reading: Reading) -> None:
    for file in alerts:
        for index, org in enumerate(file.reset_policies):
            state.policies.pop(org, None)
            if ("policy", org, "") in state.met:
                problem = (
                    reading.report.note
                    if reading.release >= RESET_AS_ASKED
                    else reading.report.lost
                )
                problem(
                    file.place("resetPolicies", index),
                    "reset-policies",
                    f"resetPolicies is applied after policies: organisation {org} keeps Grafana's"
                    " own; remove one of the two",
                )
    for file in alerts:
        for mute_time in file.delete_mute_times:
            routing.delete_mute_time(mute_time, state, reading)
            _report_deleted_again("mute-time", mute_time, mute_time.name.strip(), state, reading)
    for file in alerts:
        for template in file.delete_templates:
            state.templates.discard((template.org_id, template.name.strip()))
            _report_deleted_again("template", template, template.name.strip(), state, reading)


def _report_deleted_again(
    kind: str, gone: OrganisationEntry, name: str, state: State, reading: Reading
) -> None:
    """What a tree writes and then deletes is not there."""
    if (kind, gone.org_id, name) in state.met:
        reading.report.lost(
            gone.place(), "deleted-again", f"{kind} {name!r} is written and deleted in one tree"
        )
