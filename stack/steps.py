"""What every runtime does once its database answers: schema, data, a year of windows."""

import subprocess
import sys

from database import migrate
from monitors.load import load
from settings import ROOT, Settings


def say(text: str) -> None:
    """One line to the person who waits."""
    print(f"driftdeck: {text}", flush=True)


def fill(settings: Settings) -> None:
    """Migrate, prepare the examples' data, collect every window that is missing.

    Raises RuntimeError naming the step that failed.
    """
    applied = migrate(settings)
    say(f"schema: {len(applied)} migrations applied" if applied else "schema: up to date")
    watched = {monitor.name for monitor in load(settings.monitors_dir)}
    if watched & {"flights", "outages", "dummy"} and (ROOT / "examples").is_dir():
        run_module(settings, "examples", "prepare")
    run_module(settings, "collectors", "backfill", "all", "--missing")


def run_module(settings: Settings, *arguments: str) -> None:
    """Run one of our commands in a process of its own, with these settings."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *arguments], cwd=ROOT, env=environment(settings)
    )
    if done.returncode:
        raise RuntimeError(f"`python -m {' '.join(arguments)}` failed, see above")


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings spelled out."""
    import os

    given = settings.model_dump(exclude_none=True)
    return {**os.environ, **{name.upper(): str(value) for name, value in given.items()}}
