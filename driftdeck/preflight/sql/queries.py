"""The queries of panels and rules: format, macros, variables and shape."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from driftdeck.facts.datasources import POSTGRES_IDS
from driftdeck.preflight.releases import PGX, Release
from driftdeck.preflight.sql import shape as sql
from driftdeck.preflight.sql import text as sqltext

Found = tuple[str, str, str]
"""(key of the query, rule, complaint)."""
Findings = tuple[Found, ...]


@dataclass(frozen=True)
class Variables:
    """A dashboard's variables by name, and those of them that hold one value at a time."""

    names: frozenset[str]
    single: frozenset[str]


def is_sql(query: dict[str, Any], datasource_type: str | None) -> bool:
    """Whether a query is SQL for PostgreSQL."""
    return datasource_type in POSTGRES_IDS or (datasource_type is None and "rawSql" in query)


def of_panel(query: dict[str, Any], known: Variables, release: Release) -> Iterator[Found]:
    """What is wrong with a query of a panel."""
    yield from _format(query, release)
    yield from _judged(_panel, query, release, known)


def of_rule(query: dict[str, Any], read_by: frozenset[str], release: Release) -> Iterator[Found]:
    """What is wrong with a query of an alert rule. read_by: types of the expressions reading it."""
    yield from _format(query, release)
    yield from _judged(_rule, query, release, read_by)


def _format(query: dict[str, Any], release: Release) -> Iterator[Found]:
    form = query.get("format")
    if form in sql.FORMATS:
        return
    if release < PGX or not isinstance(form, str | None):
        yield (
            "format",
            "format",
            f"format is {form!r}: Grafana answers with an error; write time_series or table",
        )
    elif form:
        yield (
            "format",
            "format",
            f"format {form!r} is taken as time_series; write time_series or table",
        )


def _judged(
    judge: Callable[..., Findings], query: dict[str, Any], release: Release, known: Any
) -> Findings:
    """What a judge says of a query's text and format; of many texts alike, one is judged."""
    text, form = query.get("rawSql"), str(query.get("format"))
    if form not in sql.FORMATS and release >= PGX:
        form = "time_series"
    how = known, release
    if not isinstance(text, str) or not sqltext.without_comments(text).strip():
        empty = "rawSql is empty: Grafana answers nothing, without an error"
        return (("rawSql", "empty-query", empty),)
    return judge(text, form, *how) if judge(sql.alike(text), form, *how) else ()


def _common(text: str, form: str, release: Release, known: frozenset[str]) -> Iterator[Found]:
    """What is wrong with a text wherever it stands."""
    for problem in sql.macro_problems(text, release, known):
        yield "rawSql", "macro", problem
    yield from _columns(sql.shape(text).columns or (), form)


def _columns(columns: tuple[tuple[str, str], ...], form: str) -> Iterator[Found]:
    """What no query may answer, whatever reads it."""
    names = [name for name, _ in columns if name != sql.UNNAMED]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "rawSql", "column-twice", f"two columns are named {name}: Grafana refuses that"
    kind = dict(columns).get("time")
    if kind in ("text", "boolean") and form == "table":
        yield "rawSql", "no-time-column", "the column time is no time and no number of seconds"


@lru_cache(maxsize=4096)
def _panel(text: str, form: str, known: Variables, release: Release) -> Findings:
    return tuple(_of_panel(text, form, known, release))


def _of_panel(text: str, form: str, known: Variables, release: Release) -> Iterator[Found]:
    yield from _common(text, form, release, known.names)
    for name in sorted(sql.variables(text) - known.names):
        yield (
            "rawSql",
            "unknown-variable",
            f"${name} is no variable of this dashboard: it is sent as it stands",
        )
    for name in sorted(sql.unquoted(text, set(known.single))):
        yield (
            "rawSql",
            "unquoted-variable",
            f"${name} stands outside quotes: its text becomes SQL; write '${name}' or"
            f" ${{{name}:sqlstring}}",
        )
    seen = sql.shape(text)
    if seen.complaint:
        yield "rawSql", "sql", seen.complaint
    if form == "time_series":
        yield from _time_series(seen)


