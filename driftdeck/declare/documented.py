"""The text that help() shows of a metric: its arguments in its own unit, and what it refuses."""

import inspect
from collections.abc import Callable
from textwrap import fill
from typing import TypeVar

from driftdeck.declare.kinds import MetricKind
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.metrics import DRIFTS, Metric
from driftdeck.declare.units import (
    AGE,
    COUNT,
    DISTANCE,
    ERROR_SHARE,
    LOG_LOSS,
    NUMBER,
    RATIO,
    SHARE,
)

WIDTH = 88
F = TypeVar("F", bound=Callable[..., Metric])
UNITS = {
    SHARE: "as a share, 0 to 1",
    COUNT: "in rows",
    DISTANCE: "as a distance, 0 or more",
    LOG_LOSS: "in nats, 0 or more",
    NUMBER: "in the unit of the column",
    AGE: "in hours",
    ERROR_SHARE: "as a share, 0 or more",
    RATIO: "as a ratio",
}
ARGUMENTS = {
    "number": "The method for columns of numbers: WASSERSTEIN, JENSEN_SHANNON, PSI, KL, HELLINGER"
    " or KS.",
    "category": "The method for columns of categories: JENSEN_SHANNON, PSI, KL, HELLINGER,"
    " CHI_SQUARE or Z. Both methods are distances, or both give p-values.",
    "quantiles": "Where `calibrate` puts the thresholds of each series among the values of quiet"
    " windows. {default} Excludes warn and alert.",
    "unjudged": "Why it has no thresholds, in words: it is stored and plotted, and never a breach."
    " Excludes warn, alert and quantiles.",
    "firing": "How many of the newest judged windows must be in breach before the alert fires; 3"
    " of 5 unless given.",
    "baseline": "What it is measured against: the reference unless given, `d.PREVIOUS` (the window"
    " before) or `d.same(...)`. A monitor may have several, side by side.",
    "average": 'Of several classes: "macro", the mean of all, which is what is taken unless given;'
    ' "weighted" by their labels; "class", a series for each. Of yes and no: leave it out.',
    "season": "So many rows make a season, such as 24 hours of a day or 168 of a week.",
    "key": "Names of the columns that tell one row, or one series of a forecast, from another.",
    "quantile": "Of the label, which the prediction is meant to be; between 0 and 1.",
    "low": "The column with the lower end of the predicted interval.",
    "high": "The column with the upper end.",
    "within": "Two shares of the reference's values between which a value is in range, such as"
    " (0.001, 0.999); from its least to its largest unless given.",
    "columns": "Names of the features it is computed for, as declared; all of them unless given.",
}
"""What is said of the arguments that are alike for all metrics."""
CALIBRATED = "`d.Quantiles()` where nothing else is given; the monitor then needs a reference."
NOT_CALIBRATED = "None unless given."


def documented(kind: MetricKind) -> Callable[[F], F]:
    """Complete the docstring of a metric's function, argument by argument.

    Written out are its meaning and its example, between which the rest is put.
    """

    def complete(function: F) -> F:
        meaning, example, code = inspect.cleandoc(function.__doc__ or "").partition("Example:")
        names = inspect.signature(function).parameters
        sections = {
            "Args": "\n".join(_wrap(f"{name}: {_argument(kind, name)}") for name in names),
            "Returns": _wrap("The metric, for `d.Monitor(metrics=...)`."),
            "Raises": _wrap(f"DeclarationError: {_refusals(kind)}"),
        }
        texts = [f"{title}:\n{text}" for title, text in sections.items()]
        function.__doc__ = "\n\n".join([meaning.rstrip(), *texts, example + code])
        return function

    return complete


def _wrap(text: str) -> str:
    return fill(text, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 8)


def _argument(kind: MetricKind, name: str) -> str:
    if name not in ("warn", "alert"):
        default = CALIBRATED if kind.calibrated else NOT_CALIBRATED
        return ARGUMENTS[name].format(default=default)
    text = _bound(kind, "a warning" if name == "warn" else "an alert")
    return text if name == "warn" else f"{text} It lies beyond warn, if both are given."


def _bound(kind: MetricKind, state: str) -> str:
    """What `warn` or `alert` of a metric is."""
    if kind.name in DRIFTS:
        return f"A distance, above which a window is {state}; or a p-value, below which it is."
    unit = UNITS[kind.unit]
    if kind.breach_side is not BreachSide.BOTH:
        compared = "above" if kind.breach_side is BreachSide.HIGH else "below"
        return f"A number {unit}; a value {compared} it is {state}."
    single = ", or a number x above 0, which stands for (-x, x)" if kind.signed else ""
    return (
        f"A pair (low, high) {unit}{single}; a value outside is {state}. None in it stands for a"
        " side that does not matter."
    )


def _refusals(kind: MetricKind) -> str:
    """What its function raises DeclarationError for."""
    if kind.signed:
        shape = "a number that is not above 0, or a pair whose lower number is not the first"
    elif kind.breach_side is BreachSide.BOTH:
        shape = "a single number, or a pair whose lower number is not the first"
    else:
        shape = "a pair, since only one side is bad"
    texts = ["Where alert does not lie beyond warn", shape]
    if kind.name in DRIFTS:
        texts += ["a method that cannot score its kind of column", "a distance beside a p-value"]
        texts.append("quantiles beside warn or alert")
    elif kind.calibrated:
        texts.append("more than one of thresholds, quantiles and unjudged")
    else:
        texts.append("not exactly one of thresholds, quantiles and unjudged")
    return "; ".join(texts) + "."
