"""Writes the edits that make one dashboard's JSON of another, and proves that they do."""

import ast
import copy
import io
import json
import re
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from driftdeck.dashboards.edit import Edit, add, apply_edits, drop, edit, load, remove
from driftdeck.dashboards.places import KINDS, Part, name_parts, parts
from driftdeck.dashboards.rows import open_rows
from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json
from driftdeck.generator.differences import NOTHING, Change, compare
from driftdeck.generator.normalisation import normalise_order

HEAD = '''"""What was changed in Grafana: by `make pull`, which keeps the comments of an edit."""

from driftdeck.dashboards.edit import {names}

EDITS = (
'''
WORDS = ("add", "annotation", "dashboard", "drop", "edit", "move", "panel", "remove", "variable")
ODD = re.compile(r'"""|[\\\r\x00]')
"""What a text between three quotes cannot hold as it is."""


class UnprovedError(DriftdeckError):
    """Edits that do not make what Grafana has: says of what, and what would differ."""


def source(before: Json, after: Json) -> str:
    """The text of a file whose edits make `after` of `before`; '' where nothing differs."""
    work = open_rows(copy.deepcopy(before))
    items = {part: item for kind in KINDS for part, item in name_parts(kind, parts(work, kind))}
    calls = []
    for change in sorted(compare(before, after), key=_order):
        now = _now(work, change.part, items.get(change.part))
        calls.append(_call(change, now))
        _do(change, now).do(work)
    if not calls:
        return ""
    used = [word for word in WORDS if any(word in {verb, part} for verb, part, _ in calls)]
    body = "".join(f"    {text},\n" for _, _, text in calls)
    return HEAD.format(names=", ".join(used)) + body + ")\n"


def styled(text: str) -> str:
    """A text in the house's style, where ruff is installed; as it is where it is not."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        return text
    command = [str(ruff), "format", "--quiet", "--line-length=100", "-"]
    formatted = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return formatted.stdout if formatted.returncode == 0 else text


def commented(text: str, earlier: str) -> str:
    """A styled file of edits with the comments that an earlier one has above or behind an edit.

    An edit is the same if it is of the same field of the same part, whatever its value.
    """
    known = {_key(call): comments for call, comments in _with_comments(earlier) if comments}
    rows = text.splitlines(keepends=True)
    for call, _ in reversed(list(_with_comments(text))):
        rows[call.lineno - 1 : call.lineno - 1] = [
            f"    {comments}\n" for comments in known.get(_key(call), [])
        ]
    return "".join(rows)


def same(text: str, other: str) -> bool:
    """Whether two files say the same to Python."""
    return ast.dump(ast.parse(text)) == ast.dump(ast.parse(other))


def _with_comments(text: str) -> Iterator[tuple[ast.Call, list[str]]]:
    """The edits of a file, each with the comments above it and behind it."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    calls = [
        element
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
        for element in node.value.elts
        if isinstance(element, ast.Call)
    ]
    begins = 0
    for call in calls:
        end = call.end_lineno or call.lineno
        yield call, [comments[row] for row in range(begins, end + 1) if row in comments]
        begins = end + 1


def _key(call: ast.Call) -> str:
    field = 2 if isinstance(call.func, ast.Name) and call.func.id in ("edit", "drop") else 1
    return " ".join(map(ast.unparse, (call.func, *call.args[:field])))


def prove(text: str, before: Json, after: Json) -> None:
    """Read the text as the build does and apply it: it makes what Grafana has.

    Raises UnprovedError.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pulled.py").write_text(text, encoding="utf-8")
        edited = apply_edits(before, load(Path(folder), "pulled"))
    if normalise_order(edited) != normalise_order(after):
        differences = compare(edited, after)
        where = (
            ", ".join(f"{change.part} {change.field}" for change in differences[:5])
            or "the order of parts"
        )
        raise UnprovedError(f"what was pulled does not build what Grafana has: {where}")


def _order(change: Change) -> int:
    """Fields first, then places, then titles, and last what goes and comes."""
    if not change.path:
        return 4 if change.before is NOTHING else 3
    if change.field == "gridPos":
        return 1
    return 2 if change.field in ("title", "name") and change.part.kind in KINDS else 0


def _now(work: Json, part: Part, item: Json | None) -> Part:
    """What a part is called after the edits so far: of two of one name, the first may be gone."""
    if item is None:
        return part
    there = name_parts(part.kind, parts(work, part.kind))
    return next(current for current, candidate in there if candidate is item)


def _do(change: Change, part: Part) -> Edit:
    if not change.path:
        return remove(part) if change.after is NOTHING else add(part, change.after)
    if change.after is NOTHING:
        return drop(part, change.field)
    return edit(part, change.field, change.after)


def _call(change: Change, part: Part) -> tuple[str, str, str]:
    """The word, the part's word, and the call as it is written."""
    name, field = _part(part), json.dumps(change.field, ensure_ascii=False)
    if not change.path:
        if change.after is NOTHING:
            return "remove", part.kind, f"remove({name})"
        new = _part(Part(part.kind, part.name))
        return "add", part.kind, f"add({new}, {literal(change.after)})"
    if change.after is NOTHING:
        return "drop", part.kind, f"drop({name}, {field})"
    grid = change.after
    if change.field == "gridPos" and isinstance(grid, dict) and set(grid) == set("xywh"):
        where = ", ".join(f"{key}={grid[key]}" for key in "xywh")
        return "move", part.kind, f"move({name}, {where})"
    return "edit", part.kind, f"edit({name}, {field}, {literal(change.after)})"


def _part(part: Part) -> str:
    if part.kind == "dashboard":
        return "dashboard"
    which = f", {part.nth}" if part.nth > 1 else ""
    return f"{part.kind}({json.dumps(part.name, ensure_ascii=False)}{which})"


def literal(value: Any) -> str:
    """A value as Python; a text of several lines as people would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str) and "\n" in value and not ODD.search(value + '""'):
        return f'"""\\\n{value}"""'
    return repr(value)
