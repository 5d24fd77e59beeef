"""Reads the rows of a window out of files: by folder, by the day in a name, or by their times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from collectors.sources.csv import read_csv
from collectors.sources.errors import SourceError
from collectors.sources.parquet import read_parquet
from collectors.sources.times import Times, known, moments
from monitors.declare import Csv, Files, Window

DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})([-_]?)(\d{2})\2(\d{2})(?!\d)")


@dataclass(frozen=True)
class Log:
    """The files of a declared source.

    owner: the monitor, for errors. root: where it lies on this machine. zone: of the days in names.
    texts: the columns that are no numbers.
    """

    owner: str
    source: Files
    root: Path
    zone: ZoneInfo
    texts: frozenset[str]

    def between(self, window: Window, names: Sequence[str]) -> pd.DataFrame:
        """The named columns of the rows of a window, sorted by time. Raises SourceError."""
        frame = self._read(self._paths(window), names, window)
        if frame.empty:
            return frame
        inside = self._inside(frame, window)
        if not inside.all():
            frame = frame.loc[inside]
        if frame[self.source.time].is_monotonic_increasing:
            return frame.reset_index(drop=True)
        return frame.sort_values(self.source.time, kind="stable", ignore_index=True)

    def labels(self, window: Window, names: Sequence[str], now: datetime) -> pd.DataFrame:
        """The named columns of what may be labels of a window's rows, known by `now`."""
        frame = self._read(self._paths(window), names, None)
        known = self._times(frame) <= now if len(frame) else None
        return frame if known is None or known.all() else frame.loc[known]

    def first_day(self, zone: ZoneInfo) -> date | None:
        """The day of a zone on which the log begins, None where it is empty. Raises SourceError."""
        if self.source.layout == "undated":
            frame = self._read(self._paths(None), [], None)
            first = None if frame.empty else self._times(frame).min()
            return None if first is None or pd.isna(first) else first.tz_convert(zone).date()
        days = sorted(day for day, _ in self._by_day())
        if not days:
            return None
        return datetime.combine(days[0], time(), self.zone).astimezone(zone).date()

    def paths(self) -> list[Path]:
        """Every file. Raises SourceError where there is no folder."""
        if self.source.layout == "undated" and self.root.is_file():
            return [self.root]
        self._need_folder()
        if self.source.layout == "folders":
            return [path for _, path in self._by_day()]
        return files_below(self.root, self.source.suffixes)

    def _paths(self, window: Window | None) -> list[Path]:
        if window is None or self.source.layout == "undated":
            return self.paths()
        wanted = set(local_days(window, self.zone))
        if self.source.layout == "dated":
            return [path for day, path in self._by_day() if day in wanted]
        self._need_folder()
        folders = [self.root / f"{self.source.partition}={day}" for day in sorted(wanted)]
        return [path for folder in folders for path in _here(folder, self.source.suffixes)]

    def _need_folder(self) -> None:
        if not self.root.is_dir():
            raise SourceError(
                f"{self.owner}: no folder {self.root}; prepare the data first,"
                " or set DATA_DIR to where it lies"
            )

    def _by_day(self) -> list[tuple[date, Path]]:
        """(day in the name, file) of every file, by day."""
        self._need_folder()
        if self.source.layout == "dated":
            found = files_below(self.root, self.source.suffixes)
            return sorted((self._day(path), path) for path in found)
        folders = sorted(self.root.glob(f"{self.source.partition}=*"))
        days = [(self._day_of_folder(folder), folder) for folder in folders]
        return [(day, path) for day, one in days for path in _here(one, self.source.suffixes)]

    def _day(self, path: Path) -> date:
        day = day_in_name(path.name)
        if day is None:
            raise SourceError(
                f"{path}: its name holds no day, or several; name it as its day,"
                ' move it away, or say layout="undated" in the source'
            )
        return day

    def _day_of_folder(self, folder: Path) -> date:
        try:
            return date.fromisoformat(folder.name.partition("=")[2])
        except ValueError as error:
            raise SourceError(
                f"{folder}: is no day; name it {self.source.partition}=YYYY-MM-DD,"
                ' or say layout="undated" in the source'
            ) from error

    def _read(
        self, paths: Sequence[Path], names: Sequence[str], window: Window | None
    ) -> pd.DataFrame:
        wanted = (*names, self.source.time)
        if self.source.layout == "undated" and (window is None or isinstance(self.source, Csv)):
            stamps = tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in paths)
            whole, times = _parsed_once(self, stamps, wanted)
            if window is None or whole.empty:
                return whole.copy()
            return whole.loc[(times >= window.start) & (times < window.end)].copy()
        only = window if self.source.layout == "undated" else None
        return joined([self.read_file(path, wanted, only) for path in paths])

    def read_file(self, path: Path, names: Sequence[str], window: Window | None) -> pd.DataFrame:
        """The named columns of a file, its times knowing their zone. Raises SourceError."""
        if isinstance(self.source, Csv):
            frame = read_csv(path, self.source, names, self.texts)
        else:
            frame = read_parquet(path, names, self.source.time, window)
        return self._with_times(frame, path)

    def _with_times(self, frame: pd.DataFrame, path: Path) -> pd.DataFrame:
        """A file's rows with times that know their zone; the error names the file."""
        if len(frame) and self.source.time in frame:
            frame[self.source.time] = self._moments(frame[self.source.time], str(path))
        elif len(frame):
            raise SourceError(f"{path}: no column {self.source.time!r}, the time of each row")
        return frame

    def _moments(self, values: pd.Series, place: str) -> Times:
        place = f"{place}: {self.source.time!r}"
        return moments(values, place, format=self.source.format, naive=self.source.naive)

    def _times(self, frame: pd.DataFrame) -> Times:
        times = frame[self.source.time]
        return times if known(times) else pd.to_datetime(times, utc=True)  # files of several zones

    def _inside(self, frame: pd.DataFrame, window: Window) -> "pd.Series[bool]":
        times = self._times(frame)
        inside = (times >= window.start) & (times < window.end)
        if self.source.layout != "undated" and not self.source.timezone and not inside.all():
            kind = type(self.source).__name__
            raise SourceError(
                f"{self.source.folder}: {int((~inside).sum())} of {len(frame)} rows of partition"
                f" {window.day} lie outside that day in {self.zone.key};"
                f' say {kind}(..., timezone="...") for the zone that the partitions follow'
            )
        return inside


