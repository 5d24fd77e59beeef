"""What a source that cannot be read raises, and how errors of libraries become one."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftdeck.diagnostics import is_of_library, unexpected
from driftdeck.errors import DriftdeckError
from driftdeck.project import SettingsError


class SourceError(DriftdeckError, ValueError):
    """A source that cannot be read: names it, what is wrong with it, and the mend."""


class SourceGoneError(SourceError):
    """A source that is missing or unreachable at the moment; its content may well be unchanged."""


FILE_MENDS = {
    FileNotFoundError: "is gone; put it back, or run again once it is written",
    IsADirectoryError: "is a folder where a file belongs; move it away",
    PermissionError: "may not be read; let the user of the collectors read it",
}


BROKEN = (UnicodeError, ValueError, OverflowError, MemoryError, zlib.error, EOFError)


def is_broken(error: BaseException) -> bool:
    """Whether a library raised the error because a file's content is broken."""
    # Arrow's errors share no base class; they are told by module, since importing Arrow is slow.
    return isinstance(error, BROKEN) or is_of_library(error, "pyarrow", "ArrowException")


def no_zone(place: str) -> SourceError:
    """The error of times that name no time zone."""
    return SourceError(
        f'{place} names no time zone; say naive="..." in the source for the zone that its times'
        " are of, or write them in UTC"
    )


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Turn whatever the block raises into a SourceError that names the source and the mend.

    path: of a file or folder, or the name of a table.
    """
    try:
        yield
    except (SourceError, SettingsError):
        raise
    except OSError as error:
        mend = next((m for kind, m in FILE_MENDS.items() if isinstance(error, kind)), "")
        message = mend or f"cannot be read: {error.strerror or error}; is its disk well?"
        gone = isinstance(error, FileNotFoundError)
        raise (SourceGoneError if gone else SourceError)(f"{path}: {message}") from error
    except Exception as error:
        mend = "make it anew or move it away" if isinstance(path, Path) else "mend its rows"
        raise SourceError(f"{path}: cannot be read: {cause(error)}; {mend}") from error


def cause(error: BaseException) -> str:
    """Why a file or a column cannot be read; of an unexpected error, where its traceback is."""
    message = first_line(error)
    if isinstance(error, UnicodeEncodeError):
        return "its name is not written in UTF-8; give it another"
    if is_no_text(error):
        return f"is not written in UTF-8 ({message}); save it so"
    return message if is_broken(error) else unexpected(error)


def is_no_text(error: BaseException) -> bool:
    """Whether a library raised the error because text is not UTF-8."""
    return isinstance(error, UnicodeDecodeError) or "UTF8" in first_line(error)


def first_line(error: BaseException) -> str:
    """The first line of an error's message, its class where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
