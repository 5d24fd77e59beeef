"""Rows of a source, and the account of those that were read and left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.schema import NO_TYPE
from driftdeck.collectors.ledger import Ledger, sum_ledgers
from driftdeck.collectors.sources.times import parse_times
from driftdeck.collectors.sources.typed import join_frames
from driftdeck.declare import Files, Table


@dataclass(frozen=True)
class Part:
    """Rows of a source. frame: by `coerce_columns`, its times in UTC. ledger: of all rows read.

    schemas: where somebody asks, the type of each column that a file has, and how many of the rows
    come of it, file after file.
    """

    frame: pd.DataFrame
    ledger: Ledger
    schemas: tuple[tuple[Mapping[str, str], int], ...] = ()

    def schema_of(self, inside: np.ndarray) -> Mapping[str, str]:
        """The type of each column of the files that some of the rows come of.

        inside: (rows,) which. A column that files disagree on has the types of all of them.
        """
        types: dict[str, dict[str, None]] = {}
        ends = np.cumsum([0, *(count for _, count in self.schemas)])
        for (schema, _), first, last in zip(self.schemas, ends[:-1], ends[1:], strict=True):
            if inside[first:last].any():
                for name, kind in schema.items():
                    types.setdefault(name, {})[kind] = None
        return {name: " or ".join(_without_none(kinds)) for name, kinds in types.items()}


def _without_none(kinds: Mapping[str, None]) -> list[str]:
    """Types in order, without that of a column that has no value where another is known."""
    return sorted(kind for kind in kinds if kind != NO_TYPE) or [NO_TYPE]


def with_times(frame: pd.DataFrame, source: Files | Table, place: str) -> Part:
    """Rows with their times in UTC; those without one are left out. Raises SourceError.

    frame: the rows with the source's column of times as it is stored; it is changed. place: of the
    rows, for errors.
    """
    name, format = source.time, "" if isinstance(source, Table) else source.format
    parsed = parse_times(frame[name], f"{place}: {name!r}", format=format, naive=source.naive)
    frame[name] = parsed.times
    if parsed.ledger.used < len(frame):
        frame = frame[parsed.times.notna()].reset_index(drop=True)
    return Part(frame, parsed.ledger)


def join_parts(parts: Sequence[Part]) -> Part:
    """Several files' rows as one."""
    return Part(
        join_frames([part.frame for part in parts]),
        sum_ledgers(part.ledger for part in parts),
        tuple(schema for part in parts for schema in part.schemas),
    )
