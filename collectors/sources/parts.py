"""What is read of a source: rows, and what became of those that are not among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from driftdeck.collectors.sources.ledger import Ledger, total
from driftdeck.collectors.sources.times import moments
from driftdeck.collectors.sources.typed import joined
from driftdeck.declare import Files, Table


@dataclass(frozen=True)
class Part:
    """Rows of a source. frame: as `typed` has it, its times in UTC. ledger: of all rows read."""

    frame: pd.DataFrame
    ledger: Ledger


def timed(frame: pd.DataFrame, source: Files | Table, place: str) -> Part:
    """Rows with their times in UTC; those without one are left out. Raises SourceError.

    frame: the rows with the source's column of times as it is stored; it is changed. place: of the
    rows, for errors.
    """
    name, format = source.time, "" if isinstance(source, Table) else source.format
    found = moments(frame[name], f"{place}: {name!r}", format=format, naive=source.naive)
    frame[name] = found.times
    if found.ledger.used < len(frame):
        frame = frame[found.times.notna()].reset_index(drop=True)
    return Part(frame, found.ledger)


def joined_parts(parts: Sequence[Part]) -> Part:
    """Several files' rows as one."""
    return Part(joined([part.frame for part in parts]), total(part.ledger for part in parts))
