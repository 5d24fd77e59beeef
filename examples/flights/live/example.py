"""What the served model brings: its tables, the service, and a year that is played."""

import argparse
from typing import TYPE_CHECKING

from driftdeck.settings import Settings
from examples.example import Commands, Example

if TYPE_CHECKING:
    import psycopg

PORT = 8010


def _prepare(settings: Settings) -> None:
    from examples.flights.live.play import BEGINS, seed

    print(f"flights_live: the clock is set to {BEGINS:%Y-%m-%d}" if seed(settings) else
          "flights_live: goes on where it was left")  # fmt: skip


def _make_tables(connection: "psycopg.Connection") -> None:
    from examples.flights.live import tables

    tables.make(connection)


def _add_commands(commands: Commands) -> None:
    serve = commands.add_parser("serve", help="serve the flights' current model over HTTP")
    serve.add_argument("--port", type=int, default=PORT)
    serve.set_defaults(run=_serve)
    play = commands.add_parser("play", help="play the flights' year against that service")
    play.add_argument("--pace", type=float, default=10.0, help="seconds a day (10)")
    play.add_argument("--port", type=int, default=PORT, help="of the service")
    play.set_defaults(run=_play)


def _serve(settings: Settings, parsed: argparse.Namespace) -> None:
    import waitress

    from driftdeck.database import connect
    from examples.flights.live.retrain import MODELS
    from examples.flights.live.service import Models, create

    app = create(Models(settings.data / MODELS), lambda: connect(settings))
    waitress.serve(app, host="127.0.0.1", port=parsed.port)


def _play(settings: Settings, parsed: argparse.Namespace) -> None:
    from examples.flights.live.play import play

    play(settings, parsed.pace, parsed.port)


EXAMPLES = (Example("flights_live", _prepare, "live.predictions", _make_tables, _add_commands),)
