"""Metrics: each with its unit, its meaning, and either levels or the reason for having none."""

from dataclasses import dataclass, replace
from enum import StrEnum

from driftdeck.declare.columns import Kind
from driftdeck.declare.errors import require
from driftdeck.declare.levels import Given, Levels, Quantiles
from driftdeck.declare.methods import JENSEN_SHANNON, WASSERSTEIN, Bad, Method
from driftdeck.declare.units import COUNT, DISTANCE, LOG_LOSS, NUMBER, SHARE, Unit

DRIFTS = ("drift", "prediction_drift", "target_drift")
"""The metrics that compare a window with the reference."""


class Over(StrEnum):
    """What a metric is computed over: one series for each."""

    COLUMNS = "columns"
    PREDICTION = "prediction"
    TARGET = "target"
    DATASET = "dataset"
    PERFORMANCE = "performance"


@dataclass(frozen=True)
class Firing:
    """An alert fires when k of the newest n judged windows are in breach."""

    k: int = 3
    n: int = 5

    def __post_init__(self) -> None:
        require(
            1 <= self.k <= self.n,
            "firing",
            f"{self.k} of {self.n}",
            "give k of n with 1 <= k <= n",
        )


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A declared quantity.

    name: as stored; title, meaning: as people read them; unit: of the value.
    bad: the side on which a value is a breach.
    methods: how each kind of column is scored; empty where nothing is to choose.
    levels: fixed numbers, equal for every column, or None.
    quantiles: set where `calibrate` finds the levels, column by column, else None.
    unjudged: why there are no levels; '' where there are.
    next_steps: what a person does when the alert fires.
    """

    name: str
    title: str
    unit: Unit
    meaning: str
    over: Over
    bad: Bad
    next_steps: str
    levels: Levels | None = None
    quantiles: Quantiles | None = None
    unjudged: str = ""
    firing: Firing = Firing()
    methods: tuple[Method, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        chosen = [self.levels is not None, self.quantiles is not None, bool(self.unjudged)]
        require(
            sum(chosen) == 1,
            self.name,
            "levels, quantiles and a reason for having none exclude each other",
            'give warn and alert, or quantiles, or unjudged="..."',
        )
        if self.levels is not None:
            self.levels.check(self.name)
            require(
                bool(self.levels.given()),
                self.name,
                "no level given",
                'give warn or alert, or say unjudged="why"',
            )

    def method(self, kind: Kind) -> Method | None:
        """The method for a kind of column, None where the metric has none to choose."""
        return next((method for method in self.methods if kind in method.kinds), None)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is the same for every use of a metric; called with the levels of one use.

    signed: whether values lie around 0, so that a single level x stands for -x and x.
    """

    name: str
    title: str
    unit: Unit
    meaning: str
    over: Over
    bad: Bad
    next_steps: str
    calibrated: bool = True
    signed: bool = False

    def __call__(
        self,
        *,
        warn: Given = None,
        alert: Given = None,
        quantiles: Quantiles | None = None,
        unjudged: str = "",
        firing: Firing | None = None,
        columns: tuple[str, ...] = (),
        methods: tuple[Method, ...] = (),
    ) -> Metric:
        fixed = None
        if (warn, alert) != (None, None):
            fixed = Levels.of(self.bad, warn, alert, signed=self.signed, metric=self.name)
        if fixed is None and not unjudged and quantiles is None and self.calibrated:
            quantiles = Quantiles()
        return Metric(
            name=self.name,
            title=self.title,
            unit=self.unit,
            meaning=self.meaning,
            over=self.over,
            bad=self.bad,
            next_steps=self.next_steps,
            levels=fixed,
            quantiles=quantiles,
            unjudged=unjudged,
            firing=firing or Firing(),
            columns=columns,
            methods=methods,
        )


@dataclass(frozen=True, kw_only=True)
class _Drift:
    """A drift metric; called with the methods and levels of one use.

    Calibrated unless levels are given; `columns` chooses some of the features.
    """

    kind: _Kind

    def __call__(
        self,
        *,
        number: Method = WASSERSTEIN,
        category: Method = JENSEN_SHANNON,
        warn: Given = None,
        alert: Given = None,
        quantiles: Quantiles | None = None,
        firing: Firing | None = None,
        columns: tuple[str, ...] = (),
    ) -> Metric:
        chosen = {"number": number, "category": category}
        for name, method in chosen.items():
            require(
                name in method.kinds,
                f"{self.kind.name}: {name}",
                f"{method.name} cannot score a {name}",
                "choose a method for that kind of column",
            )
        # One direction a metric, so that one alert rule can compare it.
        require(
            number.bad is category.bad,
            f"{self.kind.name}: methods",
            f"{number.name} is bad when {number.bad}, {category.name} when {category.bad}",
            "choose two distances or two p-values",
        )
        directed = replace(self.kind, bad=number.bad, unit=number.unit)
        return directed(
            warn=warn,
            alert=alert,
            quantiles=quantiles,
            firing=firing,
            columns=columns,
            methods=tuple(replace(m, kinds=frozenset({k})) for k, m in chosen.items()),
        )


