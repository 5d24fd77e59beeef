"""Writes the table of the pre-flight's rules into docs/preflight.md."""

from pathlib import Path

from driftdeck.preflight.rules import table

FILE = Path(__file__).parents[1] / "docs" / "preflight.md"
BEGIN, END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def page(text: str) -> str:
    """The page with the table as it is now. Raises ValueError where its marks are not there."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"preflight.md: {BEGIN.strip()} or {END.strip()} is missing; put it back")
    return f"{head}{BEGIN}{table()}{END}{tail}"


if __name__ == "__main__":
    before = FILE.read_text(encoding="utf-8")
    FILE.write_text(page(before), encoding="utf-8")
