"""Where the files of a source lie: in a folder of each day, by the day in their names, or all
together. Nothing of what they hold is read."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from driftdeck.collectors.sources.errors import SourceError, SourceGoneError, naming
from driftdeck.declare import Daily, Files, Window

DAY_IN_NAME = re.compile(r"(?<!\d)(\d{4})([-_]?)(\d{2})\2(\d{2})(?!\d)")


@dataclass(frozen=True)
class Paths:
    """The files of a declared source.

    owner: the monitor, for errors. root: where the source lies on this machine. zone: of the days
    in names.
    """

    owner: str
    source: Files
    root: Path
    zone: ZoneInfo

    @property
    def are_shared(self) -> bool:
        """Whether a file may well have rows of several windows."""
        return self.source.layout == "undated" or bool(self.source.timezone)

    def days_of(self, window: Window) -> Window:
        """The whole days that a window touches: those whose files may have its rows."""
        every = Daily(timezone=self.zone.key)
        first = every.containing(window.start)
        last = every.containing(window.end - timedelta(microseconds=1))
        return Window(first.start, last.end, first.name)

    def are_shared_by(self, window: Window) -> bool:
        """Whether the files of a window may well have rows of others."""
        return self.are_shared or self.days_of(window) != window

    def all(self) -> list[Path]:
        """Every file. Raises SourceError where there is no folder."""
        if self.source.layout == "undated" and self.root.is_file():
            return [self.root]
        self._check_folder()
        if self.source.layout == "folders":
            return [_check_file(path) for _, path in self.by_day()]
        return list_files(self.root, self.source.suffixes)

    def for_window(self, window: Window | None) -> list[Path]:
        """The files that may hold rows of a window. Raises SourceError."""
        if window is None or self.source.layout == "undated":
            return self.all()
        return self.by_window([window])[window]

    def by_window(self, windows: Sequence[Window]) -> dict[Window, list[Path]]:
        """The files that may hold rows of each window. Raises SourceError."""
        if self.source.layout == "undated":
            return dict.fromkeys(windows, self.all())
        local_days = {window: list_local_days(window, self.zone) for window in windows}
        by_day: dict[date, list[Path]] = {}
        for day, path in self.by_day({day for days in local_days.values() for day in days}):
            by_day.setdefault(day, []).append(path)
        return {
            window: [_check_file(path) for day in days for path in by_day.get(day, ())]
            for window, days in local_days.items()
        }

    def _check_folder(self) -> None:
        if not self.root.is_dir():
            raise SourceGoneError(
                f"{self.owner}: no folder {self.root}; prepare the data first,"
                " or set DATA_DIR to where it lies"
            )

    def by_day(self, only: Collection[date] | None = None) -> list[tuple[date, Path]]:
        """(day, file) of every file, sorted. only: these days, None for all.

        A folder or broken link that is named like a file is among them, so that only its own day
        fails.
        """
        self._check_folder()
        if self.source.layout == "dated":
            files = (
                (self._parse_file_day(path), path)
                for path in _list_with_suffix(self.root, self.source.suffixes)
            )
            return sorted((day, path) for day, path in files if only is None or day in only)
        days = self._folders(only)
        return sorted(
            (day, path)
            for day, folder in days
            for path in _list_with_suffix(folder, self.source.suffixes)
        )

    def _folders(self, only: Collection[date] | None) -> list[tuple[date, Path]]:
        """(day, folder) of every day's folder, or of those of `only`, at any depth."""
        name = self.source.partition
        if only is not None and not self._is_deep:
            direct = [(day, self.root / f"{name}={day}") for day in only]
            return [(day, folder) for day, folder in direct if folder.is_dir()]
        folders = [
            folder for folder in list_folders(self.root) if folder.name.startswith(f"{name}=")
        ]
        days = [(self._parse_folder_day(folder), folder) for folder in folders if folder.is_dir()]
        return [(day, folder) for day, folder in days if only is None or day in only]

    @property
    def _is_deep(self) -> bool:
        """Whether folders of days may lie deeper than in the root."""
        with naming(self.root):
            changed = self.root.stat().st_mtime_ns
            return _has_other_folders(self.root, (f"{self.source.partition}=", ".", "_"), changed)

    def _parse_file_day(self, path: Path) -> date:
        day = parse_day(path.name)
        if day is None:
            raise SourceError(
                f"{path}: its name holds no day, or several; name it as its day,"
                ' move it away, or say layout="undated" in the source'
            )
        return day

    def _parse_folder_day(self, folder: Path) -> date:
        try:
            return date.fromisoformat(folder.name.partition("=")[2])
        except ValueError as error:
            raise SourceError(
                f"{folder}: is no day; name it {self.source.partition}=YYYY-MM-DD,"
                ' or say layout="undated" in the source'
            ) from error


