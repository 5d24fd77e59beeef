"""Metrics of the data's quality, beside missing values."""

from collections.abc import Sequence

from driftdeck.declare import kinds
from driftdeck.declare.columns import category
from driftdeck.declare.documented import documented
from driftdeck.declare.errors import require
from driftdeck.declare.metrics import FIRING, Firing, Metric
from driftdeck.declare.thresholds import Quantiles


@documented(kinds.UNSEEN)
def unseen(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
    columns: tuple[str, ...] = (),
) -> Metric:
    """The share of a category's values that the reference has none of.

    It is computed for columns of categories. One that is an identifier, whose values are nearly all
    different, has no value, and a sentence that says so.

    Example:
        >>> d.unseen(warn=0.01, alert=0.05, columns=("plan",)).columns
        ('plan',)
    """
    return kinds.UNSEEN.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        columns=columns,
    )


@documented(kinds.OUT_OF_RANGE)
def out_of_range(
    *,
    within: tuple[float, float] | None = None,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
    columns: tuple[str, ...] = (),
) -> Metric:
    """The share of a number's values that lie outside the range of the reference.

    It is computed for columns of numbers.

    Example:
        >>> d.out_of_range(within=(0.001, 0.999), alert=0.05).option("within")
        (0.001, 0.999)
    """
    require(
        within is None or 0 <= within[0] < within[1] <= 1,
        "out_of_range: within",
        f"{within}",
        "give two shares of the reference, such as (0.001, 0.999)",
    )
    return kinds.OUT_OF_RANGE.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        columns=columns,
        options=(("within", within),),
    )


@documented(kinds.DUPLICATES)
def duplicates(
    *,
    key: Sequence[str],
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """The share of rows whose key an earlier row of the window has.

    Example:
        >>> d.duplicates(key=("order_id",), alert=0.001).option("key")
        ('order_id',)
    """
    require(bool(key) and not isinstance(key, str), "duplicates: key", f"{key!r}",
            'name the columns of the key: ("order_id",)')  # fmt: skip
    return kinds.DUPLICATES.declare(
        warn=warn,
        alert=alert,
        quantiles=quantiles,
        unjudged=unjudged,
        firing=firing,
        options=(("key", tuple(key)),),
        reads=tuple(map(category, key)),
    )


@documented(kinds.CONSTANT)
def constant_columns(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """How many columns have but one value in the window, and more in the reference.

    Example:
        >>> d.constant_columns(alert=0).thresholds.as_dict()
        {'alert_above': 0}
    """
    return kinds.CONSTANT.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.CHANGED_COLUMNS)
def changed_columns(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """How many columns of the source are gone, new, or of another type than in the reference.

    All columns of the files that a window's rows come of are looked at, also those that are not
    declared. Which they are stands in the explanation of a window that is beyond its thresholds.
    Columns of CSV are all text. A table has the same columns for every window: it is refused.

    Example:
        >>> d.changed_columns(warn=0).thresholds.as_dict()
        {'warn_above': 0}
    """
    return kinds.CHANGED_COLUMNS.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )


@documented(kinds.AGE)
def newest_row_age(
    *,
    warn: float | None = None,
    alert: float | None = None,
    quantiles: Quantiles | None = None,
    unjudged: str = "",
    firing: Firing = FIRING,
) -> Metric:
    """How long before the end of the window its newest row lies, in hours.

    A log that stops at noon shows here, though its window is not late.

    Example:
        >>> d.newest_row_age(warn=2, alert=6).unit.name
        'hours'
    """
    return kinds.AGE.declare(
        warn=warn, alert=alert, quantiles=quantiles, unjudged=unjudged, firing=firing
    )
