"""The grammar of conditions: comparisons of columns with numbers and words, and, or, not."""

import ast
import re
from collections.abc import Mapping
from typing import Any

from driftdeck.declare.errors import DeclarationError, require

QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]+)`""")
"""A word, of which backticks are a part, or a column's name in backticks."""
GRAMMAR = (
    "compare columns with numbers and words: hour >= 18 and carrier in ('AA', 'UA'); a name with"
    " spaces stands in backticks"
)
_ALLOWED = (
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Eq),
    *(ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Name, ast.Load),
    *(ast.Constant, ast.Tuple, ast.List),
)


def parse(condition: str, place: str) -> tuple[ast.expr, dict[str, str]]:
    """(the condition as Python reads it, its columns by their names there).

    place: for the error. Raises DeclarationError.
    """
    text, quoted = _replace_quoted(condition)
    try:
        expression = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise DeclarationError(place, f"{error.msg}", GRAMMAR) from error
    _check_grammar(expression, place)
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    return expression, {name: quoted.get(name, name) for name in sorted(names)}


def _replace_quoted(condition: str) -> tuple[str, dict[str, str]]:
    """(a condition with a plain name for each quoted one, the quoted by plain name)."""
    quoted: dict[str, str] = {}
    unused = "quoted_"
    while unused in condition:
        unused += "_"

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        name = f"{unused}{len(quoted)}"
        quoted[name] = match[1]
        return name

    return QUOTED.sub(replace, condition), quoted


def _check_grammar(expression: ast.expr, place: str) -> None:
    for node in ast.walk(expression):
        known = isinstance(node, _ALLOWED)
        require(known, place, f"{type(node).__name__} is not understood", GRAMMAR)
    _check_truth(expression, place)


def _check_truth(node: ast.expr, place: str) -> None:
    """Raise DeclarationError unless it is a comparison, or several with and, or, not."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_truth(part, place)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_truth(node.operand, place)
    else:
        is_comparison = isinstance(node, ast.Compare)
        require(is_comparison, place, f"{ast.unparse(node)} is no comparison", GRAMMAR)
        assert isinstance(node, ast.Compare)
        _check_sides(node, place)


def _check_sides(node: ast.Compare, place: str) -> None:
    """Raise DeclarationError unless each side is a column, a number or a word, or behind `in` a
    list of these."""
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides[:-1], node.ops, sides[1:], strict=True):
        is_in = isinstance(op, ast.In | ast.NotIn)
        if is_in:
            elements = right.elts if isinstance(right, ast.Tuple | ast.List) else []
            require(
                isinstance(left, ast.Name) and bool(elements) and all(map(_is_constant, elements)),
                place,
                f"{ast.unparse(node)}: in wants a column before it and a list behind it",
                GRAMMAR,
            )
        for side in (left,) if is_in else (left, right):
            what = ast.unparse(side)
            is_list = isinstance(side, ast.Tuple | ast.List)
            require(not is_list, place, f"{what}: a list stands behind in only", GRAMMAR)
            require(
                isinstance(side, ast.Name) or _is_constant(side),
                place,
                f"{what} is neither a column, a number nor a word",
                GRAMMAR,
            )


def _is_constant(node: ast.expr) -> bool:
    """Whether it is a number, a word, or True or False."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = node.operand
        return isinstance(inner, ast.Constant) and type(inner.value) in (int, float)
    return isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str)


def check_kinds(expression: ast.expr, kinds: Mapping[str, str], place: str) -> None:
    """Raise DeclarationError where a column is compared with what it cannot be.

    kinds: "number" or "category" by the names of the expression. place: for the error.
    """
    for node in ast.walk(expression):
        if isinstance(node, ast.Compare):
            _check_comparison(node, kinds, place)


def _check_comparison(node: ast.Compare, kinds: Mapping[str, str], place: str) -> None:
    sides = [node.left, *node.comparators]
    names = [side.id for side in sides if isinstance(side, ast.Name)]
    is_word = {kinds[name] == "category" for name in names}
    require(len(is_word) == 1, place, "compares a number with a category, or no column", GRAMMAR)
    if is_word == {True}:
        ordered = any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops)
        require(not ordered, place, f"{names[0]} is a category, which has no order", GRAMMAR)
    for side in sides:
        for value in constants(side):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            require(
                is_word == {True} or number,
                place,
                f"compares the number {names[0]} with {value!r}",
                GRAMMAR,
            )


def constants(node: ast.expr) -> list[Any]:
    """The numbers and words of one side of a comparison; none of a column."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.UnaryOp):
        return [-value for value in constants(node.operand)]
    if isinstance(node, ast.Tuple | ast.List):
        return [value for element in node.elts for value in constants(element)]
    return []
