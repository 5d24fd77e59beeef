"""Dashboards as objects of Grafana's newer API: apiVersion, kind, metadata, spec."""

import re
from dataclasses import dataclass
from typing import Any, Final

from driftdeck.preflight.releases import NO_V2_FILES, RESOURCES, Release

GROUP: Final = "dashboard.grafana.app"
VERSIONS: Final = ("v0alpha1", "v1beta1", "v2alpha1", "v2beta1")
"""Those that 12.4 reads from a file."""
V2: Final[dict[str, type]] = {
    "annotations": list, "links": list, "tags": list, "variables": list, "elements": dict,
    "layout": dict, "timeSettings": dict,
}  # fmt: skip
"""What the spec of a dashboard has in v2 where it has it."""
ORGANISATION = re.compile(r"org-([0-9]+)")


@dataclass(frozen=True)
class Claims:
    """What an object says of itself. organisation: by number, None where it says nothing."""

    version: str = ""
    folder_uid: str = ""
    organisation: int | None = None

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Claims":
        """Out of an object."""
        metadata = _mapping(content.get("metadata"))
        folder = _mapping(metadata.get("annotations")).get("grafana.app/folder")
        namespace = str(metadata.get("namespace") or "")
        number = ORGANISATION.fullmatch(namespace)
        organisation = int(number[1]) if number else 1 if namespace == "default" else None
        version = str(content["apiVersion"]).partition("/")[2]
        return cls(version, folder if isinstance(folder, str) else "", organisation)

    def complaint(self, organisation: int, folder_uid: str) -> str:
        """What does not fit the provider's organisation and folder, '' where all does."""
        if self.organisation not in (None, organisation):
            return f"it is of organisation {self.organisation}, its provider of {organisation}"
        if self.folder_uid and self.folder_uid != folder_uid:
            return f"it is of folder {self.folder_uid!r}, its provider of {folder_uid!r}"
        return ""


def is_object(content: Any, release: Release) -> bool:
    """Whether Grafana takes what a file holds for an object."""
    if not isinstance(content, dict) or "apiVersion" not in content:
        return False
    return "spec" in content or release >= RESOURCES


def complaint(content: dict[str, Any], release: Release) -> str:
    """Why Grafana leaves an object out, '' where it reads it."""
    if release < RESOURCES:
        return (
            "is an object (apiVersion, kind, spec); this release reads the classic format only:"
            " export it as Classic"
        )
    group, _, version = str(content["apiVersion"]).partition("/")
    if group != GROUP or version not in VERSIONS:
        return (
            f"apiVersion {content['apiVersion']!r} is none of {GROUP}/{', '.join(VERSIONS)}; write"
            " one of them, or export it as Classic"
        )
    if version.startswith("v2") and release >= NO_V2_FILES:
        return "is v2, which this release refuses in a file: store it over the API, or by Git Sync"
    return _spec_complaint(content.get("spec"), version)


def _spec_complaint(spec: Any, version: str) -> str:
    if not isinstance(spec, dict) or not isinstance(spec.get("title"), str):
        return "is an object with no title in its spec"
    if not version.startswith("v2"):
        return ""
    ill = [key for key, kind in V2.items() if not isinstance(spec.get(key, kind()), kind)]
    if ill:
        return f"{ill[0]} is not what {version} has there; is this spec of another version?"
    return ""


def name(content: dict[str, Any]) -> Any:
    """What stands for the uid of an object."""
    return _mapping(content.get("metadata")).get("name")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
