"""What is late: the rule's and the overview's SQL says what the calendar in Python says."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.windows.calendar import find_newest
from driftdeck.dashboards import overview_sql, window_sql
from driftdeck.facts.postgres import literal

CUTS = [
    *(d.Hourly(hours, timezone="America/New_York") for hours in (1, 2, 3, 6, 8, 12)),
    d.Hourly(1, timezone="Australia/Lord_Howe"),
    d.Hourly(1, timezone="Asia/Kathmandu"),
    d.Daily(timezone="America/New_York"),
    d.Daily(timezone="America/Havana"),
    d.Daily(timezone="Africa/Cairo"),
    d.Weekly(timezone="America/New_York"),
    d.Weekly(first="sunday", timezone="America/Havana"),
    d.Weekly(first="thursday"),
    d.Monthly(timezone="Europe/Lisbon"),
]


def due_of(
    connection: psycopg.Connection, monitor: d.Monitor, moments: list[datetime]
) -> list[datetime]:
    """The end of the newest window that should be there, at each moment, as SQL says it."""
    query = (
        f"select {overview_sql.DUE}"
        " from unnest(%s::timestamptz[]) with ordinality as moment (at, n),"
        f" {overview_sql.declared((monitor,), ('uid',))} order by moment.n"
    ).replace("monitoring.now()", "moment.at")
    return [row[0] for row in connection.execute(query.encode(), [moments])]


@pytest.mark.parametrize("hours", [0.5, 30])
@pytest.mark.parametrize("every", CUTS, ids=repr)
def test_what_should_be_there_is_the_same_in_sql(
    connection: psycopg.Connection, every: d.Every, hours: float
) -> None:
    """Every 20 minutes of a year, both changes of clocks among them."""
    monitor = small_monitor(every=every, starts="2010-01-01", late_after=d.Hours(hours))
    first = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=20 * n) for n in range(3 * 24 * 366)]
    expected = [find_newest(monitor, moment - timedelta(hours=hours)).end for moment in moments]
    found = due_of(connection, monitor, moments)
    wrong = [(m, a, b) for m, a, b in zip(moments, expected, found, strict=True) if a != b]

    assert wrong == [], (len(wrong), [tuple(map(str, w)) for w in wrong[:4]])


@pytest.mark.parametrize(
    "every",
    [*CUTS, *(d.Hourly(n, timezone="America/Havana") for n in (3, 8)),
     d.Hourly(2, timezone="Australia/Lord_Howe"), d.Daily(timezone="Pacific/Apia")],
    ids=repr,
)  # fmt: skip
def test_a_window_is_called_the_same_in_sql(connection: psycopg.Connection, every: d.Every) -> None:
    """As `driftdeck run --window` takes it, also where clocks were set forward over its begin."""
    windows = [
        window
        for year in (2011, 2024)
        for window in every.within(date(year, 1, 1), date(year, 12, 31))
    ]
    unit, size = window_sql.cut_of(every)
    columns = f"(select {literal(unit)} as unit, {size} as size, {literal(every.timezone)} as zone)"
    query = (
        f"select {window_sql.name(every)}, {window_sql.name_of('unit', 'size', 'zone', 'at')}"
        " from unnest(%s::timestamptz[]) with ordinality as moment (at, n),"
        f" lateral (select at as window_start) w, {columns} m order by n"
    )
    starts = [window.start for window in windows]
    called = connection.execute(query.encode(), [starts]).fetchall()

    assert called == [(window.name, window.name) for window in windows]


@pytest.mark.parametrize("every", CUTS, ids=repr)
def test_nothing_is_late_after_the_end(connection: psycopg.Connection, every: d.Every) -> None:
    """The last window is the last whole one of the monitor's days."""
    monitor = small_monitor(every=every, ends="2024-03-13", late_after=d.Hours(1))
    moments = [datetime(2024, 3, day, 12, tzinfo=UTC) for day in (10, 14, 25)]
    expected = [find_newest(monitor, moment - timedelta(hours=1)).end for moment in moments]

    assert due_of(connection, monitor, moments) == expected
    last = list(every.within(date(2024, 1, 1), date(2024, 3, 13)))[-1]
    assert expected[-1] == last.end
