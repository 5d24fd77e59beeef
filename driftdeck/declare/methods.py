"""Drift methods, each knowing its direction: "auto" does not exist here.

Evidently chooses a method by the reference's row count when none is named, and its direction
flips between distances and p-values; see https://docs.evidentlyai.com/metrics/customize_data_drift
"""

from dataclasses import dataclass
from enum import StrEnum

from driftdeck.declare.units import DISTANCE, P_VALUE, Unit


class Bad(StrEnum):
    """The side of a threshold on which a value is a breach."""

    HIGH = "high"
    LOW = "low"
    BOTH = "both"


@dataclass(frozen=True)
class Method:
    """How drift of one column is scored.

    name: as Evidently spells it in `ValueDrift(method=...)`.
    bad: distances are bad when high, p-values when low.
    meaning: completes the sentence "The score is ...".
    """

    name: str
    bad: Bad
    unit: Unit
    kinds: frozenset[str]
    meaning: str


BOTH_KINDS = frozenset({"number", "category"})
WASSERSTEIN = Method(
    "wasserstein",
    Bad.HIGH,
    DISTANCE,
    frozenset({"number"}),
    "the Wasserstein distance to the reference in reference standard deviations",
)
JENSEN_SHANNON = Method(
    "jensenshannon",
    Bad.HIGH,
    DISTANCE,
    BOTH_KINDS,
    "the Jensen-Shannon distance to the reference (0 to 0.83)",
)
PSI = Method("psi", Bad.HIGH, DISTANCE, BOTH_KINDS, "the population stability index")
KL = Method(
    "kl_div", Bad.HIGH, DISTANCE, BOTH_KINDS, "the Kullback-Leibler divergence to the reference"
)
HELLINGER = Method(
    "hellinger", Bad.HIGH, DISTANCE, BOTH_KINDS, "the Hellinger distance to the reference (0 to 1)"
)
KS = Method(
    "ks", Bad.LOW, P_VALUE, frozenset({"number"}), "the p-value of a Kolmogorov-Smirnov test"
)
CHI_SQUARE = Method(
    "chisquare", Bad.LOW, P_VALUE, frozenset({"category"}), "the p-value of a chi-square test"
)
Z = Method(
    "z", Bad.LOW, P_VALUE, frozenset({"category"}), "the p-value of a Z-test of two proportions"
)
