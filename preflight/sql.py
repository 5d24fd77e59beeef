"""SQL for Grafana's PostgreSQL datasource: macros, variables, and the shape of what is asked.

Without a database: a query that reads tables is judged by its text alone. Sources:
pkg/tsdb/postgres/macros.go of grafana/grafana, and https://sqlglot.com for PostgreSQL's grammar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from preflight.releases import Release

if TYPE_CHECKING:
    from sqlglot import exp

FORMATS: Final = ("time_series", "table")
MACRO: Final = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
COMMENTS_ARE_CUT: Final = Release(13, 2)
"""From here a macro inside a comment is no macro."""
ARGUMENTS: Final = {
    "__time": (1, 1), "__timeEpoch": (1, 1), "__timeFilter": (1, 1), "__timeFrom": (0, 1),
    "__timeTo": (0, 1), "__timeGroup": (2, 3), "__timeGroupAlias": (2, 3),
    "__unixEpochFilter": (1, 1), "__unixEpochNanoFilter": (1, 1), "__unixEpochNanoFrom": (0, 1),
    "__unixEpochNanoTo": (0, 1), "__unixEpochGroup": (2, 3), "__unixEpochGroupAlias": (2, 3),
    "__unixEpochFrom": (0, 1), "__unixEpochTo": (0, 1),
}  # fmt: skip
"""How many arguments each macro takes: at least, at most."""
ALIASED: Final = ("__time", "__timeEpoch", "__timeGroupAlias", "__unixEpochGroupAlias")
MOMENT: Final = "timestamptz '2024-01-01T00:00:00Z'"
EXPANSIONS: Final = {
    "__time": "{column}",
    "__timeEpoch": "extract(epoch from {column})",
    "__timeFilter": f"{{column}} BETWEEN {MOMENT} AND {MOMENT}",
    "__timeFrom": MOMENT,
    "__timeTo": MOMENT,
    "__unixEpochFilter": "{column} BETWEEN 0 AND 1",
    "__unixEpochNanoFilter": "{column} BETWEEN 0 AND 1",
    "__timeGroup": "floor(extract(epoch from {column})/60)*60",
    "__timeGroupAlias": "floor(extract(epoch from {column})/60)*60",
    "__unixEpochGroup": "floor(({column})/60)*60",
    "__unixEpochGroupAlias": "floor(({column})/60)*60",
}
"""SQL of the same type in place of each macro; of any other, a number."""
INTERVALS: Final = ("__interval_ms", "__interval")
VARIABLE: Final = re.compile(r"\$\{(\w+)(?:\.[^:}]+)?(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]")
BUILT_IN: Final = {
    "__dashboard", "__from", "__to", "__interval", "__interval_ms", "__name", "__org", "__user",
    "__range", "__range_ms", "__range_s", "__rate_interval", "__rate_interval_ms", "timeFilter",
    "__timeFilter", "__timezone", "__cell", "__field", "__series", "__value", "__data", "__url",
    "__all_variables", "__url_time_range", "__auto", "__timeFrom", "__timeTo", "__searchFilter",
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """What a query answers, as far as its text tells.

    columns: (name, type) of each; the type is time, number, text, boolean, null or '' for
    unknown. None where a star or a statement of another kind hides them.
    """

    columns: tuple[tuple[str, str], ...] | None
    ordered: bool
    complaint: str = ""

    def names(self) -> list[str]:
        """The columns' names; empty where they are unknown."""
        return [name for name, _ in self.columns or ()]


def macro_problems(sql: str, release: Release) -> Iterator[str]:
    """What Grafana could not expand."""
    text = COMMENT.sub(" ", sql) if release >= COMMENTS_ARE_CUT else sql
    for match in MACRO.finditer(text):
        name, given = match[1], [part for part in match[2].split(",") if part.strip()]
        if name not in ARGUMENTS:
            if name.startswith("__"):
                known = ", ".join(f"${one}" for one in ARGUMENTS)
                yield f"unknown macro ${name}; known are {known}"
            continue
        least, most = ARGUMENTS[name]
        if not least <= len(given) <= most:
            yield f"${name} takes {least or 'no'} argument{'s' if least > 1 else ''}"
        if "(" in match[2]:
            yield (
                f"${name}({match[2]}: a macro's argument cannot hold a parenthesis; compute it in a"
                " subquery"
            )


