"""What a program says when something fails: a sentence. The whole error is kept in a log.

`.stack/driftdeck.log` keeps where it happened; `driftdeck --verbose` shows it, too.
"""

import errno
import logging
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from driftdeck import events
from driftdeck.errors import DriftdeckError

LOG = logging.getLogger("driftdeck")
FILE = "driftdeck.log"
SIZE, KEPT = 1 << 20, 3
MENDS = {errno.ENOSPC: "; make room on that disk", errno.EDQUOT: "; make room on that disk"}
DATABASES = {"psycopg": "Error", "adbc_driver_manager": "Error"}
"""The libraries that ask a database, and the base of the errors of each."""


def begin_log(*, verbose: bool = False) -> None:
    """Forget the logs of before; verbose: show where errors happen on standard error."""
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    logging.raiseExceptions = False  # a full disk is told by what fails on it, not by its log
    for handler in LOG.handlers:
        with suppress(OSError):  # of a full disk
            handler.close()
    LOG.handlers.clear()
    LOG.addHandler(logging.StreamHandler() if verbose else logging.NullHandler())


def keep_log(folder: Path) -> None:
    """Have errors kept in a folder's log from now on."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / FILE, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", delay=True,
            errors="backslashreplace",  # of a file's name that is no text
        )  # fmt: skip
    except OSError:  # a log that cannot be kept stops nobody
        return
    file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s"))
    LOG.addHandler(file)


def tell(
    error: BaseException, *, program: str = "driftdeck", monitor: str = "", database: str = ""
) -> None:
    """Say what an error says, and keep the whole of it.

    monitor: that it is of, if it is of one. database: host and port of the one that the program
    asks, where a person has to look.
    """
    sentence = described(error, database)
    if events.are_logged():
        fields = {"monitor": monitor, "error": sentence}
        events.announce("", "failed", level=logging.ERROR, **fields)
    else:
        print(f"{monitor or program}: {sentence}", file=sys.stderr)
    LOG.debug("%s failed", monitor or program, exc_info=error)


def described(error: BaseException, database: str = "") -> str:
    """An error in one sentence, with the place of a database that raised it where that is known."""
    if isinstance(error, DriftdeckError):
        return str(error).strip() or type(error).__name__
    if is_of_database(error):
        from driftdeck.database.errors import sentence

        place = f" at {database}" if database else ""
        return f"the database{place} says: {sentence(error)}"
    if is_of_library(error, "httpx", "HTTPError"):
        return f"Grafana does not answer: {error}"
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}{MENDS.get(error.errno or 0, '')}"
    return unexpected(error)


def is_of_database(error: BaseException) -> bool:
    """Whether a library that asks a database has raised an error."""
    return any(is_of_library(error, module, name) for module, name in DATABASES.items())


def is_of_library(error: BaseException, module: str, name: str) -> bool:
    """Whether an error is of a class of a library; one that is not imported has raised nothing."""
    library = sys.modules.get(module)
    return library is not None and isinstance(error, getattr(library, name, ()))


def unexpected(error: BaseException) -> str:
    """An error that nobody foresaw: its kind, and where to read more."""
    message = " ".join(str(error).split())[:300]
    kind = type(error).__name__
    return f"{kind}{': ' if message else ''}{message} (where: --verbose, or {FILE})"
