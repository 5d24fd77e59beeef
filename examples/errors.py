"""What the examples raise that a person can mend."""

from driftdeck.errors import DriftdeckError


class ExampleError(DriftdeckError):
    """Data, or a part, that an example needs and has not."""
