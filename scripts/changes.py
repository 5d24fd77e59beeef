"""Prints what the changelog says of a version: python scripts/changes.py 0.2.0."""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def changes(version: str) -> str:
    """The part of a version, without its heading. Exits where there is none."""
    parts = re.split(r"^## ", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts[1:]:
        heading, _, text = part.partition("\n")
        if re.match(rf"\[?{re.escape(version)}\b", heading):
            return text.strip() + "\n"
    sys.exit(f"{CHANGELOG.name} says nothing of {version}: give it a part `## {version}`")


if __name__ == "__main__":
    print(changes(sys.argv[1]), end="")
