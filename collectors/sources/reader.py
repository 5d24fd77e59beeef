"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from collectors.schema import is_logical
from collectors.sources import joins, tables
from collectors.sources.errors import SourceError
from collectors.sources.files import Log
from collectors.sources.joins import Labels
from collectors.sources.ledger import MOST_LEFT_OUT, Ledger, Reason, total
from collectors.sources.parts import Part
from collectors.sources.postgres import Database
from collectors.sources.tables import Timeless
from collectors.sources.typed import Reading
from monitors.declare import Csv, Files, Monitor, Source, Table, Window
from monitors.declare.windows import days
from settings import Settings

MANY_ROWS = 10_000
STRANGERS = 1_000
"""So many labels without a row are looked for among the rows of other windows."""
ENOUGH_DAYS = 30
"""A log that begins so many days before a window has the rows of most labels that come in it."""


@dataclass(frozen=True)
class Rows:
    """The rows of one window: features, prediction, and the target where it is known.

    fingerprint: of what the rows say, whatever their order and however they are stored, so that
    a changed source can be told, on any machine.
    ledger, labels: what became of the rows, and of the labels, that were read; labels is None where
    the rows carry them. warnings: where so much is left out that somebody should look why.
    opens_at: when a label that is there already will be known, None if none.
    """

    frame: pd.DataFrame
    fingerprint: str
    ledger: Ledger = field(default_factory=Ledger)
    labels: Ledger | None = None
    warnings: tuple[str, ...] = ()
    opens_at: datetime | None = None


