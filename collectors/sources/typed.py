"""Coerces columns to the types that every reader gives, by the rules of `cells`.

A column whose cells have a fault gets a second one beside it that names the fault: cells that are
no numbers, a column that a file has twice, a column that cannot be read.
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
from driftdeck.declare.kinds import CHANGED_COLUMNS
from driftdeck.diagnostics import LOG


@dataclass(frozen=True)
class Reading:
    """How cells are read.

    numbers: the columns of numbers. label: the column of labels. All others are words. logical:
    whether "true" means 1 among the labels. decimal: the mark before a fraction in text. missing:
    words that mean a missing cell. schema: whether the types of all columns are wanted, too.
    """

    numbers: frozenset[str] = frozenset()
    label: str = ""
    logical: bool = False
    decimal: str = "."
    missing: tuple[str, ...] = ()
    schema: bool = False

    @classmethod
    def of(cls, monitor: Monitor) -> "Reading":
        """How a monitor's columns are read; ids and the model's version never as numbers, nor what
        is a category, too: of a number nobody can tell how it was written."""
        columns = (*monitor.all_columns(), *monitor.other_columns())
        categories = {column.name for column in columns if column.kind == "category"}
        numbers = {column.name for column in columns if column.kind == "number"} - categories
        target, on = monitor.target_column, monitor.labels.on if monitor.labels else ""
        named = frozenset(numbers - {on, monitor.model_version})
        schema = any(metric.name == CHANGED_COLUMNS.name for metric in monitor.metrics)
        if target is None or target.kind != "category":
            return cls(named, schema=schema)
        return cls(named, target.name, is_logical(target), schema=schema)


def coerce_columns(
    table: pa.Table,
    time: str,
    repeated: Sequence[str],
    reading: Reading,
    place: str,
    unreadable: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """A table's columns: numbers float64, words categorical, the time as it is stored.

    time: its column. repeated: names that the source has more than once. unreadable: the reason by
    column that cannot be read. The frame has none of these columns, but one beside each that names
    the fault. place: the source, for the reason. Raises whatever is wrong with the times.
    """
    columns: dict[str, object] = {}
    reasons = dict(unreadable)
    for name in table.column_names:
        if name == time:
            columns[name] = times_to_pandas(_without_words(table.column(name), reading.missing))
            continue
        try:
            columns |= _coerce_column(name, table.column(name), reading)
        except Exception as error:  # one broken column must not cost the others
            LOG.debug("column %s cannot be read", name, exc_info=error)
            reasons[name] = f"{place}: {cause(error)}"
    for name in repeated:
        columns[cells.beside(name, cells.TWICE)] = np.full(table.num_rows, True)
    for name, reason in reasons.items():
        columns[cells.beside(name, cells.UNREADABLE)] = np.full(table.num_rows, reason, object)
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _coerce_column(name: str, column: pa.ChunkedArray, reading: Reading) -> dict[str, object]:
    """A column by its name, and the one beside it if some cells are no numbers."""
    if name in reading.numbers:
        numbers = cells.numbers(column, reading.decimal, reading.missing)
        if numbers.unusable is None:
            return {name: numbers.values}
        return {name: numbers.values, cells.beside(name, cells.UNUSABLE): numbers.unusable}
    labels = partial(cells.label, decimal=reading.decimal, logical=reading.logical)
    spell = labels if name == reading.label else cells.word
    return {name: cells.words(column, reading.missing, spell).categorical()}


def why_not(frame: pd.DataFrame, name: str) -> str:
    """Why a frame lacks a column, as a part of a sentence."""
    if cells.beside(name, cells.TWICE) in frame:
        return f"has column {name!r} more than once"
    reasons = frame.get(cells.beside(name, cells.UNREADABLE))
    given_reasons = [] if reasons is None else reasons.dropna().tolist()
    return (
        f"column {name!r} cannot be read: {given_reasons[0]}"
        if given_reasons
        else f"no column {name!r}"
    )


def _without_words(column: pa.ChunkedArray, missing: Sequence[str]) -> pa.ChunkedArray:
    """A column of text with null for the words that mean a missing cell."""
    if not missing or not pa.types.is_string(column.type):
        return column
    none = pc.is_in(column, value_set=pa.array(missing, column.type))
    return pc.if_else(none, pa.scalar(None, column.type), column)


def times_to_pandas(column: pa.ChunkedArray) -> pd.Series:
    """A column of times in pandas; whole numbers stay exact where some are missing."""
    if pa.types.is_dictionary(column.type):
        return times_to_pandas(column.cast(column.type.value_type))
    exact = None
    if pa.types.is_integer(column.type) and column.null_count:
        signed = pa.types.is_signed_integer(column.type)
        exact = {column.type: pd.Int64Dtype() if signed else pd.UInt64Dtype()}.get
    values: pd.Series = column.to_pandas(types_mapper=exact)
    return values


def join_frames(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames as one; where a frame lacks a column its cells are missing."""
    frames = [frame for frame in frames if frame.shape[1]]
    if len(frames) < 2:
        return frames[0].reset_index(drop=True) if frames else pd.DataFrame()
    names = dict.fromkeys(name for frame in frames for name in frame)
    return pd.DataFrame(
        {name: _join_column([f.get(name) for f in frames], frames) for name in names}
    )


def _join_column(
    parts: Sequence[pd.Series | None], frames: Sequence[pd.DataFrame]
) -> "pd.Series | pd.Categorical":
    """One column of several frames."""
    if all(part is None or isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        no_categories = pd.Index([], dtype=object)
        return union_categoricals(
            [
                pd.Categorical.from_codes(np.full(len(frame), -1), no_categories)
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
    joined = pd.concat(filled, ignore_index=True)
    if dtypes == {np.dtype(float)}:
        return joined.astype(float)
    return joined
