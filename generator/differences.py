"""What differs between two dashboards, rules or the like: by name and field, never a blob."""

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from driftdeck.dashboards.places import (
    KINDS,
    Part,
    Path,
    format_path,
    item_names,
    name_parts,
    parts,
)
from driftdeck.dashboards.rows import open_rows
from driftdeck.facts import Json

WIDTH = 100


class Nothing(Enum):
    """Stands for a value that is not there; None is a value."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING
WHOLE: Final = ("gridPos", "steps")
"""Keys whose value is one thing to people: a place, the steps of a threshold."""


@dataclass(frozen=True)
class Change:
    """One difference. path: below the part, empty where the part itself came or went.

    before, after: the values, NOTHING where there was or is none.
    """

    part: Part
    path: Path
    before: Any
    after: Any

    @property
    def field(self) -> str:
        """The path as people write it."""
        return format_path(self.path)


def compare(before: Json, after: Json) -> list[Change]:
    """How a dashboard's JSON changed, part by part; panels are told by id, then by title.

    A row that was closed or opened is one field of the row.
    """
    before, after = open_rows(before), open_rows(after)
    changes = list(fields(Part("dashboard"), (), _rest(before), _rest(after)))
    for kind in KINDS:
        for part, old, new in pair_parts(kind, parts(before, kind), parts(after, kind)):
            if old is NOTHING or new is NOTHING:
                changes.append(Change(part, (), old, new))
            else:
                changes += fields(part, (), old, new)
    return changes


def find_touched(before: Json, after: Json) -> Iterator[int]:
    """The ids of the panels that came, went, or differ in more than where they stand."""
    sides = (parts(open_rows(old), "panel") for old in (before, after))
    for _, old, new in pair_parts("panel", *sides):
        there = [panel for panel in (old, new) if panel is not NOTHING]
        format_value = [{k: v for k, v in panel.items() if k != "gridPos"} for panel in there]
        if len(there) == 1 or format_value[0] != format_value[1]:
            yield from {panel["id"] for panel in there if "id" in panel}


def _rest(dashboard: Json) -> Json:
    """Without the parts that have names."""
    top = {keys[0] for keys in KINDS.values()}
    return {key: value for key, value in dashboard.items() if key not in top}


def pair_parts(
    kind: str, before: Sequence[Json], after: Sequence[Json]
) -> Iterator[tuple[Part, Any, Any]]:
    """(part, before, after) of each; parts are named as they were before."""
    pairs = {}
    left = list(after)
    for tell in ("id", "title") if kind == "panel" else ("name",):
        for number, old in enumerate(before):
            if number in pairs or old.get(tell) is None:
                continue
            new = next((item for item in left if item.get(tell) == old[tell]), None)
            if new is not None:
                pairs[number] = new
                left = [item for item in left if item is not new]
    for number, (part, old) in enumerate(name_parts(kind, before)):
        yield part, old, pairs.get(number, NOTHING)
    taken = Counter(part.name for part, _ in name_parts(kind, before))
    for part, item in name_parts(kind, left):
        yield Part(kind, part.name, part.nth + taken[part.name]), NOTHING, item


def fields(part: Part, path: Path, before: Any, after: Any) -> Iterator[Change]:
    """The differences below a path."""
    whole = bool(path) and path[-1][0] in WHOLE
    if isinstance(before, dict) and isinstance(after, dict) and not whole:
        for key in [*before, *(key for key in after if key not in before)]:
            step = (*path, (key, False))
            yield from fields(part, step, before.get(key, NOTHING), after.get(key, NOTHING))
        return
    if isinstance(before, list) and isinstance(after, list) and not whole:
        names = item_names(before, after)
        if names is not None and _alike(*names):
            old = dict(zip(names[0], before, strict=True))
            new = dict(zip(names[1], after, strict=True))
            for name in [*names[0], *(name for name in names[1] if name not in old)]:
                step = (*path, (name, True))
                yield from fields(part, step, old.get(name, NOTHING), new.get(name, NOTHING))
            return
    if before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Change(part, path, before, after)


def _alike(before: list[str], after: list[str]) -> bool:
    """Whether the common items stand in the same order, and new ones at the end; else a list is
    one thing."""
    common = [name for name in after if name in before]
    kept = [name for name in before if name in after]
    return bool(common) and common == kept and after[: len(common)] == common


def lines(changes: Sequence[Change], indent: str = "  ") -> Iterator[str]:
    """Changes for people, each part once, its fields below."""
    last: Part | None = None
    for change in changes:
        if not change.path:
            sign, word = ("+", "added") if change.before is NOTHING else ("-", "removed")
            yield f"{indent}{sign} {change.part} {word}"
            last = None
            continue
        if change.part != last:
            yield f"{indent}~ {change.part}"
            last = change.part
        for line in _field(change):
            yield f"{indent}    {line}"


def _field(change: Change) -> Iterator[str]:
    before, after = change.before, change.after
    if change.field == "gridPos":
        yield f"moved: {_place(before)} → {_place(after)}"
    elif _long(before) or _long(after):
        yield f"{change.field}:"
        old, new = ("" if v is NOTHING else _text(v) for v in (before, after))
        diff = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        for line in list(diff)[2:]:
            if not line.startswith("@@"):
                yield f"    {line}"
    elif before is NOTHING:
        yield f"{change.field}: {format_value(after)} (new)"
    elif after is NOTHING:
        yield f"{change.field}: {format_value(before)} → taken out"
    else:
        yield f"{change.field}: {format_value(before)} → {format_value(after)}"


def _place(grid: Any) -> str:
    if not isinstance(grid, dict):
        return "nowhere"
    return f"x {grid.get('x')}, y {grid.get('y')}, {grid.get('w')} × {grid.get('h')}"


def _long(value: Any) -> bool:
    return (isinstance(value, str) and "\n" in value) or len(format_value(value)) > WIDTH


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)


def format_value(value: Any) -> str:
    """A value on a line."""
    return "nothing" if value is NOTHING else json.dumps(value, ensure_ascii=False)
