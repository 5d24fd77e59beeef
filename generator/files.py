"""Writes artefacts and finds stale ones."""

from collections.abc import Mapping
from pathlib import Path

KEPT = ("templates", "retired.toml")
"""What people write in the provisioning folder."""


def present(root: Path) -> dict[str, str]:
    """Every file below a folder that a build could have written, by relative path."""
    files = (path for path in root.rglob("*") if path.is_file())
    relative = {path.relative_to(root).as_posix(): path for path in files}
    return {
        name: path.read_text(encoding="utf-8")
        for name, path in sorted(relative.items())
        if name.split("/")[0] not in KEPT and not path.name.startswith(".")
    }


def stale(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """What a build would change: paths that differ, are missing, or are left over."""
    there = present(root)
    return sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))


def write(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Make the folder hold exactly the wanted files; return the paths that changed."""
    changed = stale(root, wanted)
    for name in changed:
        path = root / name
        if name not in wanted:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(wanted[name], encoding="utf-8")
        beside.replace(path)
    return changed
