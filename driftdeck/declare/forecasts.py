"""Metrics of forecasts and other numbers that came true."""

from collections.abc import Sequence

from driftdeck.declare import kinds
from driftdeck.declare.columns import number
from driftdeck.declare.documented import documented
from driftdeck.declare.errors import require
from driftdeck.declare.metrics import FIRING, Firing, Metric
from driftdeck.declare.thresholds import Pair, Quantiles


@documented(kinds.MAPE)
def mape(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean of the absolute errors, each as a share of its label: 0.1 is 10 %.

    A window with a label of 0 has no value, and the reason why; there, take `d.wape()`.

    Example:
        >>> d.mape(warn=0.1, alert=0.2).thresholds.as_dict()
        {'warn_above': 0.1, 'alert_above': 0.2}
    """
    return kinds.MAPE.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.WAPE)
def wape(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The sum of the absolute errors as a share of the sum of the labels: 0.1 is 10 %.

    A window whose labels are all 0 has no value, and the reason why.

    Example:
        >>> d.wape(alert=0.2).thresholds.as_dict()
        {'alert_above': 0.2}
    """
    return kinds.WAPE.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.MASE)
def mase(
    *,
    season: int,
    key: Sequence[str] = (),
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean absolute error over that of repeating the label of a season before.

    What the repetition would have cost is measured on the reference. Above 1, the model is worse.

    Example:
        >>> d.mase(season=168, key=("origin", "horizon"), alert=1.0).thresholds.as_dict()
        {'alert_above': 1.0}
    """
    require(season >= 1, "mase: season", f"{season}", "give 1 or more rows")
    return kinds.MASE.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        options=(("season", season), ("key", tuple(key))),
    )


@documented(kinds.R2)
def r2(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of the labels' variance that the prediction explains.

    1 is perfect, 0 as good as the labels' mean, below it is worse. A window whose labels are all
    alike has no value, and the reason why.

    Example:
        >>> d.r2(warn=0.6, alert=0.4).thresholds.as_dict()
        {'warn_below': 0.6, 'alert_below': 0.4}
    """
    return kinds.R2.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.PINBALL)
def pinball(
    *,
    quantile: float,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean loss of the prediction as a quantile of the label.

    Example:
        >>> d.pinball(quantile=0.9, alert=5.0).option("quantile")
        0.9
    """
    require(0 < quantile < 1, "pinball: quantile", f"{quantile}", "give a number between 0 and 1")
    return kinds.PINBALL.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        options=(("quantile", quantile),),
    )


@documented(kinds.COVERAGE)
def coverage(
    *,
    low: str,
    high: str,
    warn: Pair | None = None,
    alert: Pair | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of labels that lie within the predicted interval, its ends included.

    Example:
        >>> d.coverage(low="p10", high="p90", warn=(0.7, 0.9), alert=(0.6, 0.95)).name
        'interval_coverage'
    """
    _check_interval("coverage", low, high)
    return kinds.COVERAGE.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        options=(("low", low), ("high", high)),
        reads=(number(low), number(high)),
    )


@documented(kinds.INTERVAL_WIDTH)
def interval_width(
    *,
    low: str,
    high: str,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean width of the predicted interval.

    Example:
        >>> d.interval_width(low="p10", high="p90", unjudged="read beside the coverage").unjudged
        'read beside the coverage'
    """
    _check_interval("interval_width", low, high)
    return kinds.INTERVAL_WIDTH.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        options=(("low", low), ("high", high)),
        reads=(number(low), number(high)),
    )


def _check_interval(metric: str, low: str, high: str) -> None:
    require(low != high, f"{metric}: high", f"{high!r} is low, too", "name two columns")
