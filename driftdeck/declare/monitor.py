"""The declaration of one model's monitoring."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from driftdeck.declare.columns import Column, Kind, Role
from driftdeck.declare.errors import require
from driftdeck.declare.expected import Expected
from driftdeck.declare.levels import Levels
from driftdeck.declare.methods import Method
from driftdeck.declare.metrics import DRIFTS, Metric, Over
from driftdeck.declare.retrain import Retrain
from driftdeck.declare.sources import Source, Table
from driftdeck.declare.units import NUMBER, Unit
from driftdeck.declare.windows import OPEN, Between, Daily, Days, Hours, parse_day

NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
CLASSIFICATION = {"accuracy", "precision", "recall", "roc_auc", "log_loss"}
REGRESSION = {"mae", "rmse", "mean_error", "agreement"}


@dataclass(frozen=True)
class Series:
    """One line of numbers that a monitor promises for every window."""

    metric: Metric
    column: Column | None
    method: Method | None
    unit: Unit
    levels: Levels | None

    @property
    def key(self) -> tuple[str, str]:
        """(metric name, column name), '' for the whole data set."""
        return self.metric.name, self.column.name if self.column else ""


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A model under watch.

    name: lower case, in every table and uid. title: as people read it.
    source: the rows that the model answered; labels: where the truth arrives later, joined by
        `on`; None where the rows carry it.
    labels_within: how long after its end a window that lacks labels is measured anew when some
        come; 30 days or more.
    every: how data is cut into windows. starts, ends: the days watched, YYYY-MM-DD; '' means
        from the source's first row, and without end. After `ends` nothing is late.
    reference: the days that later windows are compared with, or None.
    columns: the features. prediction, target: a column, or the name of one.
    model_version: the column that says which model answered, '' where there is none.
    late_after: how long after its end a window may be missing; None with `never_late` = why.
    expected: breaches that somebody knows of: drawn, not alerting.
    retrain: when the model is trained anew, and by what.
    min_rows: below it a window is stored and not judged.
    calibrated: the levels that `calibrate` wrote beside the declaration, by series key.
    """

    name: str
    title: str
    description: str
    owner: str
    source: Source
    columns: tuple[Column, ...]
    metrics: tuple[Metric, ...]
    starts: str = ""
    ends: str = ""
    every: Daily = field(default_factory=Daily)
    labels: Source | None = None
    labels_within: Days = OPEN
    reference: Between | None = None
    prediction: Column | str | None = None
    target: Column | str | None = None
    model_version: str = ""
    late_after: Hours | None = None
    never_late: str = ""
    expected: tuple[Expected, ...] = ()
    retrain: Retrain | None = None
    min_rows: int = 1
    calibrated: Mapping[tuple[str, str], Levels] = field(
        default_factory=lambda: MappingProxyType({}), compare=False
    )

    def __post_init__(self) -> None:
        for role, name in ((Role.PREDICTION, "prediction"), (Role.TARGET, "target")):
            object.__setattr__(self, name, self._as_column(getattr(self, name), role))
        self._check_words()
        self._check_period()
        self._check_columns()
        self._check_metrics()
        self._check_expected()
        self._check_retrain()

    def _as_column(self, given: Column | str | None, role: Role) -> Column | None:
        if given is None:
            return None
        if isinstance(given, str):
            yes_or_no = isinstance(self.prediction, Column) and self.prediction.cut is not None
            kind: Kind = "category" if role is Role.TARGET and yes_or_no else "number"
            return Column(name=given, kind=kind, role=role)
        return replace(given, role=role)

    def _check_words(self) -> None:
        require(
            bool(NAME.fullmatch(self.name)),
            "name",
            f"{self.name!r}",
            "use up to 24 lower-case letters, digits and _, starting with a letter",
        )
        for name in ("title", "description", "owner"):
            require(bool(getattr(self, name).strip()), name, "is empty", "say it in words")
        require(self.min_rows >= 1, "min_rows", f"{self.min_rows}", "give 1 or more")
        require(
            (self.late_after is None) == bool(self.never_late),
            "late_after",
            "a monitor is either late after some hours or never late for a stated reason",
            'give late_after=Hours(...), or never_late="why"',
        )

    def _check_period(self) -> None:
        first, last = self.first_day, self.last_day
        require(
            last is None or (first is not None and first <= last),
            "ends",
            f"{self.ends!r} with starts {self.starts!r}",
            "give starts, and ends not before it",
        )

    def _check_columns(self) -> None:
        names = [column.name for column in self.all_columns()]
        twice = sorted({name for name in names if names.count(name) > 1})
        require(not twice, "columns", f"{', '.join(twice)} declared twice", "name each once")
        require(bool(self.columns), "columns", "none", "declare at least one column")
        require(
            self.labels is None or self.target is not None,
            "target",
            "labels have a source and no target column",
            "name the target column",
        )
        require(
            self.labels is None or bool(self.labels.on),
            "labels: on",
            "''",
            "name the column that both sources share",
        )
        require(
            self.labels_within.days >= OPEN.days,
            "labels_within",
            f"{self.labels_within.days:g} days",
            f"windows stay open for {OPEN.days:g} days: give more, or leave it out",
        )
        require(
            self.labels_within == OPEN or self.target is not None,
            "labels_within",
            "there are no labels to wait for",
            "name the target column",
        )
        require(
            self.labelled is None or not self.labelled.positive or self.classifies,
            "target",
            f"{self.target} has a positive word, and the prediction is no probability",
            "give prediction=d.probability(..., cut=...)",
        )

    def _check_metrics(self) -> None:
        names = [metric.name for metric in self.metrics]
        twice = sorted({name for name in names if names.count(name) > 1})
        require(not twice, "metrics", f"{', '.join(twice)} declared twice", "keep one of them")
        for metric in self.metrics:
            self._check_metric(metric)

    def _check_metric(self, metric: Metric) -> None:
        require(
            metric.name not in DRIFTS or self.reference is not None,
            metric.name,
            "there is no reference to compare with",
            'give reference=Between("YYYY-MM-DD", "YYYY-MM-DD")',
        )
        require(
            metric.quantiles is None or self.reference is not None,
            metric.name,
            "its levels cannot be calibrated without a reference",
            'give warn and alert, or unjudged="why"',
        )
        needs_prediction = metric.over in (Over.PREDICTION, Over.PERFORMANCE)
        require(
            not needs_prediction or self.prediction is not None,
            metric.name,
            "there is no prediction",
            "name the prediction column",
        )
        needs_target = metric.over in (Over.TARGET, Over.PERFORMANCE)
        require(
            not needs_target or self.target is not None,
            metric.name,
            "there is no target",
            "name the target column",
        )
        kind = "classification" if self.classifies else "regression"
        wrong = REGRESSION if self.classifies else CLASSIFICATION
        require(
            metric.name not in wrong,
            metric.name,
            f"does not fit a {kind}",
            "probability(..., cut=...) makes a classification, a number a regression",
        )
        unknown = sorted(set(metric.columns) - {column.name for column in self.columns})
        require(
            not unknown, f"{metric.name}: columns", f"{unknown} not declared", "declare them first"
        )

    def _check_expected(self) -> None:
        judged = {one.key for one in self.series() if not one.metric.unjudged}
        for one in self.expected:
            require(
                (one.metric, one.column) in judged,
                "expected",
                f"no judged series {one.metric} of {one.column or 'the whole data set'}",
                "name a metric with levels, and its column as declared",
            )

    def _check_retrain(self) -> None:
        if self.retrain is None:
            return
        judged = {metric.name for metric in self.metrics if not metric.unjudged}
        performance = {m.name for m in self.metrics if m.over is Over.PERFORMANCE} & judged
        unknown = sorted(set(self.retrain.metrics) - judged)
        require(
            not unknown, "retrain: metrics", f"{unknown} have no levels here", "name judged metrics"
        )
        require(
            bool(self.retrain.metrics or performance),
            "retrain: metrics",
            "none, and no performance metric is judged",
            "name the metrics whose breaches count",
        )
        require(
            self.retrain.reference is None
            or (self.reference is not None and bool(self.model_version)),
            "retrain: reference",
            "there is no reference, or no model_version to tell whose it is",
            "give the monitor reference and model_version",
        )

    def is_expected(self, metric: str, column: str, day: date) -> bool:
        """Whether a breach of a series on a day is one that somebody knows of."""
        return any(one.covers(metric, column, day) for one in self.expected)

    @property
    def classifies(self) -> bool:
        """Whether the prediction is a probability with a cut."""
        return isinstance(self.prediction, Column) and self.prediction.cut is not None

    @property
    def predicted(self) -> Column | None:
        """The prediction's column."""
        return self.prediction if isinstance(self.prediction, Column) else None

    @property
    def labelled(self) -> Column | None:
        """The target's column."""
        return self.target if isinstance(self.target, Column) else None

    @property
    def first_day(self) -> date | None:
        """The first day watched, None for that of the source's first row."""
        return parse_day(self.starts, "starts") if self.starts else None

    @property
    def last_day(self) -> date | None:
        """The last day watched, None while the monitor runs on."""
        return parse_day(self.ends, "ends") if self.ends else None

    def all_columns(self) -> tuple[Column, ...]:
        """Features, then the prediction, then the target."""
        ends = (self.predicted, self.labelled)
        return (*self.columns, *(column for column in ends if column is not None))

    def series(self) -> Iterator[Series]:
        """Every line of numbers that this monitor promises for each window, in declared order."""
        for metric in self.metrics:
            yield from self.series_of(metric)

    def series_of(self, metric: Metric) -> Iterator[Series]:
        """Those of one metric: a line for each column it is over, or one."""
        for column in self._columns_of(metric):
            yield self._series(metric, column)

    def _columns_of(self, metric: Metric) -> tuple[Column | None, ...]:
        if metric.over is Over.COLUMNS:
            return tuple(c for c in self.columns if not metric.columns or c.name in metric.columns)
        if metric.over is Over.PREDICTION:
            return (self.predicted,)
        return (self.labelled,) if metric.over is Over.TARGET else (None,)

    def _series(self, metric: Metric, column: Column | None) -> Series:
        method = metric.method(column.kind) if column else None
        return Series(
            metric, column, method, self._unit(metric, column, method), self.levels(metric, column)
        )

    def _unit(self, metric: Metric, column: Column | None, method: Method | None) -> Unit:
        if method is not None:
            return method.unit
        if metric.unit is not NUMBER:
            return metric.unit
        if column is not None and column.role is Role.TARGET and self.classifies:
            return self.predicted.unit if self.predicted else NUMBER
        source = column or self.labelled
        return source.unit if source else NUMBER

    def levels(self, metric: Metric, column: Column | None) -> Levels | None:
        """The levels of one series: fixed, calibrated, or None where there are none yet."""
        if metric.levels is not None:
            return metric.levels
        return self.calibrated.get((metric.name, column.name if column else ""))

    def tables(self) -> tuple[Table, ...]:
        """The sources that are tables."""
        sources = (self.source, self.labels)
        return tuple(source for source in sources if isinstance(source, Table))
