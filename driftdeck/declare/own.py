"""Metrics of one's own: a function of the project, or one of Evidently's by its name."""

import re
from collections.abc import Sequence
from typing import Literal

from driftdeck.declare.columns import Column
from driftdeck.declare.errors import require
from driftdeck.declare.kinds import BY_NAME
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.metrics import FIRING, Firing, Metric, Option, Scope
from driftdeck.declare.retrain import CALLABLE
from driftdeck.declare.thresholds import Bound, Quantiles, Thresholds
from driftdeck.declare.units import NUMBER, Unit

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
Side = Literal["high", "low", "both"]
NAMES_OF_FILES = frozenset({"calibration", "segments", "like"})
"""What the file of thresholds calls its own tables."""
MEASURE, EVIDENTLY = "measure", "evidently"
"""The option that says what computes the number."""


def measure(
    function: str,
    *,
    title: str,
    unit: Unit = NUMBER,
    bad: Side = "high",
    meaning: str = "",
    name: str = "",
    per_column: bool = False,
    columns: Sequence[str] = (),
    reads: Sequence[Column] = (),
    seconds: float = 60.0,
    warn: Bound = None,
    alert: Bound = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """A number that a function of one's own computes of a window.

    The function is called with the window's rows and the reference's: two frames with the declared
    columns, numbers as float64, categories and classes as text, labels of yes and no as 1.0 and
    0.0, NaN or None where there is none. The second is None where the monitor has no reference. It
    returns a number; None, or NaN, where there is none; with `per_column`, a mapping or a Series
    from column to number. What it raises becomes the reason why this series has no number, and
    costs no other metric anything.

    Args:
        function: `module:function`, importable where the collectors run.
        title: As people read it.
        unit: Of the number.
        bad: The side of a threshold on which a value is a breach: "high", "low" or "both".
        meaning: What the number is, in a sentence; the title unless given.
        name: As stored: up to 40 lower-case letters, digits and _; that of the function unless
            given.
        per_column: Whether it returns a number for each column.
        columns: With `per_column`, names of the features; all of them unless given.
        reads: Columns that it needs and that are no features: `(d.number("price"),)`.
        seconds: So long it may take for a window; then there is no number, and the reason why.
        warn: A number, beyond which a window is a warning; where both sides are bad, (low, high).
        alert: The same for an alert. It lies beyond warn, if both are given.
        quantiles: Where `calibrate` puts the thresholds among the values of quiet windows; excludes
            warn and alert.
        unjudged: Why it has no thresholds, in words; excludes the others.
        firing: How many of the newest judged windows must be in breach before the alert fires; 3 of
            5 unless given.

    Returns:
        The metric, for `d.Monitor(metrics=...)`.

    Raises:
        DeclarationError: No `module:function`, a name that is none, or not exactly one of
            thresholds, quantiles and unjudged.

    Example:
        >>> revenue = d.measure("risk:revenue_at_risk", title="Revenue at risk", alert=50_000.0)
        >>> revenue.name
        'revenue_at_risk'
    """
    require(bool(CALLABLE.fullmatch(function)), "measure", f"{function!r}", "write module:function")
    require(seconds > 0, "measure: seconds", f"{seconds}", "give more than 0")
    return _metric(
        name or function.rpartition(":")[2].lower(), MEASURE, function, title, unit, bad, meaning,
        Scope.COLUMNS if per_column else Scope.DATASET, tuple(columns), tuple(reads),
        (("seconds", float(seconds)),), warn, alert, quantiles, unjudged, firing,
    )  # fmt: skip


def evidently(
    metric: str,
    *,
    title: str,
    unit: Unit = NUMBER,
    bad: Side = "high",
    name: str = "",
    per_column: bool = False,
    columns: Sequence[str] = (),
    warn: Bound = None,
    alert: Bound = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """A metric of Evidently that gives one number, by the name of its class.

    Args:
        metric: The class in `evidently.metrics`, such as "MaxValue" or "DuplicatedRowCount". Of
            one that gives a count and its share it is the share, of a mean and its deviation the
            mean.
        title: As people read it.
        unit: Of the number.
        bad: The side of a threshold on which a value is a breach: "high", "low" or "both".
        name: As stored: up to 40 lower-case letters, digits and _; the class's in that form unless
            given.
        per_column: Whether it is of a column: it is then computed for each.
        columns: With `per_column`, names of the features; all of them unless given.
        warn: A number, beyond which a window is a warning; where both sides are bad, (low, high).
        alert: The same for an alert. It lies beyond warn, if both are given.
        quantiles: Where `calibrate` puts the thresholds among the values of quiet windows; excludes
            warn and alert.
        unjudged: Why it has no thresholds, in words; excludes the others.
        firing: How many of the newest judged windows must be in breach before the alert fires; 3 of
            5 unless given.

    Returns:
        The metric, for `d.Monitor(metrics=...)`.

    Raises:
        DeclarationError: A name that is none, or not exactly one of thresholds, quantiles and
            unjudged.

    Example:
        >>> d.evidently("MaxValue", title="Largest value", per_column=True, unjudged="new").name
        'max_value'
    """
    require(metric.isidentifier(), "evidently", f"{metric!r}", "name a class of evidently.metrics")
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", metric).lower()
    return _metric(
        name or snake, EVIDENTLY, metric, title, unit, bad, "",
        Scope.COLUMNS if per_column else Scope.DATASET, tuple(columns), (), (),
        warn, alert, quantiles, unjudged, firing,
    )  # fmt: skip


def _metric(
    name: str,
    computed_by: str,
    target: str,
    title: str,
    unit: Unit,
    bad: Side,
    meaning: str,
    scope: Scope,
    columns: tuple[str, ...],
    reads: tuple[Column, ...],
    options: tuple[tuple[str, Option], ...],
    warn: Bound,
    alert: Bound,
    quantiles: Quantiles | None,
    unjudged: str,
    firing: Firing,
) -> Metric:
    require(
        bool(NAME.fullmatch(name)),
        f"{computed_by}: name",
        f"{name!r}",
        "use up to 40 lower-case letters, digits and _, starting with a letter",
    )
    require(bool(title.strip()), f"{name}: title", "is empty", "say it in words")
    require(
        name not in BY_NAME and name not in NAMES_OF_FILES,
        f"{computed_by}: name",
        f"{name!r} means something else",
        'choose another: name="..."',
    )
    sides = [side.value for side in BreachSide]
    require(bad in sides, f"{name}: bad", f"{bad!r}", f"give one of {', '.join(sides)}")
    fixed = None
    if (warn, alert) != (None, None):
        fixed = Thresholds.of(BreachSide(bad), warn, alert, metric=name)
    return Metric(
        name=name,
        title=title,
        unit=unit,
        meaning=meaning or f"{title.rstrip('.')}.",
        scope=scope,
        breach_side=BreachSide(bad),
        next_steps="Look at the rows of the window: see what the metric measures.",
        thresholds=fixed,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        columns=columns,
        options=((computed_by, target), *options),
        reads=reads,
    )
