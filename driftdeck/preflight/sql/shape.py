"""SQL for Grafana's PostgreSQL datasource: macros, variables, and the shape of what is asked.

Without a database: a query that reads tables is judged by its text alone. Sources:
pkg/tsdb/postgres/macros.go of grafana/grafana, and https://sqlglot.com for PostgreSQL's grammar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from driftdeck.preflight.releases import Release
from driftdeck.preflight.sql import text as sqltext
from driftdeck.preflight.sql.macros import MACRO, MacroError, Range, expand

if TYPE_CHECKING:
    from sqlglot import exp

UNNAMED: Final = "?column?"
FORMATS: Final = ("time_series", "table")
COMMENTS_ARE_CUT: Final = Release(13, 2)
"""From here a macro inside a comment is no macro."""
ANY_DAY: Final = Range(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC))
WITH_COLUMN: Final = (
    "__time", "__timeEpoch", "__timeFilter", "__timeGroup", "__timeGroupAlias",
    "__unixEpochFilter", "__unixEpochNanoFilter", "__unixEpochGroup", "__unixEpochGroupAlias",
)  # fmt: skip
KEPT: Final = {
    *WITH_COLUMN, "__timeFrom", "__timeTo", "__unixEpochFrom", "__unixEpochTo",
    "__unixEpochNanoFrom", "__unixEpochNanoTo", "__interval", "__interval_ms",
}  # fmt: skip
"""Names after a `$` that are no variables."""
BARE: Final = re.compile(rf"\$({'|'.join(sorted(KEPT - {'__interval', '__interval_ms'}))})\b(?!\()")
FILL: Final = re.compile(r"NULL|previous|[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
NO_BREAK: Final = "\u00a0"
VARIABLE: Final = re.compile(r"\$\{(\w+)(?:\.[^:}]+)?(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]")
COMPARED: Final = re.compile(r"= '[\w .-]*'")
NAMED: Final = re.compile(r"'[\w ,.-]*' AS\b")
LISTED: Final = re.compile(r"\(VALUES(?:\s*\([^()]*\),?)+\s*\)")
"""Texts that have no part in the shape of an answer: what a column is compared with, and in a query
that reads a table or answers one row a text that is answered as it stands, and the rows of a list.
"""
JOINED: Final = re.compile(r"\sUNION\s", re.IGNORECASE)
READS: Final = re.compile(r"\sFROM\s")
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
    """Whether its rows ascend by time, as far as its text tells; one row does."""
    complaint: str = ""
    constant: tuple[tuple[str, ...], ...] = ()
    """The texts of each row of a query that reads no table and so always gives the same rows."""

    def names(self) -> list[str]:
        """The columns' names; empty where they are unknown."""
        return [name for name, _ in self.columns or ()]


def macro_problems(
    sql: str, release: Release, known: frozenset[str] = frozenset()
) -> Iterator[str]:
    """What Grafana could not expand. known: variables, which the browser replaces before."""
    if "$" not in sql:
        return
    text = sqltext.without_comments(sql) if release >= COMMENTS_ARE_CUT else sql
    for name in sorted({match[1] for match in BARE.finditer(sqltext.code(text))} - known):
        yield f"${name} stands without its parentheses"
    for match in MACRO.finditer(text):
        name = match[1]
        if name in known:
            continue
        try:
            expand(_filled(match[0]), ANY_DAY)
        except MacroError as error:
            yield str(error)
            continue
        arguments = [part.strip() for part in match[2].split(",")]
        if name in WITH_COLUMN and not arguments[0]:
            yield f"${name} needs a column"
        if "Group" in name and len(arguments) > 2 and not FILL.fullmatch(arguments[2]):
            yield f"${name} fills with NULL, previous or a number, not with {arguments[2]}"
        if "(" in match[2].lstrip("( "):
            yield (
                f"{match[0]}: a macro's argument cannot hold a parenthesis; compute it in a"
                " subquery"
            )


def variables(text: str, own: set[str] = BUILT_IN) -> set[str]:
    """The variables that a text uses, those that Grafana itself fills in and macros left out."""
    if "$" not in text and "[[" not in text:
        return set()
    bare = MACRO.sub(lambda match: f" {match[2]} ", sqltext.outside_dollars(text))
    names = {next(filter(None, match.groups())) for match in VARIABLE.finditer(bare)}
    return {name for name in names - own if not name.isdigit()}


def unquoted(sql: str, single: set[str]) -> set[str]:
    """Variables of one value that stand outside quotes, where their text becomes SQL."""
    names: set[str] = set()
    if not single:
        return names
    for match in VARIABLE.finditer(MACRO.sub(" ", sqltext.code(sql))):
        formatted = ":" in match[0]
        name = next(filter(None, match.groups()))
        if name in single and not formatted:
            names.add(name)
    return names


def _filled(text: str) -> str:
    """Variables replaced by a value that fits nearly everywhere."""
    text = re.sub(r"\$\{(__interval(?:_ms)?)(?::\w+)?\}", r"$\1", text)
    return VARIABLE.sub(lambda match: match[0] if _is_macro(match) else "1", text)


def _is_macro(match: re.Match[str]) -> bool:
    return match[2] in KEPT or match.string[match.end() : match.end() + 1] == "("


def expanded(sql: str) -> str:
    """The query as Grafana would send it for some day. Raises MacroError."""
    return expand(_filled(sqltext.plainer(sql)), ANY_DAY)