def files_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with a suffix, at any depth, without those of hidden or `_` folders; sorted."""
    found = (path for path in root.rglob("*") if path.name.endswith(tuple(suffixes)))
    return sorted(
        path
        for path in found
        if path.is_file() and not any(p[0] in "._" for p in path.relative_to(root).parts)
    )


def day_in_name(name: str) -> date | None:
    """The one day that a file's name holds, None where it holds none or several."""
    found = set()
    for year, _, month, day in DAY_IN_NAME.findall(name):
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found.pop() if len(found) == 1 else None


def local_days(window: Window, zone: ZoneInfo) -> list[date]:
    """The days of a zone that a window touches."""
    first = window.start.astimezone(zone).date()
    last = (window.end.astimezone(zone) - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames as one; a column that one of them lacks is missing there."""
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _here(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.endswith(tuple(suffixes)))


@lru_cache(maxsize=4)
def _parsed_once(
    log: Log, stamps: tuple[tuple[str, int, int], ...], names: tuple[str, ...]
) -> tuple[pd.DataFrame, Times]:
    """All of an undated log, and its times; read again only when a file has changed."""
    frame = joined([log.read_file(Path(path), names, None) for path, _, _ in stamps])
    return frame, (log._times(frame) if len(frame) else pd.Series(dtype="datetime64[ns, UTC]"))