@lru_cache(maxsize=64)
def _has_other_folders(root: Path, begins: tuple[str, ...], _changed: int) -> bool:
    """Whether a folder holds folders whose names do not begin with one of `begins`.

    _changed: its modification time, in nanoseconds, a key of the cache.
    """
    with os.scandir(root) as entries:
        return any(entry.is_dir() and not entry.name.startswith(begins) for entry in entries)


def read_facts(path: Path) -> tuple[int, int, int, int]:
    """A file's (size in bytes, mtime and ctime in nanoseconds, inode): one of them changes when the
    file does. Raises SourceError."""
    with naming(path):
        status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def list_files(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with a suffix, at any depth, without those of hidden or `_` folders; sorted.

    Raises SourceError where something with such a name is no file.
    """
    return [_check_file(path) for path in _list_with_suffix(root, suffixes)]


def _list_with_suffix(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """Every file with a suffix, at any depth, each once; folders with one, if no such file lies in
    them."""
    endings = tuple(suffixes)
    targets: dict[str, str] = {}
    folders: list[str] = []
    for entry in _entries(root):
        if not entry.name.lower().endswith(endings):
            continue
        if _entry_is(entry.is_dir):
            folders.append(entry.path)
            continue
        path = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        targets.setdefault(path, entry.path)
    files = targets.values()
    empty = [f for f in folders if not any(file.startswith(f"{f}{os.sep}") for file in files)]
    return sorted(map(Path, [*files, *empty]))


def _check_file(path: Path) -> Path:
    """The path itself. Raises SourceError where no file is there: reading a FIFO would block."""
    if path.is_file() or not os.path.lexists(path):  # its reader reports one that is gone
        return path
    problem = "a folder where a file belongs" if path.is_dir() else "no file"
    problem = "a link to nothing" if path.is_symlink() and not path.is_dir() else problem
    raise SourceError(f"{path}: is {problem}; move it away")


def _entry_is(kind: Callable[[], bool]) -> bool:
    """Whether an entry is a folder; a link to itself raises and is none. kind: entry.is_dir."""
    try:
        return kind()
    except OSError:
        return False


def list_folders(root: Path) -> list[Path]:
    """The folders at any depth, without hidden and `_` ones. Raises SourceError."""
    return sorted(Path(entry.path) for entry in _entries(root) if _entry_is(entry.is_dir))


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """What lies below a folder at any depth, without what begins with `.` or `_`."""
    folders = [str(root)]
    linked: set[str] = set()
    while folders:
        folder = folders.pop()
        with naming(Path(folder)), os.scandir(folder) as entries:
            listed = [entry for entry in entries if entry.name[0] not in "._"]
            below = [entry for entry in listed if _entry_is(entry.is_dir)]
        for entry in below:
            if entry.is_symlink():  # a circle is always closed by a link
                target = os.path.realpath(entry.path)
                if target in linked or Path(folder).resolve().is_relative_to(target):
                    raise SourceError(f"{entry.path}: leads back to where it lies; take it away")
                linked.add(target)
            folders.append(entry.path)
        yield from listed


def parse_day(name: str) -> date | None:
    """The one day that a file's name holds, None where it holds none or several."""
    valid_days = set()
    for year, _, month, day in DAY_IN_NAME.findall(name):
        try:
            valid_days.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return valid_days.pop() if len(valid_days) == 1 else None


def list_local_days(window: Window, zone: ZoneInfo) -> list[date]:
    """The days of a zone that a window touches."""
    first = window.start.astimezone(zone).date()
    last = (window.end.astimezone(zone) - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
