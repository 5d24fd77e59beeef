"""Numbered SQL migrations, applied in order under an advisory lock, and the roles' passwords."""

from pathlib import Path

import psycopg
from psycopg import sql

from settings import Settings

FOLDER = Path(__file__).parent / "migrations"
LOCK = 728_413_905


def migrations() -> list[Path]:
    """Every migration file, in order."""
    return sorted(FOLDER.glob("[0-9]*.sql"))


def migrate(settings: Settings) -> list[str]:
    """Bring the database to the newest schema; return the names of what was applied.

    Safe to call at any moment and twice at once. Raises psycopg.Error.
    """
    from database.connect import Role, connect

    with connect(settings, Role.ADMIN, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK])
        applied = _apply(connection)
        _roles(connection, settings)
    return applied


def _apply(connection: psycopg.Connection) -> list[str]:
    connection.execute(
        "create table if not exists public.schema_migration"
        " (name text primary key, applied_at timestamptz not null default now())"
    )
    done = {row[0] for row in connection.execute("select name from public.schema_migration")}
    fresh = [path for path in migrations() if path.stem not in done]
    for path in fresh:
        with connection.transaction():
            connection.execute(path.read_bytes())
            connection.execute("insert into public.schema_migration values (%s)", [path.stem])
    return [path.stem for path in fresh]


def _roles(connection: psycopg.Connection, settings: Settings) -> None:
    """Set passwords at every start, since init scripts of an image run only once."""
    passwords = {
        "collector": settings.collector_password,
        "grafana_reader": settings.grafana_reader_password,
        "evidently": settings.evidently_password,
    }
    for role, password in passwords.items():
        connection.execute(
            sql.SQL("alter role {} login password {}").format(
                sql.Identifier(role), sql.Literal(password)
            )
        )
    name = sql.Identifier(settings.postgres_db)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(
        sql.SQL("grant connect on database {} to collector, grafana_reader").format(name)
    )
    found = connection.execute("select 1 from pg_database where datname = 'evidently'").fetchone()
    if found is None:
        connection.execute("create database evidently owner evidently")
