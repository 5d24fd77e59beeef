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
        titles = {name: part["spec"].get("title", name) for name, part in elements.items()}
        return cls(spec["layout"], titles)


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
    resources: Resources = {}
    by: dict[str, str] = {}
    folder_of: dict[str, str] = {}
    shapes: dict[str, Shape] = {}
    objects = Objects.of(grafana)
    folders = {
        folder["uid"]: folder["title"] for folder in grafana.get("/api/folders", limit="1000")
    }

    def ours(kind: str, uid: str) -> bool:
        return uid.startswith(prefix) or (kind, uid) in built

    def put(resource: Resource) -> None:
        if ours(resource.kind, resource.uid):
            resources[resource.kind, resource.uid] = resource

    for source in grafana.get("/api/datasources") if settings.datasource == "built" else []:
        problems += foreign.datasource(built, source, settings)
        put(Resource("datasource", source["uid"], source["name"], source))
    for hit in grafana.get("/api/search", type="dash-db", limit="5000"):
        if not ours("dashboard", hit["uid"]):
            continue
        answer = grafana.get(f"/api/dashboards/uid/{hit['uid']}")
        content = answer["dashboard"]
        if objects and (spec := objects.spec(hit["uid"])):
            shapes[hit["uid"]] = Shape.of(spec)
            known = built.get(("dashboard", hit["uid"]))
            content = in_rows(content, spec["layout"], known.content if known else content)
        put(Resource("dashboard", hit["uid"], content["title"], content))
        by[hit["uid"]] = _saved_by(grafana, hit["uid"], answer["meta"])
        folder_of[hit["uid"]] = answer["meta"].get("folderTitle", "")
    intervals: dict[tuple[str, str], int] = {}
    rules = grafana.get("/api/v1/provisioning/alert-rules")
    problems += foreign.rules(built, rules, folders, settings)
    for rule in rules:
        if not ours("rule", rule["uid"]):
            continue
        group = rule["folderUID"], rule["ruleGroup"]
        if group not in intervals:
            path = f"/api/v1/provisioning/folder/{group[0]}/rule-groups/{group[1]}"
            intervals[group] = grafana.get(path)["interval"]
        put(_rule(rule, folders, intervals[group]))
    points = grafana.get("/api/v1/provisioning/contact-points")
    problems += foreign.contact_points(built, points, prefix)
    for point in points:
        put(Resource("contact point", point["uid"], point["name"], point))
    if others:
        foreign.refuse(problems)
    if tree := _policies(grafana, settings, built, resources, policies):
        resources["policies", "1"] = Resource("policies", "1", "policies", tree)
    return LiveResources(resources, by, folder_of, shapes)


def _policies(
    grafana: Grafana, settings: Settings, built: Resources, resources: Resources, policies: str
) -> Json | None:
    """What is ours of the tree of policies, None where nothing is."""
    if policies == "none":
        return None
    tree: Json = grafana.get(PATH)
    if policies == "routes":
        return branch_in(tree, settings.alert_folder)
    points = {resource.name for (kind, _), resource in resources.items() if kind == "contact point"}
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


def _rule(rule: Json, folders: Mapping[str, str], interval: int) -> Resource:
    content = {key: rule[key] for key in RULE if key in rule}
    content["folder"] = folders.get(rule["folderUID"], rule["folderUID"])
    content["group"], content["interval"] = rule["ruleGroup"], f"{interval}s"
    return Resource("rule", rule["uid"], rule["title"], content)
