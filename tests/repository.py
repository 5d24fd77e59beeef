"""This repository as a project, with the examples that are here, and a small one for the tests."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

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
