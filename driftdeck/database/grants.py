"""Who may do what in our databases, all of it, given anew at each migration.

A dump that was restored where the roles were missing has lost it. Needs the databases' owner; what
needs a superuser is in `superuser.py`.
"""

import psycopg
from psycopg import sql

from driftdeck.settings import Settings

EVIDENTLY = "evidently"
HIDDEN = ("lock",)
"""Tables of `monitoring` that the reader has no right to: whoever may read one may lock it."""
SCHEMA = """\
revoke create on schema public from public;
revoke all on schema monitoring from public, grafana_reader, collector;
grant usage on schema monitoring to collector, grafana_reader;
revoke all on all tables in schema monitoring from public, grafana_reader, collector;
grant select on all tables in schema monitoring to grafana_reader;
grant select, insert, update, delete on all tables in schema monitoring to collector;
grant usage on all sequences in schema monitoring to collector;
grant execute on function monitoring.end_overlong_statements(interval) to collector;
alter default privileges in schema monitoring grant select on tables to grafana_reader;
alter default privileges in schema monitoring
    grant select, insert, update, delete on tables to collector;
alter default privileges in schema monitoring grant usage on sequences to collector;
"""


def grant_rights(connection: psycopg.Connection, settings: Settings) -> None:
    """Give each role its rights, in the database of the metrics and in Evidently's, which is made
    if it is missing. Raises psycopg.Error."""
    with connection.transaction():
        connection.execute(SCHEMA)
        for table in HIDDEN:
            row = connection.execute("select to_regclass(%s)", [f"monitoring.{table}"]).fetchone()
            if row and row[0]:
                name = sql.Identifier("monitoring", table)
                connection.execute(sql.SQL("revoke all on {} from grafana_reader").format(name))
        _let_connect(connection, settings.postgres_db, "collector", "grafana_reader")
    query = "select from pg_database where datname = %s"
    if connection.execute(query, [EVIDENTLY]).fetchone() is None:
        connection.execute("create database evidently owner evidently")
    _let_connect(connection, EVIDENTLY, "evidently")
    _give_back(settings)


def _let_connect(connection: psycopg.Connection, database: str, *roles: str) -> None:
    """Only these roles connect to a database, and none but its owner makes temporary tables."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("revoke all on database {} from public").format(name))
    connection.execute(
        sql.SQL("grant connect on database {} to {}").format(
            name, sql.SQL(", ").join(map(sql.Identifier, roles))
        )
    )


def _give_back(settings: Settings) -> None:
    """What is in Evidently's database is Evidently's, after a restore, too."""
    from driftdeck.database.connect import Role, connect

    place = settings.model_copy(update={"postgres_db": EVIDENTLY})
    with connect(place, Role.ADMIN) as connection:
        others = connection.execute(
            "select c.oid::regclass::text from pg_class c"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')"
            " and pg_get_userbyid(c.relowner) <> 'evidently'"
        ).fetchall()
        for (table,) in others:  # a regclass is quoted as it must be
            connection.execute(f"alter table {table} owner to evidently".encode())
        connection.execute("grant create, usage on schema public to evidently")
