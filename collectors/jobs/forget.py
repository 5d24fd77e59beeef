"""Removes what is stored of a monitor: all, what is old, or what is left over."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import psycopg

from driftdeck.collectors.jobs.leftovers import (
    explain_leftover,
    format_count,
    list_stored_windows,
    remove,
    select_before,
)
from driftdeck.database import connect
from driftdeck.database.locks import held
from driftdeck.declare import Monitor, Window
from driftdeck.project import SettingsError
from driftdeck.settings import Settings


def forget(
    settings: Settings,
    connection: psycopg.Connection,
    name: str,
    monitor: Monitor | None,
    *,
    day: date | None,
    only_leftovers: bool,
    yes: bool,
) -> int:
    """Say what there is of a monitor, and remove it if `yes`, in one transaction; 1 if a collection
    is at it.

    monitor: None if it is declared no longer. day: only windows before this local day.
    only_leftovers: only those that the declaration does not have.
    Raises SettingsError, psycopg.Error.
    """
    windows = _select_windows(connection, name, monitor, day, only_leftovers)
    with connect(settings, autocommit=True) as locking, held(locking, f"due {name}") as lock:
        if lock is None:
            print(f"{name}: a collection is at it; try again when it has ended")
            return 1
        counts = remove(connection, name, windows)
        if yes:
            connection.commit()
        else:
            connection.rollback()
    if not counts:
        print(f"{name}: nothing of that is stored")
        return 0
    print(f"{name}: {'removed' if yes else 'stored are'}", end=" ")
    print(", ".join(f"{count:,} of {table}" for table, count in counts.items()))
    if not yes:
        print("  nothing is removed; --yes (YES=1 with make) removes it for good")
        return 0
    print(f"  {_forget_reports(settings, name, windows)}")
    print(f"  {_describe_next(name, monitor, day, only_leftovers)}")
    return 0


def _select_windows(
    connection: psycopg.Connection,
    name: str,
    monitor: Monitor | None,
    day: date | None,
    only_leftovers: bool,
) -> list[Window] | None:
    """The windows that are meant, None for all that there is."""
    if only_leftovers and monitor is None:
        raise SettingsError(f"{name} is declared no longer: all of it is left over; leave out"
                            " --leftovers")  # fmt: skip
    if day is None and not only_leftovers:
        return None
    windows = list_stored_windows(connection, name)
    if day is not None:
        windows = select_before(windows, day, monitor.every.zone if monitor else ZoneInfo("UTC"))
    if only_leftovers and monitor is not None:
        windows = [window for window in windows if explain_leftover(monitor, window)]
    return windows


def _forget_reports(settings: Settings, name: str, windows: Sequence[Window] | None) -> str:
    """What became of Evidently's reports. The numbers are gone by now, whatever happens to them."""
    from driftdeck.collectors.reports.workspace import (
        Workspace,  # imports Evidently, which takes seconds
    )

    try:
        count = Workspace(settings).forget(name, windows)
    except Exception as error:
        return f"its Evidently reports stay: {type(error).__name__}: {str(error)[:300]}"
    return f"{format_count(count, 'Evidently report')} removed"


def _describe_next(
    name: str, monitor: Monitor | None, day: date | None, only_leftovers: bool
) -> str:
    """What a person does next."""
    if monitor is None:
        return "`make build`, then `make apply`, takes its dashboard and rules from Grafana"
    if only_leftovers:
        return "dashboards and rules see the declared windows only"
    if day is not None:
        return f"set `starts` of {name} to {day}, or the next collection measures them again"
    return f"{name} is still declared: the next collection measures it again"
