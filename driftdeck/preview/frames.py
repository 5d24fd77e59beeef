"""Answers of the database as frames: Grafana's name for typed columns of equal length."""

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
from driftdeck.preview.fields import Clock, Field, config_of

Row = tuple[Any, ...]
TIMES = ("time", "timeend")


class AskError(DriftdeckError, ValueError):
    """A query that the database, or Grafana before it, would refuse."""


@dataclass(frozen=True)
class Answer:
    """What a query gave: names of its columns, and rows."""

    names: Sequence[str]
    rows: Sequence[Row]

    def columns(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Its columns by name, their values as Grafana's data frames hold them."""
        for number, name in enumerate(self.names):
            yield name, [_plain(row[number], name) for row in self.rows]


Ask = Callable[[str, Range], Answer]


def asker(connection: psycopg.Connection) -> Ask:
    """Asks the database, each query once; the function raises AskError."""
    known: dict[str, Answer | AskError] = {}

    def ask(sql: str, span: Range) -> Answer:
        try:
            text = expand(sql, span)
        except MacroError as error:
            raise AskError(str(error)) from error
        if text not in known:
            known[text] = _asked(connection, text)
        found = known[text]
        if isinstance(found, AskError):
            raise found
        return found

    return ask


def _asked(connection: psycopg.Connection, text: str) -> Answer | AskError:
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(text.encode())
            names = [column.name for column in cursor.description or []]
            return Answer(names, cursor.fetchall() if names else [])
    except psycopg.Error as error:
        if connection.closed:
            raise
        return AskError(str(error).strip())


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it, and Grafana draws none
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


def kind_of(values: Sequence[Any]) -> str:
    """Grafana's type of a column's values; other where none is known."""
    known = next((value for value in values if value is not None), None)
    if isinstance(known, bool):
        return "boolean"
    if isinstance(known, (int, float)):
        return "number"
    return "time" if isinstance(known, datetime) else "string" if known is not None else "other"


def table(panel: Json, answer: Answer, clock: Clock, ref: str = "") -> list[Field]:
    """An answer as it is: a field for each column."""
    fields = []
    numbers = itertools.count()
    for name, values in answer.columns():
        kind = kind_of(values)
        place = next(numbers) if kind == "number" else 0
        config = config_of(panel, name, kind, ref)
        fields.append(Field(name, kind, values, config, clock, place))
    return fields


@dataclass(frozen=True)
class Series:
    """Lines over one axis of time: moments in order; each field has a value at each, or None.

    own: for each field the moments that its query gave. None at one of them is a gap; at another
    query's moment it says nothing.
    """

    times: Sequence[datetime]
    fields: Sequence[Field]
    own: Sequence[Set[datetime]]


def series(panel: Json, answers: Mapping[str, Answer], clock: Clock) -> Series:
    """Answers in long or wide form, by refId, as the lines that Grafana makes of them.

    Raises AskError without a time.
    """
    lines = [
        (ref, name, points)
        for ref, answer in answers.items()
        if answer.rows
        for name, points in _lines(answer)
    ]
    times = sorted({moment for _, _, points in lines for moment in points})
    asked = {
        ref: {moment for other, _, points in lines if other == ref for moment in points}
        for ref in answers
    }
    fields = []
    for number, (ref, name, points) in enumerate(lines):
        values = [points.get(moment) for moment in times]
        kind = kind_of(values)
        config = config_of(panel, name, kind, ref)
        fields.append(Field(name, kind, values, config, clock, number))
    return Series(times, fields, [asked[ref] for ref, _, _ in lines])


def _lines(answer: Answer) -> Iterator[tuple[str, dict[datetime, Any]]]:
    columns = dict(answer.columns())
    kinds = {name: kind_of(values) for name, values in columns.items()}
    clock = next((n for n in columns if n == "time"), None) or next(
        (name for name, kind in kinds.items() if kind == "time"), None
    )
    if clock is None:
        raise AskError("the query gives no column of times")
    labels = [name for name in columns if kinds[name] == "string"]
    numbers = [n for n in columns if n != clock and kinds[n] in ("number", "boolean", "other")]
    found: dict[str, dict[datetime, Any]] = {}
    for place, moment in enumerate(columns[clock]):
        for number in numbers:
            own = " ".join(str(columns[label][place]) for label in labels)
            name = own if own and len(numbers) == 1 else f"{number} {own}".strip()
            if moment is not None:
                found.setdefault(name, {})[moment] = columns[number][place]
    # Rows in long form come by label, as Grafana's conversion orders them.
    yield from sorted(found.items()) if labels else found.items()