@dataclass(frozen=True)
class Reader:
    """Reads the sources of one monitor.

    settings: say where the data folder and the databases are.
    """

    monitor: Monitor
    settings: Settings

    def read(self, window: Window, now: datetime) -> Rows:
        """The rows of a window, with the labels that have arrived by `now`.

        Returns: a frame with the declared columns that the source has and the time of each row,
        sorted by time, those of one moment by what they say.
        Raises: SourceError.
        """
        part = self._window(window)
        self._refuse_unusable(part)
        frame = _in_order(part.frame, self.monitor.source.time)
        names = self._labels_named
        alone = names is None or frame.empty
        rows = Rows(
            frame,
            _fingerprint(frame, part.ledger) if alone else "",
            total([part.ledger, self._timeless.ledger]),
            warnings=(*_warnings(part.ledger, "rows"), *self._timeless.warnings(len(frame))),
        )
        if names is None:
            return rows
        if frame.empty:
            return replace(rows, labels=Ledger())
        labels, opens_at = self._labels(names, window, frame, now)
        frame = joins.with_labels(frame, self.on, labels.frame, names)
        return replace(
            rows,
            frame=frame,
            fingerprint=_fingerprint(frame, part.ledger, labels.ledger),
            labels=labels.ledger,
            warnings=(*rows.warnings, *_label_warnings(labels)),
            opens_at=opens_at,
        )

    def _refuse_unusable(self, part: Part) -> None:
        """Raise SourceError where rows were read for a window, and not one can be used."""
        if part.frame.empty and part.ledger.faults and not part.ledger.left_out[Reason.ELSEWHERE]:
            raise SourceError(
                f"{_name(self.monitor.source)}: no row can be used: {part.ledger.sentence('rows')}"
            )

    @property
    def on(self) -> str:
        """The column that names a row, '' where labels are no source of their own."""
        return self.monitor.labels.on if self.monitor.labels else ""

    def columns(self) -> list[str]:
        """The columns that are read of the rows' source."""
        monitor = self.monitor
        names = [column.name for column in monitor.columns]
        if monitor.predicted is not None:
            names.append(monitor.predicted.name)
        if monitor.labels is None and monitor.labelled is not None:
            names.append(monitor.labelled.name)
        return [*names, *(name for name in (self.on, monitor.model_version) if name)]

    def first_day(self, now: datetime) -> date:
        """The local day on which the monitor's source begins; today where it is empty."""
        source, zone = self.monitor.source, self.monitor.every.zone
        if isinstance(source, Table):
            found = tables.first_day(self.database(source), source, zone)
        else:
            found = self.log(source).first_day(zone)
        return found or now.astimezone(zone).date()

    def log(self, source: Files) -> Log:
        """A source of the monitor in files, as it lies on this machine."""
        zone = ZoneInfo(source.timezone) if source.timezone else self.monitor.every.zone
        root = self.settings.data / source.folder
        reading = self.reading
        if isinstance(source, Csv):
            reading = replace(reading, decimal=source.decimal, missing=source.na)
        return Log(self.monitor.name, source, root, zone, reading)

    def database(self, source: Table) -> Database:
        """That of a table of the monitor. Raises SettingsError."""
        return Database.of(self.settings, source)

    @cached_property
    def reading(self) -> Reading:
        """How the declared columns are read: those that name a row, or a model's version, never as
        numbers."""
        numbers = {c.name for c in self.monitor.all_columns() if c.kind == "number"}
        target = self.monitor.labelled
        named = frozenset(numbers - {self.on, self.monitor.model_version})
        if target is None or target.kind != "category":
            return Reading(named)
        return Reading(named, target.name, is_logical(target))

    @cached_property
    def _timeless(self) -> Timeless:
        """A table's rows without a time: they are in no window, so every one tells of them."""
        source = self.monitor.source
        if isinstance(source, Table):
            return tables.timeless(self.database(source), source)
        return Timeless(Ledger(), 0)

    def _window(self, window: Window, names: Sequence[str] | None = None) -> Part:
        source = self.monitor.source
        wanted = self.columns() if names is None else names
        if isinstance(source, Table):
            return tables.between(self.database(source), source, window, wanted, self.reading)
        return self.log(source).between(window, wanted)

    @property
    def _labels_named(self) -> Labels | None:
        """The columns of the labels' source, None where the rows carry the labels."""
        source, target = self.monitor.labels, self.monitor.labelled
        if source is None or target is None:
            return None
        return Labels(source.on, target.name, source.time, f"{self.monitor.name}: {_name(source)}")

    def _labels(
        self, names: Labels, window: Window, rows: pd.DataFrame, now: datetime
    ) -> tuple[Part, datetime | None]:
        """The labels of a window's rows, one each; and when the next will be known.

        Raises SourceError where there are labels, and none of them is of any row.
        """
        if names.on not in rows:
            raise SourceError(f"{self.monitor.name}: the rows have no column {names.on!r} to join")
        moment = pd.Timestamp(now).tz_convert("UTC")
        part = self._labels_read(names, window, rows)
        mine, others = _parted(part.frame, names.on, rows[names.on])
        source = self.monitor.labels
        assert source is not None
        strangers = Reason.ELSEWHERE if _is_shared(source) else Reason.NO_ROW
        example = f"{names.on} = {joins.examples(others[names.on])[0]!r}" if len(others) else ""
        ledger = part.ledger.without(strangers, len(others), example)
        matched = len(mine) and mine[names.on].notna().any()
        if not matched and rows[names.on].notna().any():
            self._refuse_strangers(names, window, rows, others, moment)
        later = mine.loc[mine[names.time] > moment, names.time] if len(mine) else pd.Series()
        opens_at = later.min().to_pydatetime() if len(later) else None
        return joins.usable(Part(mine, ledger), names, moment), opens_at

    def _labels_read(self, names: Labels, window: Window, rows: pd.DataFrame) -> Part:
        """The labels that may be of a window's rows: columns on, target, time."""
        source = self.monitor.labels
        if isinstance(source, Table):
            ids = joins.distinct(rows[names.on])
            return tables.labels(self.database(source), source, names.target, ids, self.reading)
        assert source is not None
        part = self.log(source).labels(window, [names.on, names.target])
        for name in (names.on, names.target) if len(part.frame) else ():
            if name not in part.frame:
                raise SourceError(f"{names.place}: no column {name!r} among the labels")
        return part

    def _refuse_strangers(
        self,
        names: Labels,
        window: Window,
        rows: pd.DataFrame,
        others: pd.DataFrame,
        now: pd.Timestamp,
    ) -> None:
        """Raise SourceError where the labels of a window's time belong to no row at all.

        Those that came while it lasted, or after, may well be of the rows of other windows.
        """
        source = self.monitor.labels
        if isinstance(source, Table):
            others = tables.labels_since(
                self.database(source), source, names.target, window.start, STRANGERS, self.reading
            ).frame
        if others.empty:
            return
        since = others[(others[names.time] >= window.start) & (others[names.time] <= now)]
        if source is not None and not _is_shared(source):
            since = others[others[names.time] <= now]
        elif len(since) and self._may_be_elsewhere(since.iloc[:STRANGERS], names, window, rows):
            return
        if len(since):
            raise joins.mismatch(rows[names.on], since[names.on], names.place, self.monitor.name)

    def _may_be_elsewhere(
        self, labels: pd.DataFrame, names: Labels, window: Window, rows: pd.DataFrame
    ) -> bool:
        """Whether some labels may well be of rows of another window: one is, or the ids look alike
        and the rows do not go back far enough to tell."""
        if self._are_elsewhere(labels, names, window):
            return True
        alike = not joins.forms(labels[names.on]).isdisjoint(joins.forms(rows[names.on]))
        first = self.first_day(window.end)
        return alike and (window.day - first).days < ENOUGH_DAYS

    def _are_elsewhere(self, labels: pd.DataFrame, names: Labels, window: Window) -> bool:
        """Whether one of some labels belongs to a row of another window."""
        ids = set(joins.distinct(labels[names.on]))
        source = self.monitor.source
        if isinstance(source, Table):
            return tables.has_any(self.database(source), source, names.on, sorted(ids))
        last = max(labels[names.time].max().date(), window.day)
        first = min(self.first_day(window.end), window.day)
        return any(
            not ids.isdisjoint(joins.distinct(frame[names.on]))
            for frame in self._of_days(_outwards(window.day, first, last), names.on)
            if names.on in frame
        )

    def _of_days(self, spanned: Iterable[date], name: str) -> Iterator[pd.DataFrame]:
        """One column of the rows of each day; of those that cannot be read none."""
        source = self.monitor.source
        assert not isinstance(source, Table)
        if source.layout == "undated":
            yield self.log(source).labels(self.monitor.every.window(date.today()), [name]).frame
            return
        for day in spanned:
            try:
                yield self._window(self.monitor.every.window(day), [name]).frame
            except SourceError:
                continue


