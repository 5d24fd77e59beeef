"""Work in processes beside this one: the same answers, in the same order, and none left behind."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftdeck import processes
from driftdeck.declare import DeclarationError
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.files import write
from driftdeck.preflight.check import check
from driftdeck.preflight.findings import Finding, Report
from driftdeck.preflight.read.documents import UnreadableError
from driftdeck.preflight.read.reading import Reading
from driftdeck.processes import WorkerDiedError
from driftdeck.settings import IsolatedSettings
from repository import ROOT

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="processes are forked on Linux only"
)


@pytest.fixture
def much(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there is much to do, and two processors."""
    monkeypatch.setattr(processes, "EACH", 1)
    monkeypatch.setattr(processes, "_processors", lambda: 2)


@pytest.fixture
def forked(much: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no thread is about; other tests leave some, which sleep."""
    monkeypatch.setattr(processes, "_forks", lambda: True)


def test_many_are_spread_and_come_back_in_order(forked: None) -> None:
    """Function and items are the fork's: they need not be picklable."""

    def telling(number: int) -> Callable[[], tuple[int, int]]:
        return lambda: (number, os.getpid())

    made = [telling(number) for number in range(40)]
    found = processes.spread(lambda one: one(), made)

    assert [number for number, _ in found] == list(range(40))
    assert os.getpid() not in {process for _, process in found}


def test_few_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork costs more than a handful of files."""
    monkeypatch.setattr(processes, "_processors", lambda: 2)
    monkeypatch.setattr(processes, "_forks", lambda: True)
    assert set(processes.spread(lambda _: os.getpid(), range(5))) == {os.getpid()}


def test_no_fork_beside_other_threads(much: None) -> None:
    """A fork would take the locks of a thread that is not there to let them go."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        found = processes.spread(lambda _: os.getpid(), range(10))
    finally:
        done.set()
        thread.join()

    assert set(found) == {os.getpid()}


def test_an_error_comes_back(forked: None) -> None:
    """What ends a process's work ends the caller's, and says the same."""
    with pytest.raises(ValueError, match="no number 7"):
        processes.spread(_but_seven, range(10))


def _but_seven(number: int) -> int:
    if number == 7:
        raise ValueError("no number 7")
    return number


def test_one_runs_beside_this_one(forked: None) -> None:
    """Its answer comes when asked for; here one works meanwhile, each on half the processors."""
    with processes.beside(os.getpid) as other:
        here = processes.spread(lambda _: os.getpid(), range(10))

        assert other() != os.getpid()
        assert set(here) == {os.getpid()}
    assert len(set(processes.spread(lambda _: os.getpid(), range(10))) - {os.getpid()}) > 0


def test_an_error_beside_comes_back(forked: None) -> None:
    """It is raised where the answer is asked for."""
    with (
        processes.beside(lambda: _but_seven(7)) as other,
        pytest.raises(ValueError, match="no number 7"),
    ):
        other()


def test_what_is_not_waited_for_ends(forked: None) -> None:
    """An error here does not wait for what runs beside."""
    began = time.monotonic()
    with pytest.raises(LookupError), processes.beside(lambda: time.sleep(60)):
        raise LookupError

    assert time.monotonic() - began < 30


def test_with_one_processor_it_is_called_when_asked_for() -> None:
    """There is no beside."""
    with alone(), processes.beside(os.getpid) as other:
        assert other() == os.getpid()


def test_a_process_that_dies_is_told_of(forked: None) -> None:
    """Nobody waits for the answer of one that was killed."""
    with pytest.raises(WorkerDiedError, match="ended without a word"):
        processes.spread(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(10))
    with (
        processes.beside(lambda: os.kill(os.getpid(), signal.SIGKILL)) as other,
        pytest.raises(WorkerDiedError, match="exit -9"),
    ):
        other()


class _OddError(ValueError):
    """One that does not come back out of its pickle."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def _odd(_: object = None) -> None:
    raise _OddError("so", "odd")


def test_an_error_that_cannot_travel_is_told_in_words(forked: None) -> None:
    """A kind of error that a person's own source declares."""
    with pytest.raises(ValueError, match="_OddError: so odd"):
        processes.spread(_odd, range(10))
    with processes.beside(_odd) as other, pytest.raises(ValueError, match="_OddError: so odd"):
        other()


@pytest.mark.parametrize(
    "error", [DeclarationError("a", "b", "c"), UnreadableError(3, "why")], ids=repr
)
def test_our_errors_travel(error: Exception) -> None:
    """Those with more than a message come back as what they were."""
    back = pickle.loads(pickle.dumps(error))

    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))


def test_what_is_ended_tidies_up(forked: None, tmp_path: Path) -> None:
    """The gate's copy of the committed tree does not stay in the temporary folder."""
    began = tmp_path / "began"

    def unpack() -> None:
        try:
            began.touch()
            time.sleep(60)
        finally:
            began.unlink()

    with processes.beside(unpack):
        while not began.exists():
            time.sleep(0.01)

    assert not began.exists()


KILLED = """\
import os, sys, time
from driftdeck import processes
processes.EACH, processes._processors = 1, lambda: 2
def work(number):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
processes.spread(work, range(2))
"""


def test_none_is_left_of_a_killed_command() -> None:
    """kill -9 leaves no time to tell: they notice."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        workers = [int(command.stdout.readline()) for _ in range(2)]
        command.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.05)

    assert [one for one in workers if _runs(one)] == []


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def alone() -> Iterator[None]:
    """As where there is one processor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "_processors", lambda: 1)
        yield


def test_a_build_and_a_check_say_the_same(tmp_path: Path, forked: None) -> None:
    """The same files, and of a tree with faults of every stage the same findings."""
    settings = IsolatedSettings()
    built = artefacts(settings)
    with alone():
        assert artefacts(settings) == built
    write(tmp_path, built)
    flights, outages = "alerting/rules-flights.yaml", "alerting/rules-outages.yaml"
    faults = [
        (flights, "from: 600", "from: 0"),
        (flights, "__panelId__: '", "__panelId__: '9"),
        (outages, "for: 0s", "for: soon"),
        ("dashboards/overview.json", '"url": "/d/', '"url": "/d/gone-'),
        ("dashboards/live.json", '"rawSql": "', '"rawSql": "$nothing '),
    ]
    for name, good, bad in faults:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert good in text, name
        (tmp_path / name).write_text(text.replace(good, bad, 1), encoding="utf-8")
    contacts = tmp_path / "alerting" / "contacts.yaml"
    contacts.write_text("contactPoints: [{name: a, receivers: [{uid: b, type: email}]}]\n")
    twice = built[flights]
    (tmp_path / "alerting" / "rules-twice.yaml").write_text(twice, encoding="utf-8")

    found = _found(tmp_path)
    with alone():
        assert _found(tmp_path) == found
    assert {one.rule for one in found} >= {
        "wrong-value", "time-range", "dangling-panel", "dangling-link", "unknown-variable",
        "no-settings", "duplicate-uid",
    }  # fmt: skip


def _found(tree: Path) -> list[Finding]:
    return check(tree, Reading(Report(), environment={"GRAFANA_READER_PASSWORD": "secret"}))
