"""Changes to a dashboard that its module makes: each says what, where, and to which value.

`make pull` writes them into dashboards_src/edits/, a file a dashboard, named after it; people may
write and change them, too. They are applied in order to the finished JSON.
"""

import copy
import runpy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftdeck.dashboards.places import KINDS, Part, item_names, name_parts, parse_path, parts
from driftdeck.dashboards.rows import close_rows, in_order, open_rows
from driftdeck.errors import DriftdeckError, ExitCode
from driftdeck.facts import Json

dashboard = Part("dashboard")
"""The dashboard's own fields: title, time, refresh, links."""


def panel(title: str, nth: int = 1) -> Part:
    """A panel, or a heading, by its title as the module gives it; nth of those of that title."""
    return Part("panel", title, nth)


def variable(name: str) -> Part:
    """A variable by its name."""
    return Part("variable", name)


def annotation(name: str) -> Part:
    """An annotation by its name."""
    return Part("annotation", name)


class EditError(DriftdeckError, ValueError):
    """An edit that no longer fits its dashboard: says which, and what is there."""

    exit_code = ExitCode.WRONG_USE


@dataclass(frozen=True)
class Edit:
    """One change. said: as it is written in the file."""

    part: Part
    text: str
    do: Callable[[Json], None]


def edit(part: Part, field: str, value: Any) -> Edit:
    """Give a field a value. field: as `fieldConfig.defaults.max` or `targets[A].rawSql`."""

    def do(document: Json) -> None:
        path = parse_path(field)
        holder: Any = find(document, part)
        for step in path[:-1]:
            holder = _entered(holder, step)
        _put(holder, path[-1], value)

    return Edit(part, f"edit({part}, {field!r})", do)


def drop(part: Part, field: str) -> Edit:
    """Take a field away."""

    def do(document: Json) -> None:
        path = parse_path(field)
        holder: Any = find(document, part)
        for name, in_list in path[:-1]:
            holder = holder[_place(holder, name)] if in_list else holder[name]
        name, in_list = path[-1]
        del holder[_place(holder, name) if in_list else name]

    return Edit(part, f"drop({part}, {field!r})", do)


def move(part: Part, *, x: int, y: int, w: int, h: int) -> Edit:
    """Put a panel somewhere else, in cells of the grid, which is 24 wide."""
    return edit(part, "gridPos", {"h": h, "w": w, "x": x, "y": y})


def remove(part: Part) -> Edit:
    """Take a panel, a variable or an annotation away."""

    def do(document: Json) -> None:
        gone = find(document, part)
        items = parts(document, part.kind)
        items[:] = [item for item in items if item is not gone]

    return Edit(part, f"remove({part})", do)


def add(part: Part, content: Json) -> Edit:
    """Add a panel, a variable or an annotation, given as Grafana's JSON."""

    def do(document: Json) -> None:
        holder: Any = document
        *above, last = KINDS[part.kind]
        for key in above:
            holder = holder.setdefault(key, {})
        holder.setdefault(last, []).append(copy.deepcopy(content))

    return Edit(part, f"add({part})", do)


def apply_edits(document: Json, edits: Sequence[Edit], place: str = "") -> Json:
    """A dashboard's JSON with edits; panels in the order of the grid, as Grafana saves them.

    Each edit finds its part as the edits before left it. place: of the edits, for errors.
    Raises EditError.
    """
    if not edits:
        return document
    changed: Json = open_rows(copy.deepcopy(document))
    for change in edits:
        try:
            change.do(changed)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise EditError(
                f"{place}: {change.text} does not fit any more ({error});"
                " change it, or take it out of the file"
            ) from error
    changed["panels"] = in_order(parts(changed, "panel"))
    return close_rows(changed)


def find(document: Json, part: Part) -> Json:
    """A part of a dashboard. Raises LookupError naming those that are there."""
    if part.kind == "dashboard":
        return document
    there = dict(name_parts(part.kind, parts(document, part.kind)))
    if part not in there:
        known = ", ".join(sorted(repr(known.name) for known in there)) or "none"
        raise LookupError(f"there is no {part}; there are {known}")
    return there[part]


def _entered(holder: Any, step: tuple[str, bool]) -> Any:
    name, in_list = step
    return holder[_place(holder, name)] if in_list else holder.setdefault(name, {})


def _put(holder: Any, step: tuple[str, bool], value: Any) -> None:
    name, in_list = step
    if not in_list:
        holder[name] = copy.deepcopy(value)
        return
    names = item_names(holder) or [[]]
    if name in names[0]:
        holder[names[0].index(name)] = copy.deepcopy(value)
    else:
        holder.append(copy.deepcopy(value))


def _place(holder: Any, name: str) -> int:
    [names] = item_names(holder) or [[]]
    if name not in names:
        raise LookupError(f"no item {name!r}; there are {', '.join(map(repr, names)) or 'none'}")
    return names.index(name)


def load(folder: Path, name: str) -> tuple[Edit, ...]:
    """The edits of a dashboard: EDITS of NAME.py in a folder; none where there is no such file.

    Raises EditError naming the file.
    """
    path = folder / file_of(name)
    if not path.is_file():
        return ()
    place = f"{folder.name}/{path.name}"
    try:
        edits = runpy.run_path(str(path)).get("EDITS")
    except Exception as error:
        raise EditError(f"{place}: {type(error).__name__}: {error}") from error
    if not isinstance(edits, tuple) or not all(isinstance(item, Edit) for item in edits):
        raise EditError(f"{place}: EDITS is no tuple of edits; assign EDITS = (edit(...),)")
    return edits


def file_of(name: str) -> str:
    """The file of a dashboard's edits. name: its uid without the prefix."""
    return f"{name.replace('-', '_')}.py"
