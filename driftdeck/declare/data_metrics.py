"""Metrics of a window's rows and values, for which no label has to arrive."""

from driftdeck.declare import kinds
from driftdeck.declare.documented import documented
from driftdeck.declare.metrics import FIRING, Firing, Metric
from driftdeck.declare.thresholds import Pair, Quantiles


@documented(kinds.MISSING)
def missing(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
    columns: tuple[str, ...] = (),
) -> Metric:
    """The share of a column's values that are missing or unusable.

    Example:
        >>> d.missing(warn=0.01, alert=0.05, columns=("spend",)).columns
        ('spend',)
    """
    return kinds.MISSING.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        columns=columns,
    )


@documented(kinds.ROW_COUNT)
def row_count(
    *,
    warn: Pair | None = None,
    alert: Pair | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The number of rows in the window.

    Example:
        >>> d.row_count(warn=(600, 1100), alert=(450, None)).thresholds.as_dict()
        {'warn_below': 600, 'alert_below': 450, 'warn_above': 1100}
        >>> d.row_count(unjudged="the shop grows").unjudged
        'the shop grows'
    """
    return kinds.ROW_COUNT.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.PREDICTION_MEAN)
def prediction_mean(
    *,
    warn: Pair | None = None,
    alert: Pair | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean of the window's predictions.

    Example:
        >>> d.prediction_mean(unjudged="read beside the mean label").thresholds is None
        True
    """
    return kinds.PREDICTION_MEAN.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.TARGET_MEAN)
def target_mean(
    *,
    warn: Pair | None = None,
    alert: Pair | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean of the window's labels: the rate of positives where labels are 0 and 1.

    Example:
        >>> d.target_mean(alert=(0.1, 0.3)).thresholds.as_dict()
        {'alert_below': 0.1, 'alert_above': 0.3}
    """
    return kinds.TARGET_MEAN.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )
