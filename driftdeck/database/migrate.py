"""Numbered SQL migrations, applied in order by one process at a time, and the roles made anew."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from driftdeck.errors import DriftdeckError
from driftdeck.settings import Settings

FOLDER = Path(__file__).parent / "migrations"
WAIT_SECONDS = 60
"""So long for another migration, or for a table that somebody is reading."""
TABLE = (
    "create table if not exists public.schema_migration"
    " (name text primary key, applied_at timestamptz not null default now())"
)
HOLDERS = (
    "select string_agg(distinct format('process %%s of %%s, for %%s s', l.pid, a.usename,"
    " extract(epoch from clock_timestamp() - a.xact_start)::int), ', ')"
    " from pg_locks l join pg_stat_activity a using (pid)"
    " where l.granted and l.pid <> pg_backend_pid() and l.pid <> %s and a.datname ="
    " current_database() and l.relation is not null and (l.relation ="
    " 'public.schema_migration'::regclass or l.relation in"
    " (select oid from pg_class where relnamespace = to_regnamespace('monitoring')))"
)
"""Who may be in the way, of this database's tables of ours."""


class MigrationError(DriftdeckError):
    """The schema cannot be brought up to date: says why, and what to do."""


def migrations() -> list[Path]:
    """Every migration file, in order."""
    return sorted(FOLDER.glob("[0-9]*.sql"))


def migrate(settings: Settings) -> list[str]:
    """Bring the database to the newest schema; return the names of what was applied.

    Roles, their settings, passwords and rights are made anew, so that a restored database and one
    with which somebody has tampered are whole again. Safe to call at any moment and twice at once.
    Raises MigrationError, psycopg.Error.
    """
    from driftdeck.database.connect import Role, connect
    from driftdeck.database.grants import grant_rights
    from driftdeck.database.roles import end_overlong_statements, make_roles, renew_roles
    from driftdeck.database.superuser import restrict_everybody

    with (
        connect(settings, Role.ADMIN, autocommit=True) as connection,
        _alone(settings, connection),
    ):
        _refuse_newer(connection)
        make_roles(connection)
        end_overlong_statements(connection)
        applied = _apply(connection)
        renew_roles(connection, settings)
        grant_rights(connection, settings)
        restrict_everybody(connection, settings)
    return applied


@contextmanager
def _alone(settings: Settings, connection: psycopg.Connection) -> Iterator[None]:
    """No other process migrates meanwhile. A lock on the table that every migration is written
    into: the roles that others log in as have no right to it, so none of them can hold it."""
    from driftdeck.database.connect import Role, connect

    with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        connection.execute(TABLE)  # unless another process has just made it
    with connect(settings, Role.ADMIN) as lock:
        lock.execute("set local idle_in_transaction_session_timeout = 0")
        lock.execute(sql.SQL("set local lock_timeout = {}").format(f"{WAIT_SECONDS}s"))
        try:  # this mode shuts out itself, but not the rows that are written meanwhile
            lock.execute("lock table public.schema_migration in share update exclusive mode")
        except psycopg.errors.LockNotAvailable:
            raise MigrationError(
                f"another migration of this database has gone on for {WAIT_SECONDS} s"
                f"{_holders(connection, 0)}; wait until it has ended, or end it, and try again"
            ) from None
        with _in_time(connection, lock.info.backend_pid):
            yield


@contextmanager
def _in_time(connection: psycopg.Connection, own: int) -> Iterator[None]:
    """Nothing waits longer than WAIT_SECONDS for a table. own: another connection of this
    process."""
    connection.execute(sql.SQL("set lock_timeout = {}").format(f"{WAIT_SECONDS}s"))
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise MigrationError(
            f"a migration has waited {WAIT_SECONDS} s for a table that is in use"
            f"{_holders(connection, own)}; nothing of it was applied; stop what reads or writes"
            " there and try again"
        ) from None


def _holders(connection: psycopg.Connection, own: int) -> str:
    row = connection.execute(HOLDERS, [own]).fetchone()
    return f" ({row[0]})" if row and row[0] else ""


def _refuse_newer(connection: psycopg.Connection) -> None:
    known = {path.stem for path in migrations()}
    newer = sorted(_applied(connection) - known)
    if newer:
        raise MigrationError(
            f"the database is newer than this driftdeck, which does not know its migration"
            f" {', '.join(newer)}; upgrade driftdeck, or restore the database as it was before"
        )


def _applied(connection: psycopg.Connection) -> set[str]:
    return {row[0] for row in connection.execute("select name from public.schema_migration")}


def _apply(connection: psycopg.Connection) -> list[str]:
    done = _applied(connection)
    fresh = [path for path in migrations() if path.stem not in done]
    for path in fresh:
        with connection.transaction():
            connection.execute(path.read_bytes())
            connection.execute("insert into public.schema_migration values (%s)", [path.stem])
    return [path.stem for path in fresh]
