"""Expressions of alert rules: what makes a rule end in an error at every evaluation.

Source: pkg/expr of grafana/grafana.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from driftdeck.errors import DriftdeckError
from driftdeck.preflight.alerting.rules import Query, Rule
from driftdeck.preflight.releases import Release

REDUCERS = ("sum", "mean", "min", "max", "count", "last")
NEWER_REDUCERS = {"median": Release(11, 4)}
CLASSIC_REDUCERS = (
    "avg", "sum", "min", "max", "count", "last", "median", "diff", "diff_abs", "percent_diff",
    "percent_diff_abs", "count_non_null",
)  # fmt: skip
THRESHOLDS = {"gt": 1, "lt": 1, "within_range": 2, "outside_range": 2}
NEWER_THRESHOLDS = {
    "eq": 1, "ne": 1, "gte": 1, "lte": 1, "within_range_included": 2, "outside_range_included": 2,
}  # fmt: skip
MORE_THRESHOLDS = Release(11, 5)
MODES = ("", "dropNN", "replaceNN")
UPSAMPLERS = ("pad", "backfilling", "fillna")
DOWNSAMPLERS = ("sum", "mean", "min", "max", "last")
FUNCTIONS = {
    "abs": 1, "log": 1, "nan": 0, "is_nan": 1, "inf": 0, "infn": 0, "is_inf": 1, "null": 0,
    "is_null": 1, "is_number": 1, "round": 1, "ceil": 1, "floor": 1,
}  # fmt: skip
TOKEN = re.compile(
    r"\s*(?:(?P<variable>\$\{[\w ]+\}|\$\w+)|(?P<symbol>[!<>=&|+\-*/%]+)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<function>[A-Za-z_]+)|(?P<mark>[(),]))"
)
LEVELS = (
    ("||",),
    ("&&",),
    ("==", "!=", ">", ">=", "<", "<="),
    ("+", "-"),
    ("*", "/", "%"),
    ("**",),
)
GRAFANA_DURATION = re.compile(r"\d+[dwMy]|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|[smh]))+")
VARIABLE_NAME = re.compile(r"[\w ]+")

Fault = tuple[tuple[str | int, ...], str]
"""A path below the query's model, and a complaint."""


class ExpressionError(DriftdeckError, ValueError):
    """A math expression that does not parse."""


