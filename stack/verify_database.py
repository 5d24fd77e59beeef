"""Proves the queries without a Grafana: macros expanded here, asked as Grafana's reader role."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import psycopg
import yaml

from database import Role, connect
from generator.artefacts import Place, artefacts
from generator.files import stale
from preflight.macros import MacroError, expand
from settings import Settings
from stack.questions import Question
from stack.verify import Answer, Check, ask_all


def verify(settings: Settings, place: Place) -> Iterator[Check]:
    """Every check that needs only the database. place: what the artefacts were built for."""
    built = artefacts(settings, place)
    differing = stale(settings.provisioning_dir, built)
    yield Check("artefacts", not differing, ", ".join(differing) or f"{len(built)} files fresh")
    try:
        connection = connect(settings, Role.READER)
    except psycopg.OperationalError as error:
        yield Check("database", False, str(error).strip())
        return
    with connection:
        yield Check("database", True, f"{settings.postgres_host}:{settings.postgres_port}")
        yield from ask_all(settings, lambda question: ask(connection, question))
        yield from rules(settings, connection)


def ask(connection: psycopg.Connection, question: Question) -> Answer:
    """One query straight to PostgreSQL."""
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(expand(question.sql, question.span).encode())
            rows = cursor.fetchall()
            names = [column.name for column in cursor.description or []]
    except (psycopg.Error, MacroError) as error:
        return Answer(0, error=str(error).strip())
    kinds = tuple(_kind(names[n], [row[n] for row in rows]) for n in range(len(names)))
    return Answer(len(rows), kinds, tuple(row[0] for row in rows[:1000]))


def _kind(name: str, values: list[object]) -> str:
    known = next((value for value in values if value is not None), None)
    if name.lower() == "time" or isinstance(known, (datetime, date)):
        return "time"
    if isinstance(known, bool):
        return "boolean"
    return "string" if isinstance(known, str) else "number" if known is not None else "other"


def rules(settings: Settings, connection: psycopg.Connection) -> Iterator[Check]:
    """Each rule's queries: one number column, no NULL, no time, labels that tell rows apart."""
    for group in yaml.safe_load(artefacts(settings)["alerting/rules.yaml"])["groups"]:
        for rule in group["rules"]:
            sqls = [data["model"]["rawSql"] for data in rule["data"] if "rawSql" in data["model"]]
            problem = next(filter(None, (_rule_problem(connection, sql) for sql in sqls)), "")
            yield Check(f"rule {rule['title']}", not problem, problem or "one number a row")


def _rule_problem(connection: psycopg.Connection, sql: str) -> str:
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
    if any(len(found) != 1 or found[0] is None for found in numbers):
        return "a row has no number, or more than one"
    return "two rows have the same labels" if len(set(labels)) < len(labels) else ""
