"""A line for a crontab."""

import shlex
import sys
from pathlib import Path


def cron_line(root: Path, python: Path | None = None) -> str:
    """`driftdeck due` every hour, for a crontab: there, an unescaped % would end the line.

    root: of the project. python: that has driftdeck installed, by default this one.
    """
    command = (
        f"cd {shlex.quote(str(root))} && mkdir -p .stack &&"
        f" {shlex.quote(str(python or sys.executable))} -m driftdeck due >> .stack/due.log 2>&1"
    )
    return "17 * * * * " + command.replace("%", r"\%")
