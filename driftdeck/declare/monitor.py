"""The declaration of one model's monitoring."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from types import MappingProxyType

from driftdeck.declare.checks import check
from driftdeck.declare.columns import Column, Kind, Role, number
from driftdeck.declare.expected import Expected
from driftdeck.declare.kinds import BY_NAME
from driftdeck.declare.methods import Method
from driftdeck.declare.metrics import Metric, Scope
from driftdeck.declare.periods import OPEN, Between, Days, Hours, parse_day
from driftdeck.declare.retrain import Retrain
from driftdeck.declare.slices import Segment, Slice, resolve
from driftdeck.declare.sources import Source, Table
from driftdeck.declare.tasks import Task
from driftdeck.declare.thresholds import ThresholdKey, Thresholds
from driftdeck.declare.units import NUMBER, SHARE, Unit
from driftdeck.declare.windows import Daily, Every, Window

KIND_OF: Mapping[str, Kind] = MappingProxyType(
    {"unseen_share": "category", "out_of_range_share": "number"}
)
"""The metrics of columns that are computed for one kind of them only."""


@dataclass(frozen=True)
class Series:
    """One line of numbers that a monitor promises for every window, from `monitor.series()`.

    Args:
        metric: Its metric.
        column: The column it is computed for, None for the whole data set.
        method: How drift is scored, None where there is nothing to choose.
        unit: Of its values.
        thresholds: In force, None where there are none (yet).
        class_name: The class it is computed for, '' for all.

    Example:
        >>> [series.key for series in churn.series()][:2]  # of the monitor in help(d.Monitor)
        [('drift', 'spend'), ('drift', 'plan')]
    """

    metric: Metric
    column: Column | None
    method: Method | None
    unit: Unit
    thresholds: Thresholds | None
    class_name: str = ""

    @cached_property
    def key(self) -> tuple[str, str]:
        """(metric name, name of the column or class), '' for the whole data set."""
        return self.metric.name, self.column.name if self.column else self.class_name

    def __hash__(self) -> int:  # of all fields, it takes longer than many a measurement
        return hash(self.key)


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
        slices: How rows are parted into segments, each measured as the whole is.
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
    every: Every = field(default_factory=Daily)
    labels: Source | None = None
    labels_within: Days = OPEN
    slices: tuple[Slice, ...] = ()
    reference: Between | None = None
    prediction: Column | str | None = None
    target: Column | str | None = None
    model_version: str = ""
    late_after: Hours | None = None
    never_late: str = ""
    expected: tuple[Expected, ...] = ()
    retrain: Retrain | None = None
    min_rows: int = 1
    calibrated: Mapping[ThresholdKey, Thresholds] = field(
        default_factory=lambda: MappingProxyType({}), compare=False
    )

    def __post_init__(self) -> None:
        for role, name in ((Role.PREDICTION, "prediction"), (Role.TARGET, "target")):
            object.__setattr__(self, name, self._as_column(getattr(self, name), role))
        self._share_words()
        check(self)

    def _as_column(self, column: Column | str | None, role: Role) -> Column | None:
        if column is None:
            return None
        if isinstance(column, str):
            kind: Kind = "category" if role is Role.TARGET and self.classifies else "number"
            return Column(name=column, kind=kind, role=role)
        return replace(column, role=role)

    def _share_words(self) -> None:
        """A side that names no classes, and no positive word, has those of the other."""
        prediction, target = self.prediction_column, self.target_column
        for name, side, other in (
            ("prediction", prediction, target),
            ("target", target, prediction),
        ):
            if side is None or other is None or side.kind != "category" or other.cut is not None:
                continue
            if not (side.classes or side.positive):
                words = replace(
                    side,
                    classes=other.classes,
                    positive=other.positive,
                    negative=other.negative,
                )
                object.__setattr__(self, name, words)

    def is_expected(self, metric: str, column: str, day: date) -> bool:
        """Whether a breach of a series on a day is one that somebody knows of."""
        return bool(self.expected) and any(
            breach.covers(metric, column, day) for breach in self.expected
        )

    @property
    def task(self) -> Task | None:
        """What the model predicts, None where there is no prediction.

        A prediction in words of which nothing says which there are is a regression's: it is
        compared with no label.
        """
        prediction = self.prediction_column
        if prediction is None:
            return None
        if prediction.cut is not None or prediction.positive:
            return Task.BINARY
        return Task.CLASSES if prediction.classes else Task.REGRESSION

    @property
    def classifies(self) -> bool:
        """Whether the model predicts yes or no, or one of several classes."""
        return self.task in (Task.BINARY, Task.CLASSES)

    @property
    def has_probabilities(self) -> bool:
        """Whether the prediction says how probable each class is."""
        prediction = self.prediction_column
        return prediction is not None and (
            prediction.cut is not None or bool(prediction.probabilities)
        )

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

    def other_columns(self) -> tuple[Column, ...]:
        """What is read beside `all_columns()`: probabilities of classes, columns of slices and of
        single metrics; each once for each kind that it is read as."""
        declared = {(column.name, column.kind) for column in self.all_columns()}
        prediction = self.prediction_column
        columns = [
            *(number(name, SHARE) for name in (prediction.probabilities if prediction else ())),
            *(column for slice_ in self.slices for column in resolve(slice_, self.all_columns())),
            *(column for metric in self.metrics for column in metric.reads),
        ]
        others = {(column.name, column.kind): column for column in columns}
        return tuple(column for key, column in others.items() if key not in declared)

    def source_columns(self) -> tuple[str, ...]:
        """The names of the columns to read from the sources, the target's among them."""
        prediction = self.prediction_column
        derived = {prediction.name} if prediction and prediction.derived else set()
        columns = (*self.all_columns(), *self.other_columns())
        return tuple(dict.fromkeys(c.name for c in columns if c.name not in derived))

    def series(self, slice_: Slice | None = None) -> Iterator[Series]:
        """Every line of numbers that this monitor promises for each window, in declared order.

        slice_: those of each of its segments; None for those of the whole.
        """
        for series in self._all_series:
            if slice_ is None or slice_.has(*series.key):
                yield series

    @cached_property
    def _all_series(self) -> tuple[Series, ...]:
        return tuple(line for metric in self.metrics for line in self.series_of(metric))

    @cached_property
    def methods(self) -> frozenset[str]:
        """The names of the methods by which its series of drift are scored."""
        return frozenset(line.method.name for line in self._all_series if line.method)

    def series_of(self, metric: Metric) -> Iterator[Series]:
        """Those of one metric: a line for each column or class it is over, or one."""
        prediction = self.prediction_column
        if metric.scope is Scope.CLASSES:
            for name in prediction.classes if prediction else ():
                yield replace(self._series(metric, None, name), class_name=name)
            return
        for column in self.columns_of(metric):
            yield self._series(metric, column, "")

    def columns_of(self, metric: Metric) -> tuple[Column | None, ...]:
        """The columns that a metric is computed for; None where it is of the whole."""
        if metric.scope is Scope.COLUMNS:
            kind = KIND_OF.get(metric.name)
            return tuple(
                column
                for column in self.columns
                if (not metric.columns or column.name in metric.columns)
                and (kind is None or column.kind == kind)
            )
        if metric.scope is Scope.PREDICTION:
            return (self.prediction_column,)
        return (self.target_column,) if metric.scope is Scope.TARGET else (None,)

    def _series(self, metric: Metric, column: Column | None, class_name: str) -> Series:
        method = metric.method(column.kind) if column else None
        return Series(
            metric,
            column,
            method,
            self._unit(metric, column, method),
            self.thresholds_of(metric, column.name if column else class_name),
        )

    def _unit(self, metric: Metric, column: Column | None, method: Method | None) -> Unit:
        if method is not None:
            return method.unit
        if metric.unit is not NUMBER or BY_NAME.get(metric.name) is None:
            return metric.unit
        if column is not None and column.role is Role.TARGET and self.classifies:
            return self.prediction_column.unit if self.prediction_column else NUMBER
        source = column or self.target_column
        return source.unit if source else NUMBER

    def thresholds_of(
        self,
        metric: Metric,
        column: str,
        segment: Segment | None = None,
        window: Window | None = None,
    ) -> Thresholds | None:
        """The thresholds of one series: fixed, calibrated, or None where there are none (yet).

        column: of the series, or its class; '' for the whole data set. segment: None for the whole
        window; one of a slice that does not judge the metric has none. window: whose hour or
        weekday counts, where thresholds are found for each.
        """
        if segment is not None and not self._judges(segment, metric):
            return None
        if metric.thresholds is not None:
            return metric.thresholds
        return self.calibrated.get(self.threshold_key(metric, column, segment, window))

    def threshold_key(
        self, metric: Metric, column: str, segment: Segment | None, window: Window | None
    ) -> ThresholdKey:
        """The key of a series' calibrated thresholds; arguments as for `thresholds_of`."""
        same = metric.quantiles.same if metric.quantiles else None
        like = self.every.likeness(window, same.unit) if same and window else ""
        whole = ("", "") if segment is None else (segment.slice, segment.value)
        return ThresholdKey(metric.name, column, *whole, like)

    def _judges(self, segment: Segment, metric: Metric) -> bool:
        return metric.name in self._judged.get(segment.slice, ()) and not segment.is_counted_only

    @cached_property
    def _judged(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the metrics that each slice judges."""
        return {slice_.name: slice_.judged for slice_ in self.slices}

    def tables(self) -> tuple[Table, ...]:
        """The sources that are tables."""
        sources = (self.source, self.labels)
        return tuple(source for source in sources if isinstance(source, Table))
