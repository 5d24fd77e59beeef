"""Lets PostgreSQL itself check every statement of a tree: prepared, never run.

PostgreSQL parses a statement, finds its tables and columns, and tells the type of each column of
its result; https://www.postgresql.org/docs/current/sql-prepare.html. Nothing is read and nothing is
written, so an empty database will do, if it has the tables.
"""

import re
import tempfile
from collections.abc import Callable, Iterator
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
from driftdeck.settings import IsolatedSettings, Settings

TIMES = {"timestamptz", "timestamp", "date"}
NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric"}
TEXTS = {"text", "varchar", "bpchar", "char", "name", "uuid", "unknown"}
DEPENDS_ON_VALUES = {"22P02", "22007", "22008", "22023", "42704", "42725"}
"""SQLSTATEs that a placeholder may cause where the real value of a variable does not."""
SURE = re.compile(r"coalesce\s*\(|count\s*\(", re.IGNORECASE)


@contextmanager
def empty_database(make_tables: Callable[[Settings], None]) -> Iterator[psycopg.Connection]:
    """The reader's connection to an embedded database with this project's tables and no row.

    make_tables: makes the project's own, once the schema is there.
    """
    with tempfile.TemporaryDirectory() as folder:
        isolated = IsolatedSettings(postgres_port=free_port(), stack_dir=Path(folder))
        settings = passwords.chosen(isolated)
        server = Embedded(Path(folder) / "postgres", settings.postgres_port)
        server.start(settings.postgres_user, settings.postgres_password, settings.postgres_db)
        try:
            migrate(settings)
            make_tables(settings)
            with connect(settings, Role.READER, autocommit=True) as connection:
                yield connection
        finally:
            server.stop()


def explain(tree: Path, reading: Reading, connection: psycopg.Connection) -> list[Finding]:
    """A doubtful finding for each statement that fails or gives what its panel or rule cannot use.

    tree: a provisioning folder. reading: of its files; takes the findings. connection: to a
    database that has the tables.
    """
    for statement in statements(tree, reading):
        for rule, message in _find_problems(statement, connection):
            reading.report.doubtful(statement.place, rule, message)
    return reading.report.sorted()


def _find_problems(
    statement: Statement, connection: psycopg.Connection
) -> Iterator[tuple[str, str]]:
    values = {name: value for name, value in statement.values.items() if value}
    try:
        text = expanded(fill(statement.sql, values, sql=True)).strip().rstrip(";")
    except MacroError as error:
        yield "macro", str(error)
        return
    if not text.strip():
        yield "empty-query", "rawSql is empty"
        return
    columns, state, message = _describe(text, connection)
    if message:
        if not (statement.values and state in DEPENDS_ON_VALUES):
            yield "sql", message
        return
    if statement.kind == "rule" and statement.form == "table":
        yield from _rule_shape(columns, statement)
    elif statement.form == "time_series":
        yield from _series_shape(columns)


def _describe(
    text: str, connection: psycopg.Connection
) -> tuple[list[tuple[str, str, bool]], str, str]:
    """((name, type, whether it may be NULL) of each column, SQLSTATE, error)."""
    pgconn = connection.pgconn
    prepared = pgconn.prepare(b"", text.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        state = prepared.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b""
        message = prepared.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY) or b""
        return [], state.decode(), message.decode(errors="replace")
    description = pgconn.describe_prepared(b"")
    columns = []
    for n in range(description.nfields):
        info = connection.adapters.types.get(description.ftype(n))
        nullable = not _never_null(connection, description.ftable(n), description.ftablecol(n))
        name = (description.fname(n) or b"").decode()
        columns.append((name, info.name if info else "other", nullable))
    return columns, "", ""


def _never_null(connection: psycopg.Connection, table: int, column: int) -> bool:
    if not table:
        return False
    row = connection.execute(
        "select attnotnull from pg_attribute where attrelid = %s and attnum = %s", [table, column]
    ).fetchone()
    return bool(row and row[0])


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


def _rule_shape(
    columns: list[tuple[str, str, bool]], statement: Statement
) -> Iterator[tuple[str, str]]:
    numbers = [(name, nullable) for name, kind, nullable in columns if kind in NUMBERS]
    other = [f"{name} ({kind})" for name, kind, _ in columns if kind not in NUMBERS | TEXTS]
    if other:
        yield "rule-shape", f"a rule's table holds texts and one number, not {', '.join(other)}"
    if len(numbers) != 1:
        yield "rule-shape", f"a rule's table holds one number, not {len(numbers)}"
    elif (
        numbers[0][1]
        and not statement.guarded
        and not SURE.search(statement.sql)
        and _reads(statement.sql)
    ):
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
