"""What happens: a sentence for a person or, of a program that runs for long, a line of fields.

Lines are of the standard library's logging, so that those of uvicorn and others look alike; a
formatter of thirty lines needs no library.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

Form = Literal["", "text", "json"]
LOG = logging.getLogger("driftdeck.events")
LOG.propagate = False
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/@%{}[]()")
"""A value of these needs no quotation marks in a line of text."""


class LineFormatter(logging.Formatter):
    """One line a record: time, level, event and its fields, as `key=value` or as JSON."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; an error's traceback is its last field."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        if self._json:
            return json.dumps(fields, ensure_ascii=False, default=str)
        return " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())


def _quoted(value: object) -> str:
    text = str(value)
    return text if text and BARE.issuperset(text) else json.dumps(text, ensure_ascii=False)


def log_lines(form: Form) -> None:
    """Log what happens as lines on standard output from now on; with "", say it to a person."""
    root = logging.getLogger()
    for logger in (LOG, root):
        for handler in [known for known in logger.handlers if isinstance(known, _Lines)]:
            logger.removeHandler(handler)
    if form:
        for logger in (LOG, root):
            logger.addHandler(_Lines(form))
            logger.setLevel(logging.INFO)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line each request


class _Lines(logging.StreamHandler[Any]):
    """Writes to the standard output of the moment, which may be another one by then."""

    def __init__(self, form: Form) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(LineFormatter(form))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line."""
        self.stream = sys.stdout
        super().emit(record)


def are_logged() -> bool:
    """Whether what happens is logged as lines, not said to a person."""
    return any(isinstance(handler, _Lines) for handler in LOG.handlers)


def announce(text: str, event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Say what happened.

    text: the sentence for a person. event: its name in a log, with fields: `monitor`, `window` (a
    day), `seconds` and others; those that are empty are left out. level: of logging.
    """
    if are_logged():
        LOG.log(level, event, extra={"fields": _stated(fields)})
    else:
        print(text, flush=True)


def _stated(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value not in ("", None)}
