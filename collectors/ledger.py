"""What became of every row that was read: used, or left out for a reason."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MOST_LEFT_OUT = 0.01
"""A larger share of rows that are left out is a warning."""


class Reason(StrEnum):
    """Why a row, or a label, is left out.

    ELSEWHERE and LATER are no faults: rows of other windows in the same file, labels that are known
    after the moment of the run.
    """

    NO_TIME = "no time"
    UNREADABLE_TIME = "a time that cannot be read"
    OUTSIDE = "outside the window"
    ELSEWHERE = "of another window"
    NO_ID = "no id"
    NO_ROW = "a label without a row"
    DUPLICATE = "a duplicate of a label"
    LATER = "known later"

    @property
    def is_fault(self) -> bool:
        """Whether somebody should look why."""
        return self not in (Reason.ELSEWHERE, Reason.LATER)


@dataclass(frozen=True)
class Ledger:
    """How many rows were read and left out: read = used + left out.

    examples: a value that was left out, by reason, where it helps to find the others.
    """

    read: int = 0
    left_out: Counter[Reason] = field(default_factory=Counter)
    examples: dict[Reason, str] = field(default_factory=dict)

    @property
    def used(self) -> int:
        """How many rows remain."""
        return self.read - self.left_out.total()

    @property
    def faults(self) -> dict[Reason, int]:
        """How many rows were left out as faults, by reason."""
        return {reason: n for reason, n in self.left_out.items() if n and reason.is_fault}

    @property
    def share(self) -> float:
        """The share of the rows read, from 0 to 1, that was left out as a fault."""
        return sum(self.faults.values()) / self.read if self.read else 0.0

    def without(self, reason: Reason, count: int, example: str = "") -> "Ledger":
        """A copy with `count` more rows left out. example: a value of one of them."""
        if not count:
            return self
        examples = {**self.examples, reason: example} if example else self.examples
        return Ledger(self.read, self.left_out + Counter({reason: count}), examples)

    def count_by_reason(self) -> dict[str, int]:
        """How many rows were left out, by the text of the reason, as it is stored."""
        return {reason.value: n for reason, n in self.left_out.items() if n}

    def sentence(self, what: str) -> str:
        """The faults in one sentence. what: "rows" or "labels"."""
        parts = [f"{n} {_format_reason(r)}{self._example(r)}" for r, n in self.faults.items()]
        count = sum(self.faults.values())
        return f"{count} of {self.read} {what} left out: {', '.join(parts)}"

    def warnings(self, what: str) -> tuple[str, ...]:
        """That sentence where the faults are more than 1 % of what was read."""
        return (self.sentence(what),) if self.share > MOST_LEFT_OUT else ()

    def _example(self, reason: Reason) -> str:
        return f", e.g. {self.examples[reason]}" if reason in self.examples else ""


def sum_ledgers(ledgers: Iterable[Ledger]) -> Ledger:
    """Several files' ledgers as one."""
    read, left_out = 0, Counter[Reason]()
    examples: dict[Reason, str] = {}
    for ledger in ledgers:
        read += ledger.read
        left_out += ledger.left_out
        examples = {**ledger.examples, **examples}
    return Ledger(read, left_out, examples)


def _format_reason(reason: Reason) -> str:
    """A reason as it follows a number of rows."""
    if reason in (Reason.NO_TIME, Reason.UNREADABLE_TIME, Reason.NO_ID):
        return f"with {reason.value}"
    return {Reason.NO_ROW: "without a row", Reason.DUPLICATE: "superseded by another"}.get(
        reason, reason.value
    )
