"""This repository as a project, with the examples that are here, and a small one for the tests."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from driftdeck.facts import Json
from driftdeck.project import Project
from driftdeck.settings import IsolatedSettings

ROOT = Path(__file__).resolve().parents[1]
MONITORS = Project.find(ROOT).monitor_folders

SMALL = ROOT / "tests" / "project"
"""A project that is there whatever this repository watches."""


def small_project(**changes: Any) -> IsolatedSettings:
    """Its settings."""
    return IsolatedSettings(root=SMALL, **changes)


def has_example(folder: str) -> bool:
    """Whether an example is here: each can be deleted."""
    return (ROOT / "examples" / folder / "__init__.py").is_file()


def missing_example(folder: str, package: str = "") -> str:
    """What a test of an example lacks, the example or a package; '' if it is all here."""
    if not has_example(folder):
        return f"examples/{folder} is not here"
    return f"{package} is not installed" if package and not find_spec(package) else ""


def built_panels(uid: str) -> dict[str, Json]:
    """The panels of a committed dashboard of this repository, by title."""
    text = (ROOT / "provisioning" / "dashboards" / f"{uid}.json").read_text(encoding="utf-8")
    panels: list[Json] = json.loads(text)["panels"]
    return {panel["title"]: panel for panel in panels}
