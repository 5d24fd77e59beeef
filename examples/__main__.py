"""python -m examples prepare | tables | dummy | serve | play: the systems that are watched."""

import argparse
import sys
from typing import TYPE_CHECKING

from driftdeck.diagnostics import begin_log, keep_log, tell
from driftdeck.errors import exit_code_of
from driftdeck.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

PREPARED = ("flights", "flight_classes", "demand", "outages", "dummy")
"""What is prepared where nothing is named; a name that is no example's is left alone."""
TABLES = {"outages": "outages.predicted", "flights_live": "live.predictions"}
"""What lies in the database, by monitor: one table of each."""


def main() -> int:
    """Run one command; its exit code as those of `driftdeck`."""
    parsed = _parser().parse_args()
    begin_log(verbose=parsed.verbose)
    try:
        settings = load_settings()
        keep_log(settings.stack_dir)
        parsed.run(settings, parsed)
    except KeyboardInterrupt:
        print("\nstopped")
    except Exception as error:
        tell(error, program="examples")
        return exit_code_of(error)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show where an error happened")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    prepare = commands.add_parser("prepare", help="make the data that the monitors read")
    prepare.add_argument("names", nargs="*", default=PREPARED, metavar="MONITOR")
    prepare.set_defaults(run=_prepare)
    made = commands.add_parser("tables", help="make the tables that this needs, as administrator")
    made.add_argument("names", nargs="*", default=PREPARED, metavar="MONITOR")
    made.set_defaults(run=_tables)
    dummy = commands.add_parser("dummy", help="insert a row every few seconds until Ctrl-C")
    dummy.add_argument("--every", type=float, default=5.0, help="seconds between rows")
    dummy.add_argument("--rows", type=int, help="stop after so many rows")
    dummy.set_defaults(run=_dummy)
    serve = commands.add_parser("serve", help="serve the flights' current model over HTTP")
    serve.add_argument("--port", type=int, default=PORT)
    serve.set_defaults(run=_serve)
    play = commands.add_parser("play", help="play the flights' year against that service")
    play.add_argument("--pace", type=float, default=10.0, help="seconds a day (10)")
    play.add_argument("--port", type=int, default=PORT, help="of the service")
    play.set_defaults(run=_play)
    return parser


PORT = 8010


def _prepare(settings: Settings, parsed: argparse.Namespace) -> None:
    for name in parsed.names:
        if name in TABLES and not _has_tables(settings, name):
            _tables(settings, argparse.Namespace(names=[name]))
        if name in MAKERS:
            MAKERS[name](settings)


def _flights(settings: Settings) -> None:
    from examples.flights.prepare import prepare

    print("flights: reading a year, training on January and February ...", flush=True)
    made = prepare(settings.data)
    print(f"flights: {'written to' if made else 'already in'} {settings.data}")


def _flight_classes(settings: Settings) -> None:
    from examples.flights.classes import prepare

    print("flight_classes: training on three classes of delay ...", flush=True)
    made = prepare(settings.data)
    print(f"flight_classes: {'written to' if made else 'already in'} {settings.data}")


def _demand(settings: Settings) -> None:
    from examples.demand.prepare import prepare

    made = prepare(settings.data)
    print(f"demand: {'written to' if made else 'already in'} {settings.data}")


def _tables(settings: Settings, parsed: argparse.Namespace) -> None:
    """Make them, so that `prepare` does with the collector's rights."""
    from driftdeck.database import Role, connect

    for name in parsed.names:
        if name in TABLES:
            with connect(settings, Role.ADMIN) as connection:
                _table_maker(name)(connection)


def _table_maker(name: str) -> "Callable[[psycopg.Connection], None]":
    from examples.live import tables as live
    from examples.outages import load as outages

    return {"outages": outages.make, "flights_live": live.make}[name]


def _has_tables(settings: Settings, name: str) -> bool:
    """Whether the collector may add to an example's table."""
    from driftdeck.database import connect

    query = "select has_table_privilege(to_regclass(%s), 'insert')"
    with connect(settings) as connection:
        row = connection.execute(query, [TABLES[name]]).fetchone()
    return bool(row and row[0])


def _outages(settings: Settings) -> None:
    from driftdeck.database import connect
    from examples.outages.load import load

    with connect(settings) as connection:
        print(f"outages: {load(connection)} predictions added")


def _seed_dummy(settings: Settings) -> None:
    from driftdeck.database import connect
    from examples.dummy.feed import seed

    with connect(settings) as connection:
        print(f"dummy_metrics: {seed(connection)} rows added")


def _live(settings: Settings) -> None:
    from examples.live.play import BEGINS, seed

    print(f"flights_live: the clock is set to {BEGINS:%Y-%m-%d}" if seed(settings) else
          "flights_live: goes on where it was left")  # fmt: skip


MAKERS = {
    "flights": _flights,
    "flight_classes": _flight_classes,
    "demand": _demand,
    "outages": _outages,
    "dummy": _seed_dummy,
    "flights_live": _live,
}


def _dummy(settings: Settings, parsed: argparse.Namespace) -> None:
    from driftdeck.database import connect
    from examples.dummy.feed import feed

    with connect(settings) as connection:
        feed(connection, parsed.every, parsed.rows)


def _serve(settings: Settings, parsed: argparse.Namespace) -> None:
    import waitress

    from driftdeck.database import connect
    from examples.live.retrain import MODELS
    from examples.live.service import Models, create

    app = create(Models(settings.data / MODELS), lambda: connect(settings))
    waitress.serve(app, host="127.0.0.1", port=parsed.port)


def _play(settings: Settings, parsed: argparse.Namespace) -> None:
    from examples.live.play import play

    play(settings, parsed.pace, parsed.port)


if __name__ == "__main__":
    sys.exit(main())
