"""What a program says when something fails: a sentence. The whole error is kept in a log.

`.stack/driftdeck.log` keeps where it happened; a program with `--verbose` shows it, too.
"""

import argparse
import errno
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG = logging.getLogger("driftdeck")
FILE = "driftdeck.log"
SIZE, KEPT = 1 << 20, 3
MENDS = {errno.ENOSPC: "; make room on that disk", errno.EDQUOT: "; make room on that disk"}
DRIVERS = ("psycopg", "adbc_driver_manager")


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Let a program be asked for all that it knows of an error."""
    parser.add_argument(
        "--verbose", action="store_true", help="show where an error happened, not only what it is"
    )


def keep_log(folder: Path, *, verbose: bool = False) -> None:
    """Have errors kept in a folder's log, and shown where that is asked for."""
    LOG.setLevel(logging.DEBUG)
    LOG.propagate = False
    logging.raiseExceptions = False  # a full disk is told by what fails on it, not by its log
    LOG.handlers.clear()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = RotatingFileHandler(
            folder / FILE, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", delay=True,
            errors="backslashreplace",  # of a file's name that is no text
        )  # fmt: skip
    except OSError:  # a log that cannot be kept stops nobody
        LOG.addHandler(logging.NullHandler())
    else:
        file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s"))
        LOG.addHandler(file)
    if verbose:
        LOG.addHandler(logging.StreamHandler())


def tell(program: str, error: BaseException, database: str = "") -> None:
    """Print what an error says, and keep the whole of it.

    database: host and port of the one that the program asks, where a person has to look.
    """
    print(f"{program}: {described(error, database)}", file=sys.stderr)
    LOG.debug("%s failed", program, exc_info=error)


def described(error: BaseException, database: str = "") -> str:
    """An error in one sentence, with the place of a database that raised it where that is known."""
    if type(error).__module__.partition(".")[0] in DRIVERS:
        from driftdeck.database.errors import sentence

        place = f" at {database}" if database else ""
        return f"the database{place} says: {sentence(error)}"
    if type(error).__module__.startswith("httpx"):
        return f"Grafana does not answer: {error}"
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error).strip()
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}{MENDS.get(error.errno or 0, '')}"
    ours = type(error).__module__ != "builtins" or type(error) is RuntimeError
    if ours or isinstance(error, (ValueError, KeyError)):
        return said or type(error).__name__
    return unexpected(error)


def unexpected(error: BaseException) -> str:
    """An error that nobody foresaw: its kind, and where to read more."""
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{': ' if said else ''}{said} (where: --verbose, or {FILE})"
