"""Metrics of what came true: of the rows that have both a prediction and a label."""

from typing import Literal

from driftdeck.declare import kinds
from driftdeck.declare.documented import documented
from driftdeck.declare.metrics import FIRING, Firing, Metric
from driftdeck.declare.thresholds import Bound, Quantiles

Average = Literal["", "macro", "weighted", "class"]


@documented(kinds.ACCURACY)
def accuracy(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of labelled rows predicted right.

    Example:
        >>> d.accuracy(warn=0.85, alert=0.80).thresholds.as_dict()
        {'warn_below': 0.85, 'alert_below': 0.8}
    """
    return kinds.ACCURACY.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.PRECISION)
def precision(
    *,
    average: Average = "",
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of predicted positives that are positive.

    A window without a predicted positive has no value, and the reason why.

    Example:
        >>> d.precision(alert=0.75).thresholds.as_dict()
        {'alert_below': 0.75}
    """
    return kinds.PRECISION.averaged(average).declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.RECALL)
def recall(
    *,
    average: Average = "",
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of positives that were predicted positive.

    A window without a positive has no value, and the reason why.

    Example:
        >>> d.recall(warn=0.50, alert=0.41).thresholds.as_dict()
        {'warn_below': 0.5, 'alert_below': 0.41}
        >>> d.recall().quantiles  # no thresholds given: `calibrate` finds them
        Quantiles(warn=0.9, alert=0.95, same=None)
    """
    return kinds.RECALL.averaged(average).declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.F1)
def f1(
    *,
    average: Average = "",
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The harmonic mean of precision and recall.

    A window in which nothing is positive, neither by its labels nor by the predictions, has no
    value, and the reason why.

    Example:
        >>> d.f1(warn=0.6, alert=0.5).thresholds.as_dict()
        {'warn_below': 0.6, 'alert_below': 0.5}
        >>> d.f1(average="class").name  # one series for each class
        'class_f1'
    """
    return kinds.F1.averaged(average).declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.BALANCED_ACCURACY)
def balanced_accuracy(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean over classes of the recall of each.

    A window that lacks a class among its labels has no value, and the reason why.

    Example:
        >>> d.balanced_accuracy(alert=0.6).thresholds.as_dict()
        {'alert_below': 0.6}
    """
    return kinds.BALANCED_ACCURACY.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.ROC_AUC)
def roc_auc(
    *,
    average: Average = "",
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The chance that a positive is ranked above a negative.

    A window whose labels are all alike has no value, and the reason why.

    Example:
        >>> d.roc_auc(warn=0.84, alert=0.80).thresholds.as_dict()
        {'warn_below': 0.84, 'alert_below': 0.8}
    """
    return kinds.ROC_AUC.averaged(average).declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.CLASS_LOG_LOSS)
def log_loss(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean negative log likelihood of the labels.

    A window whose labels are all alike has no value, and the reason why.

    Example:
        >>> d.log_loss(warn=0.40, alert=0.45).thresholds.as_dict()
        {'warn_above': 0.4, 'alert_above': 0.45}
    """
    return kinds.CLASS_LOG_LOSS.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.MAE)
def mae(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean absolute error of the prediction.

    Example:
        >>> d.mae(warn=12.0, alert=15.0).thresholds.as_dict()
        {'warn_above': 12.0, 'alert_above': 15.0}
    """
    return kinds.MAE.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.RMSE)
def rmse(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The root of the mean squared error.

    Example:
        >>> d.rmse(alert=20.0).thresholds.as_dict()
        {'alert_above': 20.0}
    """
    return kinds.RMSE.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.MEAN_ERROR)
def mean_error(
    *,
    warn: Bound = None,
    alert: Bound = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The mean of prediction minus label: above 0 the model predicts too much.

    Example:
        >>> d.mean_error(alert=2.0).thresholds.as_dict()
        {'alert_below': -2.0, 'alert_above': 2.0}
        >>> d.mean_error(alert=(-1.0, 4.0)).thresholds.as_dict()
        {'alert_below': -1.0, 'alert_above': 4.0}
    """
    return kinds.MEAN_ERROR.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.AGREEMENT)
def agreement(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The Wasserstein distance between what was predicted and what was observed, in standard
    deviations of the predictions of the same rows.

    It sees a wrong shape that errors of single rows average out.

    Example:
        >>> d.agreement(warn=0.1, alert=0.2).thresholds.as_dict()
        {'warn_above': 0.1, 'alert_above': 0.2}
    """
    return kinds.AGREEMENT.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )
