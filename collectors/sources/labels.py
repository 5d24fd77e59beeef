"""The labels of a window's rows where they have a source of their own: late, or of nobody."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from driftdeck.collectors.ledger import Ledger, Reason
from driftdeck.collectors.sources import joins, tables
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.files import make_log
from driftdeck.collectors.sources.joins import LabelColumns
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.predictions import Predictions
from driftdeck.collectors.sources.typed import Reading, why_not
from driftdeck.declare import Monitor, Source, Table, Window

MOST_UNMATCHED = 1_000
"""So many labels without a row are looked for among the rows of other windows."""
ENOUGH_DAYS = 30
"""A log that begins so many days before a window has the rows of most labels that come in it."""


@dataclass(frozen=True)
class WindowLabels:
    """The labels of a window's rows, at most one each.

    opens_at: when the next label that is stored already becomes known, None if there is none.
    place: the source of the labels, for warnings.
    """

    part: Part
    opens_at: datetime | None
    place: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out, in sentences."""
        return warn_of_labels(self.part.ledger, self.place, are_known=len(self.part.frame) > 0)


def warn_of_labels(ledger: Ledger, place: str, *, are_known: bool) -> tuple[str, ...]:
    """What was left out of labels, in sentences; those without a time are pending, as long as
    others are known."""
    if are_known:
        left_out = ledger.left_out.copy()
        del left_out[Reason.NO_TIME]
        read = ledger.read - ledger.left_out[Reason.NO_TIME]
        ledger = replace(ledger, read=read, left_out=left_out)
    return tuple(f"{place}: {warning}" for warning in ledger.warnings("labels"))


