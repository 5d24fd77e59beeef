"""Whoever looks at dashboards only looks, and whoever collects only collects."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from conftest import SECRET
from driftdeck.database import Role, connect, migrate, uri
from driftdeck.database.roles import SETTINGS, changed_settings
from driftdeck.settings import Settings

POWERS = {
    "hold a lock of a collection": "select pg_advisory_lock(728413906, hashtext('flights'))",
    "try for it": "select pg_try_advisory_xact_lock(1)",
    "release another's": "select pg_advisory_unlock_all()",
    "hold a migration's lock": "lock table monitoring.schema_migration",
    "read what was migrated": "table monitoring.schema_migration",
    "write a large object": "select lo_from_bytea(0, 'x')",
    "make a large object": "select lo_create(0)",
    "import a file": "select lo_import('/etc/passwd')",
    "fill the log of changes": "select pg_logical_emit_message(false, 'x', repeat('x', 100))",
    "fill the queue of notices": "select pg_notify('x', 'y')",
    "end another's session": "select pg_terminate_backend(pid) from pg_stat_activity",
    "cancel another's query": "select pg_cancel_backend(pid) from pg_stat_activity",
    "end what is overlong": "select monitoring.end_overlong_statements('0 s')",
    "make a temporary table": "create temp table t (a int)",
    "make a table": "create table public.t (a int)",
    "make a schema": "create schema mine",
    "delete": "delete from monitoring.metric_value",
    "lock rows": "select * from monitoring.metric_value for share",
    "lock a table": "lock table monitoring.metric_value in share mode",
    "analyse for ever": "create index on monitoring.metric_value (value)",
    "set a limit of the server": "set temp_file_limit = -1",
    "have more connections": "alter role grafana_reader connection limit 1000",
    "last longer": "alter role grafana_reader valid until 'infinity'",
    "change another's password": "alter role collector password 'taken'",
    "change another's settings": "alter role collector set statement_timeout = 1",
    "become another": "set role collector",
    "make a role": "create role mine",
    "run a program": "copy (select 1) to program 'true'",
    "read a file": "select pg_read_file('/etc/passwd')",
    "read passwords": "select * from pg_authid",
    "write the server's files anew": "select pg_switch_wal()",
    "change the database": "alter database {database} set work_mem = '1GB'",
}
"""What must be refused to the reader, although it switches off that it only reads."""
COLLECTORS = {
    "drop": "drop table monitoring.metric_value",
    "alter": "alter table monitoring.metric_value add x int",
    "truncate": "truncate monitoring.metric_value",
    "create": "create table monitoring.x (a int)",
    "create elsewhere": "create table public.x (a int)",
    "make a schema": "create schema x",
    "make a temporary table": "create temp table x (a int)",
    "index": "create index on monitoring.metric_value (value)",
    "read what was migrated": "table monitoring.schema_migration",
    "hold a migration's lock": "lock table monitoring.schema_migration",
    "make a role": "create role x",
    "change the reader": "alter role grafana_reader set statement_timeout = 0",
}


@pytest.mark.parametrize("power", POWERS)
def test_the_reader_only_reads(settings: Settings, power: str) -> None:
    """Each power is refused by the server, not by a setting that the session can change."""
    statement = POWERS[power].format(database=settings.postgres_db)
    with connect(settings, Role.READER) as reader:
        reader.execute("set transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement.encode())


@pytest.mark.parametrize("power", COLLECTORS)
def test_the_collector_changes_rows_only(settings: Settings, power: str) -> None:
    """What the tables are is for migrations."""
    with connect(settings) as collector, pytest.raises(psycopg.errors.InsufficientPrivilege):
        collector.execute(COLLECTORS[power].encode())


@pytest.mark.parametrize("database", ["postgres", "evidently", "template1"])
@pytest.mark.parametrize("role", [Role.READER, Role.COLLECTOR])
def test_other_databases_are_closed(settings: Settings, role: Role, database: str) -> None:
    """Those of the server, and Evidently's, are none of their business."""
    address = uri(settings, role).rpartition("/")[0] + f"/{database}"

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(address)


@pytest.mark.parametrize("role", list(SETTINGS))
def test_a_role_takes_not_every_connection(connection: psycopg.Connection, role: str) -> None:
    """Each has a share: whoever collects and whoever looks leave room to each other."""
    limits = dict(connection.execute("select rolname, rolconnlimit from pg_roles").fetchall())

    assert limits[role] >= 15
    if role != "grafana_reader":
        assert limits[role] + limits["grafana_reader"] <= 97


