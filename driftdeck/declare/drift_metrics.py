"""Metrics that compare a window with the reference."""

from dataclasses import replace

from driftdeck.declare import kinds
from driftdeck.declare.baselines import REFERENCE, Baseline
from driftdeck.declare.documented import documented
from driftdeck.declare.errors import require
from driftdeck.declare.methods import JENSEN_SHANNON, WASSERSTEIN, Method
from driftdeck.declare.metrics import FIRING, Firing, Metric
from driftdeck.declare.thresholds import Quantiles


@documented(kinds.DRIFT)
def drift(
    *,
    number: Method = WASSERSTEIN,
    category: Method = JENSEN_SHANNON,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    firing: Firing = FIRING,
    columns: tuple[str, ...] = (),
    baseline: Baseline = REFERENCE,
) -> Metric:
    """How far the window's values of a column lie from the reference's.

    Example:
        >>> d.drift().quantiles  # calibrated, column by column
        Quantiles(warn=0.9, alert=0.95, same=None)
        >>> d.drift(number=d.PSI, category=d.PSI, warn=0.1, alert=0.2).thresholds.as_dict()
        {'warn_above': 0.1, 'alert_above': 0.2}
        >>> d.drift(number=d.KS, category=d.CHI_SQUARE, alert=0.001).thresholds.as_dict()
        {'alert_below': 0.001}
        >>> d.drift(baseline=d.PREVIOUS, alert=0.5).title  # beside d.drift(), or alone
        'Drift against the window before'
    """
    methods = _check_methods("drift", number, category)
    return (
        kinds.DRIFT.against(baseline)
        .scored_by(methods)
        .declare(
            warn=warn,
            alert=alert,
            quantiles=quantiles,
            firing=firing,
            columns=columns,
            methods=methods,
            baseline=baseline,
        )
    )


@documented(kinds.PREDICTION_DRIFT)
def prediction_drift(
    *,
    number: Method = WASSERSTEIN,
    category: Method = JENSEN_SHANNON,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    firing: Firing = FIRING,
    baseline: Baseline = REFERENCE,
) -> Metric:
    """How far the window's predictions lie from the reference's.

    Example:
        >>> d.prediction_drift(warn=0.3, alert=0.5).thresholds.as_dict()
        {'warn_above': 0.3, 'alert_above': 0.5}
    """
    methods = _check_methods("prediction_drift", number, category)
    return (
        kinds.PREDICTION_DRIFT.against(baseline)
        .scored_by(methods)
        .declare(
            warn=warn,
            alert=alert,
            quantiles=quantiles,
            firing=firing,
            methods=methods,
            baseline=baseline,
        )
    )


@documented(kinds.TARGET_DRIFT)
def target_drift(
    *,
    number: Method = WASSERSTEIN,
    category: Method = JENSEN_SHANNON,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    firing: Firing = FIRING,
    baseline: Baseline = REFERENCE,
) -> Metric:
    """How far the window's labels lie from the reference's.

    Example:
        >>> d.target_drift(category=d.PSI).method("category").name
        'psi'
    """
    methods = _check_methods("target_drift", number, category)
    return (
        kinds.TARGET_DRIFT.against(baseline)
        .scored_by(methods)
        .declare(
            warn=warn,
            alert=alert,
            quantiles=quantiles,
            firing=firing,
            methods=methods,
            baseline=baseline,
        )
    )


def _check_methods(metric: str, number: Method, category: Method) -> tuple[Method, Method]:
    """Both methods, each for its own kind of column. Raises DeclarationError."""
    methods = {"number": number, "category": category}
    for kind, method in methods.items():
        require(
            kind in method.kinds,
            f"{metric}: {kind}",
            f"{method.name} cannot score a {kind}",
            "choose a method for that kind of column",
        )
    # One direction a metric, so that one alert rule can compare it.
    require(
        number.breach_side is category.breach_side,
        f"{metric}: methods",
        f"{number.name} is bad when {number.breach_side}, {category.name} when"
        f" {category.breach_side}",
        "choose two distances or two p-values",
    )
    return replace(number, kinds=frozenset({"number"})), replace(
        category, kinds=frozenset({"category"})
    )
