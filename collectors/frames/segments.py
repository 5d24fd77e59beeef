"""Parts a window's rows, and its reference's, into the segments of a slice: one pass for all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.conditions import meets
from driftdeck.collectors.frames.partition import Partition
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
        return take_segments(self.monitor, self.slice, rows, self.values)[self.segment.value]


def list_segments(
    monitor: Monitor, current: CoercedRows, reference: CoercedRows | None
) -> Iterator[SegmentRows]:
    """Every segment of a window, by slice; those that it has no rows of are empty.

    A slice whose column the window has not, has no segments.
    """
    for slice_ in monitor.slices:
        values = list_values(monitor, slice_, reference)
        partition = part(monitor, slice_, current, values)
        if partition is None:
            continue
        then = take_segments(monitor, slice_, reference, values) if reference else {}
        parts = current.part(partition)
        for value, rows in zip(name_parts(slice_, values), parts, strict=False):
            segment = Segment(slice_.name, value)
            if segment.is_counted_only and not rows.rows:
                continue
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


def name_parts(slice_: Slice, values: tuple[str, ...]) -> tuple[str, ...]:
    """The value of each part that is a segment, in the order of `part`: what is of none of a
    column's values is OTHER, what has none MISSING."""
    return (*values, OTHER, MISSING) if isinstance(slice_, By) else values


def part(
    monitor: Monitor, slice_: Slice, rows: CoercedRows, values: tuple[str, ...]
) -> Partition | None:
    """Which segment each row is of; None where a column is not there. Rows that do not meet a
    condition are a last part, which is no segment."""
    columns = resolve(slice_, monitor.all_columns())
    if any(not rows[column].there for column in columns):
        return None
    if isinstance(slice_, Where):
        by_name = dict(zip(slice_.names, columns, strict=True))
        return Partition((~meets(slice_, by_name, rows)).astype(np.int16), 2)
    coded = rows[columns[0]].coded
    assert coded is not None
    number = {value: n for n, value in enumerate(values)}
    other, missing = len(values), len(values) + 1
    of_word = np.array([*(number.get(word, other) for word in coded.words), missing], np.int16)
    return Partition(of_word[coded.codes], missing + 1)


def take_segments(
    monitor: Monitor, slice_: Slice, rows: CoercedRows, values: tuple[str, ...]
) -> Mapping[str, CoercedRows]:
    """The rows of each segment of what a window is compared with, taken once; none where a column
    is not there."""

    def take() -> dict[str, CoercedRows]:
        names = name_parts(slice_, values)
        partition = part(monitor, slice_, rows, values)
        nothing = np.empty(0, np.intp)
        places = [nothing] * len(names) if partition is None else partition.places
        return {
            value: rows.take(taken, keep=False) for value, taken in zip(names, places, strict=False)
        }

    return rows.once(("segments", slice_), take)
