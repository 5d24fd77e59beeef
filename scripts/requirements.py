"""Writes requirements.txt (every version, hashed, for every Python) and Pipfile from pyproject."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("stack", "examples", "dev")
HEADER = "# Generated from pyproject.toml by `make requirements`. Do not edit.\n"


def pipfile(project: dict[str, Any]) -> str:
    """The Pipfile that says what pyproject says."""
    extras = project["optional-dependencies"]
    packages = [*project["dependencies"], *extras["stack"], *extras["examples"]]
    lines = [HEADER.rstrip(), "", "[packages]", *map(_line, packages)]
    lines += ["", "[dev-packages]", *map(_line, extras["dev"]), ""]
    return "\n".join(lines)


def _line(requirement: str) -> str:
    cut = next((n for n, c in enumerate(requirement) if c in "=<>~!"), len(requirement))
    name, version = requirement[:cut], requirement[cut:] or "*"
    if "[" not in name:
        return f'{name} = "{version}"'
    name, _, extra = name.rstrip("]").partition("[")
    return f'{name} = {{extras = ["{extra}"], version = "{version}"}}'


def project() -> dict[str, object]:
    """The [project] table of pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, object] = tomllib.load(file)["project"]
    return table


def main() -> None:
    """Write both files; pins stay as they are, unless `--upgrade` is given."""
    (ROOT / "Pipfile").write_text(pipfile(project()), encoding="utf-8")
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"]
    command += ["--no-strip-extras", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--output-file=requirements.txt", *(f"--extra={e}" for e in EXTRAS), *sys.argv[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    path = ROOT / "requirements.txt"
    path.write_text(HEADER + path.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
