"""A folder of the stack is one command's at a time, and is removed when nothing runs in it."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from driftdeck.database.embedded import Embedded
from driftdeck.stack import steps
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import Program


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other commands from starting or stopping what lies in a folder; ends with the process.

    Raises StackError where another one is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(
                f"another `up`, `down` or `clean` is at work in {folder}; wait for it, or end it"
            ) from None
        yield


def clean(folder: Path) -> None:
    """Stop every server below a folder, then remove it. Raises StackError if one does not stop.

    Each house in it has its own: that of `make demo-live` lies in `live`.
    """
    with contextlib.ExitStack() as stack:
        for house in sorted({folder, *_houses(folder)}):
            stack.enter_context(alone(house))
            stop(house)
        shutil.rmtree(folder)


def stop(house: Path) -> None:
    """Stop the programs and the database of one house. Raises StackError if one goes on."""
    for file in house.glob("*.pid"):
        program = Program(file.stem, house)
        if program.stop():
            steps.say(f"{program.name} stopped")
    for data in {file.parent for file in house.glob("*/postmaster.pid")}:
        server = Embedded(data, 0)
        if server.running():
            server.stop()
            steps.say("PostgreSQL stopped")
        if server.running():
            raise StackError(f"the PostgreSQL of {data} does not stop, so nothing is removed")


def _houses(folder: Path) -> Iterator[Path]:
    """Each folder, at any depth, that a database or another program runs for."""
    for file in folder.rglob("*.pid"):
        yield file.parent.parent if file.name == "postmaster.pid" else file.parent
