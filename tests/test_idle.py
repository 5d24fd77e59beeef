"""A source that has not changed is not read again, and every change of it is seen."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.jobs.due import find_due_windows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources import state
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status
from driftdeck.settings import Settings
from repository import ROOT
from soak.kills.house import DECLARATION

TODAY = datetime.now(UTC).date()
DAYS = [TODAY - timedelta(days=n) for n in (3, 2, 1)]
TABLE = """\
create schema outages; create table outages.log (id {id}, at {at}, x float8, p float8, y int);
create table outages.y (id {label}, known timestamptz, y int);
grant usage on schema outages to collector;
grant select on all tables in schema outages to collector"""


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this moment count as written long ago."""
    monkeypatch.setattr(state, "SETTLED", -1e9)


def rows(day: date, count: int = 40) -> pd.DataFrame:
    """Rows of a day, each with its label."""
    at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(range(count), unit="min")
    ids = [f"{day}-{n}" for n in range(count)]
    return pd.DataFrame({"id": ids, "at": at, "x": 1.0, "p": 0.4, "y": 0})


def monitor(source: d.Source, truth: d.Source | None = None) -> d.Monitor:
    """A monitor of the last days."""
    return small_monitor(
        source=source, labels=truth, starts=str(DAYS[0]), columns=(d.number("x"),), reference=None,
        model_version="", metrics=(d.missing(alert=0.5), d.accuracy(alert=0.1)),
    )  # fmt: skip


def collect(watched: d.Monitor, settings: Settings, connection: psycopg.Connection) -> None:
    """Every window."""
    runner = Runner(watched, settings, connection)
    for day in DAYS:
        runner.run(watched.every.window(day))


def due(watched: d.Monitor, settings: Settings, connection: psycopg.Connection) -> list[date]:
    """The days that are due."""
    return [window.day for window, _ in find_due_windows(connection, watched, settings)]


