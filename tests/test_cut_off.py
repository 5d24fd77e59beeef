"""A training that is cut off: it ends with who began it; whoever comes next does it first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.jobs import commands
from driftdeck.collectors.jobs.backfill import BackfillOptions
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.retraining import retraining
from driftdeck.collectors.retraining.records import find_training_breach
from driftdeck.collectors.retraining.retraining import retrain
from driftdeck.collectors.retraining.training import train
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.database import connect
from driftdeck.database.locks import held
from driftdeck.settings import Settings

PYTHON = sys.executable
ECHO = f"{PYTHON} -c \"import os; print('training', os.environ['DAY']); print('v2')\""
ROOT = Path(__file__).resolve().parent.parent


def planned(run: str = ECHO, **changes: object) -> d.Monitor:
    """The small monitor, trained anew after one breach."""
    given: dict[str, object] = {"after": 1, "of": 1, "metrics": ("accuracy",), **changes}
    return small_monitor(retrain=d.Retrain(run, **given))


def call(connection: psycopg.Connection, **changes: object) -> None:
    """Record a training that was begun and did not end."""
    row = {
        **{"monitor": "small", "started_at": "2024-01-13", "status": "running", "reason": "x"},
        **{"window_start": "2024-01-12 00:00Z", "old_version": "v1", "attempts": 1, **changes},
    }
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    connection.execute(
        f"insert into monitoring.retraining ({names}) values ({marks})", list(row.values())
    )
    connection.commit()


def recorded(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """(status, new version, attempts, output) of every retraining."""
    query = "select status, new_version, attempts, output from monitoring.retraining"
    return list(connection.execute(query))


def test_it_is_done_by_whoever_comes_next(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """Nobody holds it: it is begun again at once, for the window that called for it."""
    call(connection)

    assert retrain(settings, connection, planned()) == "retraining done: v2 (it had been cut off)"
    assert recorded(connection) == [("done", "v2", 0, "training 2024-01-12\nv2\n")]
    assert retrain(settings, connection, planned()) == ""


@pytest.mark.parametrize("waits", [False, True])
def test_one_that_somebody_is_at_is_left_alone(
    settings: Settings, connection: psycopg.Connection, waits: bool
) -> None:
    """Where the training answers the log anew, what comes next waits for it instead."""
    call(connection)
    script = (
        "import sys, time\nfrom driftdeck.database import connect\n"
        "from driftdeck.database.locks import held\n"
        "from driftdeck.settings import IsolatedSettings\n"
        "settings = IsolatedSettings.model_validate_json(sys.argv[1])\n"
        "with connect(settings, autocommit=True) as own, held(own, 'retraining small') as lock:\n"
        "    print(lock is not None, flush=True)\n    time.sleep(3)\n"
    )
    command = [PYTHON, "-c", script, settings.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        began = time.monotonic()
        said = retrain(settings, connection, planned(during_backfill=waits))
        assert (time.monotonic() - began > 2.5) is waits

    assert said.startswith("retraining done: v2" if waits else "a retraining is under way")


def test_what_was_trained_is_only_promoted(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """The version was recorded before: it is not trained twice, and what was printed is kept."""
    asks = "import os; print(os.environ['DAY'], os.environ['VERSION'])"
    monitor = planned("no-such-program", promote=f'{PYTHON} -c "{asks}"')
    call(connection, new_version="v7", output="trained\n")

    assert retrain(settings, connection, monitor).startswith("retraining done: v7")
    assert recorded(connection) == [("done", "v7", 0, "trained\n2024-01-12 v7\n")]


def test_the_version_is_recorded_before_it_answers(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """A promotion that fails half way has answered, too: by its row its windows find their
    reference."""
    (tmp_path / "promote.py").write_text(
        "import sys, psycopg\n"
        f"with psycopg.connect({connection.info.dsn!r}, password={settings.postgres_password!r})"
        " as connection:\n"
        "    print(connection.execute('select status, new_version from monitoring.retraining')"
        ".fetchall())\nsys.exit(3)\n"
    )
    monitor = planned(promote=f"{PYTHON} {tmp_path / 'promote.py'}")
    call(connection, attempts=0)

    assert retrain(settings, connection, monitor) == "retraining failed: exit status 3"
    [(status, version, _, output)] = recorded(connection)
    assert (status, version) == ("failed", "v2")
    assert "[('running', 'v2')]" in output
    breach = find_training_breach(connection, "small", "v2")
    assert breach is not None
    assert breach.day == 12


@pytest.mark.parametrize("changes", [{}, {"window_start": None}])
def test_one_that_is_declared_no_more_has_failed(
    settings: Settings, connection: psycopg.Connection, changes: dict[str, object]
) -> None:
    """It does not run for ever."""
    call(connection, **changes)
    monitor = planned() if changes else small_monitor()

    assert "declared no more" in retrain(settings, connection, monitor)
    assert [row[0] for row in recorded(connection)] == ["failed"]


def test_one_that_is_always_cut_off_has_failed(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """A training that ends whoever begins it is not begun for ever."""
    call(connection, attempts=retraining.ATTEMPTS - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining, "train", _gone)
        with pytest.raises(ConnectionError):
            retrain(settings, connection, planned())

    assert "cut off 5 times" in retrain(settings, connection, planned())
    assert [row[0] for row in recorded(connection)] == ["failed"]


def _gone(*_: object) -> None:
    raise ConnectionError


def _lost(*_: object) -> None:
    raise psycopg.OperationalError("the connection is lost")


def test_a_failed_one_is_not_begun_again(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """It came to its own end; a breach within the cooldown calls for no other."""
    monitor = planned(f'{PYTHON} -c "raise SystemExit(3)"')
    call(connection)

    assert retrain(settings, connection, monitor).startswith("retraining failed: exit status 3")
    assert retrain(settings, connection, monitor) == ""


def test_without_its_lock_it_is_ended(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """The server went away: another may train, so this one stops, and says so."""
    pid = tmp_path / "pid"
    monitor = planned(f"sh -c 'echo $$ > {pid}; sleep 60; echo v2'")
    call(connection)
    own = connect(settings)
    waiting = subprocess.Popen(
        [PYTHON, "-c", _TERMINATE, str(pid), settings.model_dump_json()], cwd=ROOT
    )
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        retrain(settings, own, monitor)
    own.close()
    waiting.wait()

    assert time.monotonic() - began < 20
    assert not _lives(int(pid.read_text()))
    assert recorded(connection)[0][:3] == ("running", "", 2)


_TERMINATE = """
import sys, time
from pathlib import Path
from driftdeck.database import Role, connect
from driftdeck.settings import IsolatedSettings
while not Path(sys.argv[1]).exists():
    time.sleep(0.05)
