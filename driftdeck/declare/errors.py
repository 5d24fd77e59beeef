"""What a wrong declaration raises."""

from driftdeck.errors import DriftdeckError, ExitCode


class DeclarationError(DriftdeckError, ValueError):
    """A declaration that cannot be right: names the field, what was found, and the mend."""

    exit_code = ExitCode.WRONG_USE

    def __init__(self, field: str, found: str, mend: str) -> None:
        super().__init__(f"{field}: {found}", mend=mend)
        self.field = field
        self.found = found

    def __reduce__(self) -> tuple[type["DeclarationError"], tuple[str, str, str]]:
        return type(self), (self.field, self.found, self.mend)


def require(holds: bool, field: str, found: str, mend: str) -> None:
    """Raise DeclarationError unless `holds`."""
    if not holds:
        raise DeclarationError(field, found, mend)