def _warnings(ledger: Ledger, what: str) -> tuple[str, ...]:
    return (ledger.sentence(what),) if ledger.share > MOST_LEFT_OUT else ()


def _label_warnings(labels: Part) -> tuple[str, ...]:
    """A label without a time is one that has not come, as long as others have."""
    ledger = labels.ledger
    if len(labels.frame):
        counted = ledger.left_out.copy()
        del counted[Reason.NO_TIME]
        ledger = replace(
            ledger, read=ledger.read - ledger.left_out[Reason.NO_TIME], left_out=counted
        )
    return _warnings(ledger, "labels")


def _outwards(day: date, first: date, last: date) -> list[date]:
    """The other days of a span, the nearest first."""
    others = [one for one in days(first, last) if one != day]
    return sorted(others, key=lambda one: abs((one - day).days))


def _is_shared(source: Source) -> bool:
    """Whether a source of labels has those of other windows, too, where it is looked at."""
    return isinstance(source, Table) or source.layout == "undated" or bool(source.timezone)


def _name(source: Source) -> str:
    return source.name if isinstance(source, Table) else source.folder


def _parted(labels: pd.DataFrame, on: str, rows: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels of the rows, and those of none of them."""
    if labels.empty:
        return labels, labels
    ids = pd.Series(joins.identifiers(labels[on]))
    # A label that names no row is nobody's; it is told as such.
    belongs = (ids.isin(joins.distinct(rows)) | ids.isna()).to_numpy()
    return labels[belongs].reset_index(drop=True), labels[~belongs].reset_index(drop=True)


def _in_order(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    """Rows by time, those of one moment by what they say: sums come out alike to the last bit."""
    if frame.empty:
        return frame
    times = frame[time].astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
    order = np.argsort(times, kind="stable")
    steps = np.diff(times[order])
    if not (steps == 0).any():
        return (
            frame if (steps > 0).all() and (order[:-1] < order[1:]).all() else _taken(frame, order)
        )
    return _taken(frame, np.lexsort((_row_hashes(frame), times)))


def _taken(frame: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    return frame.take(order).reset_index(drop=True)


def _fingerprint(frame: pd.DataFrame, *ledgers: Ledger) -> str:
    """Of the rows as a set, since rows of one moment come in any order; and of what is left out."""
    left_out = [sorted(ledger.faults.items()) for ledger in ledgers if ledger.faults]
    basis = [*sorted(map(str, frame.columns)), *map(str, left_out)]
    digest = hashlib.sha256(",".join(basis).encode(errors="backslashreplace"))
    if len(frame):
        digest.update(np.sort(_row_hashes(frame)).tobytes())
    return digest.hexdigest()[:16]


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    """(rows,) a hash of each, whatever the order of the columns and however they are stored."""
    alike = {name: _storage_free(frame[name]) for name in sorted(frame, key=str)}
    many = len(frame) > MANY_ROWS  # fewer are hashed sooner than their distinct values found
    hashes: np.ndarray = pd.util.hash_pandas_object(
        pd.DataFrame(alike, copy=False), index=False, categorize=many
    ).to_numpy()
    return hashes


def _storage_free(values: pd.Series) -> pd.Series:
    """The same values in the same types, whichever types a reader of files or tables chose."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.astype("datetime64[ns, UTC]")
    return values
