"""Writes a small project that works: a declaration, its data, a dashboard, all that runs them."""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined

from driftdeck import __version__
from driftdeck.generator import reference
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.files import write
from driftdeck.project import FILE, Project, SettingsError
from driftdeck.scaffold.example import write_log

FOLDER = "monitoring"
"""What a project is called that joins a repository."""
WORKFLOW = Path(".github/workflows/monitoring.yml")
PATHS = {
    "driftdeck.toml": FILE,
    "requirements.txt": "requirements.txt",
    "Makefile": "Makefile",
    "Dockerfile": "Dockerfile",
    "docker-compose.yml": "docker-compose.yml",
    "env.example": ".env.example",
    "gitignore": ".gitignore",
    "dockerignore": ".dockerignore",
    "README.md": "README.md",
    "monitors/churn.py": "monitors/churn.py",
    "monitors/churn.thresholds.toml": "monitors/churn.thresholds.toml",
    "dashboards/volume.py": "dashboards/volume.py",
    "tests/test_project.py": "tests/test_project.py",
}
"""Where each file of `files/` goes; those that Git or Docker would obey have other names there."""


def init(folder: Path, *, into: bool = False) -> list[Path]:
    """Write a project, and what it builds; every file that was written, sorted.

    folder: of the project, which is empty or not there. into: the folder is a repository, which
    gets the project as its folder `monitoring` and one workflow, where it has none of that name;
    nothing that is there is touched.
    Raises SettingsError where the folder is taken, OSError.
    """
    repository = folder if into else _repository(folder)
    root = folder / FOLDER if into else folder
    if into and not folder.is_dir():
        raise SettingsError(f"there is no folder {folder}", mend="leave --into out to make one")
    if root.exists() and any(path.name != ".git" for path in root.iterdir()):
        raise SettingsError(f"{root} is not empty", mend="name another folder")
    name = _name(root.resolve().name if not into else folder.resolve().name)
    below = root.resolve().relative_to(repository.resolve()).as_posix() if repository else "."
    words = {
        "version": __version__,
        "name": name,
        "title": name.replace("-", " ").capitalize(),
        "below": "" if below == "." else below,
    }
    written = [_write(root / path, _render(source, words)) for source, path in PATHS.items()]
    workflow = (repository or root) / WORKFLOW
    if not workflow.exists():
        written.append(_write(workflow, _render("workflow.yml", words)))
    log = root / "data" / "churn.csv"
    log.parent.mkdir()
    write_log(log)
    return sorted([*written, log, *_build(Project(root=root.resolve()))])


def _build(project: Project) -> Iterator[Path]:
    built = artefacts(project)
    write(project.provisioning_dir, built)
    yield from (project.provisioning_dir / path for path in built)
    yield _write(reference.path(project), reference.reference(project))


def _repository(folder: Path) -> Path | None:
    """The Git repository that a folder will lie in."""
    here = folder.resolve()
    return next((path for path in (here, *here.parents) if (path / ".git").exists()), None)


def _name(text: str) -> str:
    """A name that Docker takes for an image's."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or FOLDER


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _render(source: str, words: Mapping[str, str]) -> str:
    text = files("driftdeck.scaffold").joinpath("files", source).read_text(encoding="utf-8")
    if "{{ " not in text and "{%" not in text:
        return text
    environment = Environment(
        loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text).render(words)
