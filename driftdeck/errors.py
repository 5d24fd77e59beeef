"""The base of every error that driftdeck raises on purpose."""


class DriftdeckError(Exception):
    """What a person can mend: a sentence that says what is wrong, and how to mend it.

    mend: what to do, where the sentence does not say it already.
    """

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(f"{message}; {mend}" if mend else message)
        self.mend = mend
