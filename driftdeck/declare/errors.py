"""What a wrong declaration raises."""


class DeclarationError(ValueError):
    """A declaration that cannot be right: names the field, what was found, and the mend."""

    def __init__(self, field: str, found: str, mend: str) -> None:
        super().__init__(f"{field}: {found}; {mend}")
        self.field = field
        self.found = found
        self.mend = mend

    def __reduce__(self) -> tuple[type["DeclarationError"], tuple[str, str, str]]:
        return type(self), (self.field, self.found, self.mend)


def require(holds: bool, field: str, found: str, mend: str) -> None:
    """Raise DeclarationError unless `holds`."""
    if not holds:
        raise DeclarationError(field, found, mend)
