"""Retraining: when it is called for, once per cooldown, one at a time, limited, recorded."""

import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
import yaml

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import is_sampled
from driftdeck.collectors.jobs import commands, work
from driftdeck.collectors.jobs.backfill import BackfillOptions
from driftdeck.collectors.retraining.retraining import call_for_training, retrain
from driftdeck.collectors.retraining.training import train
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.database import connect
from driftdeck.generator.artefacts import artefacts
from driftdeck.load import load
from driftdeck.settings import IsolatedSettings, Settings

FIRST = date(2024, 1, 11)
PYTHON = sys.executable


def planned(run: str, **changes: object) -> d.Monitor:
    """The small monitor with a plan to retrain on accuracy."""
    given: dict[str, object] = {"after": 2, "of": 3, "metrics": ("accuracy",), **changes}
    return small_monitor(retrain=d.Retrain(run, **given))


def put(connection: psycopg.Connection, monitor: d.Monitor, values: list[float]) -> list[d.Window]:
    """Store accuracies of consecutive days: below 0.6 is a breach."""
    windows = [monitor.every.window(FIRST + timedelta(days=n)) for n in range(len(values))]
    for window, value in zip(windows, values, strict=True):
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " value, unit, row_count, alert_below)"
            " values ('small', %s, %s, 'accuracy', %s, 'share', 1, .6)",
            [window.start, window.end, value],
        )
        connection.execute(
            "insert into monitoring.window_status (monitor, window_start, window_end, status,"
            " seconds, model_version) values ('small', %s, %s, 'ok', 0, 'v1')",
            [window.start, window.end],
        )
    connection.commit()
    return windows


def retrained(
    settings: Settings, connection: psycopg.Connection, monitor: d.Monitor, window: d.Window
) -> str:
    """What is said after a window was stored."""
    call_for_training(connection, monitor, window)
    connection.commit()
    return retrain(settings, connection, monitor)


