"""What every command begins with: its log, and the project that it is about."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from driftdeck.diagnostics import begin_log, described, is_of_database, keep_log
from driftdeck.errors import DriftdeckError
from driftdeck.events import log_lines

if TYPE_CHECKING:
    from driftdeck.project import Project
    from driftdeck.settings import Settings


class DatabaseError(DriftdeckError):
    """What the monitoring database says of a request, with its place and the mend."""


def begin(project_dir: Path | None, *, verbose: bool) -> None:
    """Forget the run before, and choose the project where a folder is named."""
    begin_log(verbose=verbose)
    log_lines("")
    if project_dir is not None:
        from driftdeck.project import VARIABLE

        os.environ[VARIABLE] = str(project_dir.resolve())


def project() -> "Project":
    """The project that a command is about. Raises SettingsError."""
    from driftdeck.project import Project

    chosen = Project.find()
    _make_importable(chosen.root)
    return chosen


def settings(*, service: bool = False) -> "Settings":
    """The settings of this process; errors are kept in their folder's log from now on.

    service: what happens is logged as lines, in text unless LOG_FORMAT says json.
    Raises SettingsError.
    """
    from driftdeck import settings as module  # by its name, which tests replace

    loaded = module.load_settings()
    if service and not loaded.log_format:
        loaded = loaded.model_copy(update={"log_format": "text"})
    keep_log(loaded.stack_dir)
    log_lines(loaded.log_format)
    _make_importable(loaded.root)
    return loaded


@contextmanager
def collector(*, service: bool = False) -> Iterator["Settings"]:
    """The settings of a command that asks the monitoring database; its errors name where it is.

    service: as for `settings`. Raises SettingsError; DatabaseError for what its driver raises.
    """
    loaded = settings(service=service)
    try:
        yield loaded
    except Exception as error:
        if not is_of_database(error):
            raise
        raise DatabaseError(described(error, loaded.database)) from error


def _make_importable(root: Path) -> None:
    """Let declarations and training functions import the project's own modules."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
