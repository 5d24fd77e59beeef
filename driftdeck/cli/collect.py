"""The commands that bring windows of data into the database, and those about what is stored."""

from datetime import date
from typing import Annotated

import typer

from driftdeck.cli import session
from driftdeck.cli.options import (
    DAY,
    PROCESSORS,
    WINDOW,
    MonitorName,
    MonitorOrAll,
    NoReport,
    Reports,
    Workers,
    day,
)

LEFTOVERS = "Only what is amiss: left over, or changed."


def run(
    monitor: MonitorName,
    window: Annotated[
        str,
        typer.Option(
            "--window",
            "--date",
            metavar=WINDOW,
            help="By default the newest that is over: yesterday, where windows are days.",
        ),
    ] = "",
    no_report: NoReport = False,
    empty: Annotated[
        bool,
        typer.Option(
            "--empty",
            help="If it has no rows, or no labels, any more, believe it: the numbers of those go.",
        ),
    ] = False,
) -> int:  # fmt: skip
    """Collect one window of a monitor."""
    with session.collector() as settings:
        from driftdeck.collectors.jobs import commands

        return commands.run(settings, monitor, window, report=not no_report, may_empty=empty)


def backfill(
    monitor: MonitorOrAll,
    first: Annotated[
        date | None,
        typer.Option("--from", metavar=DAY, parser=day, help="By default the first there is."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", metavar=DAY, parser=day, help="By default the last that is over."),
    ] = None,
    workers: Workers = PROCESSORS,
    dask: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", show_default=False,
            help="Of a scheduler whose workers do the work; by default processes of this machine.",
        ),
    ] = "",
    missing: Annotated[
        bool,
        typer.Option(
            "--missing", help="Only windows that are missing, failed, or wait for rows or labels."
        ),
    ] = False,
    reports: Reports = 10,
) -> int:  # fmt: skip
    """Collect every complete window of a monitor, several at a time."""
    with session.collector() as settings:
        if workers > 1:
            from driftdeck.collectors.jobs.workers import start_server

            start_server()  # they import while this process does
        from driftdeck.collectors.jobs import commands
        from driftdeck.collectors.jobs.backfill import BackfillOptions

        request = BackfillOptions(first, last, missing, workers, reports, dask)
        return commands.backfill(settings, monitor, request)


def due(
    monitor: MonitorOrAll = "all",
    only_list: Annotated[
        bool, typer.Option("--list", help="Only print MONITOR YYYY-MM-DD, a tab, the reason.")
    ] = False,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="SECONDS",
            help="Again, so many seconds after, until Ctrl-C, logging lines; by default once.",
        ),
    ] = None,
    no_report: NoReport = False,
) -> int:  # fmt: skip
    """Collect what is missing, failed or stale; at any moment, twice at once."""
    with session.collector(service=every is not None and not only_list) as settings:
        from driftdeck.collectors.jobs import commands

        if only_list:
            return commands.list_due(settings, monitor)
        return commands.collect_due(settings, monitor, every=every, report=not no_report)


def collected(
    leftovers: Annotated[bool, typer.Option("--leftovers", help=LEFTOVERS)] = False,
) -> int:
    """Say what has been collected, and what is left over."""
    with session.collector() as settings:
        from driftdeck.collectors.jobs import commands

        return commands.show_collected(settings, only_leftovers=leftovers)


def report(
    monitor: MonitorName,
    window: Annotated[
        str, typer.Option("--window", "--date", metavar=WINDOW, help="As `due --list` writes it.")
    ],
) -> int:
    """Make the Evidently report of a window."""
    with session.collector() as settings:
        from driftdeck.collectors.jobs import commands

        return commands.make_report(settings, monitor, window)


def forget(
    monitor: MonitorName,
    before: Annotated[
        date | None,
        typer.Option(
            metavar=DAY, parser=day, help="Only days before this, local to it; by default all."
        ),
    ] = None,
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="Only windows that are not declared any more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without, it is counted.")] = False,
) -> int:
    """Remove what is stored of a monitor, declared or not."""
    with session.collector() as settings:
        from driftdeck.collectors.jobs import commands

        return commands.forget(settings, monitor, before=before, leftovers=leftovers, yes=yes)


def migrate(
    as_sql: Annotated[
        bool,
        typer.Option("--sql", help="Print it as SQL, for whoever has the rights; change nothing."),
    ] = False,
) -> int:
    """Bring the database to the newest schema."""
    with session.collector() as settings:
        if as_sql:
            from driftdeck.database.script import script

            print(script(settings), end="")
            return 0
        from driftdeck.stack.steps import migrate_schema

        migrate_schema(settings)
    return 0


def uri() -> int:
    """Print the database's connection URI."""
    from driftdeck.database import uri as uri_of

    print(uri_of(session.settings()))
    return 0
