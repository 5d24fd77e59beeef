"""Who may do what in our databases, all of it, given anew at each migration.

A dump that was restored where the roles were missing has lost it. Needs the schema's owner, and in
a database that is all ours the database's; what needs a superuser is in `superuser.py`.
"""

from collections.abc import Iterator

import psycopg
from psycopg import sql

from driftdeck.settings import Settings

EVIDENTLY = "evidently"
HIDDEN = {"lock": ("reader",), "schema_migration": ("reader", "collector")}
"""Tables to which one has no right, by who: whoever may read a table may lock it."""
OF_EVERYBODY = sql.SQL("""\
revoke all on schema {schema} from public;
revoke all on all tables in schema {schema} from public""")
OF_READER = sql.SQL("""\
revoke all on schema {schema} from {role};
revoke all on all tables in schema {schema} from {role};
grant usage on schema {schema} to {role};
grant select on all tables in schema {schema} to {role};
alter default privileges in schema {schema} grant select on tables to {role}""")
OF_COLLECTOR = sql.SQL("""\
revoke all on schema {schema} from {role};
revoke all on all tables in schema {schema} from {role};
grant usage on schema {schema} to {role};
grant select, insert, update, delete on all tables in schema {schema} to {role};
grant usage on all sequences in schema {schema} to {role};
grant execute on function {schema}.end_overlong_statements(interval) to {role};
alter default privileges in schema {schema}
    grant select, insert, update, delete on tables to {role};
alter default privileges in schema {schema} grant usage on sequences to {role}""")


def schema_rights(
    schema: str, *, collector: str, reader: str
) -> Iterator[tuple[str, sql.Composed]]:
    """(role, statement) by statement, which give two roles their rights in a schema and take all
    others; '' is no role, and in an answer everybody."""
    name = sql.Identifier(schema)
    yield "", OF_EVERYBODY.format(schema=name)
    if reader:
        yield reader, OF_READER.format(schema=name, role=sql.Identifier(reader))
        yield from _hidden(schema, reader, "reader")
    if collector:
        yield collector, OF_COLLECTOR.format(schema=name, role=sql.Identifier(collector))
        yield from _hidden(schema, collector, "collector")


def _hidden(schema: str, role: str, kind: str) -> Iterator[tuple[str, sql.Composed]]:
    for table, kinds in HIDDEN.items():
        if kind in kinds:
            name = sql.Identifier(schema, table)
            yield role, sql.SQL("revoke all on {} from {}").format(name, sql.Identifier(role))


def rights(settings: Settings) -> Iterator[tuple[str, sql.Composed]]:
    """(role, statement) of the roles that a project names, in a database that others own.

    Those of a role that owns the schemas must be left out: they would take its own rights.
    """
    collector, reader = settings.collector_role, settings.reader_role
    yield from schema_rights(settings.postgres_schema, collector=collector, reader=reader)
    reports = sql.Identifier(settings.reports_schema)
    yield "", sql.SQL("revoke all on schema {} from public").format(reports)
    if collector:  # Evidently makes its tables by itself
        yield (
            collector,
            sql.SQL("grant create, usage on schema {} to {}").format(
                reports, sql.Identifier(collector)
            ),
        )


def grant_rights(connection: psycopg.Connection, settings: Settings) -> None:
    """Give each role its rights, in the database of the metrics and in Evidently's, which is made
    if it is missing. Raises psycopg.Error."""
    with connection.transaction():
        connection.execute("revoke create on schema public from public")
        schema = settings.postgres_schema
        for _, statement in schema_rights(schema, collector="collector", reader="grafana_reader"):
            connection.execute(statement)
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
