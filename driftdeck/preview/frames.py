"""Results of queries as frames: Grafana's name for typed columns of equal length."""

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json
from driftdeck.preflight.sql.macros import MacroError, Range, expand
from driftdeck.preview.fields import Clock, Field, merge_options

Row = tuple[Any, ...]
TIMES = ("time", "timeend")


class QueryError(DriftdeckError, ValueError):
    """A query that PostgreSQL, or Grafana before it, refuses, with the reason."""


@dataclass(frozen=True)
class QueryResult:
    """The result of a query: names of its columns, and rows."""

    names: Sequence[str]
    rows: Sequence[Row]

    def columns(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Its columns by name, their values as Grafana's data frames hold them."""
        for number, name in enumerate(self.names):
            yield name, [_to_json_value(row[number], name) for row in self.rows]


RunQuery = Callable[[str, Range], QueryResult]


def make_query_runner(connection: psycopg.Connection) -> RunQuery:
    """A function that runs queries, each text once, and raises QueryError."""
    results: dict[str, QueryResult | QueryError] = {}

    def run(sql: str, span: Range) -> QueryResult:
        try:
            text = expand(sql, span)
        except MacroError as error:
            raise QueryError(str(error)) from error
        if text not in results:
            results[text] = _run_query(connection, text)
        result = results[text]
        if isinstance(result, QueryError):
            raise result
        return result

    return run


def _run_query(connection: psycopg.Connection, text: str) -> QueryResult | QueryError:
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(text.encode())
            names = [column.name for column in cursor.description or []]
            return QueryResult(names, cursor.fetchall() if names else [])
    except psycopg.Error as error:
        if connection.closed:
            raise
        return QueryError(str(error).strip())


def _to_json_value(value: Any, name: str) -> Any:
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON cannot hold it, and Grafana plots none
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and name in TIMES:
        seconds = value / 1000 if abs(value) > 1e11 else value  # as Grafana tells them apart
        return datetime.fromtimestamp(seconds, UTC)
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value) if isinstance(value, (timedelta, bytes)) else value


def find_kind(values: Sequence[Any]) -> str:
    """Grafana's type of a column: of its first value; other where all are missing."""
    known = next((value for value in values if value is not None), None)
    if isinstance(known, bool):
        return "boolean"
    if isinstance(known, (int, float)):
        return "number"
    return "time" if isinstance(known, datetime) else "string" if known is not None else "other"


def to_fields(panel: Json, result: QueryResult, clock: Clock, ref: str = "") -> list[Field]:
    """A result in its own form: a field for each column. ref: the refId of its query."""
    fields = []
    counter = itertools.count()
    for name, values in result.columns():
        kind = find_kind(values)
        place = next(counter) if kind == "number" else 0
        config = merge_options(panel, name, kind, ref)
        fields.append(Field(name, kind, values, config, clock, place))
    return fields


@dataclass(frozen=True)
class Series:
    """Lines over a common time axis: moments in order; each field has a value at each, or None.

    own_times: for each field the moments that its query gave. A None at one of them is a gap; at
    another query's moment it means nothing.
    """

    times: Sequence[datetime]
    fields: Sequence[Field]
    own_times: Sequence[Set[datetime]]


def to_series(panel: Json, results: Mapping[str, QueryResult], clock: Clock) -> Series:
    """Results in long or wide form, by refId, as the lines that Grafana makes of them.

    Raises QueryError for a result without a time.
    """
    lines = [
        (ref, name, points)
        for ref, result in results.items()
        if result.rows
        for name, points in _iter_lines(result)
    ]
    times = sorted({moment for _, _, points in lines for moment in points})
    times_by_query = {
        ref: {moment for other, _, points in lines if other == ref for moment in points}
        for ref in results
    }
    fields = []
    for number, (ref, name, points) in enumerate(lines):
        values = [points.get(moment) for moment in times]
        kind = find_kind(values)
        config = merge_options(panel, name, kind, ref)
        fields.append(Field(name, kind, values, config, clock, number))
    return Series(times, fields, [times_by_query[ref] for ref, _, _ in lines])


def _iter_lines(result: QueryResult) -> Iterator[tuple[str, dict[datetime, Any]]]:
    columns = dict(result.columns())
    kinds = {name: find_kind(values) for name, values in columns.items()}
    time_column = next((name for name in columns if name == "time"), None) or next(
        (name for name, kind in kinds.items() if kind == "time"), None
    )
    if time_column is None:
        raise QueryError("the query gives no column of times")
    labels = [name for name in columns if kinds[name] == "string"]
    numbers = [
        name
        for name in columns
        if name != time_column and kinds[name] in ("number", "boolean", "other")
    ]
    points: dict[str, dict[datetime, Any]] = {}
    for row, moment in enumerate(columns[time_column]):
        for number in numbers:
            label_text = " ".join(str(columns[label][row]) for label in labels)
            name = (
                label_text if label_text and len(numbers) == 1 else f"{number} {label_text}".strip()
            )
            if moment is not None:
                points.setdefault(name, {})[moment] = columns[number][row]
    # Grafana's conversion sorts rows in long form by label.
    yield from sorted(points.items()) if labels else points.items()
