"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from collectors.sources import tables
from collectors.sources.errors import SourceError
from collectors.sources.files import Log
from monitors.declare import Files, Monitor, Source, Table, Window
from settings import Settings

MANY_ROWS = 10_000


@dataclass(frozen=True)
class Rows:
    """The rows of one window: features, prediction, and the target where it is known.

    fingerprint: of what the rows say, whatever their order and however they are stored, so that
    a changed source can be told, on any machine.
    """

    frame: pd.DataFrame
    fingerprint: str


@dataclass(frozen=True)
class Reader:
    """Reads the sources of one monitor.

    settings: say where the data folder and the databases are.
    """

    monitor: Monitor
    settings: Settings

    def read(self, window: Window, now: datetime) -> Rows:
        """The rows of a window, with the labels that have arrived by `now`.

        Returns: a frame with only the declared columns that the source has, sorted by time.
        Raises: SourceError.
        """
        names = [column.name for column in self.monitor.columns]
        if self.monitor.predicted is not None:
            names.append(self.monitor.predicted.name)
        target = self.monitor.labelled
        labels = self.monitor.labels
        if labels is None and target is not None:
            names.append(target.name)
        extra = [labels.on if labels else "", self.monitor.model_version]
        wanted = [*names, *(name for name in extra if name)]
        frame = self._window(self.monitor.source, window, wanted)
        if labels is not None and target is not None and not frame.empty:
            known = self._labels(labels, target.name, window, frame, now)
            frame = _with_labels(frame, known, labels.on)
        return Rows(frame, _hash_frame(frame))

    def first_day(self, now: datetime) -> date:
        """The local day on which the monitor's source begins; today where it is empty."""
        source, zone = self.monitor.source, self.monitor.every.zone
        if isinstance(source, Table):
            found = tables.first_day(self.settings, source, zone)
        else:
            found = self.log(source).first_day(zone)
        return found or now.astimezone(zone).date()

    def log(self, source: Files) -> Log:
        """A source of the monitor in files, as it lies on this machine."""
        zone = ZoneInfo(source.timezone) if source.timezone else self.monitor.every.zone
        texts = {one.name for one in self.monitor.all_columns() if one.kind == "category"}
        ids = {source.on, self.monitor.labels.on if self.monitor.labels else ""}
        names = frozenset({*texts, *ids, self.monitor.model_version} - {""})
        return Log(self.monitor.name, source, self.settings.data / source.folder, zone, names)

    def _window(self, source: Source, window: Window, names: list[str]) -> pd.DataFrame:
        if isinstance(source, Table):
            return tables.between(self.settings, source, window, names)
        return self.log(source).between(window, names)

    def _labels(
        self, source: Source, target: str, window: Window, rows: pd.DataFrame, now: datetime
    ) -> pd.DataFrame:
        """Labels of the window's rows that were known by `now`: columns on, target."""
        if source.on not in rows:
            raise SourceError(f"{self.monitor.name}: the rows have no column {source.on!r} to join")
        if isinstance(source, Table):
            frame = tables.labels(self.settings, source, target, rows[source.on].tolist(), now)
        else:
            frame = self.log(source).labels(window, [source.on, target], now)
            if not frame.empty and source.layout == "undated":
                ids, known = _alike(rows[source.on], frame[source.on])
                frame = frame[known.isin(ids)]
        if frame.empty:
            return pd.DataFrame({source.on: rows[source.on].iloc[:0], target: []})
        twice = frame[source.on].duplicated()
        if twice.any():
            raise SourceError(
                f"{self.monitor.name}: {int(twice.sum())} labels for a row that has one already,"
                f" e.g. {source.on} = {frame[source.on][twice].iloc[0]!r}; keep one label a row"
            )
        return frame[[source.on, target]]


def _with_labels(rows: pd.DataFrame, known: pd.DataFrame, on: str) -> pd.DataFrame:
    """Rows with their labels; ids are the same whether a source holds them as text or numbers."""
    left, right = _alike(rows[on], known[on])
    [target] = known.columns.difference([on])
    place = pd.Index(right).get_indexer(left)
    found = known[target].reset_index(drop=True).reindex(place).set_axis(rows.index)
    return rows.assign(**{on: left, target: found})


def _alike(left: pd.Series, right: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Two columns of ids as text where one holds numbers and the other text."""
    if _is_number(left) == _is_number(right):
        return left, right
    return left.map(str), right.map(str)


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _hash_frame(frame: pd.DataFrame) -> str:
    """Of the rows as a set: rows of one moment come in any order."""
    digest = hashlib.sha256(",".join(map(str, frame.columns)).encode())
    if len(frame):
        alike = pd.DataFrame({name: _storage_free(frame[name]) for name in frame}, copy=False)
        many = len(frame) > MANY_ROWS  # fewer are hashed sooner than their distinct values found
        hashes = pd.util.hash_pandas_object(alike, index=False, categorize=many)
        digest.update(np.sort(hashes.to_numpy()).tobytes())
    return digest.hexdigest()[:16]


def _storage_free(values: pd.Series) -> pd.Series:
    """The same values in the same types, whichever types a reader of files or tables chose."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.astype("datetime64[ns, UTC]")
    if values.dtype == float:
        return values
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
        return values.astype("Float64").astype(float)
    text = values.astype(object)
    if isinstance(values.dtype, pd.StringDtype):
        return text
    return text.map(str, na_action="ignore")
