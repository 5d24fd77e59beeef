"""Levels: the numbers at which a value becomes a warning or an alert."""

from dataclasses import dataclass, fields

from driftdeck.declare.errors import require
from driftdeck.declare.methods import Bad

MOST_TIMES = 1e12
"""No value is told to be further beyond its level: a quotient of floats may be infinite."""
Given = float | tuple[float | None, float | None] | None


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Thresholds of one series. A breach is strict: value < below, or value > above."""

    warn_below: float | None = None
    alert_below: float | None = None
    warn_above: float | None = None
    alert_above: float | None = None

    @classmethod
    def of(
        cls, bad: Bad, warn: Given, alert: Given, *, signed: bool = False, metric: str = ""
    ) -> "Levels":
        """Levels from the two numbers of a declaration; (low, high) pairs where both are bad.

        signed: whether values lie around 0, so that a single number x stands for -x and x.
        metric: the name in an error. Raises DeclarationError.
        """
        place = f"{metric}: " if metric else ""
        warn_low, warn_high = _sides(bad, warn, signed, f"{place}warn")
        alert_low, alert_high = _sides(bad, alert, signed, f"{place}alert")
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
        """0 quiet, 1 warning, 2 alert."""
        if self._beyond(value, self.alert_below, self.alert_above):
            return 2
        return 1 if self._beyond(value, self.warn_below, self.warn_above) else 0

    def times_level(self, value: float) -> float | None:
        """How far beyond its alert level a value is, whichever side is bad; None without a level.

        1 is on the level. Each size of the level further it is 1 more, on the good side less, and
        never below 0: above 0.2, 0.5 is 2.5; below 0.05, 0 is 2. Where both sides have a level it
        is the larger. The view monitoring.metric has the same as its column times_level.
        """
        times = [0.0]
        if self.alert_below is not None:
            times.append(1 + _sign(self.alert_below) - _in_levels(value, self.alert_below))
        if self.alert_above is not None:
            times.append(1 - _sign(self.alert_above) + _in_levels(value, self.alert_above))
        return max(times) if len(times) > 1 else None

    @staticmethod
    def _beyond(value: float, low: float | None, high: float | None) -> bool:
        return (low is not None and value < low) or (high is not None and value > high)

    def given(self) -> dict[str, float]:
        """The levels that are set, by name."""
        pairs = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in pairs if value is not None}


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _in_levels(value: float, level: float) -> float:
    """A value in sizes of a level; of a level of 0, the value itself."""
    return max(-MOST_TIMES, min(MOST_TIMES, value / (abs(level) or 1.0)))


def _sides(bad: Bad, given: Given, signed: bool, place: str) -> tuple[float | None, float | None]:
    if given is None:
        return None, None
    if isinstance(given, tuple):
        return _pair(bad, given, place)
    if bad is Bad.HIGH:
        return None, given
    if bad is Bad.LOW:
        return given, None
    mend = "both are bad here, so give (low, high), or None for the one that does not matter"
    require(signed, place, f"{given} names one side", mend)
    require(given > 0, place, f"{given}", "give a number above 0: it stands for both signs")
    return -given, given


def _pair(
    bad: Bad, given: tuple[float | None, float | None], place: str
) -> tuple[float | None, float | None]:
    require(bad is Bad.BOTH, place, f"{given}", f"only one side is bad ({bad}); give one number")
    low, high = given
    ordered = low is None or high is None or low < high
    require(ordered, place, f"{given}", "give the lower number first")
    return low, high


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """At which share of quiet windows calibrated levels lie (both in (0.5, 1))."""

    warn: float = 0.90
    alert: float = 0.95

    def __post_init__(self) -> None:
        require(
            0.5 < self.warn < self.alert < 1,
            "quantiles",
            f"warn {self.warn}, alert {self.alert}",
            "give 0.5 < warn < alert < 1",
        )
