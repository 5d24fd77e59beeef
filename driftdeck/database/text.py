"""Text that PostgreSQL can keep."""


def make_storable(text: str) -> str:
    """A text as PostgreSQL can keep it: without NUL and halves of characters."""
    if text.isascii() and "\0" not in text:
        return text
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text.encode(errors="backslashreplace").decode()
