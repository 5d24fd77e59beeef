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
from driftdeck.declare import Files, Window

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

    def all(self) -> list[Path]:
        """Every file. Raises SourceError where there is no folder."""
        if self.source.layout == "undated" and self.root.is_file():
            return [self.root]
        self._need_folder()
        if self.source.layout == "folders":
            return [_file(path) for _, path in self.by_day()]
        return files_below(self.root, self.source.suffixes)

    def of(self, window: Window | None) -> list[Path]:
        """The files that may hold rows of a window. Raises SourceError."""
        if window is None or self.source.layout == "undated":
            return self.all()
        return self.by_window([window])[window]

    def by_window(self, windows: Sequence[Window]) -> dict[Window, list[Path]]:
        """The files that may hold rows of each window. Raises SourceError."""
        if self.source.layout == "undated":
            return dict.fromkeys(windows, self.all())
        wanted = {window: local_days(window, self.zone) for window in windows}
        by_day: dict[date, list[Path]] = {}
        for day, path in self.by_day({day for days in wanted.values() for day in days}):
            by_day.setdefault(day, []).append(path)
        return {
            w: [_file(path) for day in days for path in by_day.get(day, ())]
            for w, days in wanted.items()
        }

    def _need_folder(self) -> None:
        if not self.root.is_dir():
            raise SourceGoneError(
                f"{self.owner}: no folder {self.root}; prepare the data first,"
                " or set DATA_DIR to where it lies"
            )

    def by_day(self, wanted: Collection[date] | None = None) -> list[tuple[date, Path]]:
        """(day, file) of every file, or of those of some days; sorted. What is no file, and is
        called as one, is among them: the other days do without it."""
        self._need_folder()
        if self.source.layout == "dated":
            files = ((self._day(p), p) for p in _called_so(self.root, self.source.suffixes))
            return sorted((day, path) for day, path in files if wanted is None or day in wanted)
        days = self._folders(wanted)
        return sorted((day, p) for day, f in days for p in _called_so(f, self.source.suffixes))

    def _folders(self, wanted: Collection[date] | None) -> list[tuple[date, Path]]:
        """(day, folder) of the days wanted: below the root, or deeper where none lies there."""
        name = self.source.partition
        if wanted is not None and not self._is_deep:
            direct = [(day, self.root / f"{name}={day}") for day in wanted]
            return [(day, folder) for day, folder in direct if folder.is_dir()]
        folders = [one for one in folders_below(self.root) if one.name.startswith(f"{name}=")]
        days = [(self._day_of_folder(folder), folder) for folder in folders if folder.is_dir()]
        return [(day, folder) for day, folder in days if wanted is None or day in wanted]

    @property
    def _is_deep(self) -> bool:
        """Whether folders of days may lie deeper than in the root."""
        with naming(self.root):
            changed = self.root.stat().st_mtime_ns
            return _has_others(self.root, (f"{self.source.partition}=", ".", "_"), changed)

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


@lru_cache(maxsize=64)
def _has_others(root: Path, begins: tuple[str, ...], _changed: int) -> bool:
    """Whether a folder holds folders but such that begin so. _changed: when it did last."""
    with os.scandir(root) as entries:
        return any(entry.is_dir() and not entry.name.startswith(begins) for entry in entries)


def facts(path: Path) -> tuple[int, int, int, int]:
    """What changes with a file: its size, times, and place on the disk. Raises SourceError."""
    with naming(path):
        there = path.stat()
    return there.st_size, there.st_mtime_ns, there.st_ctime_ns, there.st_ino


def files_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with a suffix, at any depth, without those of hidden or `_` folders; sorted.

    Raises SourceError where something is called so and is no file.
    """
    return [_file(path) for path in _called_so(root, suffixes)]


def _called_so(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """What has a suffix, at any depth; of folders those in which no such file lies."""
    ends = tuple(suffixes)
    found: dict[str, str] = {}
    folders: list[str] = []
    for entry in _entries(root):
        if not entry.name.lower().endswith(ends):
            continue
        if _is(entry.is_dir):
            folders.append(entry.path)
            continue
        path = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        found.setdefault(path, entry.path)
    files = found.values()
    empty = [f for f in folders if not any(file.startswith(f"{f}{os.sep}") for file in files)]
    return sorted(map(Path, [*files, *empty]))


def _file(path: Path) -> Path:
    """The path of a file. Raises SourceError where it is none: a queue would be waited for."""
    if path.is_file() or not os.path.lexists(path):  # one that is gone is told by its reader
        return path
    what = "a folder where a file belongs" if path.is_dir() else "no file"
    what = "a link to nothing" if path.is_symlink() and not path.is_dir() else what
    raise SourceError(f"{path}: is {what}; move it away")


def _is(kind: Callable[[], bool]) -> bool:
    """Whether an entry is of a kind; a link to itself is of none."""
    try:
        return kind()
    except OSError:
        return False


def folders_below(root: Path) -> list[Path]:
    """The folders at any depth, without hidden and `_` ones. Raises SourceError."""
    return sorted(Path(entry.path) for entry in _entries(root) if _is(entry.is_dir))


def _entries(root: Path) -> Iterator["os.DirEntry[str]"]:
    """What lies below a folder at any depth, but what is hidden or begins with `_`."""
    folders = [str(root)]
    linked: set[str] = set()
    while folders:
        folder = folders.pop()
        with naming(Path(folder)), os.scandir(folder) as entries:
            listed = [entry for entry in entries if entry.name[0] not in "._"]
            below = [entry for entry in listed if _is(entry.is_dir)]
        for entry in below:
            if entry.is_symlink():  # a circle is always closed by a link
                target = os.path.realpath(entry.path)
                if target in linked or Path(folder).resolve().is_relative_to(target):
                    raise SourceError(f"{entry.path}: leads back to where it lies; take it away")
                linked.add(target)
            folders.append(entry.path)
        yield from listed


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
