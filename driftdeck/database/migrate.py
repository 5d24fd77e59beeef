"""Numbered SQL migrations, applied in order by one process at a time, and the rights given anew."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from driftdeck.database.schema_setup import MigrationError, applied, make_schema, make_table
from driftdeck.settings import Settings

FOLDER = Path(__file__).parent / "migrations"
OLDEST = 140000
"""PostgreSQL 14, the first with `date_bin`."""
WAIT_SECONDS = 60
"""So long for another migration, or for a table that somebody is reading."""
HOLDERS = (
    "select string_agg(distinct format('process %%s of %%s, for %%s s', l.pid, a.usename,"
    " extract(epoch from clock_timestamp() - a.xact_start)::int), ', ')"
    " from pg_locks l join pg_stat_activity a using (pid)"
    " where l.granted and l.pid <> pg_backend_pid() and l.pid <> %s and a.datname ="
    " current_database() and l.relation in (select c.oid from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s)"
)
"""Who may be in the way, of this database's tables of ours."""


def migrations() -> list[Path]:
    """Every migration file, in order."""
    return sorted(FOLDER.glob("[0-9]*.sql"))


def migrate(settings: Settings) -> list[str]:
    """Bring the database to the newest schema; return the names of what was applied.

    Rights are given anew. Where the server is ours (no DATABASE_URL), so are roles, their settings
    and passwords: a restored database and one with which somebody has tampered are whole again.
    Safe to call at any moment and twice at once. Raises MigrationError, psycopg.Error.
    """
    from driftdeck.database.connect import Role, connect
    from driftdeck.database.roles import end_overlong_statements, make_roles

    with connect(settings, Role.ADMIN, autocommit=True) as connection:
        _refuse_old_server(connection.info.server_version)
        _refuse_encoding(connection)
        with _alone(settings, connection):
            _refuse_newer(connection)
            if not settings.database_url:
                make_roles(connection)
            if applied(connection):
                end_overlong_statements(connection)
            fresh = _apply(connection)
            give_rights = _give_rights if settings.database_url else _give_rights_on_own_server
            give_rights(connection, settings)
    return fresh


def _give_rights_on_own_server(connection: psycopg.Connection, settings: Settings) -> None:
    from driftdeck.database.grants import grant_rights
    from driftdeck.database.roles import renew_roles
    from driftdeck.database.superuser import restrict_everybody

    renew_roles(connection, settings)
    grant_rights(connection, settings)
    restrict_everybody(connection, settings)


def _give_rights(connection: psycopg.Connection, settings: Settings) -> None:
    """In a database that others own: nothing beyond the two schemas, to roles that are there."""
    from driftdeck.database.grants import rights

    for key in ("collector_role", "reader_role"):
        role = getattr(settings, key)
        query = "select from pg_roles where rolname = %s"
        if role and connection.execute(query, [role]).fetchone() is None:
            raise MigrationError(
                f"{key} names {role}, and the server has no such role; have it made (`migrate"
                " --sql` prints how), or name one that is there"
            )
    make_schema(connection, settings.reports_schema)
    with _brief(connection):
        for role, statement in rights(settings):
            if role != connection.info.user:
                connection.execute(statement)


@contextmanager
def _alone(settings: Settings, connection: psycopg.Connection) -> Iterator[None]:
    """No other process migrates meanwhile. A lock on the table that every migration is written
    into: the roles that others log in as have no right to it, so none of them can hold it."""
    from driftdeck.database.connect import Role, connect

    with suppress(  # another process has just made it
        psycopg.errors.UniqueViolation,
        psycopg.errors.DuplicateTable,
        psycopg.errors.DuplicateSchema,
        psycopg.errors.UndefinedTable,
    ):
        make_schema(connection, settings.postgres_schema)
        make_table(connection, settings.postgres_schema)
    with connect(settings, Role.ADMIN) as lock:
        lock.execute("set local idle_in_transaction_session_timeout = 0")
        lock.execute(LIMIT.format(f"{WAIT_SECONDS}s"))
        try:  # this mode shuts out itself, but not the rows that are written meanwhile
            lock.execute("lock table monitoring.schema_migration in share update exclusive mode")
        except psycopg.errors.LockNotAvailable:
            raise MigrationError(
                f"another migration of this database has gone on for {WAIT_SECONDS} s"
                f"{_holders(connection, settings, 0)}; wait until it has ended, or end it, and try"
                " again"
            ) from None
        with _in_time(connection, settings, lock.info.backend_pid):
            yield


LIMIT = sql.SQL("set local lock_timeout = {}")


@contextmanager
def _brief(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction in which nothing waits longer than WAIT_SECONDS for a table."""
    with connection.transaction():
        connection.execute(LIMIT.format(f"{WAIT_SECONDS}s"))
        yield


@contextmanager
def _in_time(connection: psycopg.Connection, settings: Settings, own: int) -> Iterator[None]:
    """Say what is in the way of a transaction that has waited too long. own: another connection of
    this process."""
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise MigrationError(
            f"a migration has waited {WAIT_SECONDS} s for a table that is in use"
            f"{_holders(connection, settings, own)}; nothing of it was applied; stop what reads or"
            " writes there and try again"
        ) from None


def _holders(connection: psycopg.Connection, settings: Settings, own: int) -> str:
    row = connection.execute(HOLDERS, [own, settings.postgres_schema]).fetchone()
    return f" ({row[0]})" if row and row[0] else ""


def _refuse_old_server(version: int) -> None:
    """version: as libpq has it, 140000 for the oldest that knows what panels ask."""
    if version < OLDEST:
        raise MigrationError(
            f"the server is PostgreSQL {version // 10000}; use {OLDEST // 10000} or newer"
        )


def _refuse_encoding(connection: psycopg.Connection) -> None:
    """Words of any language are stored: of a database in SQL_ASCII they come back as bytes."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise MigrationError(
            f"the database is encoded in {encoding}; make it anew with `encoding 'UTF8' template"
            " template0`, or name another"
        )


def _refuse_newer(connection: psycopg.Connection) -> None:
    known = {path.stem for path in migrations()}
    newer = sorted(applied(connection) - known)
    if newer:
        raise MigrationError(
            f"the database is newer than this driftdeck, which does not know its migration"
            f" {', '.join(newer)}; upgrade driftdeck, or restore the database as it was before"
        )


def _apply(connection: psycopg.Connection) -> list[str]:
    done = applied(connection)
    fresh = [path for path in migrations() if path.stem not in done]
    for path in fresh:
        with _brief(connection):
            connection.execute(path.read_bytes())
            connection.execute("insert into monitoring.schema_migration values (%s)", [path.stem])
    return [path.stem for path in fresh]