def test_viewers_leave_a_connection_to_the_collector(settings: Settings) -> None:
    """The reader's connections come to an end before the server's do."""
    opened: list[psycopg.Connection] = []
    try:
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            opened.extend(connect(settings, Role.READER) for _ in range(100))
        connect(settings).close()
    finally:
        for one in opened:
            one.close()


@pytest.fixture
def tampered(settings: Settings) -> Iterator[Settings]:
    """A database whose reader did to itself whatever a role may do to itself."""
    with connect(settings, Role.READER, autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for place in ("", f" in database {settings.postgres_db}", " in database postgres"):
            for change in (
                "statement_timeout = 0",
                "default_transaction_read_only = off",
                "search_path = public",
                "lock_timeout = 0",
                "work_mem = '1GB'",
            ):
                reader.execute(f"alter role grafana_reader{place} set {change}".encode())
        reader.execute("alter role grafana_reader password 'taken'")
    try:
        yield settings
    finally:
        migrate(settings)


def test_migrating_heals_the_reader(tampered: Settings) -> None:
    """Its password, its limits and its search path are ours again, in every database."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(tampered, Role.READER)
    with connect(tampered) as collector:
        changed = changed_settings(collector)
    assert "grafana_reader: statement_timeout=0" in changed
    assert "grafana_reader: no statement_timeout=30s" in changed
    assert "grafana_reader: search_path=public in one database" in changed
    migrate(tampered)

    with connect(tampered, Role.READER) as reader:
        assert changed_settings(reader) == []
        for parameter, value in SETTINGS["grafana_reader"].items():
            assert reader.execute(f"show {parameter}".encode()).fetchone() == (value,)
        assert reader.execute("show work_mem").fetchone() == ("16MB",)
        assert reader.execute("show temp_file_limit").fetchone() == ("1GB",)
        stored = reader.execute(
            "select count(*) from pg_db_role_setting"
            " where setrole = 'grafana_reader'::regrole and setdatabase <> 0"
        )
        assert stored.fetchone() == (0,)


def test_migrating_takes_the_readers_large_objects(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """What it wrote while it could is no longer there."""
    connection.execute("grant execute on function lo_from_bytea(oid, bytea) to grafana_reader")
    connection.commit()
    with connect(settings, Role.READER, autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        reader.execute("select lo_from_bytea(0, 'x')")
    migrate(settings)
    connection.execute("revoke execute on function lo_from_bytea(oid, bytea) from grafana_reader")
    connection.commit()
    left = connection.execute("select count(*) from pg_largeobject_metadata").fetchone()

    assert left == (0,)


def test_a_collection_ends_what_is_overlong(settings: Settings) -> None:
    """A statement without the time limit ends; one within it, and a session, stay."""
    end = "select monitoring.end_overlong_statements(%s)"
    with (
        connect(settings, Role.READER, autocommit=True) as reader,
        connect(settings, Role.READER, autocommit=True) as other,
        connect(settings, autocommit=True) as collector,
        ThreadPoolExecutor(1) as beside,
    ):
        reader.execute("set statement_timeout = 0")
        slept = beside.submit(reader.execute, "select pg_sleep(100)")
        time.sleep(1.5)
        assert collector.execute(end, ["1 minute"]).fetchone() == (0,)
        assert collector.execute(end, ["1 s"]).fetchone() == (1,)
        assert other.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.errors.AdminShutdown):
            slept.result()


def test_a_collectors_lock_is_its_own(settings: Settings) -> None:
    """The reader has no right at all to the table whose rows are locks."""
    with connect(settings, Role.ADMIN, autocommit=True) as admin:
        admin.execute("create table if not exists monitoring.lock (name text primary key)")
    migrate(settings)
    for statement in ("table monitoring.lock", "lock table monitoring.lock in access share mode"):
        with (
            connect(settings, Role.READER) as reader,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            reader.execute(statement.encode())


def test_passwords_of_odd_characters_are_kept(settings: Settings) -> None:
    """Set anew at each migration as they are."""
    assert re.search(r"['\"%{}\\]", SECRET)
    migrate(settings)

    connect(settings, Role.EVIDENTLY).close()
