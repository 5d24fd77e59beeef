"""What would change in a live Grafana, and what people changed there by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from driftdeck.changes.live import US, LiveResources, read
from driftdeck.changes.shape import new_layout, reshaped
from driftdeck.dashboards.places import Part
from driftdeck.errors import ExitCode
from driftdeck.generator.differences import Change, compare
from driftdeck.generator.files import present
from driftdeck.generator.normalisation import normalise_dashboard, normalise_resource
from driftdeck.generator.resources import (
    KINDS,
    Difference,
    Resource,
    Resources,
    compare_resources,
    describe,
    read_resources,
)
from driftdeck.grafana.client import Grafana, GrafanaError, silence
from driftdeck.grafana.policies import branch
from driftdeck.settings import Settings
from driftdeck.stack.runtime import Runtime, choose, find_target, has_grafana

Json = dict[str, Any]
POLICIES = ("policies", "1")
OURS = (US, "", "Anonymous", "anonymous")
"""Who has saved what we applied, or what came from a file."""


class Kind(Enum):
    """What there is to do, as it is told."""

    ADDED = "will be added"
    CHANGED = "will change (Grafana → source)"
    EDITED = "was edited in Grafana (source → Grafana)"
    ORPHANED = "is in no file any more, and Grafana keeps it"


@dataclass(frozen=True)
class Step:
    """One thing to do. pending: how the source itself changed since Grafana read it."""

    kind: Kind
    difference: Difference
    pending: Difference | None = None

    @property
    def resource(self) -> Resource:
        """What it is of."""
        return self.difference.resource


@dataclass(frozen=True)
class Target:
    """A Grafana and what it should hold.

    built: the resources of the source. base: those that Grafana read last, None where that is not
    known: then who saved a dashboard tells whether a person did. runtime: None for another's.
    v2: whether dashboards should lie there as v2, with tabs. unrouted: the branch of policies that
    others must add, where we stay out of theirs.
    """

    settings: Settings
    grafana: Grafana
    built: Resources
    base: Resources | None
    runtime: Runtime | None
    v2: bool = False
    unrouted: Json | None = None

    @classmethod
    def of(cls, settings: Settings, *, v2: bool = False) -> "Target":
        """The Grafana of GRAFANA_URL, else this machine's. Raises GrafanaError, StackError."""
        if not has_grafana(settings):
            raise GrafanaError("there is no Grafana here; set GRAFANA_URL, or GRAFANA_BIN to one")
        if settings.grafana_url:
            target = cls.elsewhere(settings, Grafana(settings), find_target(settings).wanted)
        else:
            runtime = choose(settings)
            built, base = (
                read_resources(runtime.artefacts()),
                read_resources(present(runtime.folder)),
            )
            target = cls(runtime.settings, Grafana(runtime.settings), built, base, runtime)
        if target.grafana.health() is None:
            raise GrafanaError(silence(settings))
        if not target.grafana.logged_in():
            raise GrafanaError(
                "Grafana refuses GRAFANA_TOKEN, or GRAFANA_ADMIN_USER and GRAFANA_ADMIN_PASSWORD"
            )
        return replace(target, v2=v2)

    @classmethod
    def elsewhere(cls, settings: Settings, grafana: Grafana, files: Mapping[str, str]) -> "Target":
        """A Grafana of which only the API is known; how it reaches the database is its own."""
        built = {
            key: _shared(settings, resource) for key, resource in read_resources(files).items()
        }
        unrouted = None
        if settings.notification_policies == "none" and POLICIES in built:
            unrouted = branch(built.pop(POLICIES).content, settings.alert_folder)
        return cls(settings, grafana, built, None, None, unrouted=unrouted)

    def live(self) -> LiveResources:
        """What Grafana holds now. Raises GrafanaError."""
        return read(self.grafana, self.settings, self.built, others=self.runtime is None)


def show(target: Target) -> int:
    """Print what differs; 3 if something does. Raises GrafanaError."""
    steps = plan(target, target.live())
    print(*lines(steps), summary(steps), sep="\n")
    return ExitCode.DIFFERS if steps else ExitCode.DONE


