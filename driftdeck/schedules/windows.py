"""What is due, and one window of it: all that a scheduler needs, with the standard library only."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(os.environ.get("DRIFTDECK_PROJECT") or Path.cwd())
PYTHON = ROOT / ".venv" / "bin" / "python"


@dataclass(frozen=True)
class Due:
    """The days of each monitor that are due, oldest first.

    untold: why it cannot be told of some monitors, '' where it can of all.
    """

    days: dict[str, list[str]]
    untold: str


def due() -> Due:
    """What is due. Raises RuntimeError where it cannot be told of any monitor."""
    done = _collectors("due", "--list")
    if done.returncode > 1:
        raise RuntimeError(done.stderr.strip())
    found: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        monitor, day = line.split()[:2]
        found.setdefault(monitor, []).append(day)
    return Due(found, done.stderr.strip() if done.returncode else "")


def run(monitor: str, day: str) -> list[str]:
    """Collect one window; what it said. Raises RuntimeError with the reason if it failed."""
    done = _collectors("run", monitor, "--date", day)
    if done.returncode:
        raise RuntimeError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout.splitlines()


def _collectors(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the collectors in this project's own environment."""
    return subprocess.run(
        [PYTHON, "-W", "ignore", "-m", "driftdeck.collectors", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
