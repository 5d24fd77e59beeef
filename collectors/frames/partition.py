"""Which part of a window each of its rows is of."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Partition:
    """Rows in parts. numbers: (rows,) int16, the part of each row, from 0 to count - 1; such small
    numbers are sorted by counting."""

    numbers: np.ndarray
    count: int

    @cached_property
    def order(self) -> np.ndarray:
        """(rows,) the places of the rows by part, within each as they were."""
        return np.argsort(self.numbers, kind="stable")

    @cached_property
    def stretches(self) -> list[slice]:
        """(count,) where in `order` each part lies."""
        ends = np.cumsum(np.bincount(self.numbers, minlength=self.count)).tolist()
        return [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]

    @property
    def places(self) -> list[np.ndarray]:
        """(count,) the places of the rows of each part."""
        return [self.order[stretch] for stretch in self.stretches]
