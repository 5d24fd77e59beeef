"""Asks PostgreSQL itself about every statement of a tree: prepared, never run.

PostgreSQL parses a statement, finds its tables and columns, and tells the type of what it would
answer; https://www.postgresql.org/docs/current/sql-prepare.html. Nothing is read and nothing is
written, so an empty database will do, if it has the tables.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.pq import ExecStatus

from driftdeck.database import Role, connect, migrate, passwords
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.grafana.variables import fill
from driftdeck.preflight.findings import Finding
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.sql.macros import MacroError
from driftdeck.preflight.sql.shape import expanded
from driftdeck.preflight.sql.statements import Statement, statements
from driftdeck.settings import IsolatedSettings

TIMES = {"timestamptz", "timestamp", "date"}
NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric"}
TEXTS = {"text", "varchar", "bpchar", "char", "name", "uuid", "unknown"}
DEPENDS_ON_VALUES = {"22P02", "22007", "22008", "22023", "42704", "42725"}
"""Errors that a variable's real value may not bring about."""
SURE = re.compile(r"coalesce\s*\(|count\s*\(", re.IGNORECASE)


@contextmanager
def empty_database() -> Iterator[psycopg.Connection]:
    """The reader of an embedded database with this project's tables and no row."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = IsolatedSettings(postgres_port=free_port(), stack_dir=Path(folder))
        settings = passwords.chosen(chosen)
        server = Embedded(Path(folder) / "postgres", settings.postgres_port)
        server.start(settings.postgres_user, settings.postgres_password, settings.postgres_db)
        try:
            migrate(settings)
            with connect(settings, Role.READER, autocommit=True) as connection:
                yield connection
        finally:
            server.stop()


def explain(tree: Path, reading: Reading, connection: psycopg.Connection) -> list[Finding]:
    """A doubtful finding for each statement that fails or cannot answer what is asked of it."""
    for one in statements(tree, reading):
        for rule, message in _problems(one, connection):
            reading.report.doubtful(one.place, rule, message)
    return reading.report.sorted()


def _problems(one: Statement, connection: psycopg.Connection) -> Iterator[tuple[str, str]]:
    known = {name: value for name, value in one.values.items() if value}
    try:
        text = expanded(fill(one.sql, known, sql=True)).strip().rstrip(";")
    except MacroError as error:
        yield "macro", str(error)
        return
    if not text.strip():
        yield "empty-query", "rawSql is empty"
        return
    columns, state, complaint = _describe(text, connection)
    if complaint:
        if not (one.values and state in DEPENDS_ON_VALUES):
            yield "sql", complaint
        return
    if one.kind == "rule" and one.form == "table":
        yield from _rule_shape(columns, one)
    elif one.form == "time_series":
        yield from _series_shape(columns)


def _describe(
    text: str, connection: psycopg.Connection
) -> tuple[list[tuple[str, str, bool]], str, str]:
    """((name, type, whether it may be NULL) of each column, SQLSTATE, error)."""
    low = connection.pgconn
    done = low.prepare(b"", text.encode())
    if done.status != ExecStatus.COMMAND_OK:
        state = done.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b""
        said = done.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
        return [], state.decode(), said.decode(errors="replace")
    told = low.describe_prepared(b"")
    columns = []
    for n in range(told.nfields):
        info = connection.adapters.types.get(told.ftype(n))
        nullable = not _never_null(connection, told.ftable(n), told.ftablecol(n))
        name = (told.fname(n) or b"").decode()
        columns.append((name, info.name if info else "other", nullable))
    return columns, "", ""


def _never_null(connection: psycopg.Connection, table: int, column: int) -> bool:
    if not table:
        return False
    found = connection.execute(
        "select attnotnull from pg_attribute where attrelid = %s and attnum = %s", [table, column]
    ).fetchone()
    return bool(found and found[0])


def _series_shape(columns: list[tuple[str, str, bool]]) -> Iterator[tuple[str, str]]:
    kinds = {name: kind for name, kind, _ in columns}
    if "time" not in kinds:
        yield (
            "no-time-column",
            f"time_series needs a column named time; there are {', '.join(kinds)}",
        )
    elif kinds["time"] not in TIMES | NUMBERS:
        yield "no-time-column", f"the column time is of type {kinds['time']}"
    for name, kind in kinds.items():
        if kind == "bool":
            yield "boolean", f"a time series cannot hold the boolean {name!r}; cast it to int"


def _rule_shape(columns: list[tuple[str, str, bool]], one: Statement) -> Iterator[tuple[str, str]]:
    numbers = [(name, nullable) for name, kind, nullable in columns if kind in NUMBERS]
    wrong = [f"{name} ({kind})" for name, kind, _ in columns if kind not in NUMBERS | TEXTS]
    if wrong:
        yield "rule-shape", f"a rule's table holds texts and one number, not {', '.join(wrong)}"
    if len(numbers) != 1:
        yield "rule-shape", f"a rule's table holds one number, not {len(numbers)}"
    elif numbers[0][1] and not one.guarded and not SURE.search(one.sql) and _reads(one.sql):
        yield (
            "rule-null",
            f"{numbers[0][0]} can be NULL, which fires every threshold; add WHERE {numbers[0][0]}"
            " IS NOT NULL, coalesce, or !is_nan($A) in the expression",
        )


def _reads(sql: str) -> bool:
    """Whether a statement reads a table without leaving NULLs out by itself."""
    return re.search(r"\bfrom\b", sql, re.IGNORECASE) is not None and not re.search(
        r"is\s+not\s+null", sql, re.IGNORECASE
    )
