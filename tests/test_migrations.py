"""A database of any age, of another server, or in use: brought up to date, or refused in words."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from test_database import insert
from test_roles import COLLECTORS, POWERS

from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import BINARIES, Embedded, free_port
from driftdeck.database.migrate import MigrationError, migrations
from driftdeck.settings import IsolatedSettings, Settings

MODULE = sys.modules[migrate.__module__]
"""Its package has the function by the same name."""


@pytest.fixture
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Another server, on which nothing has been migrated."""
    folder = tmp_path_factory.mktemp("other")
    chosen = IsolatedSettings(stack_dir=folder, postgres_port=free_port(), runtime="embedded")
    server = Embedded(folder / "postgres", chosen.postgres_port)
    server.start(chosen.postgres_user, chosen.postgres_password, chosen.postgres_db)
    try:
        yield chosen
    finally:
        server.stop()


def copied(settings: Settings, other: Settings, database: str, folder: Path) -> None:
    """A database's dump, restored elsewhere; what the roles there lack is said, and left out."""
    name = folder / f"{database}.dump"
    for program, place, *arguments in (
        ("pg_dump", settings, "--format=custom", f"--file={name}"),
        ("pg_restore", other, str(name)),
    ):
        address = (
            f"postgresql://{place.postgres_user}:{place.postgres_password}"
            f"@127.0.0.1:{place.postgres_port}/{database}"
        )
        subprocess.run(
            [str(BINARIES / program), f"--dbname={address}", *arguments],
            capture_output=True,
            check=program == "pg_dump",
        )


def test_a_dump_is_restored_where_the_roles_are_missing(
    settings: Settings,
    connection: psycopg.Connection,
    other_server: Settings,
    tmp_path: Path,
) -> None:
    """Roles, rights and owners are there again, on every table and for every later one."""
    insert(connection)
    connection.commit()
    with connect(settings, Role.EVIDENTLY) as evidently:
        evidently.execute("create table if not exists public.kept (a int)")
    with connect(other_server, Role.ADMIN, autocommit=True) as admin:
        admin.execute("create database evidently")
    copied(settings, other_server, settings.postgres_db, tmp_path)
    copied(settings, other_server, "evidently", tmp_path)
    assert migrate(other_server) == []

    with connect(other_server, Role.ADMIN, autocommit=True) as admin:
        admin.execute("create table monitoring.later (n serial)")
        assert rights(admin, "grafana_reader") == {"SELECT"}
        assert rights(admin, "collector") == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    with connect(other_server, Role.READER) as reader:
        assert reader.execute("select count(*) from metric_value").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(POWERS["write a large object"].encode())
    with connect(other_server) as collector:
        collector.execute("insert into monitoring.later default values")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            collector.execute(COLLECTORS["drop"].encode())
    with connect(other_server, Role.EVIDENTLY) as evidently:
        evidently.execute("alter table public.kept add b int")
        evidently.execute("create table public.more (a int)")


