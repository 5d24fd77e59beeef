"""What every runtime does once its database answers: schema, data, a year of windows."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from driftdeck.database import connect, migrate
from driftdeck.database.roles import end_overlong_statements
from driftdeck.load import load
from driftdeck.settings import Settings

MINUTES = 60
"""Between two collections."""
FAILED = "collecting failed, trying again in an hour"
COLLECTED = Path(tempfile.gettempdir()) / "collected"
"""Says, to a health check, that everything has been collected once since the start."""


def say(text: str) -> None:
    """One line to the person who waits."""
    print(f"driftdeck: {text}", flush=True)


def migrated(settings: Settings) -> None:
    """Bring the schema and the project's own tables up to date.

    Raises psycopg.Error, RuntimeError.
    """
    applied = migrate(settings)
    say(f"schema: {len(applied)} migrations applied" if applied else "schema: up to date")
    _own(settings, settings.after_migrate)


def fill(settings: Settings) -> None:
    """Prepare the data and collect every window that is missing.

    Raises RuntimeError naming the step that failed.
    """
    prepare(settings)
    run_module(settings, "collectors", "backfill", "all", "--missing")


def prepare(settings: Settings) -> None:
    """Have the project make or fetch the data that its monitors read. Raises RuntimeError."""
    _own(settings, settings.prepare)


def _own(settings: Settings, command: str) -> None:
    """Run a command of the project's, with the names of its monitors, in this environment."""
    watched = [monitor.name for monitor in load(*settings.monitor_folders)]
    if not watched or not command:
        return
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        [*shlex.split(command), *watched],
        cwd=settings.root,
        env={**environment(settings), "PATH": path},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"`{command}` failed, see above")


def watch(settings: Settings) -> None:
    """Fill now, then collect what is due every hour, until stopped; meanwhile, every minute, end
    what readers run beyond their limits.

    A failure is said, not fatal.
    """
    step: Callable[[Settings], None] = fill
    while True:
        try:
            step(settings)
            COLLECTED.touch()
            step = collect_due
        except (RuntimeError, psycopg.Error) as error:
            say(f"{FAILED}: {error}")
        for _ in range(MINUTES):
            time.sleep(60)
            _end_overlong(settings)


def _end_overlong(settings: Settings) -> None:
    """End what a viewer runs without a limit, which keeps the others waiting."""
    try:
        with connect(settings) as connection:
            end_overlong_statements(connection)
    except psycopg.Error as error:
        say(f"the database does not answer: {error}")


def collect_due(settings: Settings) -> None:
    """What every schedule calls. Raises RuntimeError."""
    prepare(settings)
    run_module(settings, "collectors", "due")


def run_module(settings: Settings, *arguments: str) -> None:
    """Run one of our commands in a process of its own, with these settings."""
    done = subprocess.run(
        module(*arguments),
        cwd=settings.root,
        env=environment(settings),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"`python -m {' '.join(arguments)}` failed, see above")


def module(*arguments: str) -> list[str]:
    """The command that runs one of our modules."""
    return [sys.executable, "-W", "ignore", "-m", qualified(arguments[0]), *arguments[1:]]


def qualified(module: str) -> str:
    """The whole name of one of our modules, or of one of the project's."""
    return module if module.split(".", maxsplit=1)[0] == "examples" else f"driftdeck.{module}"


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings spelled out, but for the secrets."""
    return {**os.environ, **settings.variables()}
