"""What only a superuser can take away, apart from all that the databases' owner can do.

PostgreSQL lets everybody take advisory locks, write large objects, end other sessions of the same
role and write into the log of changes. Whoever may query as the reader could by that stop others
and fill the disk. Where the administrator is no superuser this stays as it is.
"""

import psycopg
from psycopg import sql

from driftdeck.database.roles import SETTINGS, is_superuser
from driftdeck.settings import Settings

REVOKED = (
    r"^pg_(try_)?advisory_|^lo_|^loread$|^lowrite$|^pg_(cancel|terminate)_backend$"
    r"|^pg_logical_emit_message$|^pg_notify$"
)
"""Functions of PostgreSQL that everybody may execute, and nobody needs."""
LOCKS = r"^pg_(try_)?advisory_"
"""Of these, what those who share Evidently's database use; ours are rows of a table."""
READERS_DISK = "1GB"
"""For the sorting of one of the reader's sessions."""
SHARED = ("postgres", "template1")
"""Databases that each server has, and that everybody may use."""


def restrict_everybody(connection: psycopg.Connection, settings: Settings) -> None:
    """Revoke it in our databases, and close those that each server has, if nobody else logs in
    there. Does nothing for an administrator who is no superuser. Raises psycopg.Error."""
    from driftdeck.database.connect import Role, connect

    if not is_superuser(connection):
        return
    connection.execute(
        sql.SQL("alter role grafana_reader set temp_file_limit to {}").format(READERS_DISK)
    )
    databases = [settings.postgres_db, "evidently"]
    if _only_ours(connection):
        for name in SHARED:
            connection.execute(
                sql.SQL("revoke all on database {} from public").format(sql.Identifier(name))
            )
        databases += SHARED
    for name in dict.fromkeys(databases):
        place = settings.model_copy(update={"postgres_db": name})
        with connect(place, Role.ADMIN) as opened:
            _revoke(opened)


def _only_ours(connection: psycopg.Connection) -> bool:
    """Whether nobody logs in to this server but superusers and our own roles."""
    row = connection.execute(
        "select not exists (select from pg_roles where rolcanlogin and not rolsuper"
        " and rolname <> all(%s))",
        [list(SETTINGS)],
    ).fetchone()
    return bool(row and row[0])


def _revoke(connection: psycopg.Connection) -> None:
    """In one database: the functions, and what the reader has written by them before."""
    functions = connection.execute(
        "select oid::regprocedure::text, proname ~ %s, (select datdba::regrole::text"
        " from pg_database where datname = current_database()) from pg_proc"
        " where pronamespace = 'pg_catalog'::regnamespace and proname ~ %s"
        " and has_function_privilege('grafana_reader', oid, 'execute')",
        [LOCKS, REVOKED],
    ).fetchall()
    for function, is_lock, owner in functions:  # names of this kind are quoted as they must be
        users = f"{owner}, evidently" if is_lock else owner
        connection.execute(f"revoke execute on function {function} from public".encode())
        connection.execute(f"grant execute on function {function} to {users}".encode())
    connection.execute(
        "select lo_unlink(oid) from pg_largeobject_metadata"
        " where lomowner = 'grafana_reader'::regrole"
    )
