"""The kinds of metric: what is the same for every use of one."""

from dataclasses import dataclass, replace

from driftdeck.declare.methods import BreachSide, Method
from driftdeck.declare.metrics import DRIFTS, FIRING, Firing, Metric, Scope
from driftdeck.declare.thresholds import Bound, Quantiles, Thresholds
from driftdeck.declare.units import COUNT, DISTANCE, LOG_LOSS, NUMBER, SHARE, Unit


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """What is the same for every use of a metric; fields as in Metric.

    calibrated: whether `calibrate` finds thresholds where none are given. signed: whether values
    lie around 0, so that a single threshold x stands for -x and x. task: "classification" or
    "regression" where the metric is of one of them only.
    """

    name: str
    title: str
    unit: Unit
    meaning: str
    scope: Scope
    breach_side: BreachSide
    next_steps: str
    calibrated: bool = True
    signed: bool = False
    task: str = ""

    def declare(
        self,
        *,
        warn: Bound,
        alert: Bound,
        quantiles: Quantiles | None,
        unjudged: str = "",
        firing: Firing = FIRING,
        columns: tuple[str, ...] = (),
        methods: tuple[Method, ...] = (),
    ) -> Metric:
        """The metric with the thresholds of one use. Raises DeclarationError."""
        fixed = None
        if (warn, alert) != (None, None):
            fixed = Thresholds.of(
                self.breach_side, warn, alert, signed=self.signed, metric=self.name
            )
        if fixed is None and not unjudged and quantiles is None and self.calibrated:
            quantiles = Quantiles()
        return Metric(
            name=self.name,
            title=self.title,
            unit=self.unit,
            meaning=self.meaning,
            scope=self.scope,
            breach_side=self.breach_side,
            next_steps=self.next_steps,
            thresholds=fixed,
            quantiles=quantiles,
            unjudged=unjudged,
            firing=firing,
            columns=columns,
            methods=methods,
        )

    def scored_by(self, methods: tuple[Method, Method]) -> "MetricKind":
        """The same kind with the unit and the bad side of the methods that score it."""
        return replace(self, breach_side=methods[0].breach_side, unit=methods[0].unit)

    @property
    def needs(self) -> str:
        """What a monitor must declare for it, in words; '' for nothing."""
        needs = []
        if self.scope in (Scope.PREDICTION, Scope.PERFORMANCE):
            needs.append("prediction")
        if self.scope in (Scope.TARGET, Scope.PERFORMANCE):
            needs.append("target")
        if self.name in DRIFTS:
            needs.append("reference")
        task = f" ({self.task})" if self.task else ""
        return ", ".join(needs) + task


DRIFT = MetricKind(
    name="drift",
    title="Drift",
    unit=DISTANCE,
    scope=Scope.COLUMNS,
    breach_side=BreachSide.HIGH,
    meaning="How far the window's values of a column lie from the reference's.",
    next_steps="Open its histogram: has the world changed, or the pipeline that fills it?",
)
PREDICTION_DRIFT = MetricKind(
    name="prediction_drift",
    title="Prediction drift",
    unit=DISTANCE,
    scope=Scope.PREDICTION,
    breach_side=BreachSide.HIGH,
    meaning="How far the window's predictions lie from the reference's.",
    next_steps="Compare with the drifted columns of the same days; check the model version.",
)
TARGET_DRIFT = MetricKind(
    name="target_drift",
    title="Target drift",
    unit=DISTANCE,
    scope=Scope.TARGET,
    breach_side=BreachSide.HIGH,
    meaning="How far the window's labels lie from the reference's.",
    next_steps="The outcome itself has moved: check performance, then plan a retraining.",
)
MISSING = MetricKind(
    name="missing_share",
    title="Missing values",
    unit=SHARE,
    scope=Scope.COLUMNS,
    breach_side=BreachSide.HIGH,
    meaning="The share of a column's values that are missing or unusable.",
    next_steps="Ask the owner of the pipeline that fills the column.",
)
ROW_COUNT = MetricKind(
    name="row_count",
    title="Rows",
    unit=COUNT,
    scope=Scope.DATASET,
    breach_side=BreachSide.BOTH,
    meaning="The number of rows in the window.",
    next_steps="Ask the owner of the log whether rows were lost or written twice.",
)
PREDICTION_MEAN = MetricKind(
    name="prediction_mean",
    title="Mean prediction",
    unit=NUMBER,
    scope=Scope.PREDICTION,
    breach_side=BreachSide.BOTH,
    meaning="The mean of the window's predictions.",
    next_steps="Compare with the mean label of the same windows.",
    calibrated=False,
)
TARGET_MEAN = MetricKind(
    name="target_mean",
    title="Mean label",
    unit=NUMBER,
    scope=Scope.TARGET,
    breach_side=BreachSide.BOTH,
    meaning="The mean of the window's labels: the rate of positives where labels are 0 and 1.",
    next_steps="Compare with the mean prediction of the same windows.",
    calibrated=False,
)


def _performance(
    name: str, title: str, unit: Unit, side: BreachSide, meaning: str, task: str
) -> MetricKind:
    return MetricKind(
        name=name,
        title=title,
        unit=unit,
        scope=Scope.PERFORMANCE,
        breach_side=side,
        meaning=meaning,
        next_steps="Check label coverage and drift of the same days; consider a retraining.",
        signed=side is BreachSide.BOTH,
        task=task,
    )


def _share(name: str, title: str, meaning: str) -> MetricKind:
    return _performance(name, title, SHARE, BreachSide.LOW, meaning, "classification")


def _error(name: str, title: str, meaning: str, side: BreachSide = BreachSide.HIGH) -> MetricKind:
    return _performance(name, title, NUMBER, side, meaning, "regression")


ACCURACY = _share("accuracy", "Accuracy", "The share of labelled rows predicted right.")
PRECISION = _share("precision", "Precision", "The share of predicted positives that are positive.")
RECALL = _share("recall", "Recall", "The share of positives that were predicted positive.")
ROC_AUC = _share("roc_auc", "ROC AUC", "The chance that a positive is ranked above a negative.")
CLASS_LOG_LOSS = _performance(
    "log_loss",
    "Log loss",
    LOG_LOSS,
    BreachSide.HIGH,
    "The mean negative log likelihood of the labels.",
    "classification",
)
MAE = _error("mae", "Mean absolute error", "The mean absolute error of the prediction.")
RMSE = _error("rmse", "Root mean squared error", "The root of the mean squared error.")
MEAN_ERROR = _error(
    "mean_error",
    "Mean error",
    "The mean of prediction minus label: above 0 the model predicts too much.",
    BreachSide.BOTH,
)
AGREEMENT = MetricKind(
    name="agreement",
    title="Observed against predicted",
    unit=DISTANCE,
    scope=Scope.PERFORMANCE,
    breach_side=BreachSide.HIGH,
    meaning="The Wasserstein distance between what was predicted and what was observed, "
    "in standard deviations of the predictions of the same rows.",
    next_steps="The model misses the shape of what happens: compare the two distributions.",
    task="regression",
)
KINDS = (
    DRIFT, PREDICTION_DRIFT, TARGET_DRIFT, MISSING, ROW_COUNT, PREDICTION_MEAN, TARGET_MEAN,
    ACCURACY, PRECISION, RECALL, ROC_AUC, CLASS_LOG_LOSS, MAE, RMSE, MEAN_ERROR, AGREEMENT,
)  # fmt: skip
CLASSIFICATION = frozenset(kind.name for kind in KINDS if kind.task == "classification")
REGRESSION = frozenset(kind.name for kind in KINDS if kind.task == "regression")
