"""Locks: one holder, nobody who only reads, and none that outlives its process."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from driftdeck.database import Role, connect
from driftdeck.database.locks import Lock, held, hold
from driftdeck.settings import Settings

HOLDER = """
import sys, time
from driftdeck.database import connect
from driftdeck.database.locks import held
from driftdeck.settings import IsolatedSettings
settings = IsolatedSettings.model_validate_json(sys.argv[1])
with connect(settings, autocommit=True) as own, held(own, "a") as lock:
    print(lock is not None, flush=True)
    time.sleep(60)
"""


@contextmanager
def taken(settings: Settings, name: str, *, wait: bool = False) -> Iterator[Lock | None]:
    """A lock by a connection of its own."""
    with connect(settings, autocommit=True) as own, held(own, name, wait=wait) as lock:
        yield lock


def test_one_holds_it(settings: Settings, connection: psycopg.Connection) -> None:
    """Another is refused until the block ends; a lock of another name is another lock."""
    with (
        taken(settings, "a") as first,
        taken(settings, "a") as second,
        taken(settings, "b") as other,
    ):
        assert first is not None
        assert second is None
        assert other is not None
    with taken(settings, "a") as again:
        assert again is not None


def test_who_only_reads_can_neither_see_nor_hold_it(
    settings: Settings, reader: psycopg.Connection
) -> None:
    """A viewer of Grafana stops no collection, whatever he turns off first."""
    reader.execute("set default_transaction_read_only = off")
    reader.commit()
    for statement in (
        "select from monitoring.lock for update",
        "select * from monitoring.lock",
        "insert into monitoring.lock values ('a')",
        "lock monitoring.lock in access share mode",
        "lock monitoring.lock",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)
        reader.rollback()


def test_it_ends_with_its_process(settings: Settings, connection: psycopg.Connection) -> None:
    """Killed, it tidies nothing up."""
    command = [sys.executable, "-c", HOLDER, settings.model_dump_json()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with taken(settings, "a") as lock:
            assert lock is None
        process.kill()
        process.wait()
    with taken(settings, "a", wait=True) as lock:
        assert lock is not None


def test_a_lost_lock_is_noticed(settings: Settings, connection: psycopg.Connection) -> None:
    """The server has ended its connection: another may hold it, and the holder hears so."""
    with connect(settings) as own:
        lock = Lock(own)
        hold(own, "a")
        lock.check()
        connection.execute("select pg_terminate_backend(%s)", [own.info.backend_pid])
        with taken(settings, "a", wait=True) as another:
            assert another is not None
        with pytest.raises(psycopg.OperationalError):
            lock.check()
        own.close()


def test_no_limit_of_the_server_ends_it(settings: Settings, connection: psycopg.Connection) -> None:
    """A training takes hours, during which nothing is asked of the connection."""
    limits = ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
    try:
        for name in limits:
            connection.execute(f"alter role collector set {name} = '200ms'")
        connection.commit()
        with taken(settings, "a") as lock:
            assert lock is not None
            waiting = threading.Thread(target=_hold_and_leave, args=(settings,))
            waiting.start()
            time.sleep(0.6)
            assert waiting.is_alive()
            lock.check()
        waiting.join(10)
        assert not waiting.is_alive()
    finally:
        for name in limits:
            connection.execute(f"alter role collector reset {name}")
        connection.commit()


def _hold_and_leave(settings: Settings) -> None:
    with taken(settings, "a", wait=True) as lock:
        assert lock is not None


def test_a_transaction_that_holds_one_is_waited_for(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """Whoever comes first has made the lock; the others come one after another."""
    held_by: list[int] = []

    def work(number: int) -> None:
        with connect(settings, Role.COLLECTOR) as own:
            hold(own, "new")
            held_by.append(number)
            time.sleep(0.05)
            assert held_by[-1] == number
            own.commit()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    with ExitStack() as stack:
        for thread in threads:
            stack.callback(thread.join)
            thread.start()

    assert sorted(held_by) == [0, 1, 2, 3]