def plan(target: Target, live: LiveResources) -> list[Step]:
    """Everything that differs, by kind and name."""
    steps = []
    for key in {**target.built, **live.resources}:
        built, there = target.built.get(key), live.resources.get(key)
        if there is None:
            steps.append(Step(Kind.ADDED, Difference(None, built)))
        elif built is None:
            steps.append(Step(Kind.ORPHANED, Difference(there, None)))
        elif step := _differs(target, live, built, there):
            steps.append(step)
    return sorted(steps, key=lambda step: (KINDS.index(step.resource.kind), step.resource.name))


def _differs(target: Target, live: LiveResources, built: Resource, there: Resource) -> Step | None:
    if built.kind != "dashboard":
        changes = tuple(compare_resources(normalise_resource(built, there), built))
        return Step(Kind.CHANGED, Difference(there, built, changes)) if changes else None
    folder, wanted = live.folder_of[built.uid], target.settings.dashboard_folder
    moved = Change(Part("dashboard"), (("folder", False),), folder, wanted)
    extra = (moved,) if folder != wanted else ()
    shape = live.shapes.get(built.uid)
    layout = reshaped(shape, built.content, v2=target.v2)
    if not _dashboard(built, there) and not extra and not layout:
        return None
    base = (target.base or {}).get(("dashboard", built.uid))
    a_person = live.by.get(built.uid, "") not in OURS
    drawn_anew = a_person and bool(layout) and bool(new_layout(shape))
    by_hand = _dashboard(base, there) if base else _dashboard(built, there) if a_person else ()
    if not by_hand and not drawn_anew:
        back = tuple(
            Change(change.part, change.path, change.after, change.before) for change in layout
        )
        changes = (*extra, *back, *_dashboard(there, built, source=built))
        return Step(Kind.CHANGED, Difference(there, built, changes))
    pending = tuple(compare(base.content, built.content)) if base else ()
    return Step(
        Kind.EDITED,
        Difference(base or built, there, (*extra, *layout, *by_hand)),
        Difference(base, built, pending) if pending else None,
    )


def _shared(settings: Settings, resource: Resource) -> Resource:
    """A resource as it lies in a Grafana that others use, too.

    Its datasource is nobody's default; how it reaches the database is its own, unless a host is
    set; policies are a branch of the tree, unless all of it is ours.
    """
    content = resource.content
    if resource.kind == "datasource":
        unsaid = ("isDefault",) if settings.datasource_host else ("isDefault", "url")
        content = {key: value for key, value in content.items() if key not in unsaid}
    if resource.kind == "policies" and settings.notification_policies == "routes":
        content = branch(content, settings.alert_folder)
    return replace(resource, content=content)


def _dashboard(
    before: Resource, after: Resource, source: Resource | None = None
) -> tuple[Change, ...]:
    """The differences of a dashboard, without what a browser fills in by itself.

    source: the one of both that was built; by default the first.
    """
    baseline = before if source is None else source
    old, new = (
        item.content if item is baseline else normalise_dashboard(baseline.content, item.content)
        for item in (before, after)
    )
    return tuple(compare(old, new))


def lines(steps: Sequence[Step]) -> Iterator[str]:
    """A plan for people."""
    for step in steps:
        heading, *body = describe(step.difference)
        sign = {Kind.EDITED: "!", Kind.ORPHANED: "-"}.get(step.kind, heading[0])
        yield f"{sign} {heading[2:]} {step.kind.value}"
        yield from body
        if step.pending:
            yield "  and the source changed since:"
            yield from (f"  {line}" for line in list(describe(step.pending))[1:])


def summary(steps: Sequence[Step]) -> str:
    """One line."""
    if not steps:
        return "nothing to do: Grafana holds what the source builds"
    counts = {kind: sum(step.kind is kind for step in steps) for kind in Kind}
    words = {
        Kind.ADDED: "to add",
        Kind.CHANGED: "to change",
        Kind.EDITED: "edited by hand",
        Kind.ORPHANED: "orphaned",
    }
    return ", ".join(f"{number} {words[kind]}" for kind, number in counts.items() if number)
