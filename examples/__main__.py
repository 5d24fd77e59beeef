"""python -m examples prepare | dummy: make the data that the example monitors watch."""

import argparse
import sys

from settings import SettingsError, load_settings


def main() -> int:
    """Run one command; 0 when all went well."""
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help="flights as Parquet, outages and dummy rows as tables")
    dummy = commands.add_parser("dummy", help="insert a row every few seconds until Ctrl-C")
    dummy.add_argument("--every", type=float, default=5.0, help="seconds between rows")
    dummy.add_argument("--rows", type=int, help="stop after so many rows")
    arguments = parser.parse_args()
    try:
        return _prepare() if arguments.command == "prepare" else _dummy(arguments)
    except SettingsError as error:
        print(f"examples: {error}", file=sys.stderr)
        return 2


def _prepare() -> int:
    from database import Role, connect
    from examples.dummy.feed import seed
    from examples.flights.prepare import prepare
    from examples.outages.load import load

    settings = load_settings()
    print("flights: reading a year, training on January and February ...", flush=True)
    made = prepare(settings.data)
    print(f"flights: {'written to' if made else 'already in'} {settings.data}")
    with connect(settings, Role.ADMIN) as connection:
        print(f"outages: {load(connection)} predictions added")
    with connect(settings) as connection:
        print(f"dummy_metrics: {seed(connection)} rows added")
    return 0


def _dummy(arguments: argparse.Namespace) -> int:
    from database import connect
    from examples.dummy.feed import feed

    with connect(load_settings()) as connection:
        feed(connection, arguments.every, arguments.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
