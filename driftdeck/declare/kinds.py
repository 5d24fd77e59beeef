"""The kinds of metric: what is the same for every use of one."""

from dataclasses import dataclass, replace

from driftdeck.declare import units
from driftdeck.declare.baselines import PREVIOUS, REFERENCE, SAME, Baseline
from driftdeck.declare.columns import Column
from driftdeck.declare.methods import BreachSide, Method
from driftdeck.declare.metrics import FIRING, Firing, Metric, Option, Scope
from driftdeck.declare.thresholds import Bound, Quantiles, Thresholds
from driftdeck.declare.units import (
    COUNT,
    DISTANCE,
    ERROR_SHARE,
    LOG_LOSS,
    NUMBER,
    RATIO,
    SHARE,
    Unit,
)


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """What is the same for every use of a metric; fields as in Metric.

    calibrated: whether `calibrate` finds thresholds where none are given. signed: whether values
    lie around 0, so that a single threshold x stands for -x and x. task: "classification",
    "classes" (several of them) or "regression" where the metric is of one of them only.
    probabilities: whether it needs the prediction's. reference: whether it needs the monitor's.
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
    probabilities: bool = False
    reference: bool = False

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
        baseline: Baseline = REFERENCE,
        options: tuple[tuple[str, Option], ...] = (),
        reads: tuple[Column, ...] = (),
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
            baseline=baseline,
            options=options,
            reads=reads,
        )

    def against(self, baseline: Baseline) -> "MetricKind":
        """The same kind, measured against something else than the reference."""
        if baseline == REFERENCE:
            return self
        return replace(
            self,
            name=f"{self.name}{baseline.suffix}",
            title=f"{self.title} against {baseline.title}",
            meaning=self.meaning.replace("the reference's", f"those of {baseline.title}"),
            reference=False,
        )

    def averaged(self, average: str) -> "MetricKind":
        """The same kind, as an average over classes: "macro", "weighted", or "class" for a series
        a class."""
        if average in ("", "macro"):
            return self
        if average == "class":
            return replace(
                self,
                name=f"class_{self.name}",
                title=f"{self.title} by class",
                meaning=f"{self.meaning} Of each class against the rest.",
                scope=Scope.CLASSES,
                task="classes",
            )
        return replace(
            self,
            name=f"{self.name}_weighted",
            title=f"{self.title}, weighted",
            meaning=f"{self.meaning} The mean of all classes, weighted by their labels.",
            task="classes",
        )

    def scored_by(self, methods: tuple[Method, Method]) -> "MetricKind":
        """The same kind with the unit and the bad side of the methods that score it."""
        return replace(self, breach_side=methods[0].breach_side, unit=methods[0].unit)

    @property
    def needs(self) -> str:
        """What a monitor must declare for it, in words; '' for nothing."""
        needs = []
        if self.scope in (Scope.PREDICTION, Scope.PERFORMANCE, Scope.CLASSES):
            needs.append("prediction")
        if self.scope in (Scope.TARGET, Scope.PERFORMANCE, Scope.CLASSES):
            needs.append("target")
        if self.reference:
            needs.append("reference")
        if self.probabilities:
            needs.append("probabilities")
        task = f" ({self.task})" if self.task else ""
        return ", ".join(needs) + task


DRIFT = MetricKind(
    name="drift",
    reference=True,
    title="Drift",
    unit=DISTANCE,
    scope=Scope.COLUMNS,
    breach_side=BreachSide.HIGH,
    meaning="How far the window's values of a column lie from the reference's.",
    next_steps="Open its histogram: has the world changed, or the pipeline that fills it?",
)
PREDICTION_DRIFT = MetricKind(
    name="prediction_drift",
    reference=True,
    title="Prediction drift",
    unit=DISTANCE,
    scope=Scope.PREDICTION,
    breach_side=BreachSide.HIGH,
    meaning="How far the window's predictions lie from the reference's.",
    next_steps="Compare with the drifted columns of the same windows; check the model version.",
)
TARGET_DRIFT = MetricKind(
    name="target_drift",
    reference=True,
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
    name: str,
    title: str,
    unit: Unit,
    side: BreachSide,
    meaning: str,
    task: str,
    *,
    probabilities: bool = False,
    reference: bool = False,
) -> MetricKind:
    return MetricKind(
        name=name,
        title=title,
        unit=unit,
        scope=Scope.PERFORMANCE,
        breach_side=side,
        meaning=meaning,
        next_steps="Check label coverage and drift of the same windows; consider a retraining.",
        signed=side is BreachSide.BOTH,
        task=task,
        probabilities=probabilities,
        reference=reference,
    )


def _share(name: str, title: str, meaning: str, *, probabilities: bool = False) -> MetricKind:
    return _performance(
        name,
        title,
        SHARE,
        BreachSide.LOW,
        meaning,
        "classification",
        probabilities=probabilities,
    )


def _error(name: str, title: str, meaning: str, side: BreachSide = BreachSide.HIGH) -> MetricKind:
    return _performance(name, title, NUMBER, side, meaning, "regression")


ACCURACY = _share("accuracy", "Accuracy", "The share of labelled rows predicted right.")
PRECISION = _share("precision", "Precision", "The share of predicted positives that are positive.")
RECALL = _share("recall", "Recall", "The share of positives that were predicted positive.")
F1 = _share("f1", "F1", "The harmonic mean of precision and recall.")
BALANCED_ACCURACY = _share(
    "balanced_accuracy", "Balanced accuracy", "The mean over classes of the recall of each."
)
ROC_AUC = _share(
    "roc_auc",
    "ROC AUC",
    "The chance that a positive is ranked above a negative.",
    probabilities=True,
)
CLASS_LOG_LOSS = _performance(
    "log_loss",
    "Log loss",
    LOG_LOSS,
    BreachSide.HIGH,
    "The mean negative log likelihood of the labels.",
    "classification",
    probabilities=True,
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
MAPE = _performance(
    "mape",
    "Mean absolute percentage error",
    ERROR_SHARE,
    BreachSide.HIGH,
    "The mean of the absolute errors, each as a share of its label: 0.1 is 10 %.",
    "regression",
)
WAPE = _performance(
    "wape",
    "Weighted absolute percentage error",
    ERROR_SHARE,
    BreachSide.HIGH,
    "The sum of the absolute errors as a share of the sum of the labels: 0.1 is 10 %.",
    "regression",
)
MASE = _performance(
    "mase",
    "Mean absolute scaled error",
    RATIO,
    BreachSide.HIGH,
    "The mean absolute error over that of repeating the label of a season before.",
    "regression",
    reference=True,
)
R2 = _performance(
    "r2",
    "R squared",
    RATIO,
    BreachSide.LOW,
    "The share of the labels' variance that the prediction explains.",
    "regression",
)
PINBALL = _error(
    "pinball", "Pinball loss", "The mean loss of the prediction as a quantile of the label."
)
COVERAGE = replace(
    _performance(
        "interval_coverage",
        "Coverage of the interval",
        SHARE,
        BreachSide.BOTH,
        "The share of labels that lie within the predicted interval, its ends included.",
        "regression",
    ),
    signed=False,
)
INTERVAL_WIDTH = _error(
    "interval_width", "Width of the interval", "The mean width of the predicted interval."
)


def _quality(
    name: str,
    title: str,
    meaning: str,
    *,
    scope: Scope = Scope.COLUMNS,
    unit: Unit = SHARE,
    reference: bool = False,
    calibrated: bool = True,
) -> MetricKind:
    return MetricKind(
        name=name,
        title=title,
        unit=unit,
        scope=scope,
        breach_side=BreachSide.HIGH,
        meaning=meaning,
        next_steps="Ask the owner of the pipeline that fills the data.",
        reference=reference,
        calibrated=calibrated,
    )


UNSEEN = _quality(
    "unseen_share",
    "Unseen values",
    "The share of a category's values that the reference has none of.",
    reference=True,
)
OUT_OF_RANGE = _quality(
    "out_of_range_share",
    "Values out of range",
    "The share of a number's values that lie outside the range of the reference.",
    reference=True,
)
DUPLICATES = _quality(
    "duplicate_share",
    "Duplicates",
    "The share of rows whose key an earlier row of the window has.",
    scope=Scope.DATASET,
)
CONSTANT = _quality(
    "constant_columns",
    "Constant columns",
    "How many columns have but one value in the window, and more in the reference.",
    scope=Scope.DATASET,
    unit=COUNT,
    reference=True,
    calibrated=False,
)
CHANGED_COLUMNS = _quality(
    "changed_columns",
    "Changed columns",
    "How many columns of the source are gone, new, or of another type than in the reference.",
    scope=Scope.DATASET,
    unit=COUNT,
    reference=True,
    calibrated=False,
)
AGE = _quality(
    "newest_row_age",
    "Age of the newest row",
    "How long before the end of the window its newest row lies, in hours.",
    scope=Scope.DATASET,
    unit=units.AGE,
)
KINDS = (
    DRIFT, PREDICTION_DRIFT, TARGET_DRIFT, MISSING, ROW_COUNT, PREDICTION_MEAN, TARGET_MEAN,
    ACCURACY, BALANCED_ACCURACY, PRECISION, RECALL, F1, ROC_AUC, CLASS_LOG_LOSS,
    MAE, RMSE, MEAN_ERROR, AGREEMENT, MAPE, WAPE, MASE, R2, PINBALL, COVERAGE, INTERVAL_WIDTH,
    UNSEEN, OUT_OF_RANGE, DUPLICATES, CONSTANT, CHANGED_COLUMNS, AGE,
)  # fmt: skip
AVERAGED = (PRECISION, RECALL, F1, ROC_AUC)
"""What may be averaged over classes in another way, or given for each."""
DRIFT_KINDS = (DRIFT, PREDICTION_DRIFT, TARGET_DRIFT)
BY_NAME = {
    kind.name: kind
    for kind in (
        *KINDS,
        *(kind.averaged(average) for kind in AVERAGED for average in ("weighted", "class")),
        *(kind.against(baseline) for kind in DRIFT_KINDS for baseline in (PREVIOUS, SAME)),
    )
}
"""Every kind of metric by its stored name, but those of one's own."""
