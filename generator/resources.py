"""What artefacts hold, resource by resource, and how two sets of them differ."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from driftdeck.dashboards.places import Part
from driftdeck.facts import Json
from driftdeck.facts.dollars import unescape
from driftdeck.generator.differences import Change, compare, fields, format_value, lines

KINDS = ("datasource", "dashboard", "rule", "contact point", "policies")
"""In the order in which they are told."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Resource:
    """A dashboard, rule, contact point, datasource or tree of policies of Grafana.

    uid: its identity. name: for people. content: what is compared.
    """

    kind: str
    uid: str
    name: str
    content: Json


Resources = dict[tuple[str, str], Resource]


@dataclass(frozen=True)
class Difference:
    """before, after: a resource, None where it was not or is not there. changes: where both are."""

    before: Resource | None
    after: Resource | None
    changes: tuple[Change, ...] = ()

    @property
    def resource(self) -> Resource:
        """What it is of; as it is after."""
        resource = self.after or self.before
        assert resource is not None
        return resource


def read_resources(files: Mapping[str, str]) -> Resources:
    """The resources of built files, by path; titles as Grafana stores them."""
    known: Resources = {}
    for path, text in files.items():
        if path.endswith(".json"):
            content = json.loads(text)
            _put(known, Resource("dashboard", content["uid"], content["title"], content))
            continue
        document = yaml.load(text, Loader=LOADER) or {}
        for datasource in document.get("datasources", []):
            _put(known, Resource("datasource", datasource["uid"], datasource["name"], datasource))
        for group in document.get("groups", []):
            for rule in group["rules"]:
                _put(known, _rule(group, rule))
        for point in document.get("contactPoints", []):
            for receiver in point["receivers"]:
                content = {**receiver, "name": point["name"]}
                _put(known, Resource("contact point", receiver["uid"], point["name"], content))
        for tree in document.get("policies", []):
            _put(known, Resource("policies", str(tree.get("orgId", 1)), "policies", unescape(tree)))
    return known


def _put(known: Resources, resource: Resource) -> None:
    known[resource.kind, resource.uid] = resource


def _rule(group: Json, rule: Json) -> Resource:
    title = unescape(rule["title"])
    content = {
        **rule,
        "title": title,
        "labels": unescape(rule.get("labels", {})),
        "folder": unescape(group["folder"]),
        "group": group["name"],
        "interval": group["interval"],
    }
    return Resource("rule", rule["uid"], title, content)


def differences(before: Resources, after: Resources) -> list[Difference]:
    """What was added, changed and removed, by kind and name."""
    differing = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            differing.append(Difference(old, new))
        elif changes := compare_resources(old, new):
            differing.append(Difference(old, new, tuple(changes)))
    return sorted(differing, key=lambda old: (KINDS.index(old.resource.kind), old.resource.name))


def compare_resources(before: Resource, after: Resource) -> list[Change]:
    """The differences of two states of a resource."""
    if before.kind == "dashboard":
        return compare(before.content, after.content)
    old, new = before.content, after.content
    if before.kind == "policies":
        old, new = ({**tree, "routes": "\n".join(_routes(tree))} for tree in (old, new))
    return list(fields(Part(before.kind, before.name), (), old, new))


def _routes(tree: Json, indent: str = "") -> Iterator[str]:
    """The routes of a policy tree, a line each in the order in which Grafana tries them."""
    for route in tree.get("routes") or []:
        rest = {key: value for key, value in route.items() if key not in SAID_OF_ROUTE}
        # All must match: their order means nothing, and 12.4 stores them sorted.
        matchers = sorted(
            " ".join(map(str, matcher)) for matcher in route.get("object_matchers") or []
        )
        condition = ", ".join(matchers)
        more = "".join(f", {key} {format_value(value)}" for key, value in sorted(rest.items()))
        yield f"{indent}{condition or 'everything'} → {route.get('receiver', 'as above')}{more}"
        yield from _routes(route, indent + "  ")


SAID_OF_ROUTE = ("object_matchers", "receiver", "routes")


def describe(difference: Difference) -> Iterator[str]:
    """A difference for people."""
    resource = difference.resource
    sign = "+" if difference.before is None else "-" if difference.after is None else "~"
    yield (
        f"{sign} {resource.kind} {resource.name!r}"
        if resource.kind != "policies"
        else f"{sign} policies"
    )
    if resource.kind == "dashboard":
        yield from lines(difference.changes)
        return
    for line in lines(difference.changes, indent=""):
        if not line.startswith("~"):  # the resource itself is the only part
            yield line


def markdown(differing: list[Difference]) -> str:
    """Differences as a pull request shows them: a heading a resource, folded where it is long."""
    if not differing:
        return "No dashboard, rule, contact point or datasource changes.\n"
    text = []
    for difference in differing:
        word = (
            "added"
            if difference.before is None
            else "removed"
            if difference.after is None
            else "changed"
        )
        heading, *body = describe(difference)
        text.append(f"**{heading[2:]}** {word}\n")
        if body:
            shown = "\n".join(body)
            block = f"```diff\n{_as_diff(shown)}\n```"
            summary = f"<summary>{len(difference.changes)} changes</summary>"
            folded = f"<details>{summary}\n\n{block}\n</details>\n"
            text.append(folded if len(body) > FOLDED else f"{block}\n")
    return "\n".join(text)


FOLDED = 25
"""A longer difference is folded."""


def _as_diff(text: str) -> str:
    """Lines whose sign is indented would not be coloured."""
    return "\n".join(
        f"{line.lstrip()[0]} {line.lstrip()[1:]}" if line.lstrip()[:1] in ("+", "-") else line
        for line in text.splitlines()
    )
