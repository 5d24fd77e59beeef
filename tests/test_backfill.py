"""A backfill stores the same rows whoever does it, and goes on where it was cut off."""

import os
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.jobs import work
from driftdeck.collectors.jobs.backfill import BackfillOptions, backfill, cut_batches
from driftdeck.load import find_monitor, load
from driftdeck.settings import Settings
from repository import ROOT

FIRST = date(2024, 1, 1)
DAYS = 40
DECLARED = '''"""A small classifier."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="small", title="Small", description="Of random rows.", owner="tests",
    source=d.Parquet("log", time="at"), starts="2024-01-01", ends="{last}",
    reference=d.Between("2024-01-01", "2024-01-04"),
    columns=(d.number("x"), d.category("c")),
    prediction=d.probability("p", cut=0.5), target="y", model_version="version",
    metrics=(
        d.drift(warn=0.2, alert=0.4), d.missing(warn=0.01, alert=0.05),
        d.accuracy(warn=0.7, alert=0.6), d.row_count(warn=(200, 600), alert=(100, 800)),
    ),
    late_after=d.Hours(24),
    min_rows=50,
)
'''
STORED = (
    "select metric, column_name, window_start, value, reason, row_count, alert_above"
    " from monitoring.metric_value order by 1, 2, 3",
    "select column_name, window_start, reference_hash, counts from monitoring.histogram"
    " order by 1, 2",
    "select window_start, status, row_count, engine, source_fingerprint, worst_value, explanation"
    " from monitoring.window_status order by 1",
)


@pytest.fixture
def mine(settings: Settings, tmp_path: Path, connection: psycopg.Connection) -> Settings:
    """A log of some weeks, with a declaration in a file, so that other processes can read it."""
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        write_day(tmp_path / "data" / "log", day, rows(day, count=60, shift=n / 40))
    (tmp_path / "monitors").mkdir()
    last = FIRST + timedelta(days=DAYS - 1)
    (tmp_path / "monitors" / "small.py").write_text(DECLARED.format(last=last), encoding="utf-8")
    load.cache_clear()
    changes = {"data_dir": tmp_path / "data", "monitors": (str(tmp_path / "monitors"),)}
    return settings.model_copy(update=changes)


def collect(mine: Settings, connection: psycopg.Connection, **asked: object) -> list[object]:
    """Everything that a backfill of an empty database stores."""
    monitor = find_monitor("small", *mine.monitor_folders)
    for table in ("metric_value", "histogram", "window_status"):
        connection.execute(f"delete from monitoring.{table}")
    connection.commit()
    assert backfill(mine, [monitor], BackfillOptions(reports=0, **asked)) == 0
    return stored(connection)


def stored(connection: psycopg.Connection) -> list[object]:
    """What is stored of all windows."""
    found = [connection.execute(query).fetchall() for query in STORED]
    connection.commit()
    return list(found)


def test_rows_do_not_depend_on_the_workers(mine: Settings, connection: psycopg.Connection) -> None:
    """One, two, three processes: the same values, histograms and status rows."""
    alone = collect(mine, connection, workers=1)

    assert [len(one) for one in alone] == [DAYS * 6, DAYS * 4, DAYS]
    for workers in (2, 3):
        assert collect(mine, connection, workers=workers) == alone


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_backfill_goes_on(
    mine: Settings, connection: psycopg.Connection, workers: str
) -> None:
    """After kill -9 in the middle, whole batches are there; the rest is collected, and equal.

    No process of it is left.
    """
    whole = collect(mine, connection, workers=1)
    for table in ("metric_value", "histogram", "window_status"):
        connection.execute(f"delete from monitoring.{table}")
    connection.commit()
    given = mine.variables(secrets=True)
    command = [
        sys.executable,
        "-m",
        "driftdeck",
        "backfill",
        "small",
        "--workers",
        workers,
    ]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **given}, stdout=subprocess.DEVNULL
    ) as process:
        count = 0
        deadline = time.monotonic() + 60
        while not count and time.monotonic() < deadline:
            time.sleep(0.005)
            count = len(stored(connection)[2])
        begun = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    assert 0 < count <= DAYS
    assert psutil.wait_procs(begun, timeout=20)[1] == []
    monitor = find_monitor("small", *mine.monitor_folders)

    assert backfill(mine, [monitor], BackfillOptions(missing=True, reports=0)) == 0
    assert stored(connection) == whole


def test_on_a_dask_cluster(mine: Settings, connection: psycopg.Connection) -> None:
    """The same rows from two worker processes of Dask."""
    distributed = pytest.importorskip("distributed", reason="Dask's distributed is not installed")
    alone = collect(mine, connection, workers=1)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        assert collect(mine, connection, dask=cluster.scheduler_address) == alone


def test_reports_are_as_many_as_asked(
    mine: Settings, connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest windows first; a second call has nothing to do."""
    monitor = find_monitor("small", *mine.monitor_folders)
    for _ in range(2):
        assert backfill(mine, [monitor], BackfillOptions(missing=True, reports=2)) == 0
    paths = connection.execute(
        "select report_path <> '' from monitoring.window_status order by window_start"
    ).fetchall()

    assert [one for (one,) in paths] == [False] * (DAYS - 2) + [True] * 2
    assert capsys.readouterr().out.count("2 reports kept") == 1


def test_a_source_that_is_gone_costs_the_others_nothing(
    mine: Settings, connection: psycopg.Connection, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It is named, the exit status says so, and the other monitor is collected."""
    good = find_monitor("small", *mine.monitor_folders)
    gone = small_monitor("nowhere", name="gone", starts="", ends="")
    known = {one.name: one for one in (good, gone)}
    monkeypatch.setattr(work, "find_monitor", lambda name, _: known[name])

    assert backfill(mine, [gone, good], BackfillOptions(reports=0)) == 1
    assert len(stored(connection)[0]) >= DAYS * 6
    assert "gone: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("every", "sizes"),
    [
        (d.Daily(), [15, 15, 1]),
        (d.Weekly(), [4]),
        (d.Hourly(12, timezone="America/New_York"), [16, 16, 16, 14]),
        (d.Hourly(timezone="America/New_York"), [120, 119, 120, 120, 120, 120, 24]),
    ],
)
def test_a_day_is_in_one_batch(every: d.Every, sizes: list[int]) -> None:
    """Also after the day of 23 hours: its files are read once for all of its windows."""
    windows = list(every.within(date(2024, 3, 1), date(2024, 3, 31)))
    batches = list(cut_batches(windows))

    assert [len(batch) for batch in batches] == sizes
    assert [window for batch in batches for window in batch] == windows
    days = [{window.day for window in batch} for batch in batches]
    assert sum(map(len, days)) == len(set().union(*days))