def alike(sql: str) -> str:
    """A query without the texts that no judgement of it depends on: of many, the same few stay.

    A complaint may quote a text: what has one is to be judged again as it stands.
    """
    bare = COMPARED.sub("= ''", sql) if "= '" in sql else sql
    named, listed = "' AS" in bare, "(VALUES" in bare  # few have them: cheaper than the patterns
    if (named or listed) and (READS.search(bare) or not JOINED.search(bare)):
        bare = NAMED.sub("'' AS", bare) if named else bare
        bare = LISTED.sub(_few_rows, bare) if listed else bare
    return bare


def _few_rows(listed: re.Match[str]) -> str:
    """A list of values with its texts emptied, each different row once."""
    rows = re.findall(r"\([^()]*\)", listed[0].removeprefix("("))
    different = dict.fromkeys(re.sub(r"'[\w ,.-]*'", "''", row) for row in rows)
    return f"(VALUES {', '.join(different)})"


@lru_cache(maxsize=4096)
def shape(sql: str) -> Shape:
    """What a query answers. A text that PostgreSQL's grammar refuses has a complaint."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if NO_BREAK in sqltext.code(sql):
        return Shape(None, True, "holds a no-break space, which is no space to PostgreSQL")
    try:
        statements = [
            statement for statement in sqlglot.parse(expanded(sql), dialect="postgres") if statement
        ]
    except MacroError:
        return Shape(None, True)  # said by macro_problems
    except SqlglotError as error:
        first = getattr(error, "errors", None) or [{}]
        near = first[0].get("highlight", "")
        return Shape(
            None, True, f"is no SQL that PostgreSQL reads{f', at {near!r}' if near else ''}"
        )
    if statements and isinstance(statements[0], exp.Condition | exp.Alias):
        return Shape(None, True, f"is no statement, at {statements[0].sql()!r}")
    if not statements or not isinstance(statements[0], exp.Query):
        return Shape(None, True)
    query = statements[0]
    columns = _columns(query)
    ordered = _one_row(query) or _ascends(query, columns or ())
    return Shape(columns, ordered, _unknown_column(query), _constant(query))


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
    if not isinstance(query, exp.Select) or any(
        expression.is_star for expression in query.expressions
    ):
        return None
    return tuple((_name(expression), _kind(expression)) for expression in query.expressions)


def _name(column: "exp.Expression") -> str:
    """A column's name as PostgreSQL gives it; UNNAMED where it is chosen by other rules."""
    from sqlglot import exp

    if column.alias:
        return str(column.alias)
    while isinstance(column, exp.Cast):
        column = column.this
    return str(column.name) if isinstance(column, exp.Column) else UNNAMED


def _one_row(query: "exp.Query") -> bool:
    """Whether a query answers one row at most: it reads no table, or a sum of all."""
    from sqlglot import exp

    if not isinstance(query, exp.Select):
        return False
    parts = set(_parts(query)) - {"kind"}
    if parts == {"expressions"}:
        return query.find(exp.GenerateSeries, exp.Unnest, exp.Subquery) is None
    whole = not parts & {"group", "having", "with", "with_"} and query.find(exp.Window) is None
    if whole and any(expression.find(exp.AggFunc) for expression in query.expressions):
        return True
    limit = query.args.get("limit")
    number = limit.expression if isinstance(limit, exp.Limit) else None
    return isinstance(number, exp.Literal) and number.name == "1"


def _ascends(query: "exp.Query", columns: tuple[tuple[str, str], ...]) -> bool:
    """Whether the first key of ORDER BY is not downwards, and no other column than the time."""
    from sqlglot import exp

    order = query.args.get("order")
    if order is None or not order.expressions:
        source = query.args.get("from_") or query.args.get("from")
        inner = source.this.this if source and isinstance(source.this, exp.Subquery) else None
        alone = not query.args.get("joins") and not query.args.get("group")
        return alone and isinstance(inner, exp.Query) and _ascends(inner, _columns(inner) or ())
    first, names = order.expressions[0], [name for name, _ in columns]
    if first.args.get("desc"):
        return False
    name = first.this.name
    if first.this.is_int and 0 < int(name) <= len(names):
        name = names[int(name) - 1]
    return name == "time" or name not in names or "time" not in names


def _constant(query: "exp.Query") -> tuple[tuple[str, ...], ...]:
    """The texts in the rows of plain selects joined by UNION ALL; () where it is anything else."""
    from sqlglot import exp

    if isinstance(query, exp.Union) and not query.args.get("distinct"):
        left, right = _constant(query.this), _constant(query.expression)
        return left + right if left and right else ()
    if not isinstance(query, exp.Select) or set(_parts(query)) - {"expressions", "kind"}:
        return ()
    values = [expression.unalias() for expression in query.expressions]
    if not all(isinstance(value, exp.Literal | exp.Cast | exp.Neg) for value in values):
        return ()
    return (tuple(value.name for value in values if value.is_string),)


def _parts(query: "exp.Select") -> list[str]:
    return [name for name, value in query.args.items() if value]


def _kind(column: "exp.Expression") -> str:
    """The kind of type of an expression, '' where tables decide it."""
    from sqlglot import exp
    from sqlglot.optimizer.annotate_types import annotate_types

    bare = column.unalias()
    if isinstance(bare, exp.TimestampTrunc | exp.DateTrunc):
        return "time"
    if isinstance(bare, exp.Sub):
        return ""  # the difference of two dates is a number, of two times an interval
    annotated = annotate_types(column.copy(), dialect="postgres")
    kind = annotated.type.this if annotated.type else None
    name = kind.name if kind is not None and hasattr(kind, "name") else ""
    for group, marks in KINDS.items():
        if any(mark in name for mark in marks):
            return group
    return ""


KINDS: Final = {
    "text": ("CHAR", "TEXT", "UUID", "INTERVAL"),
    "time": ("TIME", "DATE"),
    "number": ("INT", "DOUBLE", "FLOAT", "DECIMAL"),
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
