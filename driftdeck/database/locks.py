"""What one process at a time may do: a row of `monitoring.lock` that its transaction holds.

A lock ends with its connection, so with the process, however that ends. It works behind a pooler,
too, which leaves a transaction one connection to its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg.errors import LockNotAvailable

UNLIMITED = (
    "idle_in_transaction_session_timeout",
    "statement_timeout",
    "lock_timeout",
    "transaction_timeout",
)
"""Nothing but its connection ends such a transaction; the last setting there is since 17."""
KEEPALIVES = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10}
"""In seconds: so the server notices within minutes that a machine is gone."""
MAKE = "insert into monitoring.lock values (%s) on conflict do nothing"
HOLD = "select from monitoring.lock where name = %s for update"


@dataclass(frozen=True)
class Lock:
    """A lock that is held, by a transaction of its own."""

    connection: psycopg.Connection

    def check(self) -> None:
        """Raise psycopg.OperationalError if it is held no longer, its connection being lost."""
        self.connection.execute("select")


@contextmanager
def held(connection: psycopg.Connection, name: str, *, wait: bool = False) -> Iterator[Lock | None]:
    """A lock that this process alone holds until the block ends; None while another holds it.

    connection: in autocommit, for nothing else meanwhile. wait: until the other's ends, however
    long that takes. Raises psycopg.Error.
    """
    connection.execute(_begin(connection.info.server_version))
    try:
        lock = Lock(connection) if _taken(connection, name, wait) else None
        yield lock
    finally:
        with suppress(psycopg.OperationalError):  # it has ended with its connection
            connection.execute("rollback")


def _taken(connection: psycopg.Connection, name: str, wait: bool) -> bool:
    try:
        query = HOLD if wait else f"{HOLD} nowait"
        if connection.execute(query.encode(), [name]).rowcount == 0:
            # By itself: until it is committed, whoever makes it keeps the others waiting.
            connection.execute("rollback")
            connection.execute(MAKE, [name])
            connection.execute(_begin(connection.info.server_version))
            connection.execute(query.encode(), [name])
    except LockNotAvailable:
        return False
    return True


def _begin(version: int) -> bytes:
    """Statements that begin a transaction of which no setting of the server makes an end."""
    limits = dict.fromkeys(UNLIMITED[: 4 if version >= 170_000 else 3], 0)
    changes = "".join(f"; set local {name} = {n}" for name, n in {**limits, **KEEPALIVES}.items())
    return f"begin{changes}".encode()


def hold(connection: psycopg.Connection, name: str) -> None:
    """Hold a lock until the transaction that a connection is in ends; waits for it.

    Raises psycopg.Error.
    """
    if connection.execute(HOLD, [name]).rowcount == 0:
        connection.execute(MAKE, [name])
        connection.execute(HOLD, [name])
