"""Keeps the indexes of large references on disk, by content; processes share them as memory maps.

A folder a reference, made beside and moved into place: no reader sees half of it, and of several
processes that make it at once, the first one's stays.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from driftdeck.collectors.engines.drift_index.engine import KEY
from driftdeck.collectors.engines.drift_index.numbers import NumberIndex, Sample
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.declare import Column

WORTH_ROWS = 100_000
"""Below, sorting takes less than opening files."""
KEPT = 16
"""So many references stay, those used last."""


def use_cached_indexes(
    folder: Path, digest: str, reference: CoercedRows, columns: Sequence[Column]
) -> None:
    """Have a reference's numbers indexed from the cache, which is filled if it lacks them.

    digest: of the reference's content. A disk that cannot be written costs the cache alone.
    """
    numbers = [c for c in columns if c.kind == "number" and reference[c].count]
    if reference.rows < WORTH_ROWS or not numbers or not digest:
        return
    place = folder / digest
    with suppress(OSError):
        if not place.is_dir():
            _fill(place, reference, numbers)
            _prune(folder)
        indexes = {column: _load(place / str(n)) for n, column in enumerate(numbers)}
        os.utime(place)
        for column, index in indexes.items():
            if len(index.sample.values) == reference.count(column):
                reference.once((KEY, column.name), partial(_return_itself, index))
            else:  # no cache of ours: made anew next time
                shutil.rmtree(place, ignore_errors=True)


def _fill(place: Path, reference: CoercedRows, numbers: list[Column]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
    try:
        for n, column in enumerate(numbers):
            _save(beside / str(n), NumberIndex.of(reference[column].present_numbers))
        with suppress(OSError):  # another process was first
            beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _save(folder: Path, index: NumberIndex) -> None:
    folder.mkdir()
    np.save(folder / "values.npy", index.sample.values)
    np.save(folder / "sums.npy", index.sums)
    facts = {"centre": index.centre, "norm": index.norm, "different": index.different}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _load(folder: Path) -> NumberIndex:
    """Raises OSError where something is missing or cannot be read."""
    try:
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        values, sums = (
            np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray)  # is sliced faster
            for name in ("values", "sums")
        )
        return NumberIndex.restored(Sample(values), sums, **facts)
    except (OSError, ValueError, TypeError, EOFError) as error:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise OSError(f"{folder}: {error}") from error


def _return_itself(index: NumberIndex) -> NumberIndex:
    return index


def _prune(folder: Path) -> None:
    folders = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