def variables(text: str) -> set[str]:
    """The dashboard variables that a text uses, Grafana's own and macros left out."""
    bare = MACRO.sub(lambda match: f" {match[2]} ", text)
    names = {next(filter(None, match.groups())) for match in VARIABLE.finditer(bare)}
    return {name for name in names - BUILT_IN if not name.isdigit()}


def unquoted(sql: str, single: set[str]) -> set[str]:
    """Variables of one value that stand outside quotes, where their text becomes SQL."""
    outside = re.sub(r"'(?:[^']|'')*'", " ", COMMENT.sub(" ", sql))
    found = set()
    for match in VARIABLE.finditer(MACRO.sub(" ", outside)):
        formatted = ":" in match[0]
        name = next(filter(None, match.groups()))
        if name in single and not formatted:
            found.add(name)
    return found


def expanded(sql: str) -> str:
    """The query with macros and variables replaced by plain SQL of the same types."""
    text = COMMENT.sub(" ", sql)
    text = MACRO.sub(_expansion, text)
    for name in INTERVALS:
        text = text.replace(f"${name}", "60").replace(f"${{{name}}}", "60")
    return VARIABLE.sub("1", text)


def _expansion(match: re.Match[str]) -> str:
    name = match[1]
    column = match[2].split(",")[0].strip() or "now()"
    alias = ' AS "time"' if name in ALIASED else ""
    return EXPANSIONS.get(name, "1").format(column=column) + alias


def shape(sql: str) -> Shape:
    """What a query answers. A text that PostgreSQL's grammar refuses has a complaint."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [one for one in sqlglot.parse(expanded(sql), dialect="postgres") if one]
    except SqlglotError as error:
        first = getattr(error, "errors", None) or [{}]
        near = first[0].get("highlight", "")
        return Shape(
            None, True, f"is no SQL that PostgreSQL reads{f', at {near!r}' if near else ''}"
        )
    if not statements or not isinstance(statements[0], exp.Query):
        return Shape(None, True)
    query = statements[0]
    ordered = query.args.get("order") is not None
    columns = _columns(query)
    return Shape(columns, ordered, _unknown_column(query))


def _columns(query: "exp.Query") -> tuple[tuple[str, str], ...] | None:
    from sqlglot import exp

    while isinstance(query, exp.Subquery):
        query = query.this
    if isinstance(query, exp.SetOperation):
        left, right = _columns(query.this), _columns(query.expression)
        if left is None or right is None or len(left) != len(right):
            return left
        return tuple(
            (name, kind if kind not in ("", "null") else other)
            for (name, kind), (_, other) in zip(left, right, strict=True)
        )
    if not isinstance(query, exp.Select) or any(one.is_star for one in query.expressions):
        return None
    return tuple((one.alias_or_name or "?column?", _kind(one)) for one in query.expressions)


def _kind(column: "exp.Expression") -> str:
    """The kind of type of an expression, '' where tables decide it."""
    from sqlglot.optimizer.annotate_types import annotate_types

    annotated = annotate_types(column.copy(), dialect="postgres")
    kind = annotated.type.this if annotated.type else None
    name = kind.name if kind is not None and hasattr(kind, "name") else ""
    for found, marks in KINDS.items():
        if any(mark in name for mark in marks):
            return found
    return ""


KINDS: Final = {
    "time": ("TIMESTAMP", "DATE"),
    "number": ("INT", "DOUBLE", "FLOAT", "DECIMAL"),
    "text": ("CHAR", "TEXT", "UUID"),
    "boolean": ("BOOLEAN",),
    "null": ("NULL",),
}


def _unknown_column(query: "exp.Query") -> str:
    """A column of a query that reads from nowhere, which so cannot exist."""
    from sqlglot import exp

    for select in query.find_all(exp.Select):
        if select.args.get("from_") or select.args.get("from") or select.args.get("joins"):
            return ""
    for column in query.find_all(exp.Column):
        if not isinstance(column.this, exp.Star) and not column.find_ancestor(exp.Order):
            return f"column {column.sql(dialect='postgres')!r} is of no table"
    return ""
