"""python -m examples prepare | tables | ...: the systems that are watched."""

import argparse
import sys

from driftdeck.diagnostics import begin_log, keep_log, tell
from driftdeck.errors import exit_code_of
from driftdeck.schema_name import in_schema
from driftdeck.settings import Settings, load_settings
from examples.example import Example, find_examples


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
    prepare.set_defaults(run=_prepare)
    tables = commands.add_parser("tables", help="make the tables that this needs, as administrator")
    tables.set_defaults(run=_make_tables)
    for command in (prepare, tables):
        command.add_argument(
            "names", nargs="+", metavar="MONITOR", help="one that is no example's is left alone"
        )
    for example in find_examples().values():
        if example.add_commands:
            example.add_commands(commands)
    return parser


def _prepare(settings: Settings, parsed: argparse.Namespace) -> None:
    for example in _chosen(parsed):
        if example.table and not _has_table(settings, example):
            _make(settings, example)
        example.prepare(settings)


def _make_tables(settings: Settings, parsed: argparse.Namespace) -> None:
    """Make them, so that `prepare` does with the collector's rights."""
    for example in _chosen(parsed):
        _make(settings, example)


def _chosen(parsed: argparse.Namespace) -> list[Example]:
    examples = find_examples()
    return [examples[name] for name in parsed.names if name in examples]


def _make(settings: Settings, example: Example) -> None:
    from driftdeck.database import Role, connect

    if example.make_tables:
        with connect(settings, Role.ADMIN) as connection:
            example.make_tables(connection)


def _has_table(settings: Settings, example: Example) -> bool:
    """Whether the collector may add to an example's table."""
    from driftdeck.database import connect

    query = "select has_table_privilege(to_regclass(%s), 'insert')"
    table = in_schema(example.table, settings.postgres_schema)
    with connect(settings) as connection:
        row = connection.execute(query, [table]).fetchone()
    return bool(row and row[0])


if __name__ == "__main__":
    sys.exit(main())
