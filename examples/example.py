"""What an example brings to `python -m examples`, in an `example.py` that goes with its folder."""

import argparse
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from driftdeck.settings import Settings

if TYPE_CHECKING:
    import psycopg

HERE = Path(__file__).parent
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


@dataclass(frozen=True)
class Example:
    """A system that is watched.

    monitor: the name that asks for it. prepare: makes its data, and says so. table: one of its
    tables in the database, '' if it has none. make_tables: makes them all where they are missing,
    as the database's owner. add_commands: its own; each sets `run(settings, parsed)`.
    """

    monitor: str
    prepare: Callable[[Settings], None]
    table: str = ""
    make_tables: "Callable[[psycopg.Connection], None] | None" = None
    add_commands: Callable[[Commands], None] | None = None


def find_examples() -> dict[str, Example]:
    """The examples that are here, by monitor."""
    modules = [
        ".".join(("examples", *path.relative_to(HERE).with_suffix("").parts))
        for path in sorted(HERE.glob("*/**/example.py"))
    ]
    examples: list[Example] = [
        example for name in modules for example in importlib.import_module(name).EXAMPLES
    ]
    return {example.monitor: example for example in examples}
