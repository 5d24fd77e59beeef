"""The table of the pre-flight's rules in docs/preflight.md."""

from preflight.rules import table
from settings import ROOT

FILE = ROOT / "docs" / "preflight.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def page(text: str) -> str:
    """The page with the table as it is now. Raises ValueError where its marks are not there."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{FILE.name}: {BEGIN.strip()} or {END.strip()} is missing; put it back")
    return f"{head}{BEGIN}{table()}{END}{tail}"
