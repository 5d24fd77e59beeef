"""The folder of objects that Git Sync reads, where people may keep dashboards of their own, too."""

import json
from collections.abc import Mapping

from driftdeck.generator import files
from driftdeck.generator.v2.objects import files as objects
from driftdeck.project import Project


def write(settings: Project, artefacts: Mapping[str, str]) -> tuple[int, list[str]]:
    """Make the folder hold the object of each built dashboard; what is not ours stays.

    Returns how many are ours, and the paths that changed.
    """
    ours = objects(artefacts)
    return len(ours), files.write(settings.objects_dir, {**_others(settings), **ours})


def stale(settings: Project, artefacts: Mapping[str, str]) -> list[str]:
    """What a build would change; nothing where nobody has built the folder."""
    if not settings.objects_dir.is_dir():
        return []
    return files.stale(settings.objects_dir, {**_others(settings), **objects(artefacts)})


def _others(settings: Project) -> dict[str, str]:
    there = files.present(settings.objects_dir)
    return {path: text for path, text in there.items() if not _ours(text, settings.uid_prefix)}


def _ours(text: str, prefix: str) -> bool:
    """Whether a file holds an object whose name bears our prefix."""
    try:
        return str(json.loads(text)["metadata"]["name"]).startswith(prefix)
    except (ValueError, TypeError, LookupError):
        return False
