"""What one process at a time may do: a row of `monitoring.lock` that its transaction holds.

A lock ends with its connection, so with the process, however that ends. It works behind a pooler,
too, which leaves a transaction one connection to its end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.errors import LockNotAvailable
from psycopg.types.json import Jsonb

from database.connect import connect
from settings import Settings

UNLIMITED = dict.fromkeys(
    (
        *("idle_in_transaction_session_timeout", "transaction_timeout"),
        *("statement_timeout", "lock_timeout"),
    ),
    "0",
)
"""Nothing but its connection ends such a transaction; not every release has each setting."""
KEEPALIVES = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10"}
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
def held(settings: Settings, name: str, *, wait: bool = False) -> Iterator[Lock | None]:
    """A lock that this process alone holds until the block ends; None while another holds it.

    wait: until the other's ends, however long that takes. Raises psycopg.Error.
    """
    with connect(settings, autocommit=True) as connection:
        connection.execute(MAKE, [name])  # by itself: whoever makes it first keeps nobody waiting
        connection.execute("begin")
        connection.execute(
            "select set_config(name, changed.value, true) from pg_settings"
            " join jsonb_each_text(%s) changed on changed.key = name",
            [Jsonb({**UNLIMITED, **KEEPALIVES})],
        )
        try:
            connection.execute(HOLD if wait else f"{HOLD} nowait", [name])
        except LockNotAvailable:
            lock = None
        else:
            lock = Lock(connection)
        yield lock  # the transaction ends with the connection


def hold(connection: psycopg.Connection, name: str) -> None:
    """Hold a lock until the transaction that a connection is in ends; waits for it.

    Raises psycopg.Error.
    """
    if connection.execute(HOLD, [name]).rowcount == 0:
        connection.execute(MAKE, [name])
        connection.execute(HOLD, [name])
