"""The hello-world: its table, a past, and a row at a time."""

from collections.abc import Iterator
from random import Random

import psycopg
import pytest

from repository import missing_example

if missing := missing_example("dummy"):
    pytest.skip(missing, allow_module_level=True)

from examples.dummy import feed as dummy


@pytest.fixture
def table(connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """A connection to a database with the example's table."""
    dummy.make(connection)
    connection.commit()
    yield connection
    connection.rollback()
    connection.execute("drop table monitoring.dummy_metrics")
    connection.commit()


def test_feed_inserts_a_row_at_a_time(table: psycopg.Connection) -> None:
    """As many rows as asked for, a pause between them, each committed."""
    pauses: list[float] = []

    assert dummy.feed(table, every=2.0, rows=3, sleep=pauses.append, random=Random(1)) == 3
    table.rollback()
    assert pauses == [2.0, 2.0]
    assert count(table) == 3


def test_feed_ends_at_ctrl_c(table: psycopg.Connection) -> None:
    """Ctrl-C in a pause is a way to stop, not an error."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    assert dummy.feed(table, sleep=interrupt) == 1
    assert count(table) == 1


def test_seed_fills_only_an_empty_table(table: psycopg.Connection) -> None:
    """A past is given once; where there are rows it adds none."""
    added = dummy.seed(table)

    assert added == count(table) > 0
    assert dummy.seed(table) == 0


def count(table: psycopg.Connection) -> int:
    """How many rows dummy_metrics holds."""
    found = table.execute("select count(*) from monitoring.dummy_metrics").fetchone()
    return found[0] if found else 0
