"""Rows of a source, and the account of those that were read and left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from driftdeck.collectors.ledger import Ledger, sum_ledgers
from driftdeck.collectors.sources.times import parse_times
from driftdeck.collectors.sources.typed import join_frames
from driftdeck.declare import Files, Table


@dataclass(frozen=True)
class Part:
    """Rows of a source. frame: by `coerce_columns`, its times in UTC. ledger: of all rows read."""

    frame: pd.DataFrame
    ledger: Ledger


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
        join_frames([part.frame for part in parts]), sum_ledgers(part.ledger for part in parts)
    )
