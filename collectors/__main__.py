"""python -m collectors run | backfill | status | calibrate: collect windows of the monitors."""

import argparse
import os
import sys
from datetime import date, timedelta

from monitors.declare import DeclarationError, Monitor
from monitors.load import load, named
from settings import Settings, SettingsError, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 when a window failed, 2 when it could not start."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        return int(parsed.run(settings, parsed))
    except (SettingsError, DeclarationError, KeyError, ValueError) as error:
        print(f"collectors: {error.args[0] if error.args else error}", file=sys.stderr)
        return 2
    except Exception as error:
        if type(error).__module__.startswith("psycopg"):
            print(f"collectors: the database says: {str(error).strip()}", file=sys.stderr)
            return 2
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m collectors", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="collect one day of a monitor (by default yesterday)")
    run.add_argument("monitor")
    run.add_argument("--date", type=date.fromisoformat, help="YYYY-MM-DD, local to the monitor")
    run.set_defaults(run=_run)
    backfill = commands.add_parser("backfill", help="collect every complete day of a monitor")
    backfill.add_argument("monitor", help="a name, or all")
    backfill.add_argument("--from", dest="first", type=date.fromisoformat)
    backfill.add_argument("--to", dest="last", type=date.fromisoformat)
    backfill.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    backfill.add_argument(
        "--missing",
        action="store_true",
        help="only days that are missing, failed, or wait for rows or labels",
    )
    backfill.set_defaults(run=_backfill)
    status = commands.add_parser("status", help="say what has been collected")
    status.set_defaults(run=_status)
    calibrate = commands.add_parser("calibrate", help="propose levels from the reference's days")
    calibrate.add_argument("monitor")
    calibrate.set_defaults(run=_calibrate)
    return parser


def _run(settings: Settings, parsed: argparse.Namespace) -> int:
    from collectors.runner import Runner, clock
    from collectors.windows import window_of
    from database import connect

    monitor = named(parsed.monitor, settings.monitors_dir)
    with connect(settings) as connection:
        now = clock(connection)
        if parsed.date:
            window = window_of(monitor, parsed.date)
        else:
            yesterday = now.astimezone(monitor.every.zone).date() - timedelta(days=1)
            window = window_of(monitor, min(yesterday, monitor.last_day or yesterday))
        if window.end > now:
            raise ValueError(f"{window.day} is not over yet; a window is collected when complete")
        outcome = Runner(monitor, settings, connection).run(window)
    print(f"{monitor.name} {window.day}: {outcome.status} in {outcome.seconds:.1f} s")
    if outcome.error:
        print(f"  {outcome.error}")
    return int(outcome.status == "failed")


def _backfill(settings: Settings, parsed: argparse.Namespace) -> int:
    every = load(settings.monitors_dir)
    chosen = every if parsed.monitor == "all" else [named(parsed.monitor, settings.monitors_dir)]
    return max((_backfill_one(settings, monitor, parsed) for monitor in chosen), default=0)


def _backfill_one(settings: Settings, monitor: Monitor, parsed: argparse.Namespace) -> int:
    from collections import Counter

    from rich.progress import Progress

    from collectors.runner import clock, run_all
    from collectors.sources import Reader
    from collectors.store import finished_windows
    from collectors.windows import complete_windows
    from database import connect

    with connect(settings) as connection:
        now = clock(connection)
        first = parsed.first or monitor.first_day or Reader(monitor, settings).first_day(now)
        windows = list(complete_windows(monitor, now, first, parsed.last))
        if parsed.missing:
            done = finished_windows(connection, monitor.name, now)
            windows = [window for window in windows if window.start not in done]
    counts: Counter[str] = Counter()
    with Progress(transient=True, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task(monitor.name, total=len(windows))
        for outcome in run_all(monitor, settings, windows, parsed.workers):
            counts[outcome.status] += 1
            progress.advance(task)
            if not sys.stdout.isatty() and counts.total() % 50 == 0:
                print(f"{monitor.name}: {counts.total()} of {len(windows)} windows", flush=True)
            if outcome.status == "failed":
                print(f"{monitor.name} {outcome.window.day}: {outcome.error}")
    said = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    print(f"{monitor.name}: {len(windows)} windows collected{f' ({said})' if said else ''}")
    return int(counts["failed"] > 0)


def _status(settings: Settings, parsed: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table

    from database import connect

    table = Table("monitor", "windows", "newest", "status", "failed", "partial")
    with connect(settings) as connection:
        for monitor in load(settings.monitors_dir):
            row = connection.execute(
                "select count(*), max(window_start), (array_agg(status order by window_start"
                " desc))[1], count(*) filter (where status = 'failed'),"
                " count(*) filter (where status = 'partial')"
                " from monitoring.collection where monitor = %s",
                [monitor.name],
            ).fetchone()
            count, newest, *rest = row or (0, None, "", 0, 0)
            day = newest.astimezone(monitor.every.zone).date() if newest else "never"
            table.add_row(monitor.name, str(count), str(day), *(str(r or "-") for r in rest))
    Console().print(table)
    return 0


def _calibrate(settings: Settings, parsed: argparse.Namespace) -> int:
    from collectors.calibrate import calibrate

    return calibrate(named(parsed.monitor, settings.monitors_dir), settings)


if __name__ == "__main__":
    sys.exit(main())
