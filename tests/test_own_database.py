"""A PostgreSQL of one's own: its address, TLS, a schema of a chosen name, a role without powers."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from conftest import REFERENCE_DAYS, SECRET, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.jobs.leftovers import remove
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.postgres import Database
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.database import Role, connect, evidently_uri, migrate, uri
from driftdeck.database.embedded import BINARIES
from driftdeck.database.errors import sentence
from driftdeck.database.migrate import MigrationError, migrations
from driftdeck.database.script import script
from driftdeck.project import SettingsError, checked
from driftdeck.schema_name import in_schema, problem
from driftdeck.settings import IsolatedSettings, Settings
from driftdeck.stack.commands import status
from driftdeck.stack.runtime import where_collected

SCHEMA = "Team-a"
ROLES = ("app", "viewer", "writer")


@pytest.fixture
def server(settings: Settings) -> Iterator[Settings]:
    """The tests' server with roles that are nobody's but others', and two databases of theirs."""
    with connect(settings, Role.ADMIN, autocommit=True) as admin:
        for role in ROLES:
            admin.execute(f"create role {role} login password '{role}'".encode())
        for database in ("theirs", "copy"):
            admin.execute(f"create database {database}".encode())
            admin.execute(f"grant create on database {database} to app".encode())
        try:
            yield settings
        finally:
            for database in ("theirs", "copy"):
                admin.execute(f"drop database {database} (force)".encode())
            for role in ROLES:
                admin.execute(f"drop role {role}".encode())


def address(server: Settings, database: str = "theirs", role: str = "app") -> str:
    """Where a role of theirs connects."""
    return f"postgresql://{role}:{role}@127.0.0.1:{server.postgres_port}/{database}"


def own(server: Settings, database: str = "theirs", **changes: object) -> Settings:
    """Settings of a project whose database is theirs."""
    values = {"database_url": address(server, database), "postgres_schema": SCHEMA, **changes}
    return server.model_copy(update=values)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("select * from monitoring.metric", 'select * from "x".metric'),
        ("grant usage on schema monitoring to a", 'grant usage on schema "x" to a'),
        ("select 'monitoring.metric', 'it''s monitoring.x'", None),
        ("select 'monitoring.metric'::regclass", "select '\"x\".metric'::regclass"),
        ('select * from "monitoring".metric, a.monitoring.b -- monitoring.c', None),
        ("select 1 as monitoring", None),
        ("-- it's\nselect monitoring.now()", '-- it\'s\nselect "x".now()'),
    ],
)
def test_sql_is_qualified_as_it_leaves(before: str, after: str | None) -> None:
    """Names of ours only: strings, comments and names in quotes are others'."""
    assert in_schema(before, "x") == (after or before)
    assert in_schema(before, "monitoring") == before


@pytest.mark.parametrize("name", ["public", "pg_mine", "", "a b", 'a"b', "1a", "x" * 64])
def test_a_schema_that_cannot_be_ours_is_refused(name: str) -> None:
    """Rights in it are taken from everybody else; its name stands in quotes everywhere."""
    assert problem(name)
    with pytest.raises(SettingsError, match="POSTGRES_SCHEMA"):
        checked(IsolatedSettings, postgres_schema=name)


def test_an_owner_without_powers_has_all_in_a_schema_of_its_own(
    server: Settings, tmp_path: Path
) -> None:
    """Migrated, collected, read and removed; nothing lies in `monitoring` or `public`."""
    chosen = own(server, reader_role="viewer")
    assert len(migrate(chosen)) == len(migrations())
    assert migrate(chosen) == []
    monitor = small_monitor(str(tmp_path / "log"), ends="2024-01-06")
    for n in range(1, REFERENCE_DAYS + 2):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n)))
    with connect(chosen) as connection:
        runner = Runner(monitor, chosen, connection)
        runner.run(find_window(monitor, date(2024, 1, REFERENCE_DAYS + 1)))
        connection.commit()
        stored = connection.execute("select status from monitoring.collection").fetchall()
        names = connection.execute("select distinct schemaname from pg_tables").fetchall()
    assert stored == [("ok",)]
    assert {name for (name,) in names} & {"monitoring", "public"} == set()
    with psycopg.connect(address(server, role="viewer"), autocommit=True) as reader:
        assert reader.execute(f'select count(*) from "{SCHEMA}".metric').fetchone() != (0,)
        for statement in (
            "delete from {}.metric_value",
            "table {}.lock",
            "table {}.clock for share",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement.format(f'"{SCHEMA}"').encode())
    with connect(chosen) as connection:
        assert remove(connection, "small", None)["window_status"] == 1


