"""Slices: how the rows of a window are parted into segments, each measured like the whole."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftdeck.declare.columns import Column, format_category
from driftdeck.declare.errors import DeclarationError, require

NAME = re.compile(r"[a-z][a-z0-9_ ]{0,39}")
QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`([^`]+)`""")
"""A word, of which backticks are a part, or a column's name in backticks."""
MOST = 100
"""A slice has at most so many segments: fifty of them times twenty columns are a thousand lines."""
TRUE = "true"
"""The value of a segment that a condition makes."""
OTHER, MISSING = "(other)", "(missing)"
"""The values of what a slice has no segment for: these rows are counted only."""


@dataclass(frozen=True, order=True)
class Segment:
    """A part of a window's rows, as stored: `carrier` = `AA`, `evening` = `true`.

    Args:
        slice: The column's name, or that of the condition.
        value: The word that the column has there; `true` of a condition.

    Example:
        >>> str(d.Segment("carrier", "AA"))
        'carrier = AA'
    """

    slice: str
    value: str

    def __str__(self) -> str:
        return f"{self.slice} = {self.value}"

    @property
    def is_counted_only(self) -> bool:
        """Whether it is the rest of a column, of which nothing but the rows is counted."""
        return self.value in (OTHER, MISSING)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What `d.by()` and `d.where()` share; made by them.

    Args:
        name: In tables and panels: the column's, or that of the condition.
        metrics: Names of the metrics computed for its segments; empty for all of the monitor.
        judged: Names of those whose values are compared with thresholds, and may alert.
        min_rows: A segment with fewer rows in a window is stored and not judged; None for the
            monitor's own.

    Raises:
        DeclarationError: A judged metric that is not computed, or less than a row.

    Example:
        >>> d.by("carrier", judged=("recall",)).has("drift", "spend")
        True
    """

    name: str
    metrics: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    min_rows: int | None = None

    def __post_init__(self) -> None:
        place = f"slice {self.name}"
        unknown = sorted(set(self.judged) - set(self.metrics or self.judged))
        require(
            not unknown, f"{place}: judged", f"{', '.join(unknown)} is not among its metrics",
            "name it in metrics, too",
        )  # fmt: skip
        require(
            self.min_rows is None or self.min_rows >= 1,
            f"{place}: min_rows",
            f"{self.min_rows}",
            "give 1 or more",
        )

    @property
    def columns(self) -> tuple[Column | str, ...]:
        """The columns that say to which segment a row belongs; names are of declared ones."""
        raise NotImplementedError

    def has(self, metric: str, column: str) -> bool:
        """Whether a series is computed for its segments. column: '' for the whole data set."""
        return not self.metrics or metric in self.metrics


@dataclass(frozen=True, kw_only=True)
class By(Slice):
    """A segment for each frequent value of a column, as `d.by()` makes it.

    Args:
        column: The column, or the name of a declared one.
        most: So many segments, those of the reference's most frequent values.
        values: The values themselves; empty where the reference says them.
    """

    column: Column | str
    most: int = 20
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[Column | str, ...]:
        return (self.column,)

    def has(self, metric: str, column: str) -> bool:
        return super().has(metric, column) and column != self.name


@dataclass(frozen=True, kw_only=True)
class Where(Slice):
    """One segment, of the rows that meet a condition, as `d.where()` makes it.

    Args:
        condition: As declared.
        declared: Columns in the condition that the monitor does not declare.
    """

    condition: str
    declared: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.columns), self._place, "names no column", 'write it as "hour >= 18"')

    @property
    def _place(self) -> str:
        return f"slice {self.name}: condition {self.condition!r}"

    @property
    def expression(self) -> ast.expr:
        """The condition as Python reads it; columns are names. Raises DeclarationError."""
        text, _ = self._plain()
        try:
            expression = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise DeclarationError(self._place, f"{error.msg}", GRAMMAR) from error
        _check_grammar(expression, self._place)
        return expression

    @property
    def names(self) -> dict[str, str]:
        """The columns of the condition, by their names in `expression`."""
        _, quoted = self._plain()
        plain = {node.id for node in ast.walk(self.expression) if isinstance(node, ast.Name)}
        return {name: quoted.get(name, name) for name in sorted(plain)}

    @property
    def columns(self) -> tuple[Column | str, ...]:
        declared = {column.name: column for column in self.declared}
        return tuple(declared.get(name, name) for name in self.names.values())

    def _plain(self) -> tuple[str, dict[str, str]]:
        """(the condition with a plain name for each quoted one, the quoted by plain name)."""
        quoted: dict[str, str] = {}
        unused = "quoted_"
        while unused in self.condition:
            unused += "_"

        def plain(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[0]
            name = f"{unused}{len(quoted)}"
            quoted[name] = match[1]
            return name

        return QUOTED.sub(plain, self.condition), quoted


GRAMMAR = (
    "compare columns with numbers and words: hour >= 18 and carrier in ('AA', 'UA'); a name with"
    " spaces stands in backticks"
)
_ALLOWED = (
    *(ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare, ast.Eq),
    *(ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Name, ast.Load),
    *(ast.Constant, ast.Tuple, ast.List),
)


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


def by(
    column: Column | str,
    *,
    most: int = 20,
    values: Sequence[object] = (),
    metrics: Sequence[str] = (),
    judged: Sequence[str] = (),
    min_rows: int | None = None,
) -> By:
    """A segment for each frequent value of a column of categories.

    The values are those that are most frequent in the reference, so that they stay the same from
    window to window; rows with another value are counted as "(other)", those without one as
    "(missing)". Segments are measured as the whole is, each against the same segment of the
    reference. They are judged only where `judged` says so: fifty segments of twenty columns would
    cry wolf every day.

    Args:
        column: The name of a declared column, or `d.category("region")` for one that is no feature
            of the model. A number is sliced as one, too: `d.category("hour")`.
        most: So many segments at most, 1 to 100.
        values: The values themselves, in place of the most frequent ones; needed where the monitor
            has no reference.
        metrics: Names of the metrics that are computed for each segment, such as "recall"; all of
            the monitor's unless given.
        judged: Names of the metrics that are judged in each segment, by thresholds of its own where
            they are calibrated. None unless given.
        min_rows: A segment with fewer rows in a window is stored and not judged; the monitor's own
            unless given.

    Returns:
        The slice, for `d.Monitor(slices=...)`.

    Raises:
        DeclarationError: A number of segments outside 1 to 100, a value that is there twice, or a
            judged metric that is not computed.

    Example:
        >>> d.by("carrier", most=10, judged=("recall",)).name
        'carrier'
    """
    name = column if isinstance(column, str) else column.name
    if isinstance(column, Column):
        require(
            column.kind == "category",
            f"slice {name}",
            "is a number",
            f"slice by its values as words: d.by(d.category({name!r}))",
        )
    words = tuple(format_category(value) for value in values)
    require(1 <= most <= MOST, f"slice {name}: most", f"{most}", f"give 1 to {MOST}")
    require(
        len(set(words)) == len(words) <= MOST and all(words) and not {OTHER, MISSING} & set(words),
        f"slice {name}: values",
        f"{words}",
        f"name each value once, {MOST} at most",
    )
    return By(
        name=name, column=column, most=most, values=words, metrics=tuple(metrics),
        judged=tuple(judged), min_rows=min_rows,
    )  # fmt: skip


def where(
    name: str,
    condition: str,
    *,
    columns: Sequence[Column] = (),
    metrics: Sequence[str] = (),
    judged: Sequence[str] = (),
    min_rows: int | None = None,
) -> Where:
    """A segment of the rows that meet a condition.

    A row that lacks a value of a column in the condition is not among them, whatever the rest says.

    Args:
        name: What the segment is called in tables and panels, such as "evening": up to 40
            lower-case letters, digits, _ and spaces.
        condition: Comparisons of declared columns with numbers and words, combined by and, or, not
            and brackets: "hour >= 18 and carrier in ('AA', 'UA')". Columns of categories know ==,
            !=, in and not in. A column's name with spaces stands in backticks.
        columns: Columns in the condition that are no features of the model, such as
            `d.number("age")`.
        metrics: Names of the metrics that are computed for it; all of the monitor's unless given.
        judged: Names of the metrics that are judged in it. None unless given.
        min_rows: With fewer rows in a window it is stored and not judged; the monitor's own unless
            given.

    Returns:
        The slice, for `d.Monitor(slices=...)`.

    Raises:
        DeclarationError: A name that is none, or a condition that is not understood.

    Example:
        >>> d.where("evening", "hour >= 18").names
        {'hour': 'hour'}
    """
    require(
        bool(NAME.fullmatch(name)),
        "slice",
        f"{name!r}",
        "name it by up to 40 lower-case letters, digits, _ and spaces",
    )
    return Where(
        name=name, condition=condition, declared=tuple(columns), metrics=tuple(metrics),
        judged=tuple(judged), min_rows=min_rows,
    )  # fmt: skip


def check_comparisons(slice_: Where, columns: Sequence[Column]) -> None:
    """Raise DeclarationError where a column is compared with what it cannot be.

    columns: those of the condition, as the monitor declares them.
    """
    kinds = {column.name: column.kind for column in columns}
    for node in ast.walk(slice_.expression):
        if isinstance(node, ast.Compare):
            _check_comparison(node, {name: kinds[of] for name, of in slice_.names.items()},
                              slice_._place)  # fmt: skip


def _check_comparison(node: ast.Compare, kinds: dict[str, str], place: str) -> None:
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


def resolve(slice_: Slice, declared: Sequence[Column]) -> tuple[Column, ...]:
    """A slice's columns. declared: of the monitor. Raises DeclarationError for an unknown one."""
    known = {column.name: column for column in declared}
    resolved = []
    for column in slice_.columns:
        if isinstance(column, str):
            mend = f"declare it, or give d.category({column!r}) or d.number({column!r}) there"
            require(column in known, f"slice {slice_.name}", f"{column!r} not declared", mend)
        resolved.append(known[column] if isinstance(column, str) else column)
    if isinstance(slice_, By):
        require(
            resolved[0].kind == "category",
            f"slice {slice_.name}",
            f"{resolved[0].name} is a number",
            f"slice by its values as words: d.by(d.category({resolved[0].name!r}))",
        )
    return tuple(resolved)
