"""The house rules: who may import whom, and agreement of what is written twice."""

import ast
import sys
from pathlib import Path

import pytest

from preflight.releases import DEFAULT, SUPPORTED
from settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OURS = {
    "monitors", "preflight", "settings", "database", "collectors", "dashboards_src", "generator",
    "stack", "changes", "schedules", "examples", "processes",
}  # fmt: skip
MAY_IMPORT = {
    "monitors": {"monitors"},
    "database": {"settings", "database"},
    "collectors": {"monitors", "settings", "processes", "database", "collectors"},
    "dashboards_src": {"monitors", "dashboards_src"},
    "preflight": {"processes", "preflight"},
    "generator": {"monitors", "preflight", "settings", "processes", "dashboards_src", "generator"},
    "stack": {"monitors", "preflight", "settings", "database", "generator", "stack"},
    "changes": {"settings", "preflight", "dashboards_src", "generator", "stack", "changes"},
    "schedules": {"settings", "schedules"},
    "examples": {"settings", "database", "examples"},
}
ONLY_IN = {
    "evidently": {
        "collectors/explore.py",
        "collectors/report.py",
        "collectors/workspace.py",
        "stack/evidently.py",
    },
    "grafanalib": {"dashboards_src", "generator/artefacts.py", "changes/constructors.py"},
    "plotly": {"stack"},
    "prefect": {"schedules/prefect_flow.py"},
    "docker": {"stack/compose.py"},
    "sqlglot": {"preflight/sql.py"},
}


def imports(path: Path) -> set[str]:
    """The top-level names that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def owner(path: Path) -> str:
    """The package whose rules hold for a file: a declaration's are those of monitors/ anywhere."""
    return "monitors" if path.parent.name == "monitors" else path.relative_to(ROOT).parts[0]


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_go_one_way(package: str) -> None:
    """A package imports only what lies to its left; collectors and dashboards never meet."""
    wrong = {
        f"{path.relative_to(ROOT)} imports {', '.join(sorted(bad))}"
        for path in (ROOT / package).rglob("*.py")
        if (bad := imports(path) & OURS - MAY_IMPORT[owner(path)])
    }

    assert wrong == set()


def test_monitors_use_the_standard_library_only() -> None:
    """A declaration can be read where nothing is installed."""
    outside = {
        name
        for path in (ROOT / "monitors").rglob("*.py")
        for name in imports(path)
        if name not in sys.stdlib_module_names and name != "monitors"
    }

    assert outside == set()


def test_a_flow_needs_nothing_of_ours_installed() -> None:
    """A scheduler imports these in its own environment; the collectors run in ours."""
    for name in ("windows.py", "prefect_flow.py"):
        outside = imports(ROOT / "schedules" / name) - sys.stdlib_module_names
        assert outside <= {"prefect", "schedules"}


@pytest.mark.parametrize("library", sorted(ONLY_IN))
def test_a_library_has_its_one_place(library: str) -> None:
    """Evidently, grafanalib, plotly, docker, Prefect: each imported in its own place only."""
    places = {
        path.relative_to(ROOT).as_posix()
        for package in MAY_IMPORT
        for path in (ROOT / package).rglob("*.py")
        if library in imports(path)
    }
    allowed = ONLY_IN[library]

    assert places
    assert {p for p in places if p not in allowed and p.split("/")[0] not in allowed} == set()


def test_pipfile_and_requirements_agree_with_pyproject() -> None:
    """Both are generated: every dependency is in both, and the Pipfile is what would be written."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import requirements

    project = requirements.project()
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(one for name in requirements.EXTRAS for one in extras[name]),
    ]
    names = {line.split("==")[0].split("[")[0] for line in pins() if "==" in line}
    missing = {name for name in map(plain, wanted) if name not in names}

    assert missing == set()
    assert requirements.pipfile(project) == (ROOT / "Pipfile").read_text(encoding="utf-8")


def pins() -> list[str]:
    """The lines of requirements.txt that name a package."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and line[0] not in "# "]


def plain(requirement: str) -> str:
    """A requirement's name as requirements.txt spells it."""
    name = requirement
    for mark in "[=<>~!":
        name = name.split(mark)[0]
    return name.lower().replace("_", "-")


def test_every_make_target_is_in_help() -> None:
    """`make help` names every target that a person may call, each with one line."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = next(line for line in text.splitlines() if line.startswith(".PHONY:"))
    documented = {
        line.split(":")[0] for line in text.splitlines() if ": " in line and " ## " in line
    }

    assert documented == set(phony.split()[1:])


def test_every_supported_grafana_is_started_by_ci() -> None:
    """The table of releases, the matrix of the workflow and the default agree."""
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    images = ", ".join(f'"{one}.0"' for one in SUPPORTED)
    assert f"grafana: [{images}]" in workflow
    assert Settings.model_fields["grafana_release"].default == DEFAULT == SUPPORTED[-1]


def test_ports_are_the_same_everywhere() -> None:
    """settings.py, docker-compose.yml and .env.example name the same default ports."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("grafana_port", "postgres_port", "evidently_port"):
        port = Settings.model_fields[name].default
        assert f"127.0.0.1:${{{name.upper()}:-{port}}}:" in compose
        assert f"\n{name.upper()}={port}\n" in example
    assert f"\nPREFECT_PORT={Settings.model_fields['prefect_port'].default}\n" in example
