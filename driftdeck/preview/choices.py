"""A dashboard's variables: what can be chosen, and texts for every choice.

A panel is drawn once for each combination of the values that it uses; a page holds them all.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from driftdeck.facts import Json
from driftdeck.grafana.variables import Value, Values, names_in

Drawn = TypeVar("Drawn")
ALL = "$__all"
MOST = 500
"""Combinations that one panel is drawn for, at most."""


@dataclass(frozen=True)
class Option:
    """A line of a drop-down."""

    text: str
    value: str


@dataclass(frozen=True)
class Variable:
    """A variable. options: for each choice of the variables before it that its query uses.

    several: whether it can have several values; SQL has even one of them in quotes then.
    """

    name: str
    label: str
    kind: str
    hidden: bool
    several: bool
    options: "ByChoice[tuple[Option, ...]]"
    current: tuple[str, ...]

    def known(self) -> list[Value]:
        """Every value that it can have."""
        found: dict[Value, None] = {}
        for options in self.options.drawn.values():
            real = tuple(one.value for one in options if one.value != ALL)
            found |= dict.fromkeys((one,) if self.several else one for one in real)
            if any(one.value == ALL for one in options):
                found[real] = None
        if len(self.current) > 1:
            found[self.current] = None
        return list(found)

    def chosen(self, values: Values) -> Value:
        """Its value as the browser would choose: the asked or stored one, else the first."""
        options = self.options.of(values) or ()
        real = tuple(one.value for one in options if one.value != ALL)
        if self.current == (ALL,):
            return real
        if self.kind in ("textbox", "constant") and self.current:
            return self.current[0]
        kept = tuple(value for value in self.current if value in real) or real[:1] or ("",)
        return kept if self.several else kept[0]


@dataclass(frozen=True)
class ByChoice(Generic[Drawn]):
    """Something for each combination of values. uses: the variables, in order, of each key."""

    uses: tuple[str, ...]
    drawn: Mapping[tuple[Value, ...], Drawn]
    left_out: int = 0

    def of(self, values: Values) -> Drawn | None:
        """What stands for a choice; None where it was not drawn."""
        return self.drawn.get(tuple(values.get(name, "") for name in self.uses))


def for_each(
    texts: Sequence[str],
    variables: Sequence[Variable],
    make: Callable[[Values], Drawn],
    only: Values | None = None,
) -> ByChoice[Drawn]:
    """Make something for every combination of the variables that texts use.

    only: the one choice to make it for, None for all.
    """
    names = names_in(*texts)
    used = [one for one in variables if one.name in names]
    uses = tuple(one.name for one in used)
    if only is not None:
        key = tuple(only[name] for name in uses)
        return ByChoice(uses, {key: make(only)})
    keys = list(itertools.product(*(one.known() or [""] for one in used)))
    made = {key: make(dict(zip(uses, key, strict=True))) for key in keys[:MOST]}
    return ByChoice(uses, made, len(keys) - len(made))


def options_of(item: Json, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Option]:
    """The options of a variable; names, rows: the answer to its query."""
    if item.get("includeAll"):
        yield Option("All", ALL)
    if item["type"] in ("textbox", "constant"):
        yield Option(str(item.get("query", "")), str(item.get("query", "")))
        return
    if item["type"] != "query":
        for part in re.split(r"(?<!\\),", str(item.get("query", ""))):
            text, _, value = part.strip().replace("\\,", ",").partition(" : ")
            yield Option(text, value or text)
        return
    try:
        pattern = re.compile(str(item.get("regex") or "").strip("/"))
    except re.error:
        pattern = re.compile("")  # a regex that only a browser knows
    for text, value in dict.fromkeys(_pairs(names, rows)):
        found = pattern.search(text)
        if found:
            part = found[1] if pattern.groups else ""
            yield Option(part or text, part or value)


def _pairs(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, str]]:
    if "__text" in names and "__value" in names:
        text, value = names.index("__text"), names.index("__value")
        yield from ((str(row[text]), str(row[value])) for row in rows)
        return
    for row in rows:
        yield from ((str(value), str(value)) for value in row if value is not None)
