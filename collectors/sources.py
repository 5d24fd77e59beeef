"""Reads just one window of a source: Parquet by partition, tables through psycopg."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg
import pyarrow.parquet as pq
from psycopg import sql

from database import Role, connect
from monitors.declare import Monitor, Parquet, Source, Table, Window
from settings import Settings


class SourceError(RuntimeError):
    """A source that cannot be read: names it, what was found, and the mend."""


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
        rows = self._window(self.monitor.source, window, wanted)
        if labels is None or target is None or rows.frame.empty:
            return rows
        known = self._labels(labels, target.name, window, rows.frame, now)
        frame = rows.frame.merge(known, on=labels.on, how="left", validate="many_to_one")
        late = _hash_frame(known)
        return Rows(frame, hashlib.sha256((rows.fingerprint + late).encode()).hexdigest()[:16])

    def first_day(self, now: datetime) -> date:
        """The local day on which the monitor's source begins; today where it is empty."""
        source, zone = self.monitor.source, self.monitor.every.zone
        if isinstance(source, Parquet):
            names = sorted(self._folder(source).glob(f"{source.partition}=*"))
            found = date.fromisoformat(names[0].name.partition("=")[2]) if names else None
        else:
            with self._connect(source) as connection:
                query = sql.SQL("select min({}) from {}").format(
                    sql.Identifier(source.time), sql.Identifier(*source.name.split("."))
                )
                row = connection.execute(query).fetchone()
            found = row[0].astimezone(zone).date() if row and row[0] else None
        return found or now.astimezone(zone).date()

    def _window(self, source: Source, window: Window, names: list[str]) -> Rows:
        if isinstance(source, Table):
            frame = self._select(source, window, names)
            return Rows(frame, _hash_frame(frame))
        paths = self._partitions(source, window)
        frame = _read_files(paths, [*names, source.time])
        if not frame.empty:
            frame = self._inside(source, frame, window)
        return Rows(frame, _hash_frame(frame))

    def _inside(self, source: Parquet, frame: pd.DataFrame, window: Window) -> pd.DataFrame:
        times = _times(frame, source.time, source.folder)
        inside = (times >= window.start) & (times < window.end)
        zone = source.timezone or self.monitor.every.timezone
        if not source.timezone and not inside.all():
            raise SourceError(
                f"{source.folder}: {int((~inside).sum())} of {len(frame)} rows of partition"
                f" {window.day} lie outside that day in {zone};"
                f' say Parquet(..., timezone="...") for the zone that the partitions follow'
            )
        return frame[inside].sort_values(source.time, kind="stable", ignore_index=True)

    def _partitions(self, source: Parquet, window: Window) -> list[Path]:
        folder = self._folder(source)
        zone = ZoneInfo(source.timezone) if source.timezone else self.monitor.every.zone
        paths: list[Path] = []
        for day in _local_days(window, zone):
            paths += sorted((folder / f"{source.partition}={day}").glob("*.parquet"))
        return paths

    def _folder(self, source: Parquet) -> Path:
        folder = self.settings.data / source.folder
        if not folder.is_dir():
            raise SourceError(
                f"{self.monitor.name}: no folder {folder}; prepare the data first,"
                " or set DATA_DIR to where it lies"
            )
        return folder

    def _select(self, source: Table, window: Window, names: list[str]) -> pd.DataFrame:
        with self._connect(source) as connection:
            present = _columns_of(connection, source)
            query = sql.SQL("select {} from {} where {} >= %s and {} < %s order by {}").format(
                sql.SQL(", ").join(sql.Identifier(n) for n in names if n in present),
                sql.Identifier(*source.name.split(".")),
                *[sql.Identifier(source.time)] * 3,
            )
            return _fetch(connection, query, [window.start, window.end])

    def _labels(
        self, source: Source, target: str, window: Window, rows: pd.DataFrame, now: datetime
    ) -> pd.DataFrame:
        """Labels of the window's rows that were known by `now`: columns on, target."""
        if source.on not in rows:
            raise SourceError(f"{self.monitor.name}: the rows have no column {source.on!r} to join")
        if isinstance(source, Table):
            frame = self._select_labels(source, target, rows[source.on].tolist(), now)
        else:
            frame = _read_files(self._partitions(source, window), [source.on, target, source.time])
            if not frame.empty:
                frame = frame[_times(frame, source.time, source.folder) <= now]
        if frame.empty:
            return pd.DataFrame({source.on: rows[source.on].iloc[:0], target: []})
        twice = frame[source.on].duplicated()
        if twice.any():
            raise SourceError(
                f"{self.monitor.name}: {int(twice.sum())} labels for a row that has one already,"
                f" e.g. {source.on} = {frame[source.on][twice].iloc[0]!r}; keep one label a row"
            )
        return frame[[source.on, target]]

    def _select_labels(
        self, source: Table, target: str, ids: Sequence[object], now: datetime
    ) -> pd.DataFrame:
        with self._connect(source) as connection:
            query = sql.SQL("select {}, {} from {} where {} = any(%s) and {} <= %s").format(
                sql.Identifier(source.on),
                sql.Identifier(target),
                sql.Identifier(*source.name.split(".")),
                sql.Identifier(source.on),
                sql.Identifier(source.time),
            )
            return _fetch(connection, query, [ids, now])

    def _connect(self, source: Table) -> psycopg.Connection:
        if source.address:
            address = self.settings.source_uri(source.address)
            try:
                return psycopg.connect(address, connect_timeout=10)
            except psycopg.OperationalError as error:
                raise SourceError(f"{source.name}: {str(error).strip()}") from error
        return connect(self.settings, Role.COLLECTOR)