drift = _Drift(
    kind=_Kind(
        name="drift",
        title="Drift",
        unit=DISTANCE,
        over=Over.COLUMNS,
        bad=Bad.HIGH,
        meaning="How far the window's values of a column lie from the reference's.",
        next_steps="Open its histogram: has the world changed, or the pipeline that fills it?",
    )
)
prediction_drift = _Drift(
    kind=_Kind(
        name="prediction_drift",
        title="Prediction drift",
        unit=DISTANCE,
        over=Over.PREDICTION,
        bad=Bad.HIGH,
        meaning="How far the window's predictions lie from the reference's.",
        next_steps="Compare with the drifted columns of the same days; check the model version.",
    )
)
target_drift = _Drift(
    kind=_Kind(
        name="target_drift",
        title="Target drift",
        unit=DISTANCE,
        over=Over.TARGET,
        bad=Bad.HIGH,
        meaning="How far the window's labels lie from the reference's.",
        next_steps="The outcome itself has moved: check performance, then plan a retraining.",
    )
)


def _performance(
    name: str, title: str, unit: Unit, bad: Bad, meaning: str, *, signed: bool = False
) -> _Kind:
    return _Kind(
        name=name,
        title=title,
        unit=unit,
        over=Over.PERFORMANCE,
        bad=bad,
        meaning=meaning,
        next_steps="Check label coverage and drift of the same days; consider a retraining.",
        signed=signed,
    )


missing = _Kind(
    name="missing_share",
    title="Missing values",
    unit=SHARE,
    over=Over.COLUMNS,
    bad=Bad.HIGH,
    meaning="The share of a column's values that are missing or unusable.",
    next_steps="Ask the owner of the pipeline that fills the column.",
)
row_count = _Kind(
    name="row_count",
    title="Rows",
    unit=COUNT,
    over=Over.DATASET,
    bad=Bad.BOTH,
    meaning="The number of rows in the window.",
    next_steps="Ask the owner of the log whether rows were lost or written twice.",
)
accuracy = _performance(
    "accuracy", "Accuracy", SHARE, Bad.LOW, "The share of labelled rows predicted right."
)
precision = _performance(
    "precision", "Precision", SHARE, Bad.LOW, "The share of predicted positives that are positive."
)
recall = _performance(
    "recall", "Recall", SHARE, Bad.LOW, "The share of positives that were predicted positive."
)
roc_auc = _performance(
    "roc_auc", "ROC AUC", SHARE, Bad.LOW, "The chance that a positive is ranked above a negative."
)
log_loss = _performance(
    "log_loss", "Log loss", LOG_LOSS, Bad.HIGH, "The mean negative log likelihood of the labels."
)
mae = _performance(
    "mae", "Mean absolute error", NUMBER, Bad.HIGH, "The mean absolute error of the prediction."
)
rmse = _performance(
    "rmse", "Root mean squared error", NUMBER, Bad.HIGH, "The root of the mean squared error."
)
mean_error = _performance(
    "mean_error",
    "Mean error",
    NUMBER,
    Bad.BOTH,
    "The mean of prediction minus label: above 0 the model predicts too much.",
    signed=True,
)
agreement = _Kind(
    name="agreement",
    title="Observed against predicted",
    unit=DISTANCE,
    over=Over.PERFORMANCE,
    bad=Bad.HIGH,
    meaning="The Wasserstein distance between what was predicted and what was observed, "
    "in standard deviations of the predictions of the same rows.",
    next_steps="The model misses the shape of what happens: compare the two distributions.",
)
prediction_mean = _Kind(
    name="prediction_mean",
    title="Mean prediction",
    unit=NUMBER,
    over=Over.PREDICTION,
    bad=Bad.BOTH,
    meaning="The mean of the window's predictions.",
    next_steps="Compare with the mean label of the same windows.",
    calibrated=False,
)
target_mean = _Kind(
    name="target_mean",
    title="Mean label",
    unit=NUMBER,
    over=Over.TARGET,
    bad=Bad.BOTH,
    meaning="The mean of the window's labels: the rate of positives where labels are 0 and 1.",
    next_steps="Compare with the mean prediction of the same windows.",
    calibrated=False,
)
