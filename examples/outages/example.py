"""What the outages bring: two tables of four months."""

from typing import TYPE_CHECKING

from driftdeck.settings import Settings
from examples.example import Example

if TYPE_CHECKING:
    import psycopg


def _prepare(settings: Settings) -> None:
    from driftdeck.database import connect
    from examples.outages.load import load

    with connect(settings) as connection:
        print(f"outages: {load(connection)} predictions added")


def _make_tables(connection: "psycopg.Connection") -> None:
    from examples.outages.load import make

    make(connection)


EXAMPLES = (Example("outages", _prepare, "outages.predicted", _make_tables),)
