"""Columns as a source stores them, in the types that every reader gives: one rule, `cells`.

Beside a column stands another where something is to be said of its cells: those that are no
numbers, those of a file that has the column twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import union_categoricals

from driftdeck.collectors.frames import cells
from driftdeck.collectors.frames.schema import is_logical
from driftdeck.collectors.sources.errors import cause
from driftdeck.declare import Monitor
from driftdeck.diagnostics import LOG


@dataclass(frozen=True)
class Reading:
    """How cells are read. numbers: the columns of numbers; label: that of labels; all others are
    words. logical: whether true is 1 among the labels.

    decimal: the mark before a fraction in text. missing: words that say that a cell is.
    """

    numbers: frozenset[str] = frozenset()
    label: str = ""
    logical: bool = False
    decimal: str = "."
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, monitor: Monitor) -> "Reading":
        """That of a monitor's columns: those that name a row, or a model's version, never as
        numbers."""
        numbers = {c.name for c in monitor.all_columns() if c.kind == "number"}
        target, on = monitor.target_column, monitor.labels.on if monitor.labels else ""
        named = frozenset(numbers - {on, monitor.model_version})
        if target is None or target.kind != "category":
            return cls(named)
        return cls(named, target.name, is_logical(target))


def typed(
    table: pa.Table,
    time: str,
    twice: Sequence[str],
    reading: Reading,
    place: str,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """A table's columns: numbers float64, words categorical, the time as it is stored.

    twice: names that the source has more than once; unreadable: those of which nothing can be read,
    with the reason. Of neither a column is given, nor of one whose cells cannot be used. place: of
    the rows, for the reason.
    Raises what is wrong with the times.
    """
    columns: dict[str, object] = {}
    why = dict(unreadable)
    for name in table.column_names:
        if name == time:
            columns[name] = times(_without(table.column(name), reading.missing))
            continue
        try:
            columns |= _column(name, table.column(name), reading)
        except Exception as error:  # whatever it is, the other columns are well
            LOG.debug("column %s cannot be read", name, exc_info=error)
            why[name] = f"{place}: {cause(error)}"
    for name in twice:
        columns[cells.beside(name, cells.TWICE)] = np.full(table.num_rows, True)
    for name, reason in why.items():
        columns[cells.beside(name, cells.UNREADABLE)] = np.full(table.num_rows, reason, object)
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _column(name: str, column: pa.ChunkedArray, reading: Reading) -> dict[str, object]:
    """A column, and that beside it if something is to be said of its cells."""
    if name in reading.numbers:
        found = cells.numbers(column, reading.decimal, reading.missing)
        if found.unusable is None:
            return {name: found.values}
        return {name: found.values, cells.beside(name, cells.UNUSABLE): found.unusable}
    labels = partial(cells.label, decimal=reading.decimal, logical=reading.logical)
    spell = labels if name == reading.label else cells.word
    return {name: cells.words(column, reading.missing, spell).categorical()}


def why_not(frame: pd.DataFrame, name: str) -> str:
    """Why a frame lacks a column: as a part of a sentence."""
    if cells.beside(name, cells.TWICE) in frame:
        return f"has column {name!r} more than once"
    reasons = frame.get(cells.beside(name, cells.UNREADABLE))
    known = [] if reasons is None else reasons.dropna().tolist()
    return f"column {name!r} cannot be read: {known[0]}" if known else f"no column {name!r}"


def _without(column: pa.ChunkedArray, missing: Sequence[str]) -> pa.ChunkedArray:
    """A column of text without the words that say that a cell is missing."""
    if not missing or not pa.types.is_string(column.type):
        return column
    none = pc.is_in(column, value_set=pa.array(missing, column.type))
    return pc.if_else(none, pa.scalar(None, column.type), column)


def times(column: pa.ChunkedArray) -> pd.Series:
    """A column of times as pandas has it: whole numbers exact, missing ones or not."""
    if pa.types.is_dictionary(column.type):
        return times(column.cast(column.type.value_type))
    exact = None
    if pa.types.is_integer(column.type) and column.null_count:
        signed = pa.types.is_signed_integer(column.type)
        exact = {column.type: pd.Int64Dtype() if signed else pd.UInt64Dtype()}.get
    values: pd.Series = column.to_pandas(types_mapper=exact)
    return values


def joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames as one; a column that one of them lacks is missing there."""
    frames = [frame for frame in frames if frame.shape[1]]
    if len(frames) < 2:
        return frames[0].reset_index(drop=True) if frames else pd.DataFrame()
    names = dict.fromkeys(name for frame in frames for name in frame)
    return pd.DataFrame({name: _joined([f.get(name) for f in frames], frames) for name in names})


def _joined(
    parts: Sequence[pd.Series | None], frames: Sequence[pd.DataFrame]
) -> "pd.Series | pd.Categorical":
    """One column of several frames."""
    if all(part is None or isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        nothing = pd.Index([], dtype=object)
        return union_categoricals(
            [
                pd.Categorical.from_codes(np.full(len(frame), -1), nothing)
                if part is None
                else part
                for part, frame in zip(parts, frames, strict=True)
            ]
        )
    filled = [
        pd.Series(None, frame.index, object) if part is None else part
        for part, frame in zip(parts, frames, strict=True)
    ]
    dtypes = {part.dtype for part in parts if part is not None}
    together = pd.concat(filled, ignore_index=True)
    if dtypes == {np.dtype(float)}:
        return together.astype(float)
    return together
