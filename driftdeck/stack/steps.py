"""What every runtime does once its database answers: schema, data, a year of windows."""

import logging
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg

from driftdeck.database import connect, migrate
from driftdeck.database.roles import end_overlong_statements
from driftdeck.diagnostics import tell
from driftdeck.events import announce
from driftdeck.load import load
from driftdeck.settings import Settings
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import attend

MINUTES = 60
"""Between two collections."""
FAILED = "collecting failed, trying again in an hour"
COLLECTED = Path(tempfile.gettempdir()) / "collected"
"""Says, to a health check, that everything has been collected once since the start."""


def say(text: str) -> None:
    """One line to the person who waits."""
    print(f"driftdeck: {text}", flush=True)


def migrate_schema(settings: Settings) -> None:
    """Bring the schema and the project's own tables up to date.

    Raises psycopg.Error, MigrationError, StackError.
    """
    applied = migrate(settings)
    say(f"schema: {len(applied)} migrations applied" if applied else "schema: up to date")
    _own(settings, settings.after_migrate)


def make_own_tables(settings: Settings) -> None:
    """Make the project's own tables in a database that only these settings name, not the
    environment. Raises StackError."""
    _own(settings, settings.after_migrate, settings.variables(secrets=True))


def fill(settings: Settings) -> None:
    """Prepare the data and collect every window that is missing.

    Raises StackError naming the step that failed.
    """
    prepare(settings)
    run(settings, "backfill", "all", "--missing")


def prepare(settings: Settings) -> None:
    """Have the project make or fetch the data that its monitors read. Raises StackError."""
    _own(settings, settings.prepare)


def _own(settings: Settings, command: str, others: Mapping[str, str] | None = None) -> None:
    """Run a command of the project's, with the names of its monitors, in this environment.

    others: variables that go before it.
    """
    watched = [monitor.name for monitor in load(*settings.monitor_folders)]
    if not watched or not command:
        return
    done = subprocess.run(
        [*shlex.split(command), *watched],
        cwd=settings.root,
        env={**environment(settings), **(others or {})},
        check=False,
    )
    if done.returncode:
        raise StackError(f"`{command}` failed, see above")


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
        except (StackError, psycopg.Error) as error:
            announce(f"{FAILED}: {error}", FAILED, level=logging.ERROR, error=error)
        for _ in range(MINUTES):
            time.sleep(60)
            _end_overlong(settings)


def _end_overlong(settings: Settings) -> None:
    """End what a viewer runs without a limit, which keeps the others waiting."""
    try:
        with connect(settings) as connection:
            end_overlong_statements(connection)
    except psycopg.Error as error:
        tell(error, database=settings.database)


def collect_due(settings: Settings) -> None:
    """What every schedule calls. Raises StackError."""
    prepare(settings)
    run(settings, "due")


def run(settings: Settings, *arguments: str) -> None:
    """Run one of our commands in a process of its own, with these settings. Raises StackError."""
    done = subprocess.run(
        command(*arguments), cwd=settings.root, env=environment(settings), check=False
    )
    if done.returncode:
        raise StackError(f"`driftdeck {' '.join(arguments)}` failed, see above")


def run_here(settings: Settings, arguments: Sequence[str]) -> int:
    """Run any program in the project's folder with these settings; its exit status."""
    return attend(arguments, cwd=settings.root, env=environment(settings))


def command(*arguments: str) -> list[str]:
    """One of our commands as this interpreter runs it."""
    return [sys.executable, "-m", "driftdeck", *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings spelled out, but for the secrets.

    Programs beside this interpreter are found first, so that `python` is this one.
    """
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])
    return {**os.environ, **settings.variables(), "PATH": path}
