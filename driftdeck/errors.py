"""The base of every error that driftdeck raises on purpose, and the exit codes of the command."""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How the command `driftdeck` ends; docs/commands.md says it to people."""

    DONE = 0
    FAILED = 1
    """A window failed, a check is red, a file is stale, or an error stopped it."""
    WRONG_USE = 2
    """It was asked for something that cannot be: options, settings, a declaration, no project."""
    DIFFERS = 3
    """Nothing is wrong, and two things that were compared differ."""
    INTERRUPTED = 130
    """By Ctrl-C."""


class DriftdeckError(Exception):
    """What a person can mend: a sentence that says what is wrong, and how to mend it.

    mend: what to do, where the sentence does not say it already.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    """How a command that it stops ends."""

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(f"{message}; {mend}" if mend else message)
        self.mend = mend


class UsageError(DriftdeckError):
    """What was asked for cannot be: names the option or the argument, and the mend."""

    exit_code = ExitCode.WRONG_USE


def exit_code_of(error: BaseException) -> ExitCode:
    """How a command ends that an error stops."""
    return error.exit_code if isinstance(error, DriftdeckError) else ExitCode.FAILED