with connect(IsolatedSettings.model_validate_json(sys.argv[2]), Role.ADMIN) as connection:
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'collector'"
    )
"""
_TRAINS = """
import sys
from datetime import date
sys.path.insert(0, "tests")
from conftest import small_monitor
from driftdeck.collectors.retraining.training import train
from driftdeck import declare as d
plan = d.Retrain(sys.argv[1], metrics=("accuracy",))
monitor = small_monitor(retrain=plan)
train(plan, monitor, monitor.every.window(date(2024, 1, 11)))
"""


@pytest.mark.parametrize("run", ["sh -c 'sleep 60 & echo $! > {pid}; wait'", "trainer:train"])
def test_it_ends_with_who_began_it(
    run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the parent is killed, as by a machine that is short of memory: what it has started is
    gone at once, a command's own children, too."""
    pid = tmp_path / "pid"
    (tmp_path / "trainer.py").write_text(
        "import os, time\nfrom pathlib import Path\ndef train(name, day):\n"
        f"    Path({str(pid)!r}).write_text(str(os.getpid()) + chr(10))\n    time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    with subprocess.Popen([PYTHON, "-c", _TRAINS, run.format(pid=pid)], cwd=ROOT) as parent:
        _wait(lambda: pid.exists() and pid.read_text().endswith("\n"))
        trainer = int(pid.read_text())
        assert _lives(trainer)
        parent.send_signal(signal.SIGKILL)

    _wait(lambda: not _lives(trainer))


def _wait(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked after does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def broken(connection: psycopg.Connection, tmp_path: Path) -> d.Monitor:
    """A log whose model is wrong from its eleventh day on, and a monitor that trains it anew."""
    for n in range(1, 13):
        frame = rows(date(2024, 1, n))
        write_day(tmp_path / "log", date(2024, 1, n), frame.assign(p=1 - frame["p"]))
    return replace(
        planned(),
        source=d.Parquet(str(tmp_path / "log"), time="at"),
        ends="2024-01-12",
        reference=d.Between("2024-01-01", "2024-01-10"),
    )


@pytest.mark.parametrize("command", ["due", "run", "backfill"])
def test_killed_between_the_window_and_its_training(
    command: str, broken: d.Monitor, settings: Settings, connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Whatever is asked for next begins with the training of that window."""
    Runner(broken, settings, connection).run(find_window(broken, date(2024, 1, 11)), trains=True)
    monkeypatch.setattr(commands, "_find_monitors", lambda *_: [broken])
    monkeypatch.setattr(commands, "find_monitor", lambda *_: broken)
    monkeypatch.setattr("driftdeck.collectors.jobs.work.find_monitor", lambda *_: broken)
    if command == "due":
        commands.collect_due(settings, "small")
    elif command == "run":
        commands.run(settings, "small", "2024-01-12", report=False)
    else:
        day = date(2024, 1, 11)
        commands.backfill(settings, "small", BackfillOptions(day, day, missing=True, reports=0))

    said = capsys.readouterr().out
    assert "retraining done: v2" in said
    assert "small 2024" not in said.partition("retraining done")[0]
    [(day, version)] = connection.execute(
        "select window_start::date, new_version from monitoring.retraining"
    ).fetchall()
    assert (day, version) == (date(2024, 1, 11), "v2")


def test_a_window_and_what_it_calls_for_are_stored_together(
    broken: d.Monitor, settings: Settings, connection: psycopg.Connection
) -> None:
    """Nobody can be killed between the two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("driftdeck.collectors.jobs.runner.call_for_training", _lost)
        with pytest.raises(psycopg.OperationalError):
            Runner(broken, settings, connection).run(
                find_window(broken, date(2024, 1, 11)), trains=True
            )

    assert connection.execute("select from monitoring.window_status").rowcount == 0


def test_only_one_holds_it_while_it_trains(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """The lock is that of the monitor's training, and free afterwards."""
    trains: list[bool] = []

    def seen(plan: d.Retrain, monitor: d.Monitor, window: d.Window, check: object) -> object:
        with connect(settings, autocommit=True) as own, held(own, "retraining small") as lock:
            trains.append(lock is None)
        return train(plan, monitor, window)

    call(connection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining, "train", seen)
        retrain(settings, connection, planned())
    with connect(settings, autocommit=True) as own, held(own, "retraining small") as lock:
        trains.append(lock is not None)

    assert trains == [True, True]
