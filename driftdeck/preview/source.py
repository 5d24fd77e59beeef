"""The dashboards as the source builds them at this moment, built anew when a file changes.

Run as a program it builds them once: the code that changed must be imported by a fresh process.
"""

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json
from driftdeck.generator.files import present, write
from driftdeck.project import FILE
from driftdeck.settings import Settings, load_settings
from driftdeck.stack import steps

LIBRARY = Path(__file__).parents[1]
WATCHED = (FILE, "pyproject.toml", ".env")
"""Beside the declarations and the edits."""
LONGEST_ERROR, DEEPEST_CALLS = 3000, 3
"""So many characters of an error are shown, and so many calls of its traceback, the deepest."""


@dataclass(frozen=True)
class Build:
    """The dashboards of a build, by uid. version: counts builds. problem: why a newer one failed,
    or ''."""

    version: int = 0
    dashboards: Mapping[str, Json] = field(default_factory=dict)
    problem: str = ""


class Source:
    """Builds the dashboards in a process of their own, one at a time. folder: takes the files."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._lock = Lock()
        self._seen: object = None
        self._build = Build()

    def newest(self) -> Build:
        """The newest build; where the source cannot be built, the last one, with the problem."""
        with self._lock:
            files = dict(self._files())
            if files != self._seen:
                self._seen = files
                self._build = self._build_dashboards()
            return self._build

    def _files(self) -> Iterator[tuple[Path, int]]:
        settings = self._settings
        folders = [*settings.monitor_folders, *settings.dashboard_folders, settings.edits_dir]
        folders += [*LIBRARY.iterdir(), *(settings.root / name for name in WATCHED)]
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
                if path.suffix in ("", ".py", ".toml") and path.is_file():
                    yield path, path.stat().st_mtime_ns

    def _build_dashboards(self) -> Build:
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", __name__, str(self._folder)],
            cwd=self._settings.root,
            env=steps.environment(self._settings),
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            problem = "The source cannot be built, so this is the last that could:\n"
            output = (process.stderr or process.stdout).strip()[-LONGEST_ERROR:]
            return Build(self._build.version, self._build.dashboards, problem + output)
        dashboards = [json.loads(text) for text in present(self._folder).values()]
        return Build(
            self._build.version + 1, {dashboard["uid"]: dashboard for dashboard in dashboards}
        )


def main(folder: Path) -> int:
    """Write the dashboards that the runtime of the settings needs; 0 when all went well."""
    try:
        from driftdeck.stack.runtime import choose  # imports the source, which may be half written

        built = choose(load_settings()).artefacts()
    except DriftdeckError as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:  # whatever a half-written source raises, its author is to read it
        traceback.print_exc(limit=-DEEPEST_CALLS)
        return 2
    write(folder, {name: text for name, text in built.items() if name.endswith(".json")})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
