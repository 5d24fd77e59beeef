"""Thresholds: the numbers beyond which a value is a warning or an alert."""

from dataclasses import dataclass, fields
from typing import NamedTuple

from driftdeck.declare.baselines import Baseline
from driftdeck.declare.errors import require
from driftdeck.declare.methods import BreachSide

MOST_TIMES = 1e12
"""No value is told to be further beyond its threshold: a quotient of floats may be infinite."""
Pair = tuple[float | None, float | None]
"""(low, high): a value outside is a breach; None for a side that does not matter."""
Bound = float | Pair | None
"""`warn` or `alert` of a metric: a number where one side is bad, (low, high) where both are, None
where it is not declared."""


class ThresholdKey(NamedTuple):
    """Whose thresholds they are. column: of the series, or its class; '' for the whole data set.

    slice, value: of a segment, '' for the whole window. like: the hour or weekday of the windows,
    where thresholds are found for each; '' for all.
    """

    metric: str
    column: str = ""
    slice: str = ""
    value: str = ""
    like: str = ""

    def __str__(self) -> str:
        segment = f" ({self.slice} = {self.value})" if self.slice else ""
        return (
            f"{self.metric}.{self.column or 'all'}{segment}{f' at {self.like}' * bool(self.like)}"
        )


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The thresholds of one series, as fixed in a declaration or found by `calibrate`.

    A breach is strict: value < below, or value > above. None stands for a side that is not judged.

    Args:
        warn_below: A smaller value is a warning. In the unit of the series, as are the others.
        alert_below: A smaller value is an alert; it lies below `warn_below`.
        warn_above: A larger value is a warning.
        alert_above: A larger value is an alert; it lies above `warn_above`.

    Example:
        >>> thresholds = d.Thresholds(warn_above=0.1, alert_above=0.2)
        >>> [thresholds.judge(value) for value in (0.1, 0.2, 0.3)]
        [0, 1, 2]
    """

    warn_below: float | None = None
    alert_below: float | None = None
    warn_above: float | None = None
    alert_above: float | None = None

    @classmethod
    def of(
        cls,
        breach_side: BreachSide,
        warn: Bound,
        alert: Bound,
        *,
        signed: bool = False,
        metric: str = "",
    ) -> "Thresholds":
        """Thresholds from the `warn` and `alert` of a declaration.

        breach_side: the bad side; where it is BOTH, warn and alert are (low, high) pairs.
        signed: whether values lie around 0, so that a single number x stands for -x and x.
        metric: the name in an error. Raises DeclarationError.
        """
        place = f"{metric}: " if metric else ""
        warn_low, warn_high = _split_sides(breach_side, warn, signed, f"{place}warn")
        alert_low, alert_high = _split_sides(breach_side, alert, signed, f"{place}alert")
        return cls(
            warn_below=warn_low, alert_below=alert_low, warn_above=warn_high, alert_above=alert_high
        )

    def check(self, place: str) -> None:
        """Raise DeclarationError unless each alert lies beyond its warning."""
        if self.warn_above is not None and self.alert_above is not None:
            require(
                self.alert_above > self.warn_above,
                f"{place}: alert",
                f"{self.alert_above} is not above warn ({self.warn_above})",
                "high values are bad here, so alert must be the larger",
            )
        if self.warn_below is not None and self.alert_below is not None:
            require(
                self.alert_below < self.warn_below,
                f"{place}: alert",
                f"{self.alert_below} is not below warn ({self.warn_below})",
                "low values are bad here, so alert must be the smaller",
            )

    def judge(self, value: float) -> int:
        """The state of a value: 0 ok, 1 warning, 2 alert."""
        if self._is_beyond(value, self.alert_below, self.alert_above):
            return 2
        return 1 if self._is_beyond(value, self.warn_below, self.warn_above) else 0

    def find_side(self, value: float) -> int:
        """On which side a value is beyond its alert threshold: 1 above, -1 below, 0 on neither."""
        if self.alert_above is not None and value > self.alert_above:
            return 1
        return -1 if self.alert_below is not None and value < self.alert_below else 0

    def times_threshold(self, value: float) -> float | None:
        """How far beyond its alert threshold a value is, whichever side is bad; None without one.

        1 is on the threshold. Each size of the threshold further it is 1 more, on the good side
        less, and never below 0: above 0.2, 0.5 is 2.5; below 0.05, 0 is 2. Where both sides have
        a threshold it is the larger. The view monitoring.metric has it as column times_level.
        """
        times = [0.0]
        if self.alert_below is not None:
            times.append(1 + _sign(self.alert_below) - _in_sizes(value, self.alert_below))
        if self.alert_above is not None:
            times.append(1 - _sign(self.alert_above) + _in_sizes(value, self.alert_above))
        return max(times) if len(times) > 1 else None

    @staticmethod
    def _is_beyond(value: float, low: float | None, high: float | None) -> bool:
        return (low is not None and value < low) or (high is not None and value > high)

    def as_dict(self) -> dict[str, float]:
        """The thresholds that are set, by name."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in pairs if value is not None}


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _in_sizes(value: float, threshold: float) -> float:
    """A value in sizes of a threshold; of a threshold of 0, the value itself."""
    return max(-MOST_TIMES, min(MOST_TIMES, value / (abs(threshold) or 1.0)))


