"""python -m collectors new | run | backfill | due | report | status | forget | calibrate."""

import argparse
import io
import os
import sys
from datetime import date

from driftdeck.diagnostics import add_verbose, keep_log, tell


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 when a window failed, 2 when it could not start."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the name of a file may be no text
            stream.reconfigure(errors="backslashreplace")
    parsed = _parser().parse_args(arguments)
    from driftdeck.settings import load_settings  # not before --help has been answered

    database = ""
    try:
        settings = load_settings()
        database = settings.database
        keep_log(settings.stack_dir, verbose=parsed.verbose)
        if getattr(parsed, "workers", 1) > 1:
            from driftdeck.collectors.jobs import workers

            workers.begin()
        from driftdeck.collectors.jobs import commands

        return int(getattr(commands, parsed.command)(settings, parsed))
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        tell("collectors", error, database)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m collectors", description=__doc__)
    add_verbose(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="collect one day of a monitor (by default yesterday)")
    run.add_argument("monitor")
    run.add_argument("--date", type=date.fromisoformat, help="YYYY-MM-DD, local to the monitor")
    run.add_argument("--no-report", action="store_true", help="keep no Evidently report of it")
    run.add_argument(
        "--empty", action="store_true",
        help="if it has no rows, or no labels, any more, believe it: the numbers of those go",
    )  # fmt: skip
    backfill = commands.add_parser("backfill", help="collect every complete day of a monitor")
    backfill.add_argument("monitor", help="a name, or all")
    backfill.add_argument("--from", dest="first", type=date.fromisoformat)
    backfill.add_argument("--to", dest="last", type=date.fromisoformat)
    backfill.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    backfill.add_argument(
        "--dask", metavar="ADDRESS", default="", help="of a scheduler whose workers do the work"
    )
    backfill.add_argument(
        "--missing",
        action="store_true",
        help="only days that are missing, failed, or wait for rows or labels",
    )
    backfill.add_argument(
        "--reports", type=int, default=10, metavar="N",
        help="at most so many reports afterwards: of the newest days and confirmed breaches",
    )  # fmt: skip
    due = commands.add_parser(
        "due", help="collect what is missing, failed or stale; at any moment, twice at once"
    )
    due.add_argument("monitor", nargs="?", default="all", help="a name, or all")
    due.add_argument(
        "--list", action="store_true", help="run nothing: print `MONITOR YYYY-MM-DD`, tab, reason"
    )
    due.add_argument(
        "--every",
        type=float,
        metavar="SECONDS",
        help="again, so long after, until Ctrl-C",
    )
    due.add_argument("--no-report", action="store_true", help="keep no Evidently reports")
    report = commands.add_parser("report", help="make the Evidently report of a day")
    report.add_argument("monitor")
    report.add_argument("--date", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
    _add_new(commands)
    status = commands.add_parser("status", help="say what has been collected, and is left over")
    status.add_argument(
        "--leftovers", action="store_true", help="only what is amiss: left over, or changed"
    )
    forget = commands.add_parser("forget", help="remove what is stored of a monitor")
    forget.add_argument("monitor", help="a name, declared or not")
    forget.add_argument(
        "--before",
        type=date.fromisoformat,
        metavar="DATE",
        help="only days before YYYY-MM-DD, local to the monitor",
    )
    forget.add_argument(
        "--leftovers", action="store_true", help="only windows that are not declared any more"
    )
    forget.add_argument("--yes", action="store_true", help="remove it; without, it is counted")
    calibrate = commands.add_parser("calibrate", help="propose levels from the reference's days")
    calibrate.add_argument("monitor")
    calibrate.add_argument(
        "--replay",
        action="store_true",
        help="write nothing: show the alerts that today's levels would have raised over what is"
        " stored, beside those that were raised",
    )
    return parser


def _add_new(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    new = commands.add_parser("new", help="make a monitor of your own data, and collect it")
    new.add_argument("name", help="of the monitor: lower-case letters, digits and _")
    new.add_argument(
        "--from", dest="source", required=True, metavar="DATA",
        help="a file or folder of Parquet or CSV, the variable with a postgresql:// URI, or one"
        " without its password, which PGPASSWORD or ~/.pgpass has: others see a command line",
    )  # fmt: skip
    for option, metavar, said in (
        ("--table", "SCHEMA.TABLE", "the table, with a URI"),
        ("--time", "COLUMN", "when a row happened"),
        ("--time-format", "FORMAT", "how text writes it (%%d/%%m/%%Y %%H:%%M), or s, ms, us, ns"),
        ("--timezone", "ZONE", "of the days, and of times that name none (Europe/Lisbon)"),
        ("--prediction", "COLUMN", "what the model answered, or none"),
        ("--target", "COLUMN", "what was true, or none"),
        ("--positive", "WORD", "the label that means yes, where labels are words"),
        ("--labels", "DATA", "where the target lies, if elsewhere: a path, or a table of the URI"),
        ("--labels-time", "COLUMN", "when a label became known"),
        ("--on", "COLUMN", "what names a row in both"),
        ("--title", "TEXT", "of the dashboard"),
    ):
        new.add_argument(option, metavar=metavar, default="", help=said)
    for option, said in (
        ("--category", "watch a column as words, whatever it looks like"),
        ("--number", "watch a column as numbers"),
        ("--leave-out", "do not watch a column"),
    ):
        new.add_argument(
            option, metavar="COLUMN", action="append", default=[], help=f"{said}; several times"
        )
    new.add_argument("--owner", metavar="TEXT", default="you", help="who is told of its alerts")
    new.add_argument(
        "--reference", nargs=2, metavar=("FIRST", "LAST"), help="good days, YYYY-MM-DD"
    )
    new.add_argument("--force", action="store_true", help="write over a declaration that is there")
    new.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    new.add_argument("--reports", type=int, default=10, metavar="N", help="as for backfill")


if __name__ == "__main__":
    sys.exit(main())
