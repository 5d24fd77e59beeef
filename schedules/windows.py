"""What is due, and one window of it: all that a scheduler needs, with the standard library only."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"


def due() -> dict[str, list[str]]:
    """The days of each monitor that are due, oldest first. Raises RuntimeError."""
    return by_monitor(_collectors("due", "--list"))


def by_monitor(lines: Iterable[str]) -> dict[str, list[str]]:
    """The days of each monitor, in the order of the lines of `due --list`."""
    found: dict[str, list[str]] = {}
    for line in lines:
        monitor, day = line.split()[:2]
        found.setdefault(monitor, []).append(day)
    return found


def run(monitor: str, day: str) -> list[str]:
    """Collect one window; what it said. Raises RuntimeError with the reason if it failed."""
    return _collectors("run", monitor, "--date", day)


def _collectors(*arguments: str) -> list[str]:
    """Run a command of the collectors in this project's own environment; the lines it printed."""
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-m", "collectors", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout.splitlines()
