"""What a wrong declaration raises."""

from driftdeck.errors import DriftdeckError, ExitCode


class DeclarationError(DriftdeckError, ValueError):
    """A declaration that cannot be right: names the field, what is wrong with it, and the mend.

    Args:
        field: The place in the declaration, with its file and line once a file is loaded.
        problem: What stands there, or what is wrong with it.
        mend: What to write instead.

    Example:
        >>> try:
        ...     d.Firing(4, 3)
        ... except d.DeclarationError as error:
        ...     print(error)
        firing: 4 of 3; give k of n with 1 <= k <= n
    """

    exit_code = ExitCode.WRONG_USE

    def __init__(self, field: str, problem: str, mend: str) -> None:
        super().__init__(f"{field}: {problem}", mend=mend)
        self.field = field
        self.problem = problem
        self.mend = mend

    def __reduce__(self) -> tuple[type["DeclarationError"], tuple[str, str, str]]:
        return type(self), (self.field, self.problem, self.mend)


def require(holds: bool, field: str, problem: str, mend: str) -> None:
    """Raise DeclarationError unless `holds`."""
    if not holds:
        raise DeclarationError(field, problem, mend)
