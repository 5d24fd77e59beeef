"""Windows of hours, weeks and months over every kind of source, through changes of clocks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.cli import main
from driftdeck.collectors.jobs.leftovers import explain_leftover
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.load import load
from driftdeck.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHANGES = {
    "spring": ("America/New_York", date(2024, 3, 10), 23.0),
    "autumn": ("America/New_York", date(2024, 11, 3), 25.0),
    "half an hour less": ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
    "half an hour more": ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
}
KINDS: Mapping[str, Callable[[str], d.Every]] = {
    "1 hour": lambda zone: d.Hourly(timezone=zone),
    "6 hours": lambda zone: d.Hourly(6, timezone=zone),
    "days": lambda zone: d.Daily(timezone=zone),
    "weeks": lambda zone: d.Weekly(timezone=zone),
    "months": lambda zone: d.Monthly(timezone=zone),
}


def name_of(kind: str, local: pd.Timestamp) -> str:
    """The name of the window of a local time, by other means than the windows'."""
    if kind == "weeks":
        return local.strftime("%G-W%V")
    if kind == "6 hours":
        return f"{local:%Y-%m-%d}T{local.hour // 6 * 6:02}"
    return local.strftime({"1 hour": "%Y-%m-%dT%H", "days": "%Y-%m-%d", "months": "%Y-%m"}[kind])


def make_rows(zone: str, change: date) -> pd.DataFrame:
    """Rows of two months about a change of clocks: dense about it, some at a full hour."""
    midnight = pd.Timestamp(change, tz=zone)
    first, last = midnight - pd.Timedelta(days=32), midnight + pd.Timedelta(days=33)
    dense = midnight - pd.Timedelta(hours=5), midnight + pd.Timedelta(hours=30)
    moments = [*pd.date_range(first, last, freq="97min"), *pd.date_range(*dense, freq="15min")]
    at = pd.Series(moments).sort_values(ignore_index=True).dt.tz_convert("UTC")
    random = np.random.default_rng(change.toordinal())
    p = random.random(len(at)).round(4)
    return pd.DataFrame(
        {
            "id": [f"r{n}" for n in range(len(at))],
            "at": at,
            "x": np.where(random.random(len(at)) < 0.1, np.nan, random.normal(0, 1, len(at))),
            "c": random.choice(["a", "b"], len(at)),
            "p": p,
            "y": (random.random(len(at)) < p).astype(int),
        }
    )


def by_day(frame: pd.DataFrame, zone: str) -> list[tuple[date, pd.DataFrame]]:
    """Rows by local day."""
    return list(frame.groupby(frame["at"].dt.tz_convert(zone).dt.date))


