"""A folder as it was in a git revision."""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from driftdeck.errors import UsageError


class NoRevisionError(UsageError):
    """Neither a folder nor a revision that git knows."""


@contextmanager
def unpack_revision(revision: str, tree: Path) -> Iterator[Path]:
    """A folder as it was in a revision, in a temporary place. Raises NoRevisionError."""
    top = _git(tree, "rev-parse", "--show-toplevel").decode().strip()
    if not top:
        raise NoRevisionError(f"{revision!r} is no folder, and {tree} is in no git repository")
    inside = tree.resolve().relative_to(Path(top).resolve()).as_posix()
    archive = _git(Path(top), "archive", revision, "--", inside)
    if not archive:
        raise NoRevisionError(f"{revision!r} is no folder, and git knows no {inside} of that name")
    place = Path(tempfile.mkdtemp())
    try:
        with tarfile.open(fileobj=BytesIO(archive)) as packed:
            # Debian 12's Python 3.11.2 knows no filters; the archive is git's own.
            packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            packed.extractall(place)
        yield place / inside
    finally:
        shutil.rmtree(place)


def _git(folder: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except FileNotFoundError:
        return b""
    return done.stdout if done.returncode == 0 else b""
