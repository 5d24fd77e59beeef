"""Connections by role."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from urllib.parse import quote

import psycopg

from driftdeck.settings import Settings


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
    """The connection URI of a role, its password percent-encoded."""
    user, password, name = _login(settings, role)
    return (
        f"postgresql://{quote(user, safe='')}:{quote(password, safe='')}@{settings.database}/{name}"
    )


def evidently_uri(settings: Settings) -> str:
    """The URI of Evidently's database without its password, which SQLAlchemy gets as it connects.

    Evidently hands its URI to Alembic by an .ini file, where the % of an encoded sign is an error.
    PGPASSWORD would serve, but the environment is not ours: there it beats the `.pgpass` of
    somebody's own source, and the training command inherits it.
    """
    from sqlalchemy import Engine, event

    user, password, name = _login(settings, Role.EVIDENTLY)
    host, port = settings.postgres_host, settings.postgres_port
    _passwords[host, port, user, name] = password
    if not event.contains(Engine, "do_connect", _add_password):
        event.listen(Engine, "do_connect", _add_password)
    return f"postgresql://{user}@{host}:{port}/{name}"


_passwords: dict[tuple[object, ...], str] = {}
"""Those of the logins that `evidently_uri` has named: (host, port, user, database)."""


def _add_password(
    dialect: object, record: object, arguments: object, parameters: dict[str, object]
) -> None:
    """Complete what SQLAlchemy is about to connect with, if it is such a login."""
    login = tuple(parameters.get(key) for key in ("host", "port", "user", "dbname"))
    if login in _passwords:
        parameters.setdefault("password", _passwords[login])


def connect(
    settings: Settings, role: Role = Role.COLLECTOR, *, autocommit: bool = False
) -> psycopg.Connection:
    """A connection as `role`; the caller closes it. Raises psycopg.OperationalError.

    Where the server's machine is gone without a word, it is lost within minutes, not hours.
    """
    return psycopg.connect(
        uri(settings, role),
        autocommit=autocommit,
        connect_timeout=10,
        keepalives_idle=30,
        keepalives_interval=10,
        tcp_user_timeout=60_000,
    )


@contextmanager
def alone_with_evidently(settings: Settings) -> Iterator[None]:
    """Only one process at a time changes what Evidently's database holds for all: its tables, a
    project, the names of metrics. Raises psycopg.OperationalError."""
    with connect(settings, Role.EVIDENTLY) as connection:  # the lock ends with the transaction
        connection.execute("select pg_advisory_xact_lock(hashtext('driftdeck'))")
        yield
