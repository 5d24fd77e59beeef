"""All that `migrate` does, as one SQL script: for whoever has the rights that the project lacks."""

from collections.abc import Iterator

from psycopg import sql

from driftdeck.database.grants import rights
from driftdeck.database.migrate import migrations
from driftdeck.database.roles import SETTINGS
from driftdeck.database.schema_setup import TABLE
from driftdeck.project import READER
from driftdeck.schema_name import in_schema
from driftdeck.settings import Settings

HEAD = """\
-- All that driftdeck keeps in a database, in the schemas {schema} and {reports}. Whoever runs this
-- owns it: begin with `set role OWNER;` for another. It may be run again at any time, and does what
-- is missing. With psql: psql --set ON_ERROR_STOP=1 --file THIS
begin;
"""
MAKE_SCHEMA = sql.SQL("""\
do $$ begin
    if not exists (select from pg_namespace where nspname = {text}) then
        create schema {name};
    end if;
end $$;
""")
MAKE_ROLE = sql.SQL("""\
do $$ begin  -- give it a password, in psql: \\password {name}
    if not exists (select from pg_roles where rolname = {text}) then
        create role {name} login;
{settings}    end if;
end $$;
""")
SET = sql.SQL("        alter role {} set {} to {};\n")
MIGRATE = """\
do $do$ begin
    if not exists (select from monitoring.schema_migration where name = '{name}') then
        execute $sql$
{text}        $sql$;
        insert into monitoring.schema_migration values ('{name}');
    end if;
end $do$;
"""
GIVE = """\
do $do$ begin
    if current_user <> {role} then
        execute $sql${text}$sql$;
    end if;
end $do$;
"""
TAIL = """\
commit;
-- A superuser can do more, which nothing here needs: take advisory locks, large objects and
-- pg_notify from everybody, and limit a reader's temporary files.
"""


def script(settings: Settings) -> str:
    """The SQL that brings any database to the newest schema, for the roles that a project names.

    It asks the database what is missing, so that it can be printed where none is reached.
    """
    return "".join(_parts(settings))


def _parts(settings: Settings) -> Iterator[str]:
    schema, reports = settings.postgres_schema, settings.reports_schema
    yield HEAD.format(schema=schema, reports=reports)
    for role in dict.fromkeys((settings.collector_role, settings.reader_role)):
        if role:
            yield _make_role(role, reads=role != settings.collector_role)
    for name in (schema, reports):
        statement = MAKE_SCHEMA.format(text=sql.Literal(name), name=sql.Identifier(name))
        yield statement.as_string(None)
    yield in_schema(f"{TABLE};\n", schema)
    for path in migrations():
        text = path.read_text(encoding="utf-8")
        yield in_schema(MIGRATE.format(name=path.stem, text=text), schema)
    for role, statement in rights(settings):
        text = statement.as_string(None)
        who = sql.Literal(role).as_string(None)
        yield GIVE.format(role=who, text=text) if role else f"{text};\n"
    yield TAIL


def _make_role(role: str, *, reads: bool) -> str:
    """A role that is made where it is missing; one that reads gets the limits of our own reader."""
    name = sql.Identifier(role)
    limits = SETTINGS[READER] if reads else {}
    settings = [
        SET.format(name, sql.Identifier(parameter), sql.Literal(value))
        for parameter, value in limits.items()
        if parameter != "search_path"
    ]
    statement = MAKE_ROLE.format(
        text=sql.Literal(role), name=name, settings=sql.SQL("").join(settings)
    )
    return statement.as_string(None)
