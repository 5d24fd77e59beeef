"""What is due, and one window of it: all that a scheduler needs, with the standard library only."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from driftdeck.errors import DriftdeckError

ROOT = Path(os.environ.get("DRIFTDECK_PROJECT") or Path.cwd())
INTERPRETER = "DRIFTDECK_PYTHON"
"""The environment variable that names the Python that has driftdeck installed."""
PYTHON = Path(os.environ.get(INTERPRETER) or ROOT / ".venv" / "bin" / "python")


class CollectorError(DriftdeckError):
    """What `driftdeck` said of a command that failed."""


@dataclass(frozen=True)
class Due:
    """The names of the windows of each monitor that are due, oldest first.

    untold: why it cannot be told of some monitors, '' where it can of all.
    """

    windows: dict[str, list[str]]
    untold: str


def due() -> Due:
    """What is due. Raises CollectorError where it is known of no monitor."""
    done = _driftdeck("due", "--list")
    if done.returncode and not done.stdout:
        raise CollectorError(done.stderr.strip())
    windows: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        monitor, window = line.split()[:2]
        windows.setdefault(monitor, []).append(window)
    return Due(windows, done.stderr.strip() if done.returncode else "")


def run(monitor: str, window: str) -> list[str]:
    """Collect one window; what it said. Raises CollectorError with the reason if it failed."""
    done = _driftdeck("run", monitor, "--window", window)
    if done.returncode:
        raise CollectorError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout.splitlines()


def _driftdeck(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in this project's own environment."""
    return subprocess.run(
        [PYTHON, "-m", "driftdeck", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
