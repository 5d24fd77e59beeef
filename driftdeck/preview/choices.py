"""A dashboard's variables: their options, and content for every choice of their values.

A panel is drawn once for each combination of values of its variables; a page holds them all.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from driftdeck.facts import Json
from driftdeck.grafana.variables import Value, Values, names_in

Content = TypeVar("Content")
ALL = "$__all"
MOST, MOST_OF_SEVERAL = 500, 60
"""Combinations that one panel is drawn for, at most: of one variable, and of several. A slice, its
segments and their series have thousands together, and a page holds each."""


@dataclass(frozen=True)
class Option:
    """A line of a drop-down."""

    text: str
    value: str


@dataclass(frozen=True)
class Variable:
    """A variable.

    kind: Grafana's type, such as query or textbox. several: whether it can have several values;
    then even a single one is quoted in SQL. options: for each choice of the variables before it
    that its query uses. current: the requested or stored values.
    """

    name: str
    label: str
    kind: str
    hidden: bool
    several: bool
    options: "ByChoice[tuple[Option, ...]]"
    current: tuple[str, ...]

    def list_values(self, before: Values) -> list[Value]:
        """Every value that the variable can have; of several, each alone and all together.

        before: of variables before it, where they are chosen; what it offers depends on them.
        """
        values: dict[Value, None] = {}
        offered_then = self.options.of(before) if set(self.options.uses) <= set(before) else None
        groups = self.options.contents.values() if offered_then is None else [offered_then]
        for options in groups:
            offered = tuple(option.value for option in options if option.value != ALL)
            values |= dict.fromkeys((value,) if self.several else value for value in offered)
            if any(option.value == ALL for option in options):
                values[offered] = None
        if len(self.current) > 1:
            values[self.current] = None
        return list(values)

    def choose(self, values: Values) -> Value:
        """The value that the browser would choose: the current one, else the first offered.

        values: of the variables before this one.
        """
        options = self.options.of(values) or ()
        offered = tuple(option.value for option in options if option.value != ALL)
        if self.current == (ALL,):
            return offered
        if self.kind in ("textbox", "constant") and self.current:
            return self.current[0]
        chosen = tuple(value for value in self.current if value in offered) or offered[:1] or ("",)
        return chosen if self.several else chosen[0]


@dataclass(frozen=True)
class ByChoice(Generic[Content]):
    """Content for each combination of values of variables.

    uses: the variables' names, in the order of each key. left_out: number of combinations beyond
    MOST.
    """

    uses: tuple[str, ...]
    contents: Mapping[tuple[Value, ...], Content]
    left_out: int = 0

    def of(self, values: Values) -> Content | None:
        """The content of a choice; None where it was left out. values: of all variables."""
        return self.contents.get(tuple(values.get(name, "") for name in self.uses))


def for_each(
    texts: Sequence[str],
    variables: Sequence[Variable],
    make: Callable[[Values], Content],
    single_choice: Values | None = None,
) -> ByChoice[Content]:
    """Make content for every combination of values of the variables that texts use.

    texts: such as queries and titles. make: the content for values by name. single_choice: the
    values to make it for, None for all combinations.
    """
    names = names_in(*texts)
    used = [variable for variable in variables if variable.name in names]
    uses = tuple(variable.name for variable in used)
    if single_choice is not None:
        key = tuple(single_choice[name] for name in uses)
        return ByChoice(uses, {key: make(single_choice)})
    keys = _list_keys(used, _choose_all(variables))
    most = MOST if len(used) < 2 else MOST_OF_SEVERAL
    contents = {key: make(dict(zip(uses, key, strict=True))) for key in keys[:most]}
    return ByChoice(uses, contents, len(keys) - len(contents))


def _choose_all(variables: Sequence[Variable]) -> dict[str, Value]:
    """What the browser would choose of each variable."""
    chosen: dict[str, Value] = {}
    for variable in variables:
        chosen[variable.name] = variable.choose(chosen)
    return chosen


def _list_keys(used: Sequence[Variable], chosen: Values) -> list[tuple[Value, ...]]:
    """Every combination that can be chosen: first the chosen one, then those that differ from it
    in as few variables as can be."""
    combinations: list[dict[str, Value]] = [{}]
    for variable in used:
        combinations = [
            {**values, variable.name: value}
            for values in combinations
            for value in variable.list_values(values) or [""]
        ]
    keys = [tuple(values.values()) for values in combinations]
    now = [chosen[variable.name] for variable in used]
    return sorted(keys, key=lambda key: sum(a != b for a, b in zip(key, now, strict=True)))


def list_options(
    item: Json, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> Iterator[Option]:
    """The options of a variable. item: its JSON. names, rows: the result of its query."""
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
        match = pattern.search(text)
        if match:
            captured = match[1] if pattern.groups else ""
            yield Option(captured or text, captured or value)


def _pairs(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, str]]:
    if "__text" in names and "__value" in names:
        text, value = names.index("__text"), names.index("__value")
        yield from ((str(row[text]), str(row[value])) for row in rows)
        return
    for row in rows:
        yield from ((str(value), str(value)) for value in row if value is not None)