class _Math:
    """A parser by descent that keeps only the names of the variables."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0
        self.variables: list[str] = []

    def run(self) -> list[str]:
        if not self.tokens:
            raise ExpressionError("is empty")
        self._level(0)
        if self.at < len(self.tokens):
            raise ExpressionError(f"{self.tokens[self.at][1]!r} is not expected")
        return self.variables

    def _next(self) -> tuple[str, str]:
        if self.at == len(self.tokens):
            raise ExpressionError("ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _level(self, level: int) -> None:
        if level == len(LEVELS):
            self._factor()
            return
        self._level(level + 1)
        while self._peek() in LEVELS[level]:
            self._next()
            self._level(level + 1)

    def _factor(self) -> None:
        kind, text = self._next()
        if kind == "variable":
            self.variables.append(text.strip("${}"))
        elif kind == "function":
            self._function(text)
        elif text in ("!", "-"):
            self._factor()
        elif text == "(":
            self._level(0)
            if self._next()[1] != ")":
                raise ExpressionError("a parenthesis is not closed")
        elif kind != "number":
            raise ExpressionError(f"{text!r} is not expected")

    def _function(self, name: str) -> None:
        if name not in FUNCTIONS:
            raise ExpressionError(f"the function {name} is none of {', '.join(FUNCTIONS)}")
        if self._next()[1] != "(":
            raise ExpressionError(f"{name} is a function; write {name}(...)")
        count = 0
        while self._peek() != ")":
            self._level(0)
            count += 1
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise ExpressionError("a parenthesis is not closed")
        self._next()
        if count != FUNCTIONS[name]:
            raise ExpressionError(f"{name} takes {FUNCTIONS[name]} arguments, not {count}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    symbols = {symbol for level in LEVELS for symbol in level} | {"!"}
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"{text[at:].strip()[:1]!r} is not expected")
        kind = str(match.lastgroup)
        if kind == "symbol" and match[kind] not in symbols:
            raise ExpressionError(f"{match[kind]!r} is no operator")
        yield kind, match[kind]
        at = match.end()


@lru_cache(maxsize=1024)
def math_variables(text: str) -> tuple[str, ...]:
    """The refIds that a math expression reads. Raises ExpressionError."""
    return tuple(_Math(text).run())


def needs(model: dict[str, Any], release: Release) -> tuple[list[str], list[Fault]]:
    """The refIds that an expression reads, and what is wrong with it."""
    kind = model.get("type")
    if not isinstance(kind, str) or kind not in READERS:
        known = ", ".join(name for name in READERS if name != "sql")
        return [], [(("type",), f"type {kind!r} is none of {known}")]
    return READERS[kind](model, release)


def _one_input(model: dict[str, Any]) -> tuple[list[str], list[Fault]]:
    name = model.get("expression")
    if not isinstance(name, str) or not name:
        return [], [(("expression",), "expression is missing: the refId of what it reads")]
    return [name], []


def _math(model: dict[str, Any], _: Release) -> tuple[list[str], list[Fault]]:
    text = model.get("expression")
    if not isinstance(text, str):
        return [], [(("expression",), "expression is missing or no text")]
    try:
        return list(math_variables(text)), []
    except ExpressionError as error:
        return [], [(("expression",), f"{text!r}: {error}")]


def _reduce(model: dict[str, Any], release: Release) -> tuple[list[str], list[Fault]]:
    names, faults = _one_input(model)
    names = [name.removeprefix("$") for name in names]
    known = [*REDUCERS, *(name for name, born in NEWER_REDUCERS.items() if release >= born)]
    if str(model.get("reducer", "")).lower() not in known:
        faults.append(
            (("reducer",), f"reducer {model.get('reducer')!r} is none of {', '.join(known)}")
        )
    settings = model.get("settings", {})
    if not isinstance(settings, dict):
        return names, [*faults, (("settings",), "settings is no mapping")]
    mode = settings.get("mode", "")
    if mode not in MODES:
        faults.append((("settings", "mode"), f"mode {mode!r} is neither dropNN nor replaceNN"))
    with_value = settings.get("replaceWithValue")
    if mode == "replaceNN" and (isinstance(with_value, bool) or not _is_number(with_value)):
        faults.append((("settings",), "replaceNN needs replaceWithValue, a number"))
    return names, faults


def _resample(model: dict[str, Any], _: Release) -> tuple[list[str], list[Fault]]:
    names, faults = _one_input(model)
    names = [name.removeprefix("$") for name in names]
    window = model.get("window")
    if not isinstance(window, str) or not GRAFANA_DURATION.fullmatch(window):
        faults.append((("window",), f"window {window!r} is no duration; write 1m"))
    for key, known in (("downsampler", DOWNSAMPLERS), ("upsampler", UPSAMPLERS)):
        if model.get(key) not in known:
            faults.append(((key,), f"{key} {model.get(key)!r} is none of {', '.join(known)}"))
    return names, faults


def _threshold(model: dict[str, Any], release: Release) -> tuple[list[str], list[Fault]]:
    names, faults = _one_input(model)
    if names and not VARIABLE_NAME.fullmatch(names[0].strip("${}")):
        problem = f"a threshold cannot read {names[0]!r}: name that query with letters and digits"
        faults.append((("expression",), problem))
    known = {**THRESHOLDS, **(NEWER_THRESHOLDS if release >= MORE_THRESHOLDS else {})}
    conditions = model.get("conditions")
    if not isinstance(conditions, list) or len(conditions) != 1:
        return names, [*faults, (("conditions",), "a threshold has exactly one condition")]
    evaluator = _mapping(_mapping(conditions[0]).get("evaluator"))
    where: tuple[str | int, ...] = ("conditions", 0, "evaluator")
    kind, numbers = evaluator.get("type"), evaluator.get("params")
    if kind not in known:
        return names, [*faults, ((*where, "type"), f"type {kind!r} is none of {', '.join(known)}")]
    return names, [*faults, *_params(numbers, known[kind], where)]


def _params(numbers: Any, wanted: int, where: tuple[str | int, ...]) -> list[Fault]:
    if not isinstance(numbers, list) or not all(n is None or _is_number(n) for n in numbers):
        return [((*where, "params"), f"params {numbers!r} are no list of numbers")]
    if len(numbers) < wanted:
        return [((*where, "params"), f"params has {len(numbers)} of {wanted} numbers")]
    return []


def _classic(model: dict[str, Any], _: Release) -> tuple[list[str], list[Fault]]:
    conditions = model.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        return [], [(("conditions",), "conditions is no list, or an empty one: there is no data")]
    names: list[str] = []
    faults: list[Fault] = []
    for index, raw in enumerate(conditions):
        condition, where = _mapping(raw), ("conditions", index)
        params = _mapping(condition.get("query")).get("params") or [""]
        if not isinstance(params, list) or not isinstance(params[0], str) or not params[0]:
            faults.append(((*where, "query"), "query.params names no refId"))
        else:
            names.append(params[0])
        faults += _choice(condition, "reducer", CLASSIC_REDUCERS, where)
        faults += _choice(condition, "evaluator", (*THRESHOLDS, "no_value"), where)
        if index:
            faults += _choice(condition, "operator", ("and", "or"), where)
        evaluator = _mapping(condition.get("evaluator"))
        if evaluator.get("type") in THRESHOLDS:
            wanted = THRESHOLDS[evaluator["type"]]
            faults += _params(evaluator.get("params"), wanted, (*where, "evaluator"))
    return names, faults


READERS: dict[str, Callable[[dict[str, Any], Release], tuple[list[str], list[Fault]]]] = {
    "math": _math,
    "reduce": _reduce,
    "resample": _resample,
    "threshold": _threshold,
    "classic_conditions": _classic,
    "sql": lambda *_: ([], []),
}
"""What reads each type of expression."""


def _choice(
    condition: dict[str, Any], key: str, known: tuple[str, ...], where: tuple[str | int, ...]
) -> list[Fault]:
    kind = _mapping(condition.get(key)).get("type")
    if kind in known:
        return []
    return [((*where, key), f"{key} {kind!r} is none of {', '.join(known)}")]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def guards(rule: Rule, ref: str) -> bool:
    """Whether a rule looks for NULL, which reads as NaN, in what a query answers."""
    readers = [query for query in rule.data if query.is_expression]
    texts = [str(query.model.get("expression", "")) for query in readers]
    return any(
        re.search(rf"is_(nan|number|null)\(\s*\$\{{?{re.escape(ref)}\}}?\s*\)", text)
        for text in texts
    )


def problems(rule: Rule, release: Release) -> Iterator[Fault]:
    """(path below the rule, complaint) of whatever keeps a rule from being evaluated."""
    by_ref = {query.ref_id: query for query in rule.data}
    if rule.condition not in by_ref and (rule.condition or rule.record is None):
        yield (
            ("condition",),
            (
                f"condition {rule.condition!r} is none of the rule's refIds,"
                f" {', '.join(sorted(by_ref))}: it errs at every evaluation"
            ),
        )
    inputs: dict[str, list[str]] = {}
    for index, query in enumerate(rule.data):
        if by_ref[query.ref_id] is not query:
            yield ("data", index, "refId"), f"refId {query.ref_id!r} is here twice"
        if not query.datasource_uid:
            yield ("data", index, "datasourceUid"), f"query {query.ref_id} has no datasourceUid"
        if query.is_expression:
            names, faults = needs(query.model, release)
            inputs[query.ref_id] = names
            faults += _span(query)
            for path, message in faults:
                yield ("data", index, "model", *path), f"expression {query.ref_id}: {message}"
            for name in names:
                if problem := _input(name, query, by_ref):
                    yield ("data", index, "model", "expression"), problem
    if loop := _loop(inputs):
        yield ("data",), f"expressions read one another in a circle: {' -> '.join(loop)}"


def _span(query: Query) -> list[Fault]:
    """A resample fills its own time range, not that of what it reads."""
    span = query.relative_time_range
    if query.model.get("type") != "resample" or (span and span.from_ > span.to):
        return []
    return [(("type",), "a resample needs a relativeTimeRange of its own, beside its model")]


def _input(name: str, query: Query, by_ref: dict[str, Query]) -> str:
    if name not in by_ref:
        return f"expression {query.ref_id} reads {name!r}, which is none of {', '.join(by_ref)}"
    if name == query.ref_id:
        return f"expression {query.ref_id} reads itself"
    other = by_ref[name]
    if query.model.get("type") == "classic_conditions" and other.is_expression:
        return f"classic conditions read queries only, and {name} is an expression"
    if other.is_expression and other.model.get("type") == "classic_conditions":
        return f"{name} is a classic condition, which no other expression can read"
    return ""


def _loop(inputs: dict[str, list[str]]) -> list[str]:
    for start in inputs:
        path, at = [start], start
        for _ in inputs:
            following = [name for name in inputs.get(at, []) if name in inputs and name != at]
            if not following:
                break
            at = following[0]
            path.append(at)
            if at == start:
                return path
    return []