def unread(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """The days that are read from now on."""
    read: list[date] = []
    ask = Reader.read

    def spied(self: Reader, window: d.Window, now: datetime) -> Any:
        read.append(window.day)
        return ask(self, window, now)

    monkeypatch.setattr(Reader, "read", spied)
    return read


def lay(folder: Path, layout: str, kind: str, days: list[pd.DataFrame]) -> d.Source:
    """A log in files."""
    parts = {"undated": [pd.concat(days)]}.get(layout, days)
    for n, part in enumerate(parts):
        name = {"dated": f"{DAYS[n]}.{kind}", "undated": f"log.{kind}"}.get(layout, "")
        path = folder / (name or f"date={DAYS[n]}/part.{kind}")
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_csv(path, index=False) if kind == "csv" else part.to_parquet(path, index=False)
    source = d.Csv if kind == "csv" else d.Parquet
    return source(str(folder), time="at", layout=layout)


@pytest.mark.parametrize("layout", ["folders", "dated", "undated"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_are_asked_for_their_times(
    layout: str, kind: str, settings: Settings, connection: psycopg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Nothing is read where nothing changed; a value, a row and a time that was put back are."""
    days = [rows(day) for day in DAYS]
    watched = monitor(lay(tmp_path, layout, kind, days))
    collect(watched, settings, connection)
    read = unread(monkeypatch)
    assert due(watched, settings, connection) == []
    assert read == []

    days[1].loc[3, "x"] = 2.0
    path = next(
        p for p in tmp_path.rglob(f"*.{kind}") if layout == "undated" or str(DAYS[1]) in str(p)
    )
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    lay(tmp_path, layout, kind, days)
    os.utime(path, ns=times)  # the same name, size and time
    assert due(watched, settings, connection) == [DAYS[1]]
    collect(watched, settings, connection)
    days[2] = days[2].iloc[:-1]
    lay(tmp_path, layout, kind, days)
    assert due(watched, settings, connection) == [DAYS[2]]


def test_who_only_asks_imports_no_frames() -> None:
    """Their import takes longer than asking does."""
    script = (
        "import sys, driftdeck.collectors.jobs.commands, driftdeck.collectors.sources.state;"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'evidently', 'grafanalib'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_run_with_nothing_due_imports_no_frames(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Nor does it look for a training that was cut off by more than a query."""
    (tmp_path / "small.py").write_text(DECLARATION, encoding="utf-8")
    connection.execute(
        "insert into monitoring.window_status (monitor, window_start, window_end, status, seconds)"
        " select 'small', t, t + interval '1 day', 'ok', 0"
        " from generate_series('2024-01-01Z'::timestamptz, '2024-01-24Z', '1 day') t"
    )
    connection.commit()
    script = (
        "import sys; from driftdeck.collectors.jobs import commands;"
        "from driftdeck.settings import Settings;"
        "given = Settings.model_validate_json(sys.argv[1]);"
        "commands.collect_due(given);"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'evidently'} & set(sys.modules)))"
    )
    given = settings.model_copy(update={"monitors": (str(tmp_path),)}).model_dump_json()
    done = subprocess.run(
        [sys.executable, "-c", script, given], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.returncode) == ("small: nothing is due\n[]\n", 0), done.stderr


def test_a_label_becomes_known_although_no_file_changes(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Its moment was written down when the window was read."""
    log = [rows(day).drop(columns="y") for day in DAYS]
    known = datetime.now(UTC) + timedelta(days=2)
    truth = rows(DAYS[2]).assign(at=known)[["id", "at", "y"]]
    truth.to_parquet(tmp_path / "y.parquet")
    labels = d.Parquet(str(tmp_path / "y.parquet"), time="at", on="id", layout="undated")
    watched = monitor(lay(tmp_path / "log", "folders", "csv", log), labels)
    collect(watched, settings, connection)
    assert due(watched, settings, connection) == []
    connection.execute(
        "insert into monitoring.clock values (true, %s)", [known + timedelta(hours=1)]
    )
    connection.commit()
    assert DAYS[2] in due(watched, settings, connection)


def test_an_error_that_comes_late_is_seen(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Labels that come and match no row, and a file that is garbage now, are due: and fail."""
    log = [rows(day).drop(columns="y") for day in DAYS]
    empty = pd.DataFrame({"id": [], "at": pd.to_datetime([], utc=True), "y": []})
    empty.to_parquet(tmp_path / "y.parquet")
    labels = d.Parquet(str(tmp_path / "y.parquet"), time="at", on="id", layout="undated")
    watched = monitor(lay(tmp_path / "log", "folders", "csv", log), labels)
    collect(watched, settings, connection)
    assert due(watched, settings, connection) == []
    wrong = rows(DAYS[2]).assign(id=range(40), at=datetime.now(UTC) - timedelta(hours=1))
    wrong[["id", "at", "y"]].to_parquet(tmp_path / "y.parquet")
    assert due(watched, settings, connection) == DAYS
    outcome = Runner(watched, settings, connection).run(watched.every.window(DAYS[2]))
    assert outcome.status is Status.FAILED
    assert "no label belongs to a row" in outcome.error


def test_rows_that_cannot_be_used_are_news(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """A second file of a day whose rows have no time makes the day due, and its count is stored."""
    watched = monitor(lay(tmp_path, "folders", "csv", [rows(day) for day in DAYS]))
    collect(watched, settings, connection)
    rows(DAYS[1], 5).assign(at="").to_csv(tmp_path / f"date={DAYS[1]}" / "more.csv", index=False)
    assert due(watched, settings, connection) == [DAYS[1]]


def fill(connection: psycopg.Connection, frame: pd.DataFrame, table: str) -> None:
    """Rows of a table."""
    with connection.cursor().copy(f"copy outages.{table} ({', '.join(frame)}) from stdin") as copy:
        for row in frame.itertuples(index=False):
            copy.write_row(row)
    connection.commit()


CHANGES: dict[str, str] = {
    "a value": "update outages.log set x = 9 where id = '{id}'",
    "a row more": "insert into outages.log values ('new', '{day}T01:00Z', 1, 0.4, 0)",
    "a row less": "delete from outages.log where id = '{id}'",
    "a label": "update outages.log set y = 1 where id = '{id}'",
    "nothing there": "update outages.log set x = null where id = '{id}'",
}


@pytest.mark.parametrize("at", ["timestamptz", "timestamp"])
@pytest.mark.parametrize("indexed", [True, False])
def test_a_table_is_asked_for_counts_and_a_hash(
    at: str, indexed: bool, settings: Settings, connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With an index and without, of times with a zone and without: what changed, and no more."""
    connection.execute(TABLE.format(id="text", at=at, label="text"))
    if indexed:
        connection.execute("create index on outages.log (at)")
    for day in DAYS:
        fill(connection, rows(day), "log")
    naive = "UTC" if at == "timestamp" else ""
    watched = monitor(d.Table("outages.log", time="at", naive=naive))
    collect(watched, settings, connection)
    read = unread(monkeypatch)
    assert due(watched, settings, connection) == []
    assert read == []
    for change in CHANGES.values():
        connection.execute(change.format(id=f"{DAYS[1]}-7", day=DAYS[1]))
        connection.commit()
        assert due(watched, settings, connection) == [DAYS[1]]
        collect(watched, settings, connection)
        assert due(watched, settings, connection) == []
        connection.execute("delete from outages.log where id = 'new'")
        connection.execute(
            "insert into outages.log select %s, %s, 1, 0.4, 0 where not exists"
            " (select from outages.log where id = %s)",
            [f"{DAYS[1]}-7", f"{DAYS[1]}T00:07Z", f"{DAYS[1]}-7"],
        )
        connection.commit()
        collect(watched, settings, connection)


def test_a_view_is_asked_for_what_it_says(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no versions of rows; a table that is rewritten has others, and is read once."""
    connection.execute(TABLE.format(id="text", at="timestamptz", label="text"))
    connection.execute("create view outages.seen as select * from outages.log")
    connection.execute("grant select on outages.seen to collector")
    for day in DAYS:
        fill(connection, rows(day), "log")
    view, table = (monitor(d.Table(f"outages.{name}", time="at")) for name in ("seen", "log"))
    read = unread(monkeypatch)
    for watched in (view, table):
        collect(watched, settings, connection)
        read.clear()
        assert due(watched, settings, connection) == []
        assert read == []
        connection.commit()
    connection.autocommit = True
    connection.execute("update outages.log set y = y")
    connection.execute("vacuum full outages.log")
    assert due(table, settings, connection) == []
    assert read == DAYS
    read.clear()
    assert due(table, settings, connection) == []
    assert read == []
    connection.execute("update outages.log set x = 9 where id = %s", [f"{DAYS[2]}-1"])
    assert due(table, settings, connection) == [DAYS[2]]
    connection.execute("update monitoring.window_status set monitor = 'other'")
    collect(view, settings, connection)
    connection.execute("update outages.log set x = 8 where id = %s", [f"{DAYS[2]}-1"])
    assert due(view, settings, connection) == [DAYS[2]]


@pytest.mark.parametrize(
    ("left", "right", "spell"),
    [
        ("text", "text", str), ("text", "varchar(40)", str), ("bigint", "bigint", int),
        ("bigint", "numeric(12,2)", int), ("bigint", "text", str), ("numeric(12,2)", "bigint", int),
        ("text", "text", lambda n: f"0000000A-0000-0000-0000-{n:012}"),
    ],
)  # fmt: skip
def test_a_late_label_in_a_table_is_seen(
    left: str, right: str, spell: Callable[[int], Any], settings: Settings,
    connection: psycopg.Connection,
) -> None:  # fmt: skip
    """Whatever types the ids have on both sides."""
    connection.execute(TABLE.format(id=left, at="timestamptz", label=right))
    ids = {day: [spell(1000 * n + i) for i in range(40)] for n, day in enumerate(DAYS)}
    for day in DAYS:
        lower = [str(one).lower() if left == "text" else one for one in ids[day]]
        fill(connection, rows(day).assign(id=lower).drop(columns="y"), "log")
    early = rows(DAYS[0]).assign(id=ids[DAYS[0]], known=datetime.now(UTC))[["id", "known", "y"]]
    fill(connection, early, "y")
    watched = monitor(
        d.Table("outages.log", time="at"), d.Table("outages.y", time="known", on="id")
    )
    collect(watched, settings, connection)
    assert due(watched, settings, connection) == []
    late = rows(DAYS[1]).assign(id=ids[DAYS[1]], known=datetime.now(UTC))[["id", "known", "y"]]
    fill(connection, late.iloc[:1], "y")
    assert due(watched, settings, connection) == [DAYS[1]]
    collect(watched, settings, connection)
    row = connection.execute(
        "select labelled_count from monitoring.window_status order by window_start"
    ).fetchall()
    assert [count for (count,) in row] == [40, 1, 0]