def test_an_owner_who_is_no_superuser_migrates(other_server: Settings) -> None:
    """On a server of others' too: it has what the owner can do, and what they use stays theirs."""
    with connect(other_server, Role.ADMIN, autocommit=True) as admin:
        admin.execute("create role boss login createrole createdb password 'boss'")
        admin.execute("create database ours owner boss")
    changes = {"postgres_user": "boss", "postgres_password": "boss", "postgres_db": "ours"}
    theirs = other_server.model_copy(update=changes)
    assert len(migrate(theirs)) == len(migrations())
    assert migrate(theirs) == []
    assert migrate(other_server.model_copy(update={"postgres_db": "ours"})) == []

    with connect(theirs, Role.READER) as reader:
        assert reader.execute("show statement_timeout").fetchone() == ("30s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(POWERS["become another"].encode())
    with connect(theirs) as collector:
        assert collector.execute("select monitoring.end_overlong_statements()").fetchone() == (0,)
    connect(theirs.model_copy(update={"postgres_db": "postgres"}), Role.ADMIN).close()
    connect(theirs, Role.EVIDENTLY).close()


def rights(admin: psycopg.Connection, role: str) -> set[str]:
    """What a role may do with every table of ours but the locks."""
    names = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    tables = "from pg_tables where schemaname = 'monitoring'"
    tables += " and tablename not in ('lock', 'schema_migration')"
    found = set()
    for name in names:
        query = f"select bool_and(has_table_privilege(%s, 'monitoring.' || tablename, %s)) {tables}"
        row = admin.execute(query.encode(), [role, name]).fetchone()
        if row and row[0]:
            found.add(name)
    return found


def test_a_newer_database_is_refused(settings: Settings, connection: psycopg.Connection) -> None:
    """What it means is not known here, so nothing is done with it."""
    newer = "insert into monitoring.schema_migration values ('0099_future')"
    connection.execute(newer)
    connection.execute("alter role grafana_reader set work_mem = '8MB'")
    connection.commit()
    try:
        with pytest.raises(MigrationError, match=r"newer.* 0099_future; upgrade driftdeck"):
            migrate(settings)
        row = connection.execute(
            "select 'work_mem=8MB' = any(setconfig) from pg_db_role_setting"
            " where setrole = 'grafana_reader'::regrole"
        ).fetchone()
        assert row == (True,)
    finally:
        connection.execute("delete from monitoring.schema_migration where name = '0099_future'")
        connection.commit()
        migrate(settings)


def test_a_database_that_stores_no_words_is_refused(settings: Settings) -> None:
    """In SQL_ASCII text comes back as bytes, and nothing is made there."""
    with connect(settings, Role.ADMIN, autocommit=True) as connection:
        connection.execute(
            "create database ascii encoding 'SQL_ASCII' template template0"
            " lc_collate 'C' lc_ctype 'C'"
        )
        ascii_only = settings.model_copy(update={"postgres_db": "ascii"})
        try:
            with pytest.raises(MigrationError, match="encoded in SQL_ASCII; make it anew with"):
                migrate(ascii_only)
            with connect(ascii_only, Role.ADMIN) as other:
                query = "select to_regnamespace('monitoring') is null"
                assert other.execute(query).fetchone() == (True,)
        finally:
            connection.execute("drop database ascii")


def test_an_older_server_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made; panels would fail one by one."""
    monkeypatch.setattr(MODULE, "OLDEST", 990000)
    with pytest.raises(MigrationError, match=r"^the server is PostgreSQL \d\d; use 99 or newer"):
        migrate(settings)


@pytest.fixture
def old(settings: Settings) -> Iterator[Settings]:
    """A database of the same server as it was before trainings knew their windows."""
    with connect(settings, Role.ADMIN, autocommit=True) as admin:
        admin.execute("create database old")
        place = settings.model_copy(update={"postgres_db": "old"})
        with connect(place, Role.ADMIN) as opened:
            opened.execute("create schema monitoring")
            opened.execute("create table public.schema_migration (name text, applied_at int)")
            for path in migrations()[:6]:
                opened.execute(path.read_bytes())
                opened.execute("insert into public.schema_migration values (%s)", [path.stem])
        try:
            yield place
        finally:
            admin.execute("drop database old (force)")


def test_two_running_trainings_stop_no_migration(old: Settings) -> None:
    """Only the newest of a monitor can still be running; the others have failed."""
    with connect(old, Role.ADMIN) as admin:
        for monitor, day in (("a", 1), ("a", 2), ("a", 3), ("b", 1)):
            admin.execute(
                "insert into monitoring.retraining (monitor, started_at, status, reason)"
                " values (%s, make_timestamptz(2024, 1, %s, 0, 0, 0, 'UTC'), 'running', 'drift')",
                [monitor, day],
            )
    migrate(old)
    with connect(old, Role.ADMIN) as admin:
        rows = admin.execute(
            "select monitor, extract(day from started_at at time zone 'UTC')::int"
            " from monitoring.retraining where status = 'failed'"
            " and finished_at is not null and output <> '' order by 1, 2"
        ).fetchall()

    assert rows[:2] == [("a", 1), ("a", 2)]
    assert ("a", 3) not in rows


@pytest.mark.parametrize(
    ("statement", "stays"),
    [
        ("select", False),
        ("insert into monitoring.dummy_metrics values (now(), 1, 'a', 0.5)", True),
        ("create view monitoring.theirs as select * from monitoring.dummy_metrics", True),
        ("drop table monitoring.dummy_metrics", False),
    ],
)
def test_the_table_of_an_example_goes_where_nobody_has_used_it(
    old: Settings, statement: str, stays: bool
) -> None:
    """With a row in it, or with somebody's view of it, it stays as it is."""
    with connect(old, Role.ADMIN) as admin:
        admin.execute(statement.encode())
    migrate(old)
    with connect(old, Role.ADMIN) as admin:
        query = "select to_regclass('monitoring.dummy_metrics') is not null"
        assert admin.execute(query).fetchone() == (stays,)


def test_a_migration_waits_for_another_only_so_long(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds its lock is named, and so is the mend."""
    monkeypatch.setattr(MODULE, "WAIT_SECONDS", 1)
    connection.execute("lock table monitoring.schema_migration in share update exclusive mode")

    with pytest.raises(MigrationError, match=r"for 1 s \(process \d+ of postgres.*wait until"):
        migrate(settings)


def test_a_migration_waits_for_a_reader_only_so_long(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is being read cannot be altered; the process that reads it is named."""
    for path in migrations():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "0098_later.sql").write_text("alter table monitoring.metric_value add later int")
    monkeypatch.setattr(MODULE, "FOLDER", tmp_path)
    monkeypatch.setattr(MODULE, "WAIT_SECONDS", 1)
    with connect(settings, Role.READER) as reader:
        reader.execute("select * from monitoring.metric_value")
        with pytest.raises(MigrationError, match=r"in use \(process \d+ of grafana_reader"):
            migrate(settings)
