"""The labels of a window's rows where they have a source of their own: late, or of nobody."""

from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from driftdeck.collectors.sources import joins, tables
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.files import log_of
from driftdeck.collectors.sources.joins import Labels
from driftdeck.collectors.sources.ledger import Reason
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.predictions import Predictions
from driftdeck.collectors.sources.typed import Reading, why_not
from driftdeck.declare import Monitor, Source, Table, Window

STRANGERS = 1_000
"""So many labels without a row are looked for among the rows of other windows."""
ENOUGH_DAYS = 30
"""A log that begins so many days before a window has the rows of most labels that come in it."""


@dataclass(frozen=True)
class Arrived:
    """The labels of a window's rows, one each. opens_at: when the next will be known, None if none
    is there that will be. place: of the labels, for warnings."""

    part: Part
    opens_at: datetime | None
    place: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A label without a time is one that has not come, as long as others have."""
        ledger = self.part.ledger
        if len(self.part.frame):
            counted = ledger.left_out.copy()
            del counted[Reason.NO_TIME]
            read = ledger.read - ledger.left_out[Reason.NO_TIME]
            ledger = replace(ledger, read=read, left_out=counted)
        return tuple(f"{self.place}: {warning}" for warning in ledger.warnings("labels"))


@dataclass(frozen=True)
class LateLabels:
    """The labels of one monitor's rows. names: the columns of their source."""

    predictions: Predictions
    source: Source
    names: Labels

    @classmethod
    def of(cls, predictions: Predictions) -> "LateLabels | None":
        """Those of a monitor, None where its rows carry the labels."""
        monitor = predictions.sources.monitor
        source, target = monitor.labels, monitor.target_column
        if source is None or target is None:
            return None
        place = f"{monitor.name}: {source.place}"
        return cls(predictions, source, Labels(source.on, target.name, source.time, place))

    @property
    def _monitor(self) -> Monitor:
        return self.predictions.sources.monitor

    @property
    def _are_shared(self) -> bool:
        """Whether those of other windows lie there, too, where it is looked at."""
        if isinstance(self.source, Table):
            return True
        return self.predictions.sources.paths(self.source).are_shared

    def arrived(self, window: Window, rows: pd.DataFrame, now: datetime) -> Arrived:
        """Those of a window's rows that are known by `now`.

        Raises SourceError where there are labels, and none of them is of any row.
        """
        names = self.names
        if names.on not in rows:
            place = f"{self._monitor.name}: {self._monitor.source.place}"
            raise SourceError(f"{place}: {why_not(rows, names.on)} to join labels by")
        moment = pd.Timestamp(now).tz_convert("UTC")
        ids = joins.identifiers(rows[names.on])
        part = self._read(window, ids)
        mine, others = _parted(part.frame, names.on, ids)
        strangers = Reason.ELSEWHERE if self._are_shared else Reason.NO_ROW
        first = joins.examples(others[names.on].array)[0] if len(others) else ""
        ledger = part.ledger.without(strangers, len(others), f"{names.on} = {first!r}")
        if not (len(mine) and mine[names.on].notna().any()) and (ids.codes >= 0).any():
            self._refuse_strangers(window, ids, others, moment)
        if mine.empty:
            return Arrived(Part(mine, ledger), None, self.source.place)
        later = mine[names.time] > moment
        opens_at = mine[names.time][later].min().to_pydatetime() if later.any() else None
        ledger = ledger.without(Reason.LATER, int(later.sum()))
        if later.any():
            mine = mine[~later].reset_index(drop=True)
        return Arrived(joins.usable(Part(mine, ledger), names), opens_at, self.source.place)

    def _read(self, window: Window, ids: pd.Categorical) -> Part:
        """The labels that may be of a window's rows: columns on, target, time. ids: of the rows."""
        names, sources = self.names, self.predictions.sources
        if isinstance(self.source, Table):
            reading = Reading.of(self._monitor)
            database = sources.database(self.source)
            return tables.labels(database, self.source, names.target, joins.distinct(ids), reading)
        part = log_of(sources, self.source).labels(window, [names.on, names.target])
        for name in (names.on, names.target) if len(part.frame) else ():
            if name not in part.frame:
                raise SourceError(f"{names.place}: {why_not(part.frame, name)} among the labels")
        return part

    def _refuse_strangers(
        self, window: Window, ids: pd.Categorical, others: pd.DataFrame, now: pd.Timestamp
    ) -> None:
        """Raise SourceError where the labels of a window's time belong to no row at all.

        Those that came while it lasted, or after, may well be of the rows of other windows.
        """
        names = self.names
        if isinstance(self.source, Table):
            others = self._since(self.source, window.start)
        if others.empty:
            return
        since = others[(others[names.time] >= window.start) & (others[names.time] <= now)]
        if not self._are_shared:
            since = others[others[names.time] <= now]
        elif len(since) and self._may_be_elsewhere(since.iloc[:STRANGERS], window, ids):
            return
        if len(since):
            places = names.place, self._monitor.name
            raise joins.mismatch(ids, joins.identifiers(since[names.on]), names.on, places)

    def _since(self, source: Table, moment: datetime) -> pd.DataFrame:
        """Labels of a table that became known from a moment on."""
        database, reading = self.predictions.sources.database(source), Reading.of(self._monitor)
        target = self.names.target
        return tables.labels_since(database, source, target, moment, STRANGERS, reading).frame

    def _may_be_elsewhere(self, labels: pd.DataFrame, window: Window, ids: pd.Categorical) -> bool:
        """Whether some labels may well be of rows of another window: one is, or the ids look alike
        and the rows do not go back far enough to tell."""
        theirs = joins.identifiers(labels[self.names.on])
        last = labels[self.names.time].max().date()
        if self.predictions.have_any(joins.distinct(theirs), window, last):
            return True
        alike = not joins.forms(theirs).isdisjoint(joins.forms(ids))
        first = self.predictions.first_day(window.end)
        return alike and (window.day - first).days < ENOUGH_DAYS


def _parted(
    labels: pd.DataFrame, on: str, ids: pd.Categorical
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels of the rows with some ids, and those of none of them; theirs as `identifiers` has
    them. A label that names no row is nobody's; it is told as such."""
    if labels.empty:
        return labels, labels
    labels = labels.assign(**{on: joins.identifiers(labels[on])})
    belong = joins.belonging(labels[on].array, ids)
    if belong.all():
        return labels, labels.iloc[:0]
    return labels[belong].reset_index(drop=True), labels[~belong].reset_index(drop=True)
