"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.schema import SCHEMA
from driftdeck.collectors.ledger import Ledger, Reason, sum_ledgers
from driftdeck.collectors.sources import joins
from driftdeck.collectors.sources.days import DayLabels, DayRows, Days, Files
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.fingerprints import fingerprint, hash_rows
from driftdeck.collectors.sources.joins import LabelColumns
from driftdeck.collectors.sources.labels import LateLabels, warn_of_labels
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.paths import Paths, read_facts
from driftdeck.collectors.sources.predictions import Predictions
from driftdeck.declare import Monitor, Table, Window
from driftdeck.declare.kinds import CHANGED_COLUMNS
from driftdeck.settings import Settings


@dataclass(frozen=True)
class Rows:
    """The rows of one window: features, prediction, and the target where it is known.

    read: the rows, or those of whole days among which they are at `place`.
    fingerprint: of the values of the rows, whatever their order and however they are stored, so
    that a changed source is detected, on any machine.
    ledger, labels: the account of the rows, and of the labels, that were read; labels is None where
    the rows carry them. warnings: sentences where so much is left out that somebody should look.
    opens_at: when the next label that is stored already becomes known, None if there is none.
    coerced: the same rows, where they were coerced with others; None where nobody has.
    """

    read: pd.DataFrame
    fingerprint: str
    ledger: Ledger = field(default_factory=Ledger)
    labels: Ledger | None = None
    warnings: tuple[str, ...] = ()
    opens_at: datetime | None = None
    coerced: CoercedRows | None = None
    place: slice | None = None

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows; cut out of their days when somebody asks, which costs as much as a metric."""
        if self.place is None:
            return self.read
        frame = self.read.iloc[self.place]
        frame.index = pd.RangeIndex(len(frame))
        return frame

    def __len__(self) -> int:
        return len(self.read) if self.place is None else self.place.stop - self.place.start

    def find_last(self, name: str) -> object:
        """The last value of a column that is there, None where none is."""
        if name not in self.read:
            return None
        values = self.read[name].array
        begin, end = (0, len(values)) if self.place is None else (self.place.start, self.place.stop)
        for value in (values[n] for n in range(end - 1, begin - 1, -1)):
            if not pd.isna(value):
                return value
        return None


@dataclass(frozen=True)
class Reader:
    """Reads the sources of one monitor.

    settings: where the data folder and the databases are.
    """

    monitor: Monitor
    settings: Settings

    def read(self, window: Window, now: datetime) -> Rows:
        """The rows of a window, with the labels that have arrived by `now`.

        Returns: a frame with the declared columns that the source has and the time of each row,
        sorted by time, those of one moment by their hash.
        Raises: SourceError.
        """
        day = self._find_day(window, now)
        rows = None if day is None else self._cut(day, window)
        return self._read(window, now) if rows is None else rows

    def _read(self, window: Window, now: datetime) -> Rows:
        """The same of the window alone."""
        part = self.predictions.read_window(window)
        self._refuse_unusable(part)
        rows = self._join_labels(window, part, now)
        schema = part.frame.attrs.get(SCHEMA)
        if schema is None:
            return rows
        rows.read.attrs[SCHEMA] = schema
        # A column that is not declared changes no hash of rows.
        basis = repr((rows.fingerprint, sorted(schema.items())))
        digest = hashlib.sha256(basis.encode(errors="backslashreplace"))
        return replace(rows, fingerprint=digest.hexdigest()[:16])

    def _join_labels(self, window: Window, part: Part, now: datetime) -> Rows:
        """The rows of a window, joined with their labels. part: without these."""
        frame, hashes = self._sort(part.frame)
        rows = self._account(frame, part.ledger)
        labels = LateLabels.of(self.predictions)
        if labels is None or frame.empty:
            row_fingerprint = fingerprint(hashes, frame, [part.ledger])
            return replace(
                rows, fingerprint=row_fingerprint, labels=None if labels is None else Ledger()
            )
        label_rows = labels.read(window, frame, now)
        ledger = label_rows.part.ledger
        joined, hashes = _join(frame, hashes, label_rows.part.frame, labels.columns)
        return replace(
            rows,
            read=joined,
            fingerprint=fingerprint(hashes, joined, [part.ledger, ledger]),
            labels=ledger,
            warnings=(*rows.warnings, *label_rows.warnings),
            opens_at=label_rows.opens_at,
        )

    def _find_day(self, window: Window, now: datetime) -> DayRows | None:
        """The days that a window of hours lies in, read once until a file changes; None where
        each window has to be read by itself."""
        monitor = self.monitor
        if monitor.every.length >= timedelta(days=1):
            return None
        if any(metric.name == CHANGED_COLUMNS.name for metric in monitor.metrics):
            return None  # the columns of a window are those of its files
        sources = [source for source in (monitor.source, monitor.labels) if source is not None]
        if any(isinstance(source, Table) or source.layout == "undated" for source in sources):
            return None
        try:
            paths = [self.predictions.sources.paths(source) for source in sources
                     if not isinstance(source, Table)]  # fmt: skip
            days = paths[0].days_of(window)
            if days == window:  # of a reference
                return None
            files = self._days.look(days, partial(_describe_files, paths, window))
            if (days, files) not in self._days:
                self._days[days, files] = self._read_day(days)
        except SourceError:  # which reading the window says
            return None
        day = self._days[days, files]
        return day if day is None or day.labels is None or day.labels.newest <= now else None

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Look at the files of a day once meanwhile, not for each of its hours: who has described
        the state of the sources before sees what changes later."""
        with self._days.look_once():
            yield

    def _read_day(self, days: Window) -> DayRows | None:
        """Whole days; None where a label may be of several rows, or a row have several."""
        part = self.predictions.read_window(days)
        if part.frame.empty:
            return None
        frame, hashes = self._sort(part.frame)
        names = tuple(map(str, frame))
        labels = LateLabels.of(self.predictions)
        if labels is None:
            return DayRows(self.monitor, frame, hashes, names, part.ledger, None)
        matched = labels.match(days, frame)
        if matched is None:
            return None
        labelled, label_part = matched
        joined, hashes = _join(frame, hashes, label_part.frame, labels.columns)
        newest = label_part.frame[labels.columns.time].max().to_pydatetime()
        count = len(label_part.frame)
        day_labels = DayLabels(labelled, label_part.ledger, count, newest, labels.source.place)
        return DayRows(self.monitor, joined, hashes, names, part.ledger, day_labels)

    def _cut(self, day: DayRows, window: Window) -> Rows | None:
        """The rows of a window out of its day; None where none of them has a label, so that more
        has to be looked at."""
        place = day.find(window)
        count = place.stop - place.start
        ledger = day.ledger.without(Reason.ELSEWHERE, len(day.hashes) - count)
        hashes, labels = day.hashes[place], day.labels
        if not count:
            frame, coerced = self._days.find_no_rows(day)
            rows = self._account(frame, ledger)
            return replace(
                rows,
                fingerprint=fingerprint(hashes, day.names, [ledger]),
                labels=None if labels is None else Ledger(),
                coerced=coerced.take(np.arange(0), end=window.end),
            )
        rows = replace(self._account(day.frame, ledger, place), coerced=day.coerce(place, window))
        if labels is None:
            return replace(rows, fingerprint=fingerprint(hashes, day.frame, [ledger]))
        labelled = int(np.count_nonzero(labels.labelled[place]))
        if not labelled:
            return None
        label_ledger = labels.ledger.without(Reason.ELSEWHERE, labels.count - labelled)
        warnings = warn_of_labels(label_ledger, labels.place, are_known=True)
        return replace(
            rows,
            fingerprint=fingerprint(hashes, day.frame, [ledger, label_ledger]),
            labels=label_ledger,
            warnings=(*rows.warnings, *warnings),
        )

    def _account(self, frame: pd.DataFrame, ledger: Ledger, place: slice | None = None) -> Rows:
        """Rows with what became of each that was read. ledger: of the source's part. place: of the
        rows in the frame, None where they are all of it."""
        without_time = self.predictions.rows_without_time
        rows = Rows(frame, "", sum_ledgers([ledger, without_time.ledger]), place=place)
        sentences = (*ledger.warnings("rows"), *without_time.warnings(len(rows)))
        return replace(rows, warnings=tuple(f"{self._place}: {text}" for text in sentences))

    @cached_property
    def _days(self) -> Days:
        return Days()

    def first_day(self, now: datetime) -> date:
        """The local day on which the monitor's source begins; today where it is empty."""
        return self.predictions.first_day(now)

    @cached_property
    def predictions(self) -> Predictions:
        """The rows without late labels."""
        return Predictions(Sources(self.monitor, self.settings))

    @property
    def _place(self) -> str:
        """The source and its time column, as errors of the rows' times name them."""
        source = self.monitor.source
        return f"{source.place}, by {source.time!r}"

    def _refuse_unusable(self, part: Part) -> None:
        """Raise SourceError where rows were read for a window, and not one can be used."""
        if part.frame.empty and part.ledger.faults and not part.ledger.left_out[Reason.ELSEWHERE]:
            raise SourceError(f"{self._place}: no row can be used: {part.ledger.sentence('rows')}")

    def _sort(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """(rows, their hashes) sorted by time, those of one moment by their hash, so that sums come
        out alike to the last bit."""
        hashes = hash_rows(frame)
        if frame.empty:
            return frame, hashes
        times = frame[self.monitor.source.time].astype("datetime64[ns, UTC]")
        moments = times.astype(np.int64).to_numpy()
        order = np.argsort(moments, kind="stable")
        if (np.diff(moments[order]) == 0).any():
            order = np.lexsort((hashes, moments))
        if (order[:-1] < order[1:]).all():
            return frame, hashes
        return frame.take(order).reset_index(drop=True), hashes[order]


def _describe_files(paths: Sequence[Paths], window: Window) -> Files:
    """The files that a window's rows may lie in, with what changes when they do. Raises
    SourceError."""
    return tuple(
        (str(path), *read_facts(path)) for each in paths for path in each.for_window(window)
    )


def _join(
    frame: pd.DataFrame, hashes: np.ndarray, labels: pd.DataFrame, columns: LabelColumns
) -> tuple[pd.DataFrame, np.ndarray]:
    """(rows with their labels, their hashes). hashes: of the rows. labels: one a row."""
    joined = joins.join_labels(frame, labels, columns)
    added = [name for name in joined if name not in frame]
    return joined, hashes + hash_rows(joined, added)
