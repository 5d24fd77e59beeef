"""What a part of the stack raises that does not do what it was started for."""

from driftdeck.errors import DriftdeckError


class StackError(DriftdeckError):
    """A part of the stack that cannot be started, asked or stopped: names it, and the mend."""
