"""The schema that everything lies in, and the table in it of what has been migrated."""

import psycopg
from psycopg import sql

from driftdeck.errors import DriftdeckError
from driftdeck.schema_name import SCHEMA

TABLE = (
    "create table if not exists monitoring.schema_migration"
    " (name text primary key, applied_at timestamptz not null default now())"
)
FORMER = "public.schema_migration"
"""Where that table lay before a project could choose a schema."""
OWNED = "select pg_has_role(nspowner, 'usage') from pg_namespace where nspname = %s"


class MigrationError(DriftdeckError):
    """The schema cannot be brought up to date: says why, and what to do."""


def make_schema(connection: psycopg.Connection, name: str) -> None:
    """Make a schema where it is missing. Raises MigrationError where this role may not, or where
    it is another's; psycopg.Error."""
    user, database = connection.info.user, connection.info.dbname
    row = connection.execute(OWNED, [name]).fetchone()
    if row is not None:
        if not row[0]:
            raise MigrationError(
                f"the schema {name} of {database} is not {user}'s; connect as its owner, choose"
                f" another with postgres_schema, or have its owner run `alter schema"
                f' "{name}" owner to "{user}"`'
            )
        return
    try:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise MigrationError(
            f"{user} may not make the schema {name} in {database}; have the database's owner run"
            f' `create schema "{name}" authorization "{user}"`, or what `migrate --sql` prints'
        ) from None


def make_table(connection: psycopg.Connection, schema: str) -> None:
    """Make the table of migrations, or move it from where an older driftdeck has made it.

    Raises psycopg.Error.
    """
    newer = schema != SCHEMA or _is_there(connection, f"{SCHEMA}.schema_migration")
    if not newer and _is_there(connection, FORMER):
        connection.execute(f"alter table {FORMER} set schema {SCHEMA}")
    else:
        connection.execute(TABLE)


def applied(connection: psycopg.Connection) -> set[str]:
    """The names of the migrations that a database has had."""
    return {row[0] for row in connection.execute("select name from monitoring.schema_migration")}


def _is_there(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
    return bool(row and row[0])
