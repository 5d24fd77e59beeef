"""What is read of a source: rows, and what became of those that are not among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from collectors.sources.ledger import Ledger, total
from collectors.sources.typed import joined


@dataclass(frozen=True)
class Part:
    """Rows of a source. frame: as `typed` has it, its times in UTC. ledger: of all rows read."""

    frame: pd.DataFrame
    ledger: Ledger


def joined_parts(parts: Sequence[Part]) -> Part:
    """Several files' rows as one."""
    return Part(joined([part.frame for part in parts]), total(part.ledger for part in parts))
