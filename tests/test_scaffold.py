"""`driftdeck init`: a project that works, and a repository of which nothing is touched."""

from pathlib import Path

import pytest
import yaml

from driftdeck import __version__
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.files import stale
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.load import load
from driftdeck.preflight.check import check
from driftdeck.project import Project, SettingsError, find_root
from driftdeck.scaffold import init
from driftdeck.scaffold.init import PATHS
from repository import ROOT


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_new_project_is_whole(tmp_path: Path) -> None:
    """Its declaration is valid and calibrated, what Grafana reads is built, and would be taken."""
    root = tmp_path / "My models"
    written = init(root)
    project = Project.find(root / "monitors")

    assert project.root == root
    assert [monitor.name for monitor in load(*project.monitor_folders)] == ["churn"]
    assert stale(project.provisioning_dir, artefacts(project)) == []
    assert stale_thresholds(project) == []
    assert [one for one in check(project.provisioning_dir) if one.rule != "unset-variable"] == []
    assert "dashboards/volume.json" in artefacts(project)
    assert {path.relative_to(root).as_posix() for path in written} == set(contents(root))
    assert f"driftdeck[stack]=={__version__}\n" in (root / "requirements.txt").read_text()
    assert (root / "README.md").read_text().startswith("# My models\n")
    assert "{{" not in (root / "docker-compose.yml").read_text()


def test_the_same_project_on_every_machine(tmp_path: Path) -> None:
    """Two that are made with one name hold the same bytes."""
    for parent in ("a", "b"):
        init(tmp_path / parent / "mine")

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_repository_is_joined_and_not_touched(tmp_path: Path) -> None:
    """It gets a folder and a workflow; its own files, of whatever names, stay as they are."""
    theirs = {
        "Makefile": "all:\n", "README.md": "# Shop\n", "settings.py": "SETTINGS = 1\n",
        "database/__init__.py": "", "tests/test_shop.py": "def test(): ...\n",
        "pyproject.toml": "[project]\nname = 'shop'\n", ".git/HEAD": "ref: refs/heads/main\n",
    }  # fmt: skip
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    init(tmp_path, into=True)
    now = contents(tmp_path)
    new = set(now) - set(theirs)
    workflow = yaml.safe_load(now[".github/workflows/monitoring.yml"])

    assert {name: now[name].decode() for name in theirs} == theirs
    assert {name.split("/")[0] for name in new} == {"monitoring", ".github"}
    assert workflow["defaults"] == {"run": {"working-directory": "monitoring"}}
    assert find_root(tmp_path / "monitoring" / "monitors") == tmp_path / "monitoring"
    with pytest.raises(SettingsError, match=r"monitoring is not empty; name another folder"):
        init(tmp_path, into=True)
    assert contents(tmp_path) == now


def test_a_workflow_that_is_there_stays(tmp_path: Path) -> None:
    """Somebody has one of that name already."""
    path = tmp_path / ".github/workflows/monitoring.yml"
    path.parent.mkdir(parents=True)
    path.write_text("name: theirs\n")
    (tmp_path / ".git").mkdir()

    assert path not in init(tmp_path / "models")
    assert path.read_text() == "name: theirs\n"


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    """Nothing is written over."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(SettingsError, match="is not empty"):
        init(tmp_path)
    with pytest.raises(SettingsError, match=r"there is no folder .*nowhere; leave --into out"):
        init(tmp_path / "nowhere", into=True)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_compose_is_the_same_here_and_there(tmp_path: Path) -> None:
    """One compose file is kept up to date; a project's has its data beside it."""
    init(tmp_path / "mine")
    ours = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    there = (tmp_path / "mine" / "docker-compose.yml").read_text(encoding="utf-8")
    mount = "    - ./data:/app/data:ro\n"

    assert there.replace("mine:local", "driftdeck:local").replace(mount, "") == ours
    assert (tmp_path / "mine" / ".env.example").read_bytes() == (ROOT / ".env.example").read_bytes()


def test_every_file_is_packaged() -> None:
    """A file that is forgotten in PATHS would never be written."""
    folder = ROOT / "driftdeck" / "scaffold" / "files"
    names = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert names == {*PATHS, "workflow.yml"}
