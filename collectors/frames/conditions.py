"""Which rows meet a declared condition."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.schema import CoercedColumn
from driftdeck.declare import Column
from driftdeck.declare.columns import format_category
from driftdeck.declare.conditions import constants
from driftdeck.declare.slices import Where

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def meets(condition: Where, columns: Mapping[str, Column], rows: CoercedRows) -> np.ndarray:
    """(rows,) whether each row meets a condition; none that lacks a value that it names.

    columns: by their names in the condition's expression. Raises ValueError naming a column that
    the rows have not.
    """
    sides = {name: rows[column] for name, column in columns.items()}
    absent = [side.complaint for side in sides.values() if not side.there]
    if absent:
        raise ValueError(absent[0])
    evaluation = _Evaluation(sides, rows.rows)
    complete = np.ones(rows.rows, bool)
    for side in sides.values():
        complete &= ~side.lacks
    return evaluation.truth(condition.expression) & complete


class _Evaluation:
    def __init__(self, sides: Mapping[str, CoercedColumn], rows: int) -> None:
        self._sides, self._rows = sides, rows

    def truth(self, node: ast.expr) -> np.ndarray:
        """(rows,) of a condition or a part of one."""
        if isinstance(node, ast.BoolOp):
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            joined: np.ndarray = join.reduce([self.truth(value) for value in node.values])
            return joined
        if isinstance(node, ast.UnaryOp):
            return ~self.truth(node.operand)
        assert isinstance(node, ast.Compare)
        sides = [node.left, *node.comparators]
        truth = np.ones(self._rows, bool)
        for left, op, right in zip(sides[:-1], node.ops, sides[1:], strict=True):
            truth &= self._compare(left, op, right)
        return truth

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> np.ndarray:
        words = any(self._is_word(side) for side in (left, right))
        if isinstance(op, ast.In | ast.NotIn):
            listed = [format_category(value) if words else value for value in constants(right)]
            inside = np.isin(self._values(left, words), np.array(listed, object if words else None))
            return inside if isinstance(op, ast.In) else ~inside
        compare = COMPARISONS[type(op)]
        truth: np.ndarray = compare(self._values(left, words), self._values(right, words))
        return truth

    def _is_word(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self._sides[node.id].coded is not None

    def _values(self, node: ast.expr, words: bool) -> Any:
        """(rows,) of a column, or one number or word."""
        if isinstance(node, ast.Name):
            values = self._sides[node.id].values
            assert values is not None
            return values.to_numpy(object if words else float)
        [value] = constants(node)
        return format_category(value) if words else value
