"""Proves the queries without a Grafana: macros expanded here, run as Grafana's reader role."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg

from driftdeck.database import Role, connect
from driftdeck.preflight.sql.macros import MacroError, expand
from driftdeck.settings import Settings
from driftdeck.verify.checks import KEPT_ROWS, Check, QueryResult, check_queries, find_dead_link
from driftdeck.verify.links import check_address
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import Query


def verify(
    settings: Settings, built: Provisioning, outside: Callable[[str], str] = check_address
) -> Iterator[Check]:
    """Every check that needs only the database. outside: judges addresses outside Grafana: why they
    show nothing, '' where they show something."""
    try:
        connection = connect(settings, Role.READER)
    except psycopg.OperationalError as error:
        yield Check("database", False, str(error).strip())
        return
    with connection:
        yield Check("database", True, settings.database)
        uids = {dashboard["uid"] for dashboard in built.dashboards()}
        yield from check_queries(
            built,
            lambda query: run_query(connection, query),
            lambda address: find_dead_link(uids, outside, address),
            datetime.now(UTC),
        )
        yield from check_rules(built, connection)


def run_query(connection: psycopg.Connection, query: Query) -> QueryResult:
    """Run one query in PostgreSQL; what the database refuses is the result's error."""
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(expand(query.sql, query.span).encode())
            rows = cursor.fetchall()
            names = [column.name for column in cursor.description or []]
    except (psycopg.Error, MacroError) as error:
        return QueryResult(0, error=str(error).strip())
    columns = {name: tuple(row[n] for row in rows) for n, name in enumerate(names)}
    kinds = tuple(_find_kind(name, values) for name, values in columns.items())
    kept = {name: values[:KEPT_ROWS] for name, values in columns.items()}
    return QueryResult(len(rows), kinds, kept)


def _find_kind(name: str, values: Sequence[object]) -> str:
    known = next((value for value in values if value is not None), None)
    if name.lower() == "time" or isinstance(known, (datetime, date)):
        return "time"
    if isinstance(known, bool):
        return "boolean"
    return "string" if isinstance(known, str) else "number" if known is not None else "other"


def check_rules(built: Provisioning, connection: psycopg.Connection) -> Iterator[Check]:
    """Each rule's queries: one number column, no NULL, no time, labels that tell rows apart."""
    for _, rule in built.rules():
        sqls = [data["model"]["rawSql"] for data in rule["data"] if "rawSql" in data["model"]]
        problem = next(filter(None, (_find_rule_problem(connection, sql) for sql in sqls)), "")
        yield Check(f"rule {rule['title']}", not problem, problem or "one number a row")


def _find_rule_problem(connection: psycopg.Connection, sql: str) -> str:
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(sql.encode())
            rows = cursor.fetchall()
    except psycopg.Error as error:
        return str(error).strip()
    labels = [tuple(value for value in row if isinstance(value, str)) for row in rows]
    numbers = [
        [v for v in row if v is None or isinstance(v, (int, float, Decimal))] for row in rows
    ]
    if any(len(values) != 1 or values[0] is None for values in numbers):
        return "a row has no number, or more than one"
    return "two rows have the same labels" if len(set(labels)) < len(labels) else ""
