"""Dashboards as objects of Grafana's newer API: apiVersion, kind, metadata, spec."""

from typing import Any, Final

from preflight.releases import RESOURCES, Release

GROUP: Final = "dashboard.grafana.app"
VERSIONS: Final = ("v0alpha1", "v1beta1", "v2alpha1", "v2beta1")
"""Those that 12.4 reads from a file."""


def is_object(content: Any) -> bool:
    """Whether a file holds an object, and no classic dashboard."""
    return isinstance(content, dict) and "apiVersion" in content and "spec" in content


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
    if not isinstance(content["spec"], dict) or not isinstance(content["spec"].get("title"), str):
        return "has no title in its spec"
    return ""


def name(content: dict[str, Any]) -> Any:
    """What stands for the uid of an object."""
    metadata = content.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None