def test_its_state_is_asked_whatever_could_be_started_here(
    server: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Docker beside it is no place where collections run: neither status nor exec go there."""
    ran: list[list[str]] = []

    def attend(words: list[str], **_: object) -> int:
        ran.append(words)
        return 0

    monkeypatch.setattr("driftdeck.stack.runtime.engine_reachable", lambda: True)
    monkeypatch.setattr("driftdeck.stack.steps.attend", attend)
    chosen = own(server)

    assert status(chosen) == 0
    assert f"PostgreSQL     up    127.0.0.1:{server.postgres_port}\n" in capsys.readouterr().out
    assert where_collected(chosen).run(["mine"]) == 0
    assert ran == [["python", "-m", "driftdeck", "collected", "--leftovers"], ["mine"]]

    nobody = own(server, grafana_url="http://127.0.0.1:9", database_url=address(server, role="no"))
    assert status(nobody) == 1
    said = capsys.readouterr().out
    assert f"PostgreSQL     down  127.0.0.1:{server.postgres_port}: " in said
    assert "Grafana        down  http://127.0.0.1:9\n" in said
    assert len(ran) == 2


def test_reports_lie_in_a_schema_beside_it(server: Settings) -> None:
    """Evidently's own tables, though it knows no schemas, and no session keeps a search_path."""
    from evidently.ui.service.storage.sql.utils import migrate_database

    chosen = own(server)
    migrate(chosen)
    assert "app:app" not in evidently_uri(chosen)
    migrate_database(evidently_uri(chosen))
    with connect(chosen) as connection:
        found = connection.execute(
            "select schemaname from pg_tables where tablename = 'snapshots'"
        ).fetchall()

    assert found == [(f"{SCHEMA}_reports",)]


def test_a_schema_that_cannot_be_made_says_what_is_lacking(server: Settings) -> None:
    """Whoever may make it is told how; once it is there, no right on the database is needed."""
    chosen = own(server, database_url=address(server, role="writer"))
    with pytest.raises(MigrationError, match=f'create schema "{SCHEMA}" authorization "writer"'):
        migrate(chosen)
    migrate(own(server))
    with pytest.raises(MigrationError, match="is not writer's"):
        migrate(chosen)
    with connect(server.model_copy(update={"postgres_db": "copy"}), Role.ADMIN) as admin:
        for name in (SCHEMA, f"{SCHEMA}_reports"):
            admin.execute(f'create schema "{name}" authorization writer'.encode())
    made = own(server, database_url=address(server, "copy", "writer"))

    assert len(migrate(made)) == len(migrations())


def test_a_role_that_is_named_must_be_there(server: Settings) -> None:
    """It is not made without a word; how it is made is said."""
    with pytest.raises(MigrationError, match=r"reader_role names nobody, .*migrate --sql"):
        migrate(own(server, reader_role="nobody"))


def dumped(server: Settings, database: str) -> str:
    """A database's definitions, rights included."""
    told = subprocess.run(
        [str(BINARIES / "pg_dump"), "--schema-only", address(server, database)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(one for one in told.stdout.splitlines() if "restrict" not in one)


@pytest.mark.parametrize("twice", [False, True])
def test_the_script_makes_what_migrating_makes(server: Settings, twice: bool) -> None:
    """Definitions and rights are the same, on an empty database and on one that has it all."""
    roles = {"collector_role": "writer", "reader_role": "viewer"}
    migrate(own(server, **roles))
    text = script(own(server, **roles))
    assert "'app'" not in text
    with psycopg.connect(address(server, "copy"), autocommit=True) as connection:
        for _ in range(1 + twice):
            connection.execute(text.encode())
        names = connection.execute(f'select name from "{SCHEMA}".schema_migration').fetchall()

    assert {name for (name,) in names} == {path.stem for path in migrations()}
    assert dumped(server, "copy") == dumped(server, "theirs")
    assert migrate(own(server, "copy", **roles)) == []


def test_the_script_makes_roles_that_are_missing(server: Settings) -> None:
    """For whoever may: they can log in once they have a password, and whoever reads only reads."""
    text = script(own(server, collector_role="made_writer", reader_role="made_reader"))
    copy = server.model_copy(update={"postgres_db": "copy"})
    with connect(server, Role.ADMIN, autocommit=True) as admin:
        try:
            with connect(copy, Role.ADMIN, autocommit=True) as opened:
                opened.execute(text.encode())
            found = admin.execute(
                "select rolname, rolcanlogin, 'statement_timeout=30s' = any(rolconfig)"
                " from pg_roles where rolname like 'made%' order by 1"
            ).fetchall()
        finally:
            with connect(copy, Role.ADMIN, autocommit=True) as opened:
                for role in ("made_writer", "made_reader"):
                    with suppress(psycopg.Error):
                        opened.execute(f"drop owned by {role}".encode())
                        opened.execute(f"drop role {role}".encode())

    assert found == [("made_reader", True, True), ("made_writer", True, None)]


def test_an_address_goes_before_the_parts(settings: Settings) -> None:
    """DATABASE_URL wins over POSTGRES_*, in every form of libpq's, for every role."""
    for text in ("postgresql://a@b/c", "host=b dbname=c", "service=mine"):
        chosen = settings.model_copy(update={"database_url": text})
        assert {uri(chosen, role) for role in Role} == {text}
    with pytest.raises(SettingsError) as raised:
        checked(IsolatedSettings, database_url="postgresql://a:s3cret@b c")
    assert "DATABASE_URL" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.fixture
def tls(server: Settings, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port on which that server is reached by TLS as `localhost`, and its CA."""
    pytest.importorskip("cryptography", reason="needs cryptography, to make a CA")
    from tls import authority, ended

    ca = authority(tmp_path / "tls", "localhost")
    with ended(ca.with_name("server.pem"), server.postgres_port) as port:
        yield port, ca


def test_every_driver_verifies_the_server(server: Settings, tls: tuple[int, Path]) -> None:
    """psycopg, ADBC and SQLAlchemy: with the CA all is well, in plain and by another name not."""
    from sqlalchemy import create_engine, text

    port, ca = tls
    secure = f"sslmode=verify-full&sslrootcert={ca}"
    chosen = own(server, database_url=f"postgresql://app:app@localhost:{port}/theirs?{secure}")
    migrate(chosen)
    with connect(chosen) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.prepare_threshold is None  # a pooler would lose what has a name
    with connect(chosen, autocommit=True) as connection:
        connection.execute("create schema source")
        connection.execute("create table source.log as select timestamptz '2024-01-01' as at")
    table = Database.of(chosen, d.Table("source.log", time="at"))
    assert table.columns() == {"at": "timestamptz"}
    assert table.read(psycopg.sql.SQL("table source.log")).num_rows == 1
    with create_engine(evidently_uri(chosen)).connect() as opened:
        assert opened.execute(text("show search_path")).scalar() == f'"{SCHEMA}_reports"'


@pytest.mark.parametrize(
    ("host", "parameters", "mend"),
    [
        ("localhost", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "sslrootcert=FILE"),
        ("localhost", "sslmode=verify-full&sslrootcert={other}", "the CA that signed"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={ca}", "a name that the server's"),
    ],
)
def test_a_server_that_cannot_be_trusted_is_refused(
    server: Settings, tls: tuple[int, Path], tmp_path: Path, host: str, parameters: str, mend: str
) -> None:
    """What is wrong with its certificate is said with the mend."""
    from tls import authority

    port, ca = tls
    filled = parameters.format(ca=ca, other=authority(tmp_path / "other", "localhost"))
    chosen = own(server, database_url=f"postgresql://app:app@{host}:{port}/theirs?{filled}")
    with pytest.raises(psycopg.OperationalError) as raised:
        connect(chosen)

    assert mend in sentence(raised.value)


def test_odd_passwords_reach_the_server(server: Settings) -> None:
    """Percent-encoded in a URI, whatever they hold."""
    with connect(server, Role.ADMIN, autocommit=True) as admin:
        admin.execute(psycopg.sql.SQL("alter role app password {}").format(SECRET))
    place = f"127.0.0.1:{server.postgres_port}/theirs"
    chosen = own(server, database_url=f"postgresql://app:{quote(SECRET, safe='')}@{place}")
    migrate(chosen)

    assert evidently_uri(chosen).count(":") == 1


def test_nothing_is_started_beside_an_own_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that nothing would use; and the script is printed where none answers."""
    from driftdeck.cli import main

    monkeypatch.setenv("STACK_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "host=nowhere.invalid")
    assert main(["up"]) == 2
    assert "DATABASE_URL names another PostgreSQL" in capsys.readouterr().err
    assert main(["migrate", "--sql"]) == 0
    assert "create schema" in capsys.readouterr().out
