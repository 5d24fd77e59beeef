"""When a model is trained anew, and by what."""

import re
from dataclasses import dataclass

from driftdeck.declare.errors import require
from driftdeck.declare.windows import Days, Hours

MONTH, TWO_HOURS = Days(30), Hours(2)
CALLABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Retrain:
    """A retraining after `after` windows in breach among the newest `of` judged ones.

    run: `module:function`, called with the monitor's name and the day of the breach; or a command
        line, which finds them in MONITOR and DAY. Its last printed line, or what the function
        returns, is the new model's version. One that is cut off is run again from its beginning.
    promote: what makes the new version answer, as `run`, with the version as a third argument or in
        VERSION; '' where `run` does it. The version is recorded before, so that whatever it answers
        is compared with its own reference. One that is cut off is run again, without a training:
        it must come to the same, however much of it was done.
    metrics: whose breaches count; '' for every performance metric.
    cooldown: between the windows that call for two retrainings, of which the first may have failed;
        one that was cut off is done first by the next run. limit: a longer run is ended.
    reference: windows of the new version are compared with so many days up to the breach, which is
        best what the version was trained on; None leaves them the monitor's own reference.
    replay: whether a backfill plays the days in order and trains, too. Only for a log that the
        training answers anew, as a simulated one: a real model is not trained on a past breach.
    """

    run: str
    promote: str = ""
    after: int = 3
    of: int = 5
    metrics: tuple[str, ...] = ()
    cooldown: Days = MONTH
    limit: Hours = TWO_HOURS
    reference: Days | None = None
    replay: bool = False

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
