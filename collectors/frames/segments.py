"""Parts a window's rows, and its reference's, into the segments of a slice: one pass for all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.conditions import meets
from driftdeck.declare import Monitor, Segment, Slice
from driftdeck.declare.slices import MISSING, OTHER, TRUE, By, Where, resolve


@dataclass(frozen=True)
class SegmentRows:
    """The rows of one segment.

    values: of all segments of its slice. reference: of the same segment, None where there is no
    reference at all.
    """

    monitor: Monitor
    slice: Slice
    values: tuple[str, ...]
    segment: Segment
    current: CoercedRows
    reference: CoercedRows | None

    def of(self, rows: CoercedRows) -> CoercedRows:
        """The same segment of other rows."""
        parts = rows.once(
            ("places", self.slice),
            lambda: split(self.monitor, self.slice, rows, self.values) or {},
        )
        return rows.take(parts.get(self.segment.value, np.empty(0, np.intp)), keep=False)


def list_segments(
    monitor: Monitor, current: CoercedRows, reference: CoercedRows | None
) -> Iterator[SegmentRows]:
    """Every segment of a window, by slice; those that it has no rows of are empty.

    A slice whose column the window has not, has no segments.
    """
    for slice_ in monitor.slices:
        values = list_values(monitor, slice_, reference)
        parts = split(monitor, slice_, current, values) or {}
        then = _split_reference(monitor, slice_, reference, values) if reference else {}
        for value, places in parts.items():
            segment = Segment(slice_.name, value)
            if segment.is_counted_only and not len(places):
                continue
            rows = current.take(places)
            yield SegmentRows(monitor, slice_, values, segment, rows, then.get(value))


def list_values(monitor: Monitor, slice_: Slice, reference: CoercedRows | None) -> tuple[str, ...]:
    """The values of a slice's segments: as declared, or the most frequent ones of the reference,
    of equally frequent ones the first in the alphabet; never what the rest is called."""
    if isinstance(slice_, Where):
        return (TRUE,)
    assert isinstance(slice_, By)
    if slice_.values or reference is None:
        return slice_.values

    def find() -> tuple[str, ...]:
        [column] = resolve(slice_, monitor.all_columns())
        counts = reference[column].counts
        is_word = (counts > 0) & ~counts.index.isin([OTHER, MISSING])
        there = counts[is_word].sort_index().sort_values(ascending=False, kind="stable")
        return tuple(str(word) for word in there.index[: slice_.most])

    return reference.once(("values", slice_), find)


def split(
    monitor: Monitor, slice_: Slice, rows: CoercedRows, values: tuple[str, ...]
) -> Mapping[str, np.ndarray] | None:
    """The places of the rows of each segment, by its value; None where a column is not there.

    What is of none of a column's values is under OTHER, what has none under MISSING.
    """
    columns = resolve(slice_, monitor.all_columns())
    if any(not rows[column].there for column in columns):
        return None
    if isinstance(slice_, Where):
        by_name = dict(zip(slice_.names, columns, strict=True))
        return {TRUE: np.flatnonzero(meets(slice_, by_name, rows))}
    coded = rows[columns[0]].coded
    assert coded is not None
    number = {value: n for n, value in enumerate(values)}
    other, missing = len(values), len(values) + 1
    of_word = np.array([*(number.get(word, other) for word in coded.words), missing], np.int16)
    numbers = of_word[coded.codes]
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=missing + 1))
    parts = np.split(order, ends[:-1])
    return dict(zip((*values, OTHER, MISSING), parts, strict=True))


def _split_reference(
    monitor: Monitor, slice_: Slice, reference: CoercedRows, values: tuple[str, ...]
) -> Mapping[str, CoercedRows]:
    """The reference's rows of each segment, made once."""

    def make() -> dict[str, CoercedRows]:
        nothing = dict.fromkeys((*values, OTHER, MISSING), np.empty(0, np.intp))
        parts = split(monitor, slice_, reference, values) or nothing
        return {value: reference.take(places, keep=False) for value, places in parts.items()}

    return reference.once(("segments", slice_), make)