def _split_sides(
    breach_side: BreachSide, bound: Bound, signed: bool, place: str
) -> tuple[float | None, float | None]:
    """(low, high) of what is declared. place: of the field, in an error."""
    if bound is None:
        return None, None
    if isinstance(bound, tuple):
        return _check_pair(breach_side, bound, place)
    if breach_side is BreachSide.HIGH:
        return None, bound
    if breach_side is BreachSide.LOW:
        return bound, None
    mend = "both are bad here, so give (low, high), or None for the one that does not matter"
    require(signed, place, f"{bound} names one side", mend)
    require(bound > 0, place, f"{bound}", "give a number above 0: it stands for both signs")
    return -bound, bound


def _check_pair(
    breach_side: BreachSide, pair: Pair, place: str
) -> tuple[float | None, float | None]:
    require(
        breach_side is BreachSide.BOTH,
        place,
        f"{pair}",
        f"only one side is bad ({breach_side}); give one number",
    )
    low, high = pair
    ordered = low is None or high is None or low < high
    require(ordered, place, f"{pair}", "give the lower number first")
    return low, high


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Where calibrated thresholds lie among the values of quiet windows.

    `calibrate` compares each window of the reference with its other days; a threshold is a quantile
    of what these windows gave. Where low values are bad, it is 1 minus the quantile.

    Args:
        warn: The share of quiet windows that are no warning, between 0.5 and 1. Default 0.90.
        alert: The share of quiet windows that are no alert, above `warn` and below 1. Default 0.95.
        same: What the windows of each threshold have in common: `d.same("hour")` finds thresholds
            for each hour of the day, `d.same("weekday")` for each weekday. None for one of all.

    Raises:
        DeclarationError: Unless 0.5 < warn < alert < 1, or a baseline that is no likeness.

    Example:
        >>> d.recall(quantiles=d.Quantiles(warn=0.95, alert=0.99)).quantiles
        Quantiles(warn=0.95, alert=0.99, same=None)
    """

    warn: float = 0.90
    alert: float = 0.95
    same: Baseline | None = None

    def __post_init__(self) -> None:
        require(
            self.same is None or bool(self.same.unit),
            "quantiles: same",
            f"{self.same}",
            'give d.same("hour") or d.same("weekday")',
        )
        require(
            0.5 < self.warn < self.alert < 1,
            "quantiles",
            f"warn {self.warn}, alert {self.alert}",
            "give 0.5 < warn < alert < 1",
        )
