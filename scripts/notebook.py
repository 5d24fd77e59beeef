"""Makes docs/explore.ipynb from its plain-script twin: the same bytes each time, no outputs."""

from pathlib import Path

import jupytext
import nbformat

DOCS = Path(__file__).resolve().parent.parent / "docs"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook() -> str:
    """The notebook's text."""
    document = jupytext.read(DOCS / "explore.py", fmt="py:percent")
    document.metadata = {"kernelspec": KERNEL}
    for number, cell in enumerate(document.cells):
        cell["id"] = f"cell-{number}"
    document.nbformat_minor = 5
    return str(nbformat.writes(document)) + "\n"


if __name__ == "__main__":
    (DOCS / "explore.ipynb").write_text(notebook(), encoding="utf-8")