def _local_days(window: Window, zone: ZoneInfo) -> list[date]:
    first = window.start.astimezone(zone).date()
    last = (window.end.astimezone(zone) - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _read_files(paths: list[Path], names: list[str]) -> pd.DataFrame:
    """The named columns that the files have; a column that one file lacks is missing there."""
    frames = []
    for path in paths:
        present = set(pq.read_schema(path).names)
        table = pq.ParquetFile(path).read(columns=[name for name in names if name in present])
        frames.append(table.to_pandas())
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _times(frame: pd.DataFrame, column: str, source: str) -> "pd.Series[pd.Timestamp]":
    if column not in frame:
        raise SourceError(f"{source}: no column {column!r}, the time of each row")
    times = pd.to_datetime(frame[column])
    if times.dt.tz is None:
        raise SourceError(f"{source}: {column!r} has no time zone; write timestamps in UTC")
    return times


def _columns_of(connection: psycopg.Connection, source: Table) -> set[str]:
    query = sql.SQL("select * from {} limit 0").format(sql.Identifier(*source.name.split(".")))
    try:
        described = connection.execute(query).description or []
    except psycopg.Error as error:
        raise SourceError(f"{source.name}: {str(error).splitlines()[0]}") from error
    return {column.name for column in described}


def _fetch(
    connection: psycopg.Connection, query: sql.Composed, parameters: list[object]
) -> pd.DataFrame:
    cursor = connection.execute(query, parameters)
    names = [column.name for column in cursor.description or []]
    return pd.DataFrame(cursor.fetchall(), columns=names)


def _hash_frame(frame: pd.DataFrame) -> str:
    """Of the rows as a set: rows of one moment come in any order."""
    digest = hashlib.sha256(",".join(map(str, frame.columns)).encode())
    if len(frame):
        alike = pd.DataFrame({name: _storage_free(frame[name]) for name in frame})
        digest.update(np.sort(pd.util.hash_pandas_object(alike, index=False).to_numpy()).tobytes())
    return digest.hexdigest()[:16]


def _storage_free(values: pd.Series) -> pd.Series:
    """The same values in the same types, whichever types a reader of files or tables chose."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.astype("datetime64[ns, UTC]")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_complex_dtype(values):
        return values.astype("Float64").astype(float)
    return values.astype(object).map(str, na_action="ignore")
