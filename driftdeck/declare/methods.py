"""Drift methods, each knowing its direction: "auto" does not exist here.

Evidently chooses a method by the reference's row count when none is named, and its direction
flips between distances and p-values; see https://docs.evidentlyai.com/metrics/customize_data_drift
"""

from dataclasses import dataclass
from enum import StrEnum

from driftdeck.declare.units import DISTANCE, P_VALUE, Unit


class BreachSide(StrEnum):
    """The side of a threshold on which a value is a breach."""

    HIGH = "high"
    LOW = "low"
    BOTH = "both"


@dataclass(frozen=True)
class Method:
    """How drift of one column is scored; choose among `d.WASSERSTEIN`, `d.PSI` and their kin.

    Args:
        name: As Evidently spells it in `ValueDrift(method=...)`.
        breach_side: Distances are bad when high, p-values when low.
        unit: Of the score, `d.DISTANCE` or `d.P_VALUE`.
        kinds: The kinds of column that it can score: "number", "category".
        meaning: Completes the sentence "The score is ...".

    Example:
        >>> d.PSI.meaning
        'the population stability index'
    """

    name: str
    breach_side: BreachSide
    unit: Unit
    kinds: frozenset[str]
    meaning: str


NUMBERS, CATEGORIES = frozenset({"number"}), frozenset({"category"})


def _distance(name: str, kinds: frozenset[str], meaning: str) -> Method:
    return Method(name, BreachSide.HIGH, DISTANCE, kinds, meaning)


def _p_value(name: str, kinds: frozenset[str], meaning: str) -> Method:
    return Method(name, BreachSide.LOW, P_VALUE, kinds, meaning)


WASSERSTEIN = _distance(
    "wasserstein",
    NUMBERS,
    "the Wasserstein distance to the reference in reference standard deviations",
)
JENSEN_SHANNON = _distance(
    "jensenshannon",
    NUMBERS | CATEGORIES,
    "the Jensen-Shannon distance to the reference (0 to 0.83)",
)
PSI = _distance("psi", NUMBERS | CATEGORIES, "the population stability index")
KL = _distance("kl_div", NUMBERS | CATEGORIES, "the Kullback-Leibler divergence to the reference")
HELLINGER = _distance(
    "hellinger", NUMBERS | CATEGORIES, "the Hellinger distance to the reference (0 to 1)"
)
KS = _p_value("ks", NUMBERS, "the p-value of a Kolmogorov-Smirnov test")
CHI_SQUARE = _p_value("chisquare", CATEGORIES, "the p-value of a chi-square test")
Z = _p_value("z", CATEGORIES, "the p-value of a Z-test of two proportions")
