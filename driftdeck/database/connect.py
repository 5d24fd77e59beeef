"""Connections by role."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from driftdeck.database.naming import cursor_of, server_cursor_of
from driftdeck.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

TIMEOUTS: dict[str, object] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "tcp_user_timeout": 60_000,
}
"""Of a connection, unless an address says otherwise: seconds, and the last in milliseconds."""


class Role(StrEnum):
    """Who connects: each role may do its own job only."""

    ADMIN = "admin"
    COLLECTOR = "collector"
    READER = "grafana_reader"
    EVIDENTLY = "evidently"


def _login(settings: Settings, role: Role) -> tuple[str, str, str]:
    """(user, password, database) of a role."""
    if role is Role.ADMIN:
        return settings.postgres_user, settings.postgres_password, settings.postgres_db
    if role is Role.EVIDENTLY:
        return "evidently", settings.evidently_password, "evidently"
    password = (
        settings.collector_password if role is Role.COLLECTOR else settings.grafana_reader_password
    )
    return role.value, password, settings.postgres_db


def uri(settings: Settings, role: Role = Role.COLLECTOR) -> str:
    """The address of a role for libpq: DATABASE_URL where it is set, else a URI of POSTGRES_* with
    the role's password percent-encoded."""
    if settings.database_url:
        return settings.database_url
    user, password, name = _login(settings, role)
    return (
        f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{settings.database}/{name}"
    )


def place(address: str) -> tuple[str, int, str]:
    """(host, port, database) of a libpq address; what it leaves out is libpq's default."""
    parameters = conninfo_to_dict(address)
    database = parameters.get("dbname") or parameters.get("user") or ""
    return str(parameters.get("host") or ""), int(parameters.get("port") or 5432), str(database)


def evidently_uri(settings: Settings) -> str:
    """The URI of Evidently's database without secrets, which SQLAlchemy gets as it connects.

    Evidently hands its URI to Alembic by an .ini file, where the % of an encoded sign is an error.
    PGPASSWORD would serve, but the environment is not ours: there it beats the `.pgpass` of
    somebody's own source, and the training command inherits it.

    With DATABASE_URL it is a name for that address, and everything lies in `reports_schema`: each
    transaction begins with that search_path, since a session's would not outlive it in a pooler.
    """
    from sqlalchemy import Engine, event

    if not event.contains(Engine, "do_connect", _complete):
        event.listen(Engine, "do_connect", _complete)
        event.listen(Engine, "begin", _choose_schema)
    if settings.database_url:
        key = f"{NAMED}-{sha256(settings.database_url.encode()).hexdigest()[:16]}"
        address = {**TIMEOUTS, **conninfo_to_dict(settings.database_url)}
        _addresses[key] = {**address, "prepare_threshold": None}
        return f"postgresql://{key}/{settings.reports_schema}"
    user, password, name = _login(settings, Role.EVIDENTLY)
    host, port = settings.postgres_host, settings.postgres_port
    _passwords[host, port, user, name] = password
    return f"postgresql://{user}@{host}:{port}/{name}"


NAMED = "database-url"
"""Begins the host of a URI that is the name of an address."""
_addresses: dict[object, dict[str, object]] = {}
"""What psycopg connects with, by such a name."""
_passwords: dict[tuple[object, ...], str] = {}
"""Those of the logins that `evidently_uri` has named: (host, port, user, database)."""


def _complete(
    dialect: object, record: object, arguments: object, parameters: dict[str, object]
) -> None:
    """Complete what SQLAlchemy is about to connect with, if it is such a login."""
    if address := _addresses.get(parameters.get("host")):
        parameters.clear()
        parameters.update(address)
    login = tuple(parameters.get(key) for key in ("host", "port", "user", "dbname"))
    if login in _passwords:
        parameters.setdefault("password", _passwords[login])


def _choose_schema(connection: "Connection") -> None:
    """Let a transaction of Evidently's see its schema."""
    url = connection.engine.url
    if url.host in _addresses:
        connection.exec_driver_sql(f'set local search_path to "{url.database}"')


def connect(
    settings: Settings, role: Role = Role.COLLECTOR, *, autocommit: bool = False
) -> psycopg.Connection:
    """A connection as `role`; the caller closes it. Raises psycopg.OperationalError.

    Where the server's machine is gone without a word, it is lost within minutes, not hours. It
    prepares no statement by name, which a pooler in transaction mode would not find again.
    """
    parameters: dict[str, Any] = {**TIMEOUTS, **conninfo_to_dict(uri(settings, role))}
    connection = psycopg.connect(
        **parameters,
        autocommit=autocommit,
        prepare_threshold=None,
        cursor_factory=cursor_of(settings.postgres_schema),
    )
    connection.server_cursor_factory = server_cursor_of(settings.postgres_schema)
    return connection


@contextmanager
def alone_with_evidently(settings: Settings) -> Iterator[None]:
    """Only one process at a time changes what Evidently's database holds for all: its tables, a
    project, the names of metrics. Raises psycopg.OperationalError."""
    with connect(settings, Role.EVIDENTLY) as connection:  # the lock ends with the transaction
        connection.execute("select pg_advisory_xact_lock(hashtext('driftdeck'))")
        yield
