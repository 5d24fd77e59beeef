"""What a declared metric is: unit, meaning, and thresholds or the reason for having none."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from driftdeck.declare.baselines import PREVIOUS, REFERENCE, SAME, Baseline
from driftdeck.declare.columns import Column, Kind
from driftdeck.declare.errors import require
from driftdeck.declare.methods import BreachSide, Method
from driftdeck.declare.thresholds import Quantiles, Thresholds
from driftdeck.declare.units import Unit

DRIFT_NAMES = ("drift", "prediction_drift", "target_drift")
DRIFTS = tuple(
    f"{name}{baseline.suffix}" for baseline in (REFERENCE, PREVIOUS, SAME) for name in DRIFT_NAMES
)
"""The metrics that compare a window with another, or with the reference."""
Option = str | float | tuple[str, ...] | tuple[float, ...] | None


class Scope(StrEnum):
    """What a metric is computed for: one series for each."""

    COLUMNS = "columns"
    PREDICTION = "prediction"
    TARGET = "target"
    DATASET = "dataset"
    PERFORMANCE = "performance"
    CLASSES = "classes"


@dataclass(frozen=True)
class Firing:
    """An alert fires when k of the newest n judged windows are in breach; where both sides are bad,
    on one side.

    Args:
        k: So many breaches fire the alert, 1 or more.
        n: Among so many of the newest judged windows, `k` or more.

    Raises:
        DeclarationError: Unless 1 <= k <= n.

    Example:
        >>> d.row_count(alert=(450, 1200), firing=d.Firing(1, 1)).firing
        Firing(k=1, n=1)
    """

    k: int = 3
    n: int = 5

    def __post_init__(self) -> None:
        require(
            1 <= self.k <= self.n,
            "firing",
            f"{self.k} of {self.n}",
            "give k of n with 1 <= k <= n",
        )


FIRING = Firing()
"""What an alert waits for where a declaration says nothing: 3 of the newest 5."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A declared metric, as `d.recall()` and its kin return it; seldom made by hand.

    Args:
        name: As stored.
        title: As people read it.
        unit: Of the value.
        meaning: What the value is, in a sentence.
        scope: What it is computed for: one series for each feature, or one in all.
        breach_side: The side of a threshold on which a value is a breach.
        next_steps: What a person does when the alert fires.
        thresholds: Fixed numbers, equal for every column, or None.
        quantiles: Where `calibrate` puts the thresholds, column by column; None if it does not.
        unjudged: Why there are no thresholds; '' where there are.
        firing: After how many breaches the alert fires.
        methods: How each kind of column is scored; empty where there is nothing to choose.
        columns: The features it is computed for; empty for all.
        baseline: What drift is measured against.
        options: What else the computation depends on, by name.
        reads: Columns that it needs beside the monitor's.

    Raises:
        DeclarationError: Unless exactly one of thresholds, quantiles and unjudged is given, or
            where an alert does not lie beyond its warning.

    Example:
        >>> d.missing(warn=0.01, alert=0.05).title
        'Missing values'
    """

    name: str
    title: str
    unit: Unit
    meaning: str
    scope: Scope
    breach_side: BreachSide
    next_steps: str
    thresholds: Thresholds | None = None
    quantiles: Quantiles | None = None
    unjudged: str = ""
    firing: Firing = FIRING
    methods: tuple[Method, ...] = ()
    columns: tuple[str, ...] = ()
    baseline: Baseline = REFERENCE
    options: tuple[tuple[str, Option], ...] = ()
    reads: tuple[Column, ...] = ()

    def __post_init__(self) -> None:
        choices = [self.thresholds is not None, self.quantiles is not None, bool(self.unjudged)]
        require(
            sum(choices) == 1,
            self.name,
            "thresholds, quantiles and a reason for having none exclude each other",
            'give warn and alert, or quantiles, or unjudged="..."',
        )
        if self.thresholds is not None:
            self.thresholds.check(self.name)
            require(
                bool(self.thresholds.as_dict()),
                self.name,
                "no threshold is given",
                'give warn or alert, or say unjudged="why"',
            )

    @cached_property
    def is_performance(self) -> bool:
        """Whether it speaks of the rows that have a label and a prediction."""
        return self.scope in (Scope.PERFORMANCE, Scope.CLASSES)

    @cached_property
    def needs_labels(self) -> bool:
        """Whether it speaks of the labelled rows only."""
        return self.is_performance or self.scope is Scope.TARGET

    def option(self, name: str) -> Option:
        """What a declaration says beside thresholds. Raises KeyError."""
        return dict(self.options)[name]

    def method(self, kind: Kind) -> Method | None:
        """The method for a kind of column, None where the metric has none to choose."""
        return next((method for method in self.methods if kind in method.kinds), None)
