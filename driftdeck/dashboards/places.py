"""Names a place in a dashboard's JSON as people do: a part by its title, a field by its path."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from driftdeck.facts import Json

Step = tuple[str, bool]
"""A step of a path: a key, or, if the second is true, the item of a list that bears the name."""
Path = tuple[Step, ...]
KINDS: Final = {
    "panel": ("panels",),
    "variable": ("templating", "list"),
    "annotation": ("annotations", "list"),
}
"""The parts that have names, and where they lie."""
STEP = re.compile(
    r"""\[=(?P<odd_item>"(?:[^"\\]|\\.)*")\]|\["(?P<odd_key>(?:[^"\\]|\\.)*)"\]"""
    r"""|\[(?P<item>[^\]="][^\]]*)\]|\.?(?P<key>[^.\[\]"]+)"""
)


@dataclass(frozen=True, order=True)
class Part:
    """kind: dashboard, panel, variable, annotation, or another thing that is compared.

    name: its title or name. nth: which of several of that name, from 1 on.
    """

    kind: str
    name: str = ""
    nth: int = 1

    def __str__(self) -> str:
        which = f" (number {self.nth})" if self.nth > 1 else ""
        return f"{self.kind} {self.name!r}{which}" if self.name else self.kind


def format_path(path: Path) -> str:
    """`fieldConfig.overrides[byName:p50].properties`; what holds one of .[]" is quoted."""
    text = ""
    for name, in_list in path:
        odd = not name or bool(set(name) & set('.[]"'))
        if in_list:
            odd = not name or "]" in name or name[0] in '"='
            text += f"[={json.dumps(name)}]" if odd else f"[{name}]"
        else:
            text += f"[{json.dumps(name)}]" if odd else f"{'.' if text else ''}{name}"
    return text


def parse_path(text: str) -> Path:
    """The path of a text. Raises ValueError."""
    path: list[Step] = []
    at = 0
    while at < len(text):
        match = STEP.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is no path, at {text[at:]!r}")
        if match["key"] is not None:
            path.append((match["key"], False))
        elif match["odd_key"] is not None:
            path.append((json.loads(f'"{match["odd_key"]}"'), False))
        else:
            item = match["item"]
            path.append((item if item is not None else json.loads(match["odd_item"]), True))
        at = match.end()
    return tuple(path)


def parts(dashboard: Json, kind: str) -> list[Json]:
    """The panels, variables or annotations of a dashboard; its own list where it has one."""
    value: Any = dashboard
    for key in KINDS[kind]:
        value = value.get(key) or {}
    return value if isinstance(value, list) else []


def name_parts(kind: str, items: Sequence[Json]) -> Iterator[tuple[Part, Json]]:
    """Each item with its name: its title, and which of those it is."""
    seen: Counter[str] = Counter()
    for item in items:
        name = str(item.get("title" if kind == "panel" else "name") or "")
        seen[name] += 1
        yield Part(kind, name, seen[name]), item


def item_names(*lists: Sequence[Any]) -> list[list[str]] | None:
    """By what the items of lists are told apart, alike for all; None where they cannot be."""
    for tell in (_ref, _matcher, _name, _id):
        names_of_lists = [
            [tell(item) if isinstance(item, dict) else None for item in items] for items in lists
        ]
        if all(all(names) and len(set(names)) == len(names) for names in names_of_lists):
            return [[str(name) for name in names] for names in names_of_lists]
    return None


def _ref(item: Json) -> str | None:
    name = item.get("refId")
    return name if isinstance(name, str) else None


def _matcher(item: Json) -> str | None:
    matcher = item.get("matcher")
    if not isinstance(matcher, dict) or not isinstance(matcher.get("options"), str):
        return None
    return f"{matcher.get('id')}:{matcher['options']}"


def _name(item: Json) -> str | None:
    name = item.get("name") or item.get("title")
    return name if isinstance(name, str) else None


def _id(item: Json) -> str | None:
    name = item.get("id")
    return name if isinstance(name, str) else None
