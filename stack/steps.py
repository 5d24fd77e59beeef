"""What every runtime does once its database answers: schema, data, a year of windows."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from database import connect, migrate
from database.roles import end_overlong_statements
from monitors.load import load
from settings import NEVER_HANDED_ON, ROOT, Settings

MINUTES = 60
"""Between two collections."""
FAILED = "collecting failed, trying again in an hour"
COLLECTED = Path(tempfile.gettempdir()) / "collected"
"""Says, to a health check, that everything has been collected once since the start."""


def say(text: str) -> None:
    """One line to the person who waits."""
    print(f"driftdeck: {text}", flush=True)


def migrated(settings: Settings) -> None:
    """Bring the schema up to date. Raises psycopg.Error."""
    applied = migrate(settings)
    say(f"schema: {len(applied)} migrations applied" if applied else "schema: up to date")


def fill(settings: Settings) -> None:
    """Prepare the examples' data and collect every window that is missing.

    Raises RuntimeError naming the step that failed.
    """
    prepare_examples(settings)
    run_module(settings, "collectors", "backfill", "all", "--missing")


def prepare_examples(settings: Settings) -> None:
    """Prepare the data of those monitors that are examples. Raises RuntimeError."""
    _examples(settings, "prepare")


def make_example_tables(settings: Settings) -> None:
    """Make the tables of those monitors that are examples. Raises RuntimeError."""
    _examples(settings, "tables")


def _examples(settings: Settings, step: str) -> None:
    watched = [monitor.name for monitor in load(settings.monitors_dir)]
    if watched and (ROOT / "examples").is_dir():
        run_module(settings, "examples", step, *watched)


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
    prepare_examples(settings)
    run_module(settings, "collectors", "due")


def run_module(settings: Settings, *arguments: str) -> None:
    """Run one of our commands in a process of its own, with these settings."""
    done = subprocess.run(
        module(*arguments),
        cwd=ROOT,
        env=environment(settings),
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"`python -m {' '.join(arguments)}` failed, see above")


def module(*arguments: str) -> list[str]:
    """The command that runs one of our modules."""
    return [sys.executable, "-W", "ignore", "-m", *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings spelled out, but for the secrets."""
    given = settings.model_dump(exclude_none=True, exclude=set(NEVER_HANDED_ON))
    return {**os.environ, **{name.upper(): str(value) for name, value in given.items()}}
