"""What cannot be measured, and why."""

from driftdeck.errors import DriftdeckError

SHOWN = 4
"""So many words are named in a reason."""


class UnmeasurableError(DriftdeckError, ValueError):
    """A window whose data cannot give a metric: the reason, in words."""


class UndefinedError(UnmeasurableError):
    """There is no such number, though nothing is wrong with the data."""