@dataclass(frozen=True)
class LateLabels:
    """Reads the labels of a monitor's rows from a source of their own."""

    predictions: Predictions
    source: Source
    columns: LabelColumns

    @classmethod
    def of(cls, predictions: Predictions) -> "LateLabels | None":
        """The reader of a monitor's labels, None where its rows carry them."""
        monitor = predictions.sources.monitor
        source, target = monitor.labels, monitor.target_column
        if source is None or target is None:
            return None
        place = f"{monitor.name}: {source.place}"
        return cls(predictions, source, LabelColumns(source.on, target.name, source.time, place))

    @property
    def _monitor(self) -> Monitor:
        return self.predictions.sources.monitor

    def _are_shared_by(self, window: Window) -> bool:
        """Whether labels of other windows lie in the same table or files."""
        if isinstance(self.source, Table):
            return True
        return self.predictions.sources.paths(self.source).are_shared_by(window)

    def read(self, window: Window, rows: pd.DataFrame, now: datetime) -> WindowLabels:
        """The labels of a window's rows that are known by `now`.

        rows: of the window, with the column of ids.

        Raises SourceError where there are labels, and none of them is of any row.
        """
        columns = self.columns
        if columns.on not in rows:
            place = f"{self._monitor.name}: {self._monitor.source.place}"
            raise SourceError(f"{place}: {why_not(rows, columns.on)} to join labels by")
        moment = pd.Timestamp(now).tz_convert("UTC")
        ids = joins.normalise_ids(rows[columns.on])
        part = self._read_candidates(window, ids)
        own, unmatched = _split(part.frame, columns.on, ids)
        reason = Reason.ELSEWHERE if self._are_shared_by(window) else Reason.NO_ROW
        example = joins.list_examples(unmatched[columns.on].array)[0] if len(unmatched) else ""
        ledger = part.ledger.without(reason, len(unmatched), f"{columns.on} = {example!r}")
        if not (len(own) and own[columns.on].notna().any()) and (ids.codes >= 0).any():
            self._refuse_unmatched(window, ids, unmatched, moment)
        if own.empty:
            return WindowLabels(Part(own, ledger), None, self.source.place)
        is_later = own[columns.time] > moment
        opens_at = own[columns.time][is_later].min().to_pydatetime() if is_later.any() else None
        ledger = ledger.without(Reason.LATER, int(is_later.sum()))
        if is_later.any():
            own = own[~is_later].reset_index(drop=True)
        return WindowLabels(
            joins.keep_newest(Part(own, ledger), columns), opens_at, self.source.place
        )

    def match(self, days: Window, rows: pd.DataFrame) -> tuple[np.ndarray, Part] | None:
        """((rows,) whether a row has a label, the labels read) of whole days; None where ids are
        missing or there several times, on either side, or there is no label."""
        on = self.columns.on
        if on not in rows:
            return None
        ids = joins.normalise_ids(rows[on])
        part = self._read_candidates(days, ids)
        if part.frame.empty:
            return None
        label_ids = joins.normalise_ids(part.frame[on])
        for codes in (ids.codes, label_ids.codes):
            if codes.min() < 0 or len(np.unique(codes)) < len(codes):
                return None
        labelled = joins.find_labels(ids, label_ids) >= 0
        return labelled, Part(part.frame.assign(**{on: label_ids}), part.ledger)

    def _read_candidates(self, window: Window, ids: pd.Categorical) -> Part:
        """The labels that may be of a window's rows: columns on, target, time. ids: of the rows."""
        columns, sources = self.columns, self.predictions.sources
        if isinstance(self.source, Table):
            reading = Reading.of(self._monitor)
            database = sources.database(self.source)
            return tables.read_labels(
                database, self.source, columns.target, joins.list_distinct(ids), reading
            )
        part = make_log(sources, self.source).read_labels(window, [columns.on, columns.target])
        for name in (columns.on, columns.target) if len(part.frame) else ():
            if name not in part.frame:
                raise SourceError(f"{columns.place}: {why_not(part.frame, name)} among the labels")
        return part

    def _refuse_unmatched(
        self, window: Window, ids: pd.Categorical, unmatched: pd.DataFrame, now: pd.Timestamp
    ) -> None:
        """Raise SourceError where no label of a window's time belongs to any row.

        ids: of the window's rows. unmatched: the labels read, ignored of a table, which is asked
        for labels since the window began. Labels that became known during or after the window may
        be of rows of other windows.
        """
        columns = self.columns
        if isinstance(self.source, Table):
            unmatched = self._read_since(self.source, window.start)
        if unmatched.empty:
            return
        recent = unmatched[
            (unmatched[columns.time] >= window.start) & (unmatched[columns.time] <= now)
        ]
        if not self._are_shared_by(window):
            recent = unmatched[unmatched[columns.time] <= now]
        elif len(recent) and self._may_be_of_another_window(
            recent.iloc[:MOST_UNMATCHED], window, ids
        ):
            return
        if len(recent):
            places = columns.place, self._monitor.name
            raise joins.mismatch_error(
                ids, joins.normalise_ids(recent[columns.on]), columns.on, places
            )

    def _read_since(self, source: Table, moment: datetime) -> pd.DataFrame:
        """The first labels of a table that became known from a moment on."""
        database, reading = self.predictions.sources.database(source), Reading.of(self._monitor)
        target = self.columns.target
        return tables.read_labels_since(
            database, source, target, moment, MOST_UNMATCHED, reading
        ).frame

    def _may_be_of_another_window(
        self, labels: pd.DataFrame, window: Window, ids: pd.Categorical
    ) -> bool:
        """Whether labels may be of rows of another window: one of them is, or their ids look like
        those of the rows and the rows do not go back far enough to tell."""
        label_ids = joins.normalise_ids(labels[self.columns.on])
        last = labels[self.columns.time].max().date()
        if self.predictions.has_any(joins.list_distinct(label_ids), window, last):
            return True
        look_alike = not joins.mask_ids(label_ids).isdisjoint(joins.mask_ids(ids))
        first = self.predictions.first_day(window.end)
        return look_alike and (window.day - first).days < ENOUGH_DAYS


def _split(labels: pd.DataFrame, on: str, ids: pd.Categorical) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(labels of the rows with these ids, labels of none of them), their ids by `normalise_ids`.

    A label without an id is among the first, whose ledger counts it.
    """
    if labels.empty:
        return labels, labels
    labels = labels.assign(**{on: joins.normalise_ids(labels[on])})
    belongs = joins.may_belong(labels[on].array, ids)
    if belongs.all():
        return labels, labels.iloc[:0]
    return labels[belongs].reset_index(drop=True), labels[~belongs].reset_index(drop=True)
