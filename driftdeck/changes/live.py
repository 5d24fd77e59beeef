"""Reads what a Grafana holds of ours, in the form in which the source is built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from driftdeck.changes import foreign
from driftdeck.facts import Json
from driftdeck.generator.resources import Resource, Resources
from driftdeck.generator.v2 import in_rows
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.grafana.objects import Objects
from driftdeck.grafana.policies import PATH, branch_in
from driftdeck.settings import Settings

US = "driftdeck"
MESSAGE = "make apply"
"""What a version of a dashboard says that we saved."""
RULE = (
    "uid", "title", "condition", "data", "noDataState", "execErrState", "for", "annotations",
    "labels", "isPaused",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """The layout of a dashboard that is stored as v2. titles: of its elements, by name."""

    layout: Json
    titles: Mapping[str, str]

    @classmethod
    def of(cls, spec: Json) -> "Shape":
        """The layout of a stored spec."""
        elements = spec.get("elements", {})
        return cls(spec["layout"], {k: one["spec"].get("title", k) for k, one in elements.items()})


@dataclass(frozen=True)
class LiveResources:
    """What a Grafana holds.

    resources: of ours, by their uids' prefix, or of the source's uids. by: who saved a dashboard
    last, by uid; folder_of: the title of its folder, by uid. shapes: of those stored as v2.
    """

    resources: Resources
    by: Mapping[str, str]
    folder_of: Mapping[str, str]
    shapes: Mapping[str, Shape]


def read(
    grafana: Grafana, settings: Settings, built: Resources, *, others: bool = False
) -> LiveResources:
    """Everything that the source builds, and everything that bears its prefix.

    others: whether the Grafana is somebody else's, who may have made more in it. Raises
    GrafanaError; SettingsError where something of theirs is in the way.
    """
    policies = settings.notification_policies if others else "whole"
    problems: list[str] = []
    prefix = settings.uid_prefix
    found: Resources = {}
    by: dict[str, str] = {}
    folder_of: dict[str, str] = {}
    shapes: dict[str, Shape] = {}
    objects = Objects.of(grafana)
    folders = {one["uid"]: one["title"] for one in grafana.get("/api/folders", limit="1000")}

    def ours(kind: str, uid: str) -> bool:
        return uid.startswith(prefix) or (kind, uid) in built

    def put(resource: Resource) -> None:
        if ours(resource.kind, resource.uid):
            found[resource.kind, resource.uid] = resource

    for one in grafana.get("/api/datasources") if settings.datasource == "built" else []:
        problems += foreign.datasource(built, one, settings)
        put(Resource("datasource", one["uid"], one["name"], one))
    for one in grafana.get("/api/search", type="dash-db", limit="5000"):
        if not ours("dashboard", one["uid"]):
            continue
        answer = grafana.get(f"/api/dashboards/uid/{one['uid']}")
        content = answer["dashboard"]
        if objects and (spec := objects.spec(one["uid"])):
            shapes[one["uid"]] = Shape.of(spec)
            made = built.get(("dashboard", one["uid"]))
            content = in_rows(content, spec["layout"], made.content if made else content)
        put(Resource("dashboard", one["uid"], content["title"], content))
        by[one["uid"]] = _saved_by(grafana, one["uid"], answer["meta"])
        folder_of[one["uid"]] = answer["meta"].get("folderTitle", "")
    intervals: dict[tuple[str, str], int] = {}
    rules = grafana.get("/api/v1/provisioning/alert-rules")
    problems += foreign.rules(built, rules, folders, settings)
    for one in rules:
        if not ours("rule", one["uid"]):
            continue
        group = one["folderUID"], one["ruleGroup"]
        if group not in intervals:
            path = f"/api/v1/provisioning/folder/{group[0]}/rule-groups/{group[1]}"
            intervals[group] = grafana.get(path)["interval"]
        put(_rule(one, folders, intervals[group]))
    points = grafana.get("/api/v1/provisioning/contact-points")
    problems += foreign.contact_points(built, points, prefix)
    for one in points:
        put(Resource("contact point", one["uid"], one["name"], one))
    if others:
        foreign.refuse(problems)
    if tree := _policies(grafana, settings, built, found, policies):
        found["policies", "1"] = Resource("policies", "1", "policies", tree)
    return LiveResources(found, by, folder_of, shapes)


def _policies(
    grafana: Grafana, settings: Settings, built: Resources, found: Resources, policies: str
) -> Json | None:
    """What is ours of the tree of policies, None where nothing is."""
    if policies == "none":
        return None
    tree: Json = grafana.get(PATH)
    if policies == "routes":
        return branch_in(tree, settings.alert_folder)
    points = {resource.name for (kind, _), resource in found.items() if kind == "contact point"}
    return tree if ("policies", "1") in built or points & set(_receivers(tree)) else None


def _saved_by(grafana: Grafana, uid: str, meta: Json) -> str:
    """Who saved a dashboard last; us where the message of its newest version says so."""
    try:
        versions = grafana.get(f"/api/dashboards/uid/{uid}/versions", limit="1")
    except GrafanaError:
        versions = []
    if isinstance(versions, dict):
        versions = versions.get("versions", [])
    newest: Json = next(iter(versions), {})
    return US if newest.get("message") == MESSAGE else str(meta.get("updatedBy", ""))


def _receivers(tree: Json) -> Iterator[str]:
    """Every contact point that policies name."""
    yield str(tree.get("receiver", ""))
    for route in tree.get("routes") or []:
        yield from _receivers(route)


def _rule(one: Json, folders: Mapping[str, str], interval: int) -> Resource:
    content = {key: one[key] for key in RULE if key in one}
    content["folder"] = folders.get(one["folderUID"], one["folderUID"])
    content["group"], content["interval"] = one["ruleGroup"], f"{interval}s"
    return Resource("rule", one["uid"], one["title"], content)
