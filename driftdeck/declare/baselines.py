"""What a window is compared with: the reference, the window before, or windows like it."""

from dataclasses import dataclass
from typing import Literal, get_args

from driftdeck.declare.errors import require

Likeness = Literal["hour", "weekday"]


@dataclass(frozen=True)
class Baseline:
    """What drift is measured against: `d.REFERENCE`, `d.PREVIOUS`, `d.SAME` or `d.same(...)`.

    Args:
        name: As stored: "reference", "previous" or "same".
        unit: Of "same": what the windows have in common, "hour" or "weekday".
        weeks: Of "same": how far back.

    Example:
        >>> d.drift(baseline=d.PREVIOUS).name
        'drift_previous'
    """

    name: str
    unit: str = ""
    weeks: int = 0

    @property
    def suffix(self) -> str:
        """What the name of a metric has more; '' of the reference."""
        return "" if self.name == "reference" else f"_{self.name}"

    @property
    def title(self) -> str:
        """What the window is compared with, for the title of a panel; '' of the reference."""
        return {"previous": "the window before", "same": f"the same {self.unit} before"}.get(
            self.name, ""
        )


REFERENCE = Baseline("reference")
PREVIOUS = Baseline("previous")


def same(unit: Likeness, *, weeks: int = 4) -> Baseline:
    """Windows like this one: what it is compared with, or what its thresholds are found on.

    Args:
        unit: "weekday": the windows that began at the same time of the same weekday. "hour": those
            that began at the same time of any day.
        weeks: As a baseline, those of the last so many weeks, 1 to 12. Thresholds are always found
            on the whole reference.

    Returns:
        The likeness, for `d.drift(baseline=...)` and `d.Quantiles(same=...)`.

    Raises:
        DeclarationError: Another unit, or another number of weeks.

    Example:
        >>> d.drift(baseline=d.same("weekday", weeks=6)).name
        'drift_same'
        >>> d.row_count(quantiles=d.Quantiles(same=d.same("hour"))).quantiles.same.unit
        'hour'
    """
    units = get_args(Likeness)
    require(unit in units, "same", f"{unit!r}", f"give one of {', '.join(units)}")
    require(1 <= weeks <= 12, "same: weeks", f"{weeks}", "give 1 to 12")
    return Baseline("same", unit, weeks)


SAME = same("weekday")
