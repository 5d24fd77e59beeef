"""Data that is made once: beside, and moved at the end, so that nobody reads half of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Preparation:
    """What one example puts into the data folder.

    name: of the files that mark it. version: of what is made; another makes it anew.
    folders: that it consists of, below the data folder.
    """

    name: str
    version: str
    folders: tuple[str, ...]

    def make(self, data_dir: Path, write: Callable[[Path], None]) -> bool:
        """Have `write` make the folders; False if all are there.

        An interrupted preparation is done anew. write: is given an empty folder to make them in.
        """
        marker = data_dir / f"{self.name}.prepared"
        if self._is_complete(data_dir, marker):
            return False
        marker.unlink(missing_ok=True)
        beside = data_dir / f".{self.name}.partial"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        write(beside)
        for folder in self.folders:
            shutil.rmtree(data_dir / folder, ignore_errors=True)
            (beside / folder).rename(data_dir / folder)
        beside.rmdir()
        marker.write_text(self.version, encoding="utf-8")
        return True

    def _is_complete(self, data_dir: Path, marker: Path) -> bool:
        """Whether all of this version is there: a marker alone outlives deleted data."""
        is_marked = marker.exists() and marker.read_text(encoding="utf-8") == self.version
        return is_marked and all((data_dir / folder).is_dir() for folder in self.folders)
