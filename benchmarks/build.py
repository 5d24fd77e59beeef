"""How the build and the check grow with the number of monitors.

python -m benchmarks.build [COUNT ...] builds and checks so many declared monitors, in turns.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import many
from benchmarks.results import SCRATCH, format_summary, record, summary
from driftdeck.generator import commands as generator
from driftdeck.project import Project

COUNTS = (10, 100, 1000)
COLUMNS, ROUNDS = 8, 3
COMMANDS = ("build", "check")


def main() -> None:
    """Measure, say, record."""
    if sys.argv[1:2] == ["--run"]:
        sys.exit(run(Path(sys.argv[2]), sys.argv[3]))
    counts = [int(text) for text in sys.argv[1:]] or list(COUNTS)
    results = {str(count): measure(count) for count in counts}
    record("build", results)
    for count, times in results.items():
        seconds = ", ".join(
            f"{name} {format_summary(times[f'{name}_seconds'], ' s')}" for name in COMMANDS
        )
        each = [
            f"{times[f'{name}_seconds']['median'] * 1000 / int(count):.1f}" for name in COMMANDS
        ]
        print(f"{count:>5} monitors: {seconds}; a monitor {', '.join(each)} ms")


def measure(count: int) -> dict[str, dict[str, float]]:
    """Seconds of each command over so many monitors, from its start to its end."""
    folder = SCRATCH / f"build-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    many.declare(folder / "monitors", count, many.Kind(COLUMNS))
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        shutil.rmtree(folder / "provisioning", ignore_errors=True)
        (folder / "provisioning").mkdir()
        for name in COMMANDS:
            began = time.perf_counter()
            command = [sys.executable, "-m", "benchmarks.build", "--run", str(folder), name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds[name].append(time.perf_counter() - began)
            if done.returncode:
                raise RuntimeError(f"{count} monitors: {done.stdout}{done.stderr}")
    return {f"{name}_seconds": summary(times) for name, times in seconds.items()}


def run(folder: Path, name: str) -> int:
    """One command of the generator on a folder instead of this project."""
    project = Project(root=folder)
    return generator.build(project) if name == "build" else generator.check(project)


if __name__ == "__main__":
    main()
