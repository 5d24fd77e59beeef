"""The roles that others log in as: made where they are missing, and set anew at each migration.

A role may change its own password and its own settings, which PostgreSQL lets nobody forbid, and
whoever may query as the reader can do so. So everything is reset first. Needs a role that may alter
these three; what needs a superuser is in `superuser.py`.
"""

from collections.abc import Mapping
from contextlib import suppress

import psycopg
from psycopg import sql

from driftdeck.schema_name import SCHEMA
from driftdeck.settings import Settings

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "collector": {"search_path": "monitoring, public", "lock_timeout": "5min"},
    "evidently": {"lock_timeout": "5min"},
    "grafana_reader": {
        "search_path": "monitoring",
        "jit": "off",
        "work_mem": "16MB",
        "default_transaction_read_only": "on",
        "statement_timeout": "30s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "5min",
        "client_connection_check_interval": "10s",
    },
}
"""By role: what holds for its sessions from their start."""


def role_settings(schema: str) -> dict[str, dict[str, str]]:
    """The same, where the schema is called otherwise."""
    return {
        role: {key: value.replace(SCHEMA, schema) for key, value in chosen.items()}
        for role, chosen in SETTINGS.items()
    }


SUPERUSERS = "temp_file_limit="
"""What only a superuser sets, and so only a superuser can change."""
SHARES = {"collector": 0.75, "evidently": 0.75, "grafana_reader": 0.25}
"""Of the server's connections: those who look leave room to those who collect, and the other way
round. A backfill has one as `collector` and some as `evidently` for each of its workers."""
LEAST = 15
"""So many for each, however small the server: Grafana's pool of 10, and those who draw."""


def make_roles(connection: psycopg.Connection) -> None:
    """Make the roles that are missing: roles are the server's, and no dump of a database has them.

    Raises psycopg.Error.
    """
    for role in SETTINGS:
        name = sql.Identifier(role)
        query = "select from pg_roles where rolname = %s"
        if connection.execute(query, [role]).fetchone() is None:
            connection.execute(sql.SQL("create role {} login").format(name))
            if not is_superuser(connection):  # a member may give things to it, and end its sessions
                connection.execute(sql.SQL("grant {} to current_user").format(name))


def is_superuser(connection: psycopg.Connection) -> bool:
    """Whether a connection's role is one."""
    return connection.info.parameter_status("is_superuser") == "on"


def renew_roles(connection: psycopg.Connection, settings: Settings) -> None:
    """Give each role its settings, its share of the connections and its password, and nothing
    else. Raises psycopg.Error."""
    passwords = {
        "collector": settings.collector_password,
        "evidently": settings.evidently_password,
        "grafana_reader": settings.grafana_reader_password,
    }
    free = _connections(connection)
    with connection.transaction():  # no session begins between the reset and what it resets to
        _reset(connection)
        for role, chosen in role_settings(settings.postgres_schema).items():
            name = sql.Identifier(role)
            connection.execute(
                sql.SQL("alter role {} login connection limit {} password {}").format(
                    name, max(LEAST, int(free * SHARES[role])), passwords[role]
                )
            )
            for parameter, value in chosen.items():
                connection.execute(
                    sql.SQL("alter role {} set {} to {}").format(
                        name, sql.Identifier(parameter), _value(parameter, value)
                    )
                )


def changed_settings(connection: psycopg.Connection, schema: str = SCHEMA) -> list[str]:
    """What holds for a role's sessions and was not set here, nor by a superuser, as
    `role: parameter=value`; or was, and does not hold. Raises psycopg.Error."""
    stored: dict[str, set[str]] = {role: set() for role in SETTINGS}
    rows = connection.execute(
        "select r.rolname, s.setdatabase, unnest(s.setconfig) from pg_db_role_setting s"
        " join pg_roles r on r.oid = s.setrole where r.rolname = any(%s)",
        [list(SETTINGS)],
    )
    for role, database, setting in rows:
        stored[role].add(setting.replace('"', "") + " in one database" * bool(database))
    differences = []
    for role, chosen in role_settings(schema).items():
        ours = {f"{parameter}={value}" for parameter, value in chosen.items()}
        others = {setting for setting in stored[role] - ours if not setting.startswith(SUPERUSERS)}
        differences += [f"{role}: {setting}" for setting in sorted(others)]
        differences += [f"{role}: no {setting}" for setting in sorted(ours - stored[role])]
    return differences


def end_overlong_statements(connection: psycopg.Connection) -> None:
    """End what the reader runs beyond its limits, which holds up others who look, or a migration.

    It does nothing in an older schema, and where the schema's owner may not end another's session.
    connection: of the administrator or the collector. Raises psycopg.Error.
    """
    with (
        suppress(psycopg.errors.UndefinedFunction, psycopg.errors.InsufficientPrivilege),
        connection.transaction(),
    ):
        connection.execute("select monitoring.end_overlong_statements()")


def _connections(connection: psycopg.Connection) -> int:
    """How many connections the server has for roles that are no superusers."""
    row = connection.execute(
        "select current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
        " - coalesce(current_setting('reserved_connections', true)::int, 0)"
    ).fetchone()
    return int(row[0]) if row else 0


def _reset(connection: psycopg.Connection) -> None:
    """Take every setting away, those for one database only, too, which would go before ours."""
    stored = connection.execute(
        "select r.rolname, d.datname from pg_db_role_setting s"
        " join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase"
        " where r.rolname = any(%s)",
        [list(SETTINGS)],
    ).fetchall()
    for role, database in stored:
        place = sql.SQL(" in database {}").format(sql.Identifier(database)) if database else None
        connection.execute(
            sql.SQL("alter role {}{} reset all").format(sql.Identifier(role), place or sql.SQL(""))
        )


def _value(parameter: str, value: str) -> sql.Composable:
    """A setting's value. A search path is a list: one literal would be the name of one schema."""
    if parameter == "search_path":
        return sql.SQL(", ").join(map(sql.Identifier, value.split(", ")))
    return sql.Literal(value)
