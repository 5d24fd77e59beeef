"""The folder of objects that Git Sync reads, where people may keep dashboards of their own, too."""

import json
from collections.abc import Mapping

from driftdeck.generator import files
from driftdeck.generator.v2.objects import files as objects
from driftdeck.project import Project


def write(project: Project, artefacts: Mapping[str, str]) -> tuple[int, list[str]]:
    """Make the folder hold the object of each built dashboard; what is not ours stays.

    Returns how many are ours, and the paths that changed.
    """
    ours = objects(artefacts)
    return len(ours), files.write(project.objects_dir, {**_others(project), **ours})


def stale(project: Project, artefacts: Mapping[str, str]) -> list[str]:
    """What a build would change; nothing where nobody has built the folder."""
    if not project.objects_dir.is_dir():
        return []
    return files.stale(project.objects_dir, {**_others(project), **objects(artefacts)})


def _others(project: Project) -> dict[str, str]:
    there = files.present(project.objects_dir)
    return {path: text for path, text in there.items() if not _ours(text, project.uid_prefix)}


def _ours(text: str, prefix: str) -> bool:
    """Whether a file holds an object whose name bears our prefix."""
    try:
        return str(json.loads(text)["metadata"]["name"]).startswith(prefix)
    except (ValueError, TypeError, LookupError):
        return False