def save(frame: pd.DataFrame, path: Path) -> None:
    """A file of that kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


def lay(frame: pd.DataFrame, kind: str, folder: Path, zone: str, **options: Any) -> d.Source:
    """Rows as a source of some kind."""
    make, layout = kind.split()
    suffix = ".csv" if make == "csv" else ".parquet"
    if layout == "undated":
        half = len(frame) // 2
        for n, part in enumerate((frame.iloc[:half], frame.iloc[half:])):
            save(part, folder / f"part{n}{suffix}")
    for day, part in by_day(frame, zone) if layout != "undated" else ():
        where = f"date={day}/part-0" if layout == "folders" else f"log-{day}"
        save(part, folder / f"{where}{suffix}")
    source = d.Csv if make == "csv" else d.Parquet
    return source(str(folder), layout=layout, **options)


FILES = ("parquet folders", "parquet dated", "parquet undated", "csv dated", "csv undated")


def declare(
    frame: pd.DataFrame, source: str, folder: Path, zone: str,
    connection: psycopg.Connection | None = None, **changes: Any,
) -> d.Monitor:  # fmt: skip
    """A monitor of rows in a source of some kind, with late labels in one of their own."""
    days = [day for day, _ in by_day(frame, zone)]
    known = frame[["id", "y", "at"]].assign(at=frame["at"] + pd.Timedelta(hours=30))
    log = frame.drop(columns="y")
    if source == "table":
        assert connection is not None
        rows, labels = store(connection, log, known)
    else:
        rows = lay(log, source, folder / "log", zone, time="at")
        labels = lay(known, "parquet undated", folder / "labels", zone, time="at", on="id")
    given = {
        "source": rows, "labels": labels, "model_version": "", "min_rows": 1,
        "starts": str(days[1]), "ends": str(days[-2]), "reference": None,
        "metrics": (d.row_count(unjudged="-"), d.missing(alert=0.9), d.accuracy(unjudged="-")),
        **changes,
    }  # fmt: skip
    return small_monitor(**given)


def store(
    connection: psycopg.Connection, log: pd.DataFrame, known: pd.DataFrame
) -> tuple[d.Table, d.Table]:
    """Rows and labels as two tables."""
    connection.execute("create schema live")
    connection.execute(
        "create table live.log (id text, at timestamptz, x float8, c text, p float8);"
        " create table live.labels (id text, y int, at timestamptz);"
        " grant usage on schema live to public;"
        " grant select on all tables in schema live to public"
    )
    with connection.cursor() as cursor:
        for table, frame in (("log", log), ("labels", known)):
            cells = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
            marks = ", ".join(["%s"] * len(frame.columns))
            cursor.executemany(f"insert into live.{table} values ({marks})", cells)
    connection.commit()
    return d.Table("live.log", time="at"), d.Table("live.labels", time="at", on="id")


@pytest.mark.parametrize(
    ("source", "change"),
    [
        *((source, change) for source in (*FILES, "table") for change in ("spring", "autumn")),
        *((s, c) for s in ("parquet folders", "table") for c in CHANGES if "half" in c),
    ],
)
def test_each_row_is_in_the_window_of_its_local_time(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path, source: str, change: str
) -> None:
    """With its label, once, in windows of every length; they add up to the days."""
    zone, day, hours = CHANGES[change]
    frame = make_rows(zone, day)
    watched = declare(frame, source, tmp_path, zone, connection, every=d.Daily(timezone=zone))
    local = frame["at"].dt.tz_convert(zone)
    truth = dict(zip(frame["id"], frame["y"].astype(str), strict=True))
    one = watched.every.within(day, day)
    assert [(w.end - w.start) / timedelta(hours=1) for w in one] == [hours]
    counts = {}
    for kind, make in KINDS.items():
        every = make(zone)
        other = replace(watched, every=every, calibrated={})
        reader = Reader(other, settings)
        expected = frame.groupby([name_of(kind, moment) for moment in local])["id"].agg(list)
        near = day - timedelta(days=1), day + timedelta(days=1)
        whole = local.iloc[0].date(), local.iloc[-1].date()
        span = whole if kind in ("weeks", "months") else near
        windows = [w for w in every.within(*span) if w.end <= frame["at"].max()]
        windows = [w for w in windows if w.start >= frame["at"].min()]
        assert windows
        for window in windows:
            read = reader.read(window, NOW)
            assert sorted(read.frame["id"]) == sorted(expected.get(window.name, [])), window.name
            counts.setdefault(kind, []).append(len(read.frame))
            if read.frame.empty:
                continue
            labels = dict(zip(read.frame["id"], read.frame["y"].astype(str), strict=True))
            assert labels == {id_: truth[id_] for id_ in labels}, window.name
            assert not read.warnings, window.name
    assert sum(counts["1 hour"]) == sum(counts["6 hours"]) == sum(counts["days"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["spring", "half an hour more"])
def test_each_number_is_that_of_its_rows(
    settings: Settings, tmp_path: Path, kind: str, change: str
) -> None:
    """By pandas, of the rows by their local time."""
    zone, day, _ = CHANGES[change]
    frame = make_rows(zone, day)
    watched = declare(frame, "parquet folders", tmp_path, zone, every=KINDS[kind](zone))
    reader = Reader(watched, settings)
    local = frame["at"].dt.tz_convert(zone)
    groups = dict(list(frame.groupby([name_of(kind, moment) for moment in local])))
    first = day.replace(day=1) if kind == "months" else day - timedelta(days=7)
    last = day + timedelta(days=32 if kind == "months" else 7)
    windows = [w for w in watched.every.within(first, last) if w.name in groups][:40]
    assert windows
    for window in windows:
        if window.end > frame["at"].max():
            continue
        result = collect(watched, window, reader, lambda _: None, NOW, report=False)
        found = {v.series.key: v.outcome.value for v in result.values}
        rows = groups[window.name]
        assert found["row_count", ""] == len(rows)
        assert found["missing_share", "x"] == pytest.approx(rows["x"].isna().mean(), abs=1e-12)
        accuracy = ((rows["p"] >= 0.5) == (rows["y"] == 1)).mean()
        assert found["accuracy", ""] == pytest.approx(accuracy, abs=1e-12)
        assert result.window.name == window.name


@pytest.mark.parametrize("every", [d.Hourly(), d.Hourly(6), d.Daily()], ids=repr)
@pytest.mark.parametrize("kind", ["parquet folders", "csv dated"])
def test_rows_outside_their_partition_stay_a_fault(
    settings: Settings, tmp_path: Path, kind: str, every: d.Every
) -> None:
    """Of a day whose times are of another zone; a few are left out, and counted."""
    frame = make_rows("UTC", date(2024, 3, 10))
    days = dict(by_day(frame, "UTC"))
    day, few = date(2024, 3, 14), date(2024, 3, 20)
    moved = days[day].assign(at=days[day]["at"] - pd.Timedelta(hours=9))
    suffix = ".csv" if kind.startswith("csv") else ".parquet"
    watched = declare(frame, kind, tmp_path, "UTC", every=every)
    where = "date={}/part-0" if "folders" in kind else "log-{}"
    save(moved.drop(columns="y"), tmp_path / "log" / f"{where.format(day)}{suffix}")
    extra = days[few].iloc[:1].assign(at=days[few]["at"].iloc[0] - pd.Timedelta(hours=3), id="far")
    dense = pd.concat([days[few]] * 3).assign(id=lambda f: [f"d{n}" for n in range(len(f))])
    mixed = pd.concat([dense, extra]).drop(columns="y")
    save(mixed, tmp_path / "log" / f"{where.format(few)}{suffix}")
    reader = Reader(watched, settings)

    for window in every.within(day, day):
        outside = rf"rows of partition {day} lie outside that day in UTC"
        with pytest.raises(SourceError, match=outside):
            reader.read(window, NOW)
    for window in every.within(few, few):
        read = reader.read(window, NOW)
        assert "far" not in set(read.frame["id"])
        assert sum(read.ledger.faults.values()) == 1


Run = Callable[..., str]


@pytest.fixture
def run(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    """What a command says of a monitor of hours in New York, three days about a change."""
    from driftdeck.collectors.reports.workspace import Workspace

    zone = "America/New_York"
    frame = make_rows(zone, date(2024, 3, 10))
    frame = frame[frame["at"] < "2024-03-12T04:00Z"]
    lay(frame, "parquet folders", tmp_path / "log", zone, time="at")
    redeclare(tmp_path, "every=d.Hourly(6, timezone='America/New_York')")
    mine = settings.model_copy(update={"monitors": (str(tmp_path / "declared"),)})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    Workspace(mine).forget("small", None)
    connection.execute("delete from monitoring.clock")
    moment = datetime(2024, 3, 11, 17, tzinfo=UTC)  # 13:00 there
    connection.execute("insert into monitoring.clock (played_at) values (%s)", [moment])
    connection.commit()

    def said(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(list(arguments)) == code
        answer = capsys.readouterr()
        return answer.out + answer.err

    return said


def redeclare(folder: Path, changes: str) -> None:
    """Write the declaration."""
    (folder / "declared").mkdir(exist_ok=True)
    (folder / "declared" / "small.py").write_text(
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        f"MONITOR = small_monitor({str(folder / 'log')!r}, starts='2024-03-09', model_version='',"
        " reference=None, min_rows=1,"
        " metrics=(d.row_count(unjudged='-'), d.accuracy(unjudged='-')),"
        f" {changes})\n"
    )
    load.cache_clear()


ALL = [f"2024-03-{day:02}T{hour:02}" for day in (9, 10, 11) for hour in (0, 6, 12, 18)][:10]


def test_commands_name_hours(run: Run, connection: psycopg.Connection, tmp_path: Path) -> None:
    """Listed as due, run by name, collected, kept with a report each, left over, and forgotten."""
    listed = run("due", "small", "--list").splitlines()
    assert listed == [f"small {name}\tmissing" for name in ALL]
    assert "small 2024-03-10T00: ok" in run("run", "small", "--window", "2024-03-10T00")
    assert "is not over yet" in run("run", "small", "--window", "2024-03-11T12", code=2)
    assert "write it as YYYY-MM-DDTHH" in run("run", "small", "--window", "2024-03-10", code=2)
    assert "small 2024-03-11T06: ok" in run("run", "small")
    listed = run("due", "small", "--list").splitlines()
    rest = [name for name in ALL if name not in ("2024-03-10T00", "2024-03-11T06")]
    assert listed == [f"small {name}\tmissing" for name in rest]

    said = run("backfill", "small", "--missing")
    assert "8 windows collected (8 ok)" in said
    assert run("due", "small", "--list") == ""
    stored = connection.execute(
        "select window_start, window_end, report_url, row_count from monitoring.collection"
        " order by 1"
    ).fetchall()
    zone = ZoneInfo("America/New_York")
    assert [start.astimezone(zone).strftime("%Y-%m-%dT%H") for start, *_ in stored] == ALL
    lengths = [(end - start) / timedelta(hours=1) for start, end, *_ in stored]
    assert lengths == [6.0] * 4 + [5.0] + [6.0] * 5
    links = [url for _, _, url, _ in stored if url]
    assert len(set(links)) == len(links) >= 4
    days = connection.execute(
        "select count(distinct window_start) from monitoring.metric where metric = 'row_count'"
    ).fetchone()
    assert days == (10,)
    connection.rollback()

    assert "small: nothing is due" in run("due", "small")
    redeclare(tmp_path, "every=d.Daily(timezone='America/New_York')")
    assert "10 windows stored that are no days, beside its own" in run("collected")
    assert "10 of window_status" in run("forget", "small", "--leftovers", "--yes")
    left = connection.execute("select count(*) from monitoring.window_status").fetchone()
    assert left == (0,)


def test_hours_before_a_day_are_forgotten_by_the_local_clock(
    run: Run, connection: psycopg.Connection
) -> None:
    """Those of the day itself stay."""
    run("backfill", "small", "--reports", "0")
    run("forget", "small", "--before", "2024-03-10", "--yes")
    starts = connection.execute(
        "select window_start from monitoring.window_status order by 1"
    ).fetchall()
    assert starts[0] == (datetime(2024, 3, 10, 5, tzinfo=UTC),)
    assert len(starts) == 6


ZONE = "of another time zone than UTC, beside its own"


@pytest.mark.parametrize(
    ("stored", "declared", "why"),
    [
        (d.Hourly(), d.Hourly(2), "that are no windows of 2 hours, beside its own"),
        (d.Hourly(2), d.Hourly(), "that are no hours, beside its own"),
        (d.Hourly(6), d.Daily(), "that are no days, beside its own"),
        (d.Daily(), d.Weekly(), "that are no weeks, beside its own"),
        (d.Weekly(first="sunday"), d.Weekly(), "that are no weeks, beside its own"),
        (
            d.Daily(timezone="Asia/Tokyo"),
            d.Daily(),
            ZONE,
        ),
        (
            d.Hourly(6, timezone="Asia/Tokyo"),
            d.Hourly(6),
            ZONE,
        ),
        (d.Hourly(timezone="Asia/Tokyo"), d.Hourly(), ""),
        (d.Hourly(3), d.Hourly(3), ""),
    ],
    ids=repr,
)
def test_windows_that_are_cut_otherwise_are_left_over(
    stored: d.Every, declared: d.Every, why: str
) -> None:
    """With the reason; hours of zones that are whole hours apart are the same hours."""
    monitor = small_monitor(every=declared, starts="2024-01-01")
    windows = list(stored.within(date(2024, 2, 5), date(2024, 2, 20)))
    assert why in {explain_leftover(monitor, window) for window in windows}
    assert find_window(monitor, next(declared.within(date(2024, 2, 1), date(2024, 3, 1))).name)
