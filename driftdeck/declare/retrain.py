"""When a model is trained anew, and by what."""

import re
from dataclasses import dataclass

from driftdeck.declare.errors import require
from driftdeck.declare.periods import Days, Hours

MONTH, TWO_HOURS = Days(30), Hours(2)
CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Retrain:
    """When a model is trained anew, and by what.

    A command finds its arguments in the environment variables MONITOR, DAY and VERSION. DAY is the
    name of the window that called for it, such as 2026-03-01, of hours 2026-03-01T16, of weeks
    2026-W10, of months 2026-03. A run that is cut off is run again from its beginning; a promotion
    that is cut off is run again without a training, so it must come to the same however much of it
    was done.

    Args:
        run: `module:function`, called with the monitor's name and the name of the window in
            breach, or a command line. What the function returns, or the last line that is printed,
            is the new version.
        promote: What makes the new version answer, as `run`, with the version as third argument; ''
            where `run` does it. The version is recorded before, so that whatever it answers is
            compared with its own reference.
        after: So many windows in breach call for a training, 1 or more.
        of: Among so many of the newest judged windows, `after` or more.
        metrics: Names of the metrics whose breaches count; empty for every performance metric.
        cooldown: Between the windows that call for two trainings, of which the first may have
            failed.
        limit: A longer run is ended.
        reference: Windows of the new version are compared with so many whole days up to the end of
            the window in breach, best what the version was trained on; None leaves them the
            monitor's own reference.
        during_backfill: Whether a backfill takes the windows in order and trains, too. Only for a
            log that the training answers anew, as a simulated one: a real model is not trained on a
            past breach.
        segments: Whether a breach of a judged segment counts as one of the whole window does.

    Raises:
        DeclarationError: No `run`, not 1 <= after <= of, or a reference of part of a day.

    Example:
        >>> plan = d.Retrain(run="training.churn:train", after=3, of=5, cooldown=d.Days(30))
        >>> plan.limit
        Hours(hours=2)
    """

    run: str
    promote: str = ""
    after: int = 3
    of: int = 5
    metrics: tuple[str, ...] = ()
    cooldown: Days = MONTH
    limit: Hours = TWO_HOURS
    reference: Days | None = None
    during_backfill: bool = False
    segments: bool = False

    def __post_init__(self) -> None:
        require(bool(self.run.strip()), "retrain: run", "''", "name module:function or a command")
        require(
            1 <= self.after <= self.of,
            "retrain: after",
            f"{self.after} of {self.of}",
            "give after and of with 1 <= after <= of",
        )
        require(
            self.reference is None or float(self.reference.days).is_integer(),
            "retrain: reference",
            f"{self.reference}",
            "give whole days",
        )

    @staticmethod
    def is_function(run: str) -> bool:
        """Whether a Python function is called, not a command."""
        return bool(CALLABLE.fullmatch(run))
