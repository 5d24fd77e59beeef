"""What the hello-world brings: its table, three days of it, and `make dummy`."""

import argparse
from typing import TYPE_CHECKING

from driftdeck.settings import Settings
from examples.example import Commands, Example

if TYPE_CHECKING:
    import psycopg


def _prepare(settings: Settings) -> None:
    from driftdeck.database import connect
    from examples.dummy.feed import seed

    with connect(settings) as connection:
        print(f"dummy_metrics: {seed(connection)} rows added")


def _make_table(connection: "psycopg.Connection") -> None:
    from examples.dummy.feed import make

    make(connection)


def _add_commands(commands: Commands) -> None:
    dummy = commands.add_parser("dummy", help="insert a row every few seconds until Ctrl-C")
    dummy.add_argument("--every", type=float, default=5.0, help="seconds between rows")
    dummy.add_argument("--rows", type=int, help="stop after so many rows")
    dummy.set_defaults(run=_feed)


def _feed(settings: Settings, parsed: argparse.Namespace) -> None:
    from driftdeck.database import connect
    from examples.dummy.feed import feed

    with connect(settings) as connection:
        feed(connection, parsed.every, parsed.rows)


EXAMPLES = (Example("dummy", _prepare, "monitoring.dummy_metrics", _make_table, _add_commands),)
