"""The database of a table: psycopg for small results, ADBC for rows, as Arrow.

Connections stay open, one for each thread, driver and database: opening takes longer than a window.
"""

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from driftdeck.collectors.sources.errors import SourceError, SourceGoneError, is_broken, no_zone
from driftdeck.database import Role, uri
from driftdeck.database.errors import is_lost, sentence
from driftdeck.declare import Table
from driftdeck.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

ZONED, NAIVE = "timestamptz", ("timestamp", "date")
PLAIN = {
    *("int2", "int4", "int8", "float4", "float8", "bool", "text", "varchar", "name"),
    *(ZONED, *NAIVE),
}
"""PostgreSQL's types that Arrow has, too; any other is read as its text."""
TEXTS = ("text", "varchar", "bpchar")
SLACK = timedelta(hours=3)
"""Where clocks change, times without a zone are not in order: so much more is read, then cut."""
COLUMNS = """\
with recursive typed (name, number, kind) as (
  select attname::text, attnum, atttypid from pg_attribute
  where attrelid = {}::regclass and attnum > 0 and not attisdropped
  union all select c.name, c.number, t.typbasetype from typed c join pg_type t on t.oid = c.kind
  where t.typtype = 'd'
)
select c.name, t.typname::text as kind from typed c join pg_type t on t.oid = c.kind
where t.typtype <> 'd' order by c.number"""
UTC = "set timezone to 'UTC'"
Key = tuple[str, str]
"""(driver, address)."""
Result = TypeVar("Result")
_open = threading.local()


class Database:
    """The database of a table. Raises SourceError whatever fails, naming the table.

    uri: with its secret. table: for errors.
    """

    def __init__(self, uri: str, table: str) -> None:
        self._uri, self._table = uri, table

    @classmethod
    def of(cls, settings: Settings, source: Table) -> "Database":
        """The database of a declared table. Raises SettingsError where its address is not set."""
        if not source.address:
            return cls(uri(settings, Role.COLLECTOR), source.name)
        address = settings.source_uri(source.address)
        try:
            conninfo_to_dict(address)
        except psycopg.ProgrammingError:
            raise SourceError(  # its text would tell the password
                f"{source.name}: {source.address} holds no address that can be read; write"
                " postgresql://user:password@host:port/database, with %25 for a % in it"
            ) from None
        return cls(address, source.name)

    def read(self, query: sql.Composable) -> "pa.Table":
        """The result of a query, as Arrow."""
        text = query.as_string(None)

        def run(connection: Any) -> "pa.Table":
            with _transaction(connection), connection.cursor() as cursor:
                cursor.execute(text)
                return cursor.fetch_arrow_table()

        return self._run("adbc", run)

    def rows(self, query: sql.Composable) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries, for results that are small."""
        text = query.as_string(None)
        return self._run("psycopg", lambda connection: connection.execute(text).fetchall())

    def columns(self) -> dict[str, str]:
        """The table's columns with PostgreSQL's name of their type."""
        name = sql.Literal(identifier(self._table).as_string(None))
        return {row["name"]: row["kind"] for row in self.rows(sql.SQL(COLUMNS).format(name))}

    def _run(self, driver: str, run: Callable[[Any], Result]) -> Result:
        """Run a function on the connection; again on a new one where an open one was lost."""
        key = driver, self._uri
        was_open = key in _connections()
        errors = _errors(driver)
        try:
            try:
                return run(_connection(key))
            except errors as error:
                _close(key)
                if not was_open or not is_lost(error):
                    raise
                return run(_connection(key))
        except errors as error:
            kind = SourceGoneError if is_lost(error) else SourceError
            raise kind(f"{self._table}: {sentence(error)}") from error
        except Exception as error:
            if not is_broken(error):
                raise
            raise SourceError(f"{self._table}: {sentence(error)}") from error


def identifier(name: str) -> sql.Identifier:
    """A table's name as SQL has it."""
    return sql.Identifier(*name.split("."))


def is_naive(source: Table, kinds: dict[str, str]) -> bool:
    """Whether the time column has no zone, and the declaration names it.

    kinds: PostgreSQL's type by column. Raises SourceError where the column is missing, is no
    timestamp, or its zone is not declared.
    """
    if source.time not in kinds:
        raise SourceError(
            f"{source.name}: no column {source.time!r}, the time of each row; it has"
            f" {', '.join(map(repr, kinds))}"
        )
    kind = kinds[source.time]
    if kind == ZONED:
        return False
    if kind not in NAIVE:
        raise SourceError(
            f"{source.name}: {source.time!r} is no timestamp; read a view that makes it one"
        )
    if not source.naive:
        raise no_zone(f"{source.name}: {source.time!r}")
    return True


def _errors(driver: str) -> type[Exception]:
    """The base class of a driver's errors."""
    if driver == "psycopg":
        return psycopg.Error
    import adbc_driver_manager

    return adbc_driver_manager.Error


def _connections() -> dict[Key, Any]:
    """The connections of this thread; those of a process that was forked are not ours."""
    if getattr(_open, "process", None) != os.getpid():
        _open.process, _open.connections = os.getpid(), {}
    connections: dict[Key, Any] = _open.connections
    return connections


def _connection(key: Key) -> Any:
    connections = _connections()
    if key not in connections:
        driver, address = key
        if driver == "adbc":
            from adbc_driver_postgresql import dbapi  # takes half a second

            connections[key] = dbapi.connect(address, autocommit=True)
        else:
            connections[key] = psycopg.connect(
                address,
                autocommit=True,
                connect_timeout=10,
                prepare_threshold=None,  # by name, a pooler in transaction mode loses them
                row_factory=dict_row,
            )
        transaction = _transaction(connections[key]) if driver == "adbc" else nullcontext()
        with transaction, connections[key].cursor() as cursor:
            cursor.execute(UTC)
    return connections[key]


@contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    """The driver asks in two steps, between which a pooler may choose another server otherwise."""
    driver = connection.adbc_connection
    driver.set_autocommit(False)
    try:
        yield
    except BaseException:
        with suppress(_errors("adbc")):  # what was raised says more
            driver.set_autocommit(True)
        raise
    driver.set_autocommit(True)


def _close(key: Key) -> None:
    with suppress(Exception):  # a broken connection may refuse to close
        _connections().pop(key).close()


@atexit.register
def _close_all() -> None:
    """Close before the interpreter unloads the modules that closing needs."""
    for key in list(_connections()):
        _close(key)