def recorded(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """(status, old, new, window) of every retraining."""
    query = (
        "select status, old_version, new_version, window_start from monitoring.retraining"
        " order by started_at"
    )
    return list(connection.execute(query))


ECHO = f"{PYTHON} -c \"import os; print('training', os.environ['DAY']); print('v2')\""


@pytest.mark.parametrize(
    ("values", "called"),
    [
        ([0.9, 0.5, 0.5], True),
        ([0.5, 0.9, 0.5], True),
        ([0.5, 0.5, 0.9], False),
        ([0.5, 0.9, 0.9, 0.5], False),
        ([0.9, 0.9, 0.5], False),
        ([0.6, 0.6, 0.6], False),
    ],
)
def test_called_for_by_k_of_n(
    settings: Settings, connection: psycopg.Connection, values: list[float], called: bool
) -> None:
    """The newest window and enough of those before it must be in breach, strictly."""
    monitor = planned(ECHO)
    *_, newest = put(connection, monitor, values)

    assert bool(retrained(settings, connection, monitor, newest)) is called
    assert len(recorded(connection)) == called


def test_recorded_once_per_cooldown(settings: Settings, connection: psycopg.Connection) -> None:
    """Why and with what result; not again before the cooldown is over; not for an old window."""
    monitor = planned(ECHO, cooldown=d.Days(3))
    older, *_, newest = put(connection, monitor, [0.5, 0.5, 0.5])

    assert retrained(settings, connection, monitor, older) == ""
    assert retrained(settings, connection, monitor, newest) == "retraining done: v2"
    assert recorded(connection) == [("done", "v1", "v2", newest.start)]
    [(reason, output)] = connection.execute(
        "select reason, output from monitoring.retraining"
    ).fetchall()
    assert reason == "3 of the newest 3 judged windows in breach: accuracy"
    assert output == "training 2024-01-13\nv2\n"
    connection.execute("truncate monitoring.metric_value, monitoring.window_status")
    *_, third, fourth = put(connection, monitor, [0.5] * 6)
    assert retrained(settings, connection, monitor, third) == ""
    assert retrained(settings, connection, monitor, fourth) == "retraining done: v2"


def test_expected_breaches_train_nothing(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """A breach that somebody knows of is no reason."""
    known = d.Expected(metric="accuracy", until="2024-01-31", because="a move")
    monitor = small_monitor(
        expected=(known,), retrain=d.Retrain(ECHO, after=1, of=1, metrics=("accuracy",))
    )
    *_, newest = put(connection, monitor, [0.5, 0.5])

    assert retrained(settings, connection, monitor, newest) == ""


def test_days_of_the_reference_train_nothing(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """The levels come from them, and so does the model: their breaches are its beginnings."""
    monitor = small_monitor(
        reference=d.Between("2024-01-11", "2024-01-12"),
        retrain=d.Retrain(ECHO, after=2, of=3, metrics=("accuracy",)),
    )
    windows = put(connection, monitor, [0.5, 0.5, 0.5, 0.5])

    for earlier in windows[:3]:
        assert retrained(settings, connection, monitor, earlier) == ""
    assert retrained(settings, connection, monitor, windows[3]) == "retraining done: v2"


TRAINER = """
import pandas as pd
from pathlib import Path
def train(name, day):
    version = str(pd.Timestamp(day).date() + pd.Timedelta(days=1))
    for path in Path({log!r}).glob("date=*/*.parquet"):
        if path.parent.name >= "date=" + version:
            frame = pd.read_parquet(path)
            frame.assign(p=frame["y"] * 0.8 + 0.1, version=version).to_parquet(path)
    return version
"""


def test_a_backfill_that_trains_takes_days_in_order_and_its_reference_follows(
    connection: psycopg.Connection,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In order: a model that has gone wrong is trained once, later days are its own, and they are
    compared with the days up to the breach, those before with the monitor's reference."""
    log = tmp_path / "log"
    for n in range(10):
        frame = rows(FIRST + timedelta(days=n), shift=3.0 if n >= 4 else 0.0)
        spoiled = frame.assign(p=1 - frame["p"]) if n >= 4 else frame
        write_day(log, FIRST + timedelta(days=n), spoiled)
    (tmp_path / "trainer.py").write_text(TRAINER.format(log=str(log)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    plan = d.Retrain(
        "trainer:train",
        after=2,
        of=3,
        metrics=("accuracy",),
        reference=d.Days(2),
        during_backfill=True,
    )
    monitor = small_monitor(
        str(log),
        starts="2024-01-11",
        ends="2024-01-20",
        reference=d.Between("2024-01-11", "2024-01-13"),
        retrain=plan,
    )
    for module in (commands, work):
        monkeypatch.setattr(module, "find_monitor", lambda *_: monitor)
    often = settings.model_copy(update={"check_every": 3})
    commands.backfill(often, "small", BackfillOptions(reports=0))

    [(status, old, new, start)] = recorded(connection)
    assert (status, old, new, start.date()) == ("done", "1", "2024-01-17", date(2024, 1, 16))
    found = connection.execute(
        "select w.model_version, w.reference_hash, max(m.value) filter (where m.metric = 'drift'"
        " and m.column_name = 'x'), min(m.breached::int) filter (where m.metric = 'accuracy')"
        " from monitoring.window_status w join monitoring.metric m using (monitor, window_start)"
        " group by w.window_start, 1, 2 order by w.window_start"
    ).fetchall()
    assert [row[0] for row in found] == ["1"] * 6 + ["2024-01-17"] * 4
    assert len({row[1] for row in found[:6]}) == len({row[1] for row in found[6:]}) == 1
    assert found[0][1] != found[6][1]
    assert [row[2] > 1 for row in found] == [False] * 4 + [True] * 2 + [False] * 4
    assert [row[3] for row in found] == [0] * 4 + [1] * 2 + [0] * 4
    days = [FIRST + timedelta(days=n) for n in range(10)]
    lot = [is_sampled(monitor, find_window(monitor, day), 3) for day in days]
    engines = "select engine from monitoring.window_status order by window_start"
    checked = [engine == "index, checked" for (engine,) in connection.execute(engines)]
    assert checked == lot
    connection.execute("update monitoring.window_status set engine = 'index'")
    connection.commit()  # as after a kill, before those of the lot were checked
    commands.backfill(often, "small", BackfillOptions(missing=True, reports=0))
    checked = [engine == "index, checked" for (engine,) in connection.execute(engines)]
    assert checked == lot
    assert 0 < sum(lot) < 10


def test_a_backfill_trains_nothing_unless_declared(
    connection: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    """A production model is not trained for a breach of last spring."""
    monitor = planned(ECHO, after=1, of=1)
    for n in range(6):
        frame = rows(FIRST + timedelta(days=n))
        write_day(tmp_path, FIRST + timedelta(days=n), frame.assign(p=1 - frame["p"]))
    watched = replace(
        monitor,
        source=d.Parquet(str(tmp_path), time="at"),
        starts="2024-01-11",
        ends="2024-01-16",
        reference=d.Between("2024-01-11", "2024-01-12"),
    )
    with pytest.MonkeyPatch.context() as patch:
        for module in (commands, work):
            patch.setattr(module, "find_monitor", lambda *_: watched)
        commands.backfill(settings, "small", BackfillOptions(reports=0))

    assert recorded(connection) == []
    [(breaches,)] = connection.execute(
        "select count(*) from monitoring.metric where metric = 'accuracy' and breached"
    ).fetchall()
    assert breaches == 6


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (f"{PYTHON} -c \"print('half'); raise SystemExit(3)\"", "exit status 3"),
        (f"{PYTHON} -c pass", "no version printed"),
        ("no-such-program --at-all", "No such file"),
        ("nowhere.to_be_found:train", "No module named"),
    ],
)
def test_a_failure_is_recorded_with_its_output(
    settings: Settings, connection: psycopg.Connection, run: str, words: str
) -> None:
    """What was printed is kept, with the reason."""
    monitor = planned(run)
    *_, newest = put(connection, monitor, [0.5, 0.5])

    assert retrained(settings, connection, monitor, newest).startswith("retraining failed: ")
    [(status, output)] = connection.execute(
        "select status, output from monitoring.retraining"
    ).fetchall()
    assert status == "failed"
    assert words in output


def test_a_function_is_called_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the monitor's name and the day; what it returns is the version."""
    (tmp_path / "mine.py").write_text(
        "import os\ndef train(name, day):\n    print('pid', os.getpid())\n"
        "    return f'{name}-{day}'\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monitor = planned("mine:train")
    trained = train(monitor.retrain, monitor, monitor.every.window(FIRST))

    assert trained.status == "done"
    assert trained.version == "small-2024-01-11"


def test_too_long_is_ended_with_what_it_started() -> None:
    """A training beyond its limit is killed, children too; what it printed is kept."""
    script = (
        "import subprocess, sys; print('begun', flush=True);"
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    monitor = planned(f'{PYTHON} -c "{script}"', limit=d.Hours(1.5 / 3600))
    trained = train(monitor.retrain, monitor, monitor.every.window(FIRST))

    assert trained.status == "failed"
    assert trained.output.startswith("begun")
    assert "ended after" in trained.output


def test_never_two_at_a_time(connection: psycopg.Connection, settings: Settings) -> None:
    """While one trains, another call leaves it alone."""
    monitor = planned(
        f"{PYTHON} -c \"import time; time.sleep(2); print('v2')\"", cooldown=d.Days(1e-9)
    )
    *_, newest = put(connection, monitor, [0.5, 0.5])
    said: list[str] = []

    def call() -> None:
        with connect(settings) as own:
            said.append(retrained(settings, own, monitor, newest))

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said)[-1] == "retraining done: v2"
    assert set(said[:-1]) <= {"", "a retraining is under way"}
    assert len(recorded(connection)) == 1


def test_a_failed_retraining_alerts(tmp_path: Path, connection: psycopg.Connection) -> None:
    """The rule is there where a retraining is declared, fires on a failure and not after."""
    (tmp_path / "small.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        "MONITOR = small_monitor(retrain=d.Retrain('a:b'))\n"
    )
    files = artefacts(IsolatedSettings(monitors=(str(tmp_path),)))
    [group] = yaml.safe_load(files["alerting/rules-small.yaml"])["groups"]
    [rule] = [r for r in group["rules"] if r["labels"]["kind"] == "retraining"]
    query = rule["data"][0]["model"]["rawSql"]
    failed = []
    for status in (None, "failed", "done"):
        if status:
            connection.execute(
                "insert into monitoring.retraining (monitor, started_at, status, reason)"
                " values ('small', clock_timestamp(), %s, 'x')",
                [status],
            )
        [(_, number)] = connection.execute(query.encode()).fetchall()
        failed.append(number)

    assert failed == [0.0, 1.0, 0.0]
    assert [m.name for m in load(tmp_path)] == ["small"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"run": " "}, "module:function or a command"),
        ({"run": "a:b", "after": 4, "of": 3}, "after <= of"),
        ({"run": "a:b", "metrics": ("target_mean",)}, "name judged metrics"),
        ({"run": "a:b", "reference": d.Days(1.5)}, "give whole days"),
    ],
)
def test_a_wrong_plan_names_the_mend(wrong: dict[str, object], said: str) -> None:
    """Refused when it is made, or with the monitor that it does not fit."""
    with pytest.raises(d.DeclarationError, match=said):
        small_monitor(retrain=d.Retrain(**wrong))
