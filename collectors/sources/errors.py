"""What a source that cannot be read raises."""


class SourceError(ValueError):
    """A source that cannot be read: names it, what was found, and the mend."""
