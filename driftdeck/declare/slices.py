"""Slices: how the rows of a window are parted into segments, each measured like the whole."""

import ast
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from driftdeck.declare import conditions
from driftdeck.declare.columns import Column, format_category
from driftdeck.declare.errors import require

NAME = re.compile(r"[a-z][a-z0-9_ ]{0,39}")
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
class Slice(ABC):
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
    @abstractmethod
    def columns(self) -> tuple[Column | str, ...]:
        """The columns that say to which segment a row belongs; names are of declared ones."""

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
        return conditions.parse(self.condition, self._place)[0]

    @property
    def names(self) -> dict[str, str]:
        """The columns of the condition, by their names in `expression`."""
        return conditions.parse(self.condition, self._place)[1]

    @property
    def columns(self) -> tuple[Column | str, ...]:
        declared = {column.name: column for column in self.declared}
        return tuple(declared.get(name, name) for name in self.names.values())


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
    by_name = {column.name: column.kind for column in columns}
    kinds = {name: by_name[column] for name, column in slice_.names.items()}
    conditions.check_kinds(slice_.expression, kinds, slice_._place)


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
