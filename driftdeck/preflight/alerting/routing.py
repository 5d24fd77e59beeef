"""Who is told: contact points, notification policies, mute times, templates."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from driftdeck.preflight.alerting import receivers
from driftdeck.preflight.alerting.routes import Route
from driftdeck.preflight.go.templates import complaint
from driftdeck.preflight.read.documents import Scalar
from driftdeck.preflight.read.fields import (
    Entry,
    Flag,
    Free,
    Listed,
    OrganisationEntry,
    Required,
    Text,
    Whole,
)
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import (
    ACTIVE_INTERVALS,
    ROOT_WITHOUT_MATCHERS,
    ROUTING_FIRST,
    STRICT_UIDS,
    Release,
)
from driftdeck.preflight.state import State, retire
from driftdeck.preflight.uids import complaint as uid_complaint


class Deletion(OrganisationEntry):
    """A rule or receiver to delete, by uid."""

    uid: Text = ""


class NamedDeletion(OrganisationEntry):
    """A mute time or template to delete, by name."""

    name: Required = Field(default="", validate_default=True)


class Receiver(Entry):
    """One way in which a contact point sends."""

    uid: Required = Field(default="", validate_default=True)
    type: Required = Field(default="", validate_default=True)
    settings: Free = {}
    disable_resolve_message: Flag = False


class ContactPoint(OrganisationEntry):
    """Receivers under the name by which policies refer to them."""

    name: Required = Field(default="", validate_default=True)
    receivers: Annotated[list[Receiver], Listed] = []


def _raw_text(value: Any) -> str:
    if not isinstance(value, Scalar):
        raise ValueError("is a list or mapping where a text belongs")
    return "" if value.kind == "null" else str(value)


class Template(OrganisationEntry):
    """A text template of messages; not expanded."""

    name: Annotated[str, BeforeValidator(_raw_text)] = ""
    template: Annotated[str, BeforeValidator(_raw_text)] = ""


class Policy(OrganisationEntry):
    """The tree of policies of one organisation, as written."""


class Routing(Entry):
    """What an alerting file says about who is told."""

    contact_points: Annotated[list[ContactPoint], Listed] = []
    delete_contact_points: Annotated[list[Deletion], Listed] = []
    policies: Annotated[list[Policy], Listed] = []
    reset_policies: Annotated[list[Whole], Listed] = []
    templates: Annotated[list[Template], Listed] = []
    delete_templates: Annotated[list[NamedDeletion], Listed] = []


def uids(points: Iterable[ContactPoint]) -> set[tuple[int, str]]:
    """The identity of each receiver that a tree writes."""
    return {
        (point.org_id, receiver.uid.strip()) for point in points for receiver in point.receivers
    }


def apply_contact_points(
    points: list[ContactPoint], written_uids: set[tuple[int, str]], state: State, reading: Reading
) -> None:
    """Store receivers; a uid that this tree already used is refused on a fresh server."""
    for point in points:
        for index, receiver in enumerate(point.receivers):
            _check_receiver(receiver, reading)
            if reading.release >= STRICT_UIDS and (problem := uid_complaint(receiver.uid.strip())):
                reading.report.fatal(
                    receiver.place("uid"), "uid", f"uid {receiver.uid!r} {problem}"
                )
            key = (point.org_id, receiver.uid.strip())
            if state.meet("receiver", *key):
                (reading.report.lost if key in state.stored else reading.report.fatal)(
                    point.place("receivers", index, "uid"),
                    "duplicate-uid",
                    f"receiver uid {receiver.uid!r} is here twice; each receiver has its own",
                )
            others = {
                uid for (org, uid), name in state.receivers.items()
                if (org, name) == (point.org_id, point.name.strip())
                and uid != receiver.uid.strip() and (org, uid) not in written_uids
            }  # fmt: skip
            for uid in sorted(others):
                reading.report.doubtful(
                    point.place("receivers", index, "uid"),
                    "receiver-uid-changed",
                    f"receiver {uid!r} of {point.name!r} stays beside {receiver.uid!r}: every"
                    " message is sent twice; keep the uid, or"
                    f" {retire('receiver', point.org_id, uid)}",
                )
            state.receivers[key] = point.name.strip()


def _check_receiver(receiver: Receiver, reading: Reading) -> None:
    if not receiver.settings:
        reading.report.fatal(
            receiver.place("settings"), "no-settings", "settings are missing or empty"
        )
        return
    for name, message in receivers.problems(
        receiver.type.strip(), receiver.settings, reading.release
    ):
        place = receiver.place("settings", name) if name else receiver.place("type")
        reading.report.fatal(place, "receiver", message)


def apply_templates(templates: list[Template], state: State, reading: Reading) -> None:
    """Store message templates."""
    for template in templates:
        if not template.name or not template.template:
            missing = "name" if not template.name else "template"
            reading.report.fatal(template.place(), "template", f"a template without {missing}")
        elif problem := complaint(template.template, reading.release):
            reading.report.fatal(
                template.place("template"), "template", f"template {template.name!r}: {problem}"
            )
        state.meet("template", template.org_id, template.name)
        state.templates.add((template.org_id, template.name))


def read_route(policy: Policy, reading: Reading) -> Route | None:
    """The routes of a policy; what does not fit is a fatal finding."""
    try:
        return Route.model_validate(policy.free(reading), context=reading.release)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple("continue" if step == "continue_" else step for step in detail["loc"])
            message = detail["msg"].removeprefix("Value error, ")
            name = ".".join(map(str, path)) or "the policy"
            reading.report.fatal(policy.place(*path), "policy", f"{name}: {message}")
    except ValueError as error:
        reading.report.fatal(policy.place(), "policy", str(error))
    return None


def apply_policy(policy: Policy, route: Route, state: State, reading: Reading) -> None:
    """Store a tree of policies: everything that it names must be there by now."""
    report, org = reading.report, policy.org_id
    if not route.receiver:
        report.fatal(policy.place(), "policy", "the root policy names no receiver")
    if route.match or route.match_re:
        report.fatal(policy.place("match"), "policy", "the root policy matches all; remove match")
    for key in _intervals(reading.release):
        if getattr(route, key):
            report.fatal(policy.place(key), "policy", "the root policy cannot be muted")
    matches = route.object_matchers or route.matchers
    if matches and reading.release >= ROOT_WITHOUT_MATCHERS:
        report.fatal(policy.place(), "policy", "the root policy matches all; remove its matchers")
    if route.continue_:
        spoilt = reading.release >= ROUTING_FIRST
        (report.lost if spoilt else report.fatal)(
            policy.place("continue"),
            "policy",
            "the root policy cannot continue; remove it"
            + ("; Grafana stores it, and can then read no contact point" if spoilt else ""),
        )
    if state.meet("policy", org, ""):
        report.lost(
            policy.place(),
            "two-policies",
            f"organisation {org} has one tree of policies: this one replaces the one before",
        )
    _check_names(policy, route, (), state, reading)
    state.policies[org] = route.model_dump()


def _intervals(release: Release) -> tuple[str, ...]:
    """The keys of a policy that name time intervals."""
    known = ("mute_time_intervals", "active_time_intervals")
    return known if release >= ACTIVE_INTERVALS else known[:1]


def _check_names(
    policy: Policy, route: Route, path: tuple[str | int, ...], state: State, reading: Reading
) -> None:
    names = state.receiver_names(policy.org_id)
    if route.receiver not in names and (route.receiver or path):
        reading.report.fatal(
            policy.place(*path, "receiver"),
            "unknown-contact-point",
            f"contact point {route.receiver!r} is not there; known are {', '.join(sorted(names))}",
        )
    for key in _intervals(reading.release):
        for name in getattr(route, key):
            if (policy.org_id, name) not in state.mute_times:
                reading.report.fatal(
                    policy.place(*path, key), "unknown-mute-time", f"{name!r} is not there"
                )
    for index, child in enumerate(route.routes):
        _check_names(policy, child, (*path, "routes", index), state, reading)


def delete_receiver(deletion: Deletion, state: State, reading: Reading) -> None:
    """Delete a receiver; the last of a contact point that the policy uses ends the start."""
    name = state.receivers.pop((deletion.org_id, deletion.uid), None)
    if name is None or name in state.receiver_names(deletion.org_id) - {state.default_receiver}:
        return
    if user := _user(state, deletion.org_id, "receiver", name):
        reading.report.fatal(
            deletion.place("uid"),
            "in-use",
            f"contact point {name!r} is used by {user}, even if no file holds it; point it"
            " elsewhere first (in the same file will do)",
        )


def _user(state: State, org: int, key: str, name: str) -> str:
    """What of an organisation uses a contact point or a time interval, '' where nothing."""
    keys = (key,) if key == "receiver" else (key, "active_time_intervals")
    if any(name in _used(state.policies.get(org, {}), of_key) for of_key in keys):
        return "the stored policy"
    for direct in state.direct_receivers(org):
        if name in ((direct.receiver,) if key == "receiver" else direct.intervals):
            return f"a stored rule ({direct.place.file}, line {direct.place.line})"
    return ""


def delete_mute_time(deletion: NamedDeletion, state: State, reading: Reading) -> None:
    """Delete a mute time; one that the policy uses ends the start."""
    if user := _user(state, deletion.org_id, "mute_time_intervals", deletion.name.strip()):
        reading.report.fatal(
            deletion.place("name"),
            "in-use",
            f"mute time {deletion.name!r} is used by {user}, even if no file holds it; take it out"
            " of there first (in the same file will do)",
        )
    state.mute_times.discard((deletion.org_id, deletion.name.strip()))


def _used(route: dict[str, Any], key: str) -> set[str]:
    value = route.get(key, [])
    names = {value} if isinstance(value, str) else set(value)
    for child in route.get("routes", []):
        names |= _used(child, key)
    return names
