"""Which process serves a folder of PostgreSQL's data: the one that works in it, not a number.

`postmaster.pid` outlives a machine that is switched off; its number is then another program's, and
both `pg_ctl` and the server itself take that one for the server.
"""

from pathlib import Path

import psutil


def process(folder: Path) -> psutil.Process | None:
    """The server on a folder, None if none runs."""
    try:
        first, *_ = (folder / "postmaster.pid").read_text(encoding="utf-8").splitlines() or [""]
        pid = int(first)
    except FileNotFoundError:
        return None
    except ValueError:  # a full disk leaves it empty
        return next(
            (candidate for candidate in psutil.process_iter() if _serves(candidate, folder)), None
        )
    try:
        process = psutil.Process(pid)
    except (psutil.NoSuchProcess, ValueError):
        return None
    return process if _serves(process, folder) else None


def forget(folder: Path) -> None:
    """Remove the `postmaster.pid` of a server that runs no more, which would stop the next one."""
    if process(folder) is None:
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _serves(process: psutil.Process, folder: Path) -> bool:
    """Whether a process is a server that lives: it changes into its folder as it starts."""
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.name().startswith("postgres") and Path(process.cwd()) == folder
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's program, or one that we may not look into
        return process.name().startswith("postgres")
