"""What once was provisioned and is gone: the committed list, and the deletions built from it.

Grafana deletes nothing because a file stopped naming it. The deletions stand in files that sort
first, since within one file Grafana applies rules before it deletes any.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from driftdeck.facts.dollars import escape
from driftdeck.generator.resources import Resource
from driftdeck.project import SettingsError

FILE = "retired.toml"
HEAD = """\
# What once was provisioned and is gone; `make build` writes the deletions. Add a line with
# driftdeck retire KIND NAME, or --gone for all that main has and no file holds any more,
# and take it out once every Grafana that read the old files has started since.
"""
SECTIONS = {
    "rule": ("alerting", "deleteRules", "uid"),
    "receiver": ("alerting", "deleteContactPoints", "uid"),
    "mute-time": ("alerting", "deleteMuteTimes", "name"),
    "template": ("alerting", "deleteTemplates", "name"),
    "datasource": ("datasources", "deleteDatasources", "name"),
    "policies": ("alerting", "resetPolicies", ""),
}
"""By kind: the folder, the section of Grafana's file, and the key of the identity.

Policies have none: they are an organisation's, by number.
"""


KINDS = {
    "rule": "rule",
    "contact point": "receiver",
    "datasource": "datasource",
    "policies": "policies",
}
"""By kind of a resource: the kind under which it is retired. Others go with their files."""


def identify(resource: Resource) -> tuple[str, str]:
    """The kind and the name under which a resource of a kind in KINDS is retired."""
    kind = KINDS[resource.kind]
    return kind, resource.name if kind == "datasource" else resource.uid


def read(path: Path) -> dict[str, list[str]]:
    """The retired names by kind. Raises SettingsError naming the file and the place."""
    if not path.exists():
        return {}
    mend = f"write lists of names under {', '.join(SECTIONS)}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path.name}: {error}; {mend}") from error
    for kind, names in table.items():
        if kind not in SECTIONS or not isinstance(names, list):
            raise SettingsError(f"{path.name}: {kind}: is no list of a known kind; {mend}")
        if kind == "policies" and not all(str(name).isdecimal() for name in names):
            raise SettingsError(f"{path.name}: {kind}: {names}: give organisations by number: 1")
    return {kind: sorted(map(str, names)) for kind, names in table.items()}


def add(path: Path, kind: str, name: str) -> bool:
    """Add a name; whether it was new."""
    names = read(path)
    if name in names.get(kind, []):
        return False
    names.setdefault(kind, []).append(name)
    lines = [
        f"{known} = {json.dumps(sorted(names[known]))}\n" for known in SECTIONS if names.get(known)
    ]
    path.write_text(HEAD + "".join(lines), encoding="utf-8")
    return True


def deletions(names: Mapping[str, list[str]]) -> dict[str, dict[str, object]]:
    """The documents that make Grafana forget, by path below the provisioning folder."""
    documents: dict[str, dict[str, object]] = {}
    for kind, (folder, section, key) in SECTIONS.items():
        if names.get(kind):
            document = documents.setdefault(f"{folder}/00-deletions.yaml", {"apiVersion": 1})
            document[section] = [
                {"orgId": 1, key: escape(name)} if key else int(name) for name in names[kind]
            ]
    return documents
