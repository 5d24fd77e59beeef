"""What is due of hours, weeks and months, and of windows that are compared with others."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.state import describe_states
from driftdeck.settings import Settings

LATER = (d.accuracy(unjudged="looked at"), d.row_count(unjudged="looked at"))


def play(connection: psycopg.Connection, moment: str) -> None:
    """Set the one clock."""
    connection.execute(
        "insert into monitoring.clock (played_at) values (%s) on conflict (only_one)"
        " do update set played_at = excluded.played_at",
        [datetime.fromisoformat(moment).replace(tzinfo=UTC)],
    )
    connection.commit()


def lay(folder: Path, first: date, last: date, **changes: object) -> None:
    """Days of the log."""
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        write_day(folder / "log", day, rows(day, count=60).assign(**changes))


def due(
    connection: psycopg.Connection, monitor: d.Monitor, settings: Settings, run: bool = False
) -> list[tuple[str, str]]:
    """(window, reason) of what is due; run: each is collected before the next is asked for."""
    runner = Runner(monitor, settings, connection)
    found = []
    for window, why in find_due_windows(connection, monitor, settings):
        found.append((window.name, why.replace("stale: its rows or labels have changed", "stale")))
        if run:
            runner.run(window)
    return found


@pytest.mark.parametrize(
    ("every", "names"),
    [
        (d.Hourly(12), ["2024-03-02T00", "2024-03-02T12", "2024-03-03T00"]),
        (d.Weekly(first="saturday"), ["2024-03-02"]),
        (d.Monthly(), ["2024-03"]),
    ],
    ids=repr,
)
def test_a_window_is_due_when_it_is_over(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path, every: d.Every,
    names: list[str],
) -> None:  # fmt: skip
    """Once, and anew where a file of one of its days changed, but not where another's did."""
    lay(tmp_path, date(2024, 2, 24), date(2024, 4, 2))
    after = {"hour": "03-03T13", "12 hours": "03-03T13", "week": "03-09T01", "month": "04-01T01"}
    monitor = small_monitor(
        str(tmp_path / "log"),
        every=every,
        starts="2024-03-01" if every.noun == "month" else "2024-03-02",
        reference=d.Between("2024-02-24", "2024-02-28"),
        metrics=LATER,
    )
    play(connection, f"2024-{after[every.noun]}:00:00")
    assert due(connection, monitor, settings, run=True) == [(name, "missing") for name in names]
    assert due(connection, monitor, settings) == []
    lay(tmp_path, date(2024, 2, 27), date(2024, 2, 28), x=1.0)
    assert due(connection, monitor, settings) == []
    lay(tmp_path, date(2024, 3, 2), date(2024, 3, 2), x=1.0)
    changed = names[:2] if every.noun == "12 hours" else names[:1]
    assert due(connection, monitor, settings, run=True) == [(name, "stale") for name in changed]
    assert due(connection, monitor, settings) == []


@pytest.mark.parametrize(("within", "open_days"), [(30, 30), (60, 60)])
def test_a_month_waits_for_its_labels_after_its_end(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path, within: int, open_days: int
) -> None:
    """Labels that come 31 days after the end are seen only if the declaration waits so long."""
    lay(tmp_path, date(2024, 1, 1), date(2024, 1, 31), y=None)
    monitor = small_monitor(
        str(tmp_path / "log"), every=d.Monthly(), ends="2024-01-31",
        labels_within=d.Days(within), metrics=LATER,
    )  # fmt: skip
    play(connection, "2024-02-01T01:00:00")
    assert due(connection, monitor, settings, run=True) == [("2024-01", "missing")]
    lay(tmp_path, date(2024, 1, 1), date(2024, 1, 31))
    end = date(2024, 2, 1)
    for days in (29, 31, 59, 61):
        play(connection, f"{end + timedelta(days=days)}T00:00:00")
        expected = [("2024-01", "stale")] if days < open_days else []
        assert due(connection, monitor, settings) == expected, days