def _time_series(seen: sql.Shape) -> Iterator[Found]:
    if seen.columns is None:
        return
    kinds = dict(seen.columns)
    if "time" not in kinds:
        yield (
            "rawSql",
            "no-time-column",
            f"time_series needs a column named time; there are {', '.join(seen.names())}",
        )
        return
    if kinds["time"] in ("text", "boolean"):
        yield "rawSql", "no-time-column", "the column time is no time and no number of seconds"
    if any(kind == "boolean" for name, kind in seen.columns if name != "time"):
        yield "rawSql", "boolean", "a time series cannot hold a boolean; cast it to int"
    if not seen.ordered and len(seen.columns) > 1:
        why = (
            "Grafana refuses series with a text column that are not sorted"
            if "text" in kinds.values()
            else "the browser joins the points in the order in which they come"
        )
        yield "rawSql", "unordered", f"{why}; add ORDER BY 1"


@lru_cache(maxsize=4096)
def _rule(text: str, form: str, read_by: frozenset[str], release: Release) -> Findings:
    return tuple(_of_rule(text, form, read_by, release))


def _of_rule(text: str, form: str, read_by: frozenset[str], release: Release) -> Iterator[Found]:
    yield from _common(text, form, release, frozenset())
    for name in sorted(sql.variables(text, sql.KEPT)):
        yield (
            "rawSql",
            "unknown-variable",
            f"${name} is no macro, and a rule knows no dashboard variables",
        )
    seen = sql.shape(text)
    if seen.complaint:
        yield "rawSql", "sql", seen.complaint
    if form == "time_series":
        yield from _time_series(seen)
        yield from _series_of_rule(seen)
        if read_by & {"threshold", "math"}:
            yield (
                "format",
                "not-reduced",
                "a time series must be reduced before a threshold or math; add a reduce expression"
                " or use format: table",
            )
    elif seen.columns is not None:
        yield from _one_number(seen)
        if "resample" in read_by:
            yield "format", "rule-shape", "a resample reads time series only; write time_series"


def _series_of_rule(seen: sql.Shape) -> Iterator[Found]:
    """A series has a value, and labels that tell it from others."""
    kinds = dict(seen.columns or ())
    if list(kinds) == ["time"]:
        yield "rawSql", "rule-shape", "a time series for a rule needs a number beside its time"
    values = [name for name in kinds if name not in ("time", "metric")]
    if "metric" in kinds and len(values) == 1:
        yield (
            "rawSql",
            "rule-shape",
            "a column named metric gives its value no label, so that all series are one alert;"
            " name it otherwise",
        )


def _one_number(seen: sql.Shape) -> Iterator[Found]:
    """A table for a rule has one number, and texts that tell its rows apart."""
    kinds = [
        "time" if name == "time" and kind == "number" else kind for name, kind in seen.columns or ()
    ]
    numbers = kinds.count("number")
    for wrong, mend in (
        ("boolean", "cast it to int"),
        ("time", "leave it out, or cast it to text"),
    ):
        if wrong in kinds:
            yield (
                "rawSql",
                "rule-shape",
                f"a rule's table cannot hold a {wrong} column: {mend}",
            )
    if numbers > 1:
        yield "rawSql", "rule-shape", f"a rule's table holds one number, not {numbers}"
    elif not numbers and kinds and set(kinds) <= {"text", "null"}:
        yield "rawSql", "rule-shape", "a rule's table holds one number, and here is none"
    if len(set(seen.constant)) < len(seen.constant):
        yield "rawSql", "rule-shape", "two rows have the same texts, so their alerts are one"
    if "null" in kinds:
        yield "rawSql", "rule-null", "a value of NULL fires every threshold; leave such rows out"
