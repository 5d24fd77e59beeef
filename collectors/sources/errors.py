"""What a source that cannot be read raises."""


class SourceError(RuntimeError):
    """A source that cannot be read: names it, what was found, and the mend."""