@pytest.fixture
def big(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Five days of ten rows an hour, and a label of each, in tables."""
    connection.execute("drop schema if exists big cascade; create schema big")
    connection.execute(
        "create table big.rows as select n as id, timestamptz '2024-01-01' + n * interval '6 min'"
        " as at, n::float as x, 'a' as c, 0.5 as p, '1' as version from generate_series(0, 1199) n;"
        " create table big.labels as select id, at as known, 1 as y from big.rows;"
        " grant usage on schema big to public; grant select on all tables in schema big to public"
    )
    connection.commit()
    yield connection
    connection.rollback()
    connection.execute("drop schema big cascade")
    connection.commit()


@pytest.mark.parametrize("indexed", [True, False])
def test_hours_of_a_table_are_told_apart_in_one_pass(
    big: psycopg.Connection, settings: Settings, indexed: bool
) -> None:
    """Each has the state that it has alone, with gaps between them; one that changes is one."""
    if indexed:
        big.execute("create index on big.rows (at)")
        big.commit()
    monitor = small_monitor(
        every=d.Hourly(1),
        source=d.Table("big.rows", time="at"),
        labels=d.Table("big.labels", time="known", on="id"),
    )
    now = datetime(2024, 2, 1, tzinfo=UTC)
    every = list(monitor.every.within(date(2024, 1, 1), date(2024, 1, 5)))
    some = [w for n, w in enumerate(every) if n % 7 not in (2, 3)][::-1]

    def states(windows: list[d.Window]) -> dict[d.Window, str]:
        return describe_states(Sources(monitor, settings), windows, now)

    together = states(some)
    assert together == {w: states([w])[w] for w in some}
    assert len(set(together.values())) == len(some)
    big.execute("update big.rows set x = 9 where id = 601")
    big.execute("update big.labels set y = 0 where id = 11")
    big.commit()
    changed = {w.name for w, text in states(some).items() if text != together[w]}
    assert changed == {"2024-01-01T01", "2024-01-03T12"}


def compared(folder: Path) -> d.Monitor:
    """A monitor that compares each day with the day before."""
    metrics = (d.drift(baseline=d.PREVIOUS, columns=("x",), warn=0.3, alert=0.5), LATER[1])
    return small_monitor(
        str(folder / "log"), starts="2024-01-05", metrics=metrics, target=None, model_version=""
    )


def test_what_is_compared_with_a_changed_window_is_due(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """The window after it, once; not the one after that, whose own rows are as they were."""
    lay(tmp_path, date(2024, 1, 1), date(2024, 1, 10))
    monitor = compared(tmp_path)
    play(connection, "2024-01-10T01:00:00")
    assert len(due(connection, monitor, settings, run=True)) == 5
    query = (
        "select value from monitoring.metric where metric = 'drift_previous'"
        " and window_start = '2024-01-08Z'"
    )
    [(before,)] = connection.execute(query).fetchall()
    lay(tmp_path, date(2024, 1, 7), date(2024, 1, 7), x=50.0)
    expected = [
        ("2024-01-07", "stale"),
        ("2024-01-08", "stale: what it is compared with has changed"),
    ]
    assert due(connection, monitor, settings) == expected
    assert due(connection, monitor, settings, run=True) == expected
    assert due(connection, monitor, settings) == []
    [(after,)] = connection.execute(query).fetchall()
    assert before < 1 < after


def test_a_window_that_fails_again_has_no_other_collected(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """One that is mended has the next one compared anew."""
    lay(tmp_path, date(2024, 1, 1), date(2024, 1, 10))
    monitor = compared(tmp_path)
    [broken] = (tmp_path / "log" / "date=2024-01-07").glob("*.parquet")
    broken.write_bytes(b"no parquet")
    play(connection, "2024-01-10T01:00:00")
    due(connection, monitor, settings, run=True)
    for _ in range(2):
        again = due(connection, monitor, settings, run=True)
        assert again == [("2024-01-07", "failed before")]
    lay(tmp_path, date(2024, 1, 7), date(2024, 1, 7))
    assert due(connection, monitor, settings, run=True) == [
        ("2024-01-07", "failed before"),
        ("2024-01-08", "stale: what it is compared with has changed"),
    ]
