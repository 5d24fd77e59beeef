"""The declaration of one model's monitoring."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from driftdeck.declare.columns import Column, Kind, Role
from driftdeck.declare.errors import require
from driftdeck.declare.expected import Expected
from driftdeck.declare.kinds import CLASSIFICATION, REGRESSION
from driftdeck.declare.methods import Method
from driftdeck.declare.metrics import DRIFTS, Metric, Scope
from driftdeck.declare.retrain import Retrain
from driftdeck.declare.sources import Source, Table
from driftdeck.declare.thresholds import Thresholds
from driftdeck.declare.units import NUMBER, Unit
from driftdeck.declare.windows import OPEN, Between, Daily, Days, Hours, parse_day

NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")


@dataclass(frozen=True)
class Series:
    """One line of numbers that a monitor promises for every window, from `monitor.series()`.

    Args:
        metric: Its metric.
        column: The column it is computed for, None for the whole data set.
        method: How drift is scored, None where there is nothing to choose.
        unit: Of its values.
        thresholds: In force, None where there are none (yet).

    Example:
        >>> [series.key for series in churn.series()][:2]  # of the monitor in help(d.Monitor)
        [('drift', 'spend'), ('drift', 'plan')]
    """

    metric: Metric
    column: Column | None
    method: Method | None
    unit: Unit
    thresholds: Thresholds | None

    @property
    def key(self) -> tuple[str, str]:
        """(metric name, column name), '' for the whole data set."""
        return self.metric.name, self.column.name if self.column else ""


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """A model under watch: one a file, `MONITOR = d.Monitor(...)`, named as the file is.

    Args:
        name: Up to 24 lower-case letters, digits and _; in every table, file and address.
        title: As people read it, unlike that of any other monitor.
        description: What the model predicts, in a sentence.
        owner: Who answers for the model; contacts choose by it.
        source: The rows that the model answered: `d.Parquet`, `d.Csv` or `d.Table`.
        columns: The features, at least one.
        metrics: What is computed of each window; each metric once.
        starts: The first day watched, YYYY-MM-DD; '' means that of the source's first row.
        ends: The last day watched, after which nothing is late; '' means without end.
        every: How data is cut into windows.
        labels: Where labels come from if they arrive later, joined by its `on`; None where the rows
            carry them.
        labels_within: How long after its end a window that lacks labels is measured anew when some
            come; 30 days or more.
        reference: The days that later windows are compared with, and that calibration learns from;
            None for neither.
        prediction: A column, or the name of a column of numbers; None where there is none.
        target: The column that holds the labels, or its name; None where there is none.
        model_version: The column that says which model answered, '' where there is none.
        late_after: How long after its end a window may be missing before an alert; None with
            `never_late`.
        never_late: Why no window is ever late, in words; '' with `late_after`.
        expected: Breaches that somebody knows of: plotted, not alerting.
        retrain: When the model is trained anew, and by what; None for never.
        min_rows: A window with fewer rows is stored and not judged; 1 or more.
        calibrated: The thresholds that `calibrate` has written beside the declaration, by series
            key; filled in when the file is loaded, not by hand.

    Raises:
        DeclarationError: A field that cannot be right, or two that do not fit: a metric without the
            prediction, target or reference that it needs, a column declared twice. It names the
            field and the mend.

    Example:
        >>> churn = d.Monitor(
        ...     name="churn",
        ...     title="Customer churn",
        ...     description="Predicts whether a customer leaves within a month.",
        ...     owner="growth",
        ...     source=d.Parquet("churn", time="answered_at"),
        ...     reference=d.Between("2026-01-01", "2026-01-31"),
        ...     columns=(d.number("spend"), d.category("plan")),
        ...     prediction=d.probability("churn_probability", cut=0.5),
        ...     target="left",
        ...     metrics=(d.drift(), d.recall(), d.row_count(alert=(450, None))),
        ...     late_after=d.Hours(30),
        ... )
        >>> [series.key for series in churn.series()]
        [('drift', 'spend'), ('drift', 'plan'), ('recall', ''), ('row_count', '')]
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
    calibrated: Mapping[tuple[str, str], Thresholds] = field(
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

    def _as_column(self, column: Column | str | None, role: Role) -> Column | None:
        if column is None:
            return None
        if isinstance(column, str):
            kind: Kind = "category" if role is Role.TARGET and self.classifies else "number"
            return Column(name=column, kind=kind, role=role)
        return replace(column, role=role)

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
            self.target_column is None or not self.target_column.positive or self.classifies,
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
            "its thresholds cannot be calibrated without a reference",
            'give warn and alert, or unjudged="why"',
        )
        needs_prediction = metric.scope in (Scope.PREDICTION, Scope.PERFORMANCE)
        require(
            not needs_prediction or self.prediction is not None,
            metric.name,
            "there is no prediction",
            "name the prediction column",
        )
        needs_target = metric.scope in (Scope.TARGET, Scope.PERFORMANCE)
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
        judged = {series.key for series in self.series() if not series.metric.unjudged}
        for breach in self.expected:
            require(
                (breach.metric, breach.column) in judged,
                "expected",
                f"no judged series {breach.metric} of {breach.column or 'the whole data set'}",
                "name a metric with thresholds, and its column as declared",
            )

    def _check_retrain(self) -> None:
        if self.retrain is None:
            return
        judged = {metric.name for metric in self.metrics if not metric.unjudged}
        performance = {m.name for m in self.metrics if m.scope is Scope.PERFORMANCE} & judged
        unknown = sorted(set(self.retrain.metrics) - judged)
        require(
            not unknown,
            "retrain: metrics",
            f"{unknown} have no thresholds here",
            "name judged metrics",
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
        return any(breach.covers(metric, column, day) for breach in self.expected)

    @property
    def classifies(self) -> bool:
        """Whether the prediction is a probability with a cut."""
        return isinstance(self.prediction, Column) and self.prediction.cut is not None

    @property
    def prediction_column(self) -> Column | None:
        """The prediction's column."""
        return self.prediction if isinstance(self.prediction, Column) else None

    @property
    def target_column(self) -> Column | None:
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
        ends = (self.prediction_column, self.target_column)
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
        if metric.scope is Scope.COLUMNS:
            return tuple(c for c in self.columns if not metric.columns or c.name in metric.columns)
        if metric.scope is Scope.PREDICTION:
            return (self.prediction_column,)
        return (self.target_column,) if metric.scope is Scope.TARGET else (None,)

    def _series(self, metric: Metric, column: Column | None) -> Series:
        method = metric.method(column.kind) if column else None
        return Series(
            metric,
            column,
            method,
            self._unit(metric, column, method),
            self.thresholds_of(metric, column),
        )

    def _unit(self, metric: Metric, column: Column | None, method: Method | None) -> Unit:
        if method is not None:
            return method.unit
        if metric.unit is not NUMBER:
            return metric.unit
        if column is not None and column.role is Role.TARGET and self.classifies:
            return self.prediction_column.unit if self.prediction_column else NUMBER
        source = column or self.target_column
        return source.unit if source else NUMBER

    def thresholds_of(self, metric: Metric, column: Column | None) -> Thresholds | None:
        """The thresholds of one series: fixed, calibrated, or None where there are none yet."""
        if metric.thresholds is not None:
            return metric.thresholds
        return self.calibrated.get((metric.name, column.name if column else ""))

    def tables(self) -> tuple[Table, ...]:
        """The sources that are tables."""
        sources = (self.source, self.labels)
        return tuple(source for source in sources if isinstance(source, Table))
