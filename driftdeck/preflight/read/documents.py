"""Reads YAML as Grafana's reader (gopkg.in/yaml.v3) does, and JSON, keeping every line number."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from driftdeck.errors import DriftdeckError

TRUE = ("true", "True", "TRUE")
FALSE = ("false", "False", "FALSE")
INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
INFINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$")
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$")
PLAIN = {
    "null": re.compile(r"(~|null|Null|NULL)?$"),
    "bool": re.compile(f"({'|'.join((*TRUE, *FALSE))})$"),
    "int": INTEGER,
    "float": re.compile(f"({FLOAT.pattern})|({INFINITE.pattern})"),
    "time": DATE,
}
"""The patterns of what is not quoted, by kind."""
KINDS = {*PLAIN, "str"}


class Scalar(str):
    """A scalar as written, with what Grafana takes it for when no type is asked.

    kind: str, int, float, bool, null or time.
    """

    __slots__ = ("kind", "line")
    kind: str
    line: int

    @classmethod
    def of(cls, text: str, kind: str, line: int) -> "Scalar":
        """A text with its kind and line."""
        scalar = cls(text)
        scalar.kind, scalar.line = kind, line
        return scalar


class Record(dict[str, Any]):
    """A mapping; `lines` holds the line of each key, `odd` the keys that are no text.

    twice: what is wrong where a key is written twice; Grafana minds only where it looks.
    """

    __slots__ = ("line", "lines", "odd", "twice")
    line: int
    lines: dict[str, int]
    odd: list[str]
    twice: str

    @classmethod
    def empty(cls, line: int) -> "Record":
        """A mapping of nothing."""
        record = cls()
        record.line, record.lines, record.odd, record.twice = line, {}, [], ""
        return record


class Items(list[Any]):
    """A sequence."""

    line: int


class UnreadableError(DriftdeckError, ValueError):
    """A file that cannot be parsed: line, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


OTHER_VERSION = re.compile(r"\A(?:#[^\n]*\n|\s*\n)*%YAML[ \t]+(?!1\.1\b)")
TEXT = ("str", yaml.ScalarNode)
"""What nearly every key is: its tag, which any node may bear, and its kind of node."""
MERGE = "tag:yaml.org,2002:merge"
KINDS_BY_TAG = {f"tag:yaml.org,2002:{kind}": kind for kind in ("str", "int", "float", "bool")}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(LOADER):  # type: ignore[misc]  # in C, where PyYAML has it
    """Gives a scalar without a tag its kind for a tag: `<<` merges, and what is quoted is a text.

    PyYAML's own resolving takes half the time of reading, and is of another YAML.
    """

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node without one."""
        if kind is yaml.ScalarNode:
            return _implied(value) if implicit[0] else "str"
        return ""


@lru_cache(maxsize=16_384)
def _implied(text: str) -> str:
    """The kind of a plain scalar; the same few come again and again."""
    if text == "<<":
        return MERGE
    return next((kind for kind, pattern in PLAIN.items() if pattern.match(text)), "str")


def read_yaml(path: Path) -> tuple[Any, int]:
    """The first document of a file, None where it is empty, and the line of a second one or 0.

    Raises: UnreadableError.
    """
    try:
        text = _decoded(path.read_bytes())
        if match := OTHER_VERSION.search(text):
            line = text.count("\n", 0, match.start()) + 1
            raise UnreadableError(line, "Grafana reads %YAML 1.1 only; remove the line")
        documents = yaml.compose_all(text, Loader=_Loader)
        first = next(documents, None)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_line(error), _why(error)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnreadableError(1, str(error).splitlines()[0]) from error
    return (None, 0) if first is None else (convert(first), _second(documents))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def _second(documents: Iterator[yaml.Node | None]) -> int:
    """The line of a second document that holds anything, readable or not; 0 if there is none."""
    try:
        node = next(documents, None)
    except yaml.MarkedYAMLError as error:
        return _line(error)
    blank = node is None or (isinstance(node, yaml.ScalarNode) and _kind(node) == "null")
    return 0 if node is None or blank else int(node.start_mark.line) + 1


def _line(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _why(error: yaml.MarkedYAMLError) -> str:
    return str(error.problem or error.context or error)


def convert(node: yaml.Node, above: tuple[yaml.Node, ...] = ()) -> Any:
    """A node as Scalar, Record or Items. Raises UnreadableError for a key that is no scalar."""
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Scalar.of(node.value, _kind(node), line)
    if node in above:  # the very node: they have no equality of their own
        raise UnreadableError(line, "an anchor holds an alias of itself")
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        items = Items([convert(item, above) for item in node.value])
        items.line = line
        return items
    record = Record.empty(line)
    lines = record.lines
    texts = {(key.tag, type(key)) for key, _ in node.value} == {TEXT}  # as nearly everywhere
    pairs = node.value if texts else _pairs(node)
    for key, value in pairs:
        name, at = key.value, key.start_mark.line + 1
        if not texts and _odd(key):
            record.odd.append(name)
        record[name] = convert(value, above)
        lines[name] = at
    if len(record) < len(pairs) or pairs is not node.value:
        record.twice = _twice(node)
    return record


def _odd(key: yaml.Node) -> bool:
    """Whether a key is no text."""
    if not isinstance(key, yaml.ScalarNode):
        raise UnreadableError(key.start_mark.line + 1, "a key that is itself a list or mapping")
    return _kind(key) != "str"


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    """A mapping's keys and values; those merged in by `<<` first, so that its own win."""
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    if MERGE not in [key.tag for key, _ in pairs]:
        return pairs
    merged: list[tuple[yaml.Node, yaml.Node]] = []
    own: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if key.tag == MERGE:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                if not isinstance(source, yaml.MappingNode):
                    raise UnreadableError(key.start_mark.line + 1, "<< takes a mapping")
                merged += _pairs(source)
            continue
        own.append((key, value))
    taken = {key.value for key, _ in own if isinstance(key, yaml.ScalarNode)}
    return [*(pair for pair in merged if pair[0].value not in taken), *own]


def _twice(node: yaml.Node) -> str:
    """The first key that is written twice, if any."""
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in seen:
                lines = f"in lines {seen[key.value]} and {line}"
                return f"holds the key {key.value!r} twice, {lines}"
            seen[key.value] = line
    return ""


def _kind(node: yaml.ScalarNode) -> str:
    """How yaml.v3 resolves a scalar: yes and on are texts, 010 is eight, 1:30 is a text."""
    tag: str = node.tag
    if tag in KINDS:
        return tag
    if tag == MERGE:
        return "str"
    kind = KINDS_BY_TAG.get(tag, "")
    if kind == "str" or node.style:  # asked for by a tag such as !!str; quoted, or a block
        return kind or "str"
    kind = _implied(node.value)
    return "str" if kind == MERGE else kind


def plain(value: Any) -> Any:
    """A converted value as ordinary Python: what Grafana holds of a free-form part."""
    if isinstance(value, Scalar):
        return READ.get(value.kind, str)(value)
    if isinstance(value, Record):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, Items) else value


def _integer(text: str) -> int:
    if text.isdecimal() and (len(text) == 1 or text[0] != "0"):
        return int(text)
    digits = text.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    return int(f"{octal[1]}0o{octal[2]}", 0) if octal else int(digits, 0)


READ: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text in TRUE,
    "int": _integer,
    "float": lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
}
"""How a scalar of each kind reads; of any other, it is a text."""


def line_of(value: Any, path: Sequence[str | int]) -> int:
    """The line of what lies at a path below a converted value, or of the nearest thing above."""
    line = getattr(value, "line", 1)
    for step in path:
        if isinstance(value, Record) and step in value:
            line, value = value.lines.get(str(step), line), value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
            line = getattr(value, "line", line)
        else:
            break
    return int(line)


def read_json(text: str) -> Any:
    """The first JSON value of a text, as Go reads it: what follows is ignored, NaN is not.

    Raises: UnreadableError.
    """

    def refuse(constant: str) -> float:
        raise UnreadableError(1, f"{constant} is no JSON")

    try:
        stripped = text.lstrip(" \t\r\n")
        return json.JSONDecoder(parse_constant=refuse).raw_decode(stripped)[0]
    except json.JSONDecodeError as error:
        skipped = text[: len(text) - len(stripped)].count("\n")
        raise UnreadableError(error.lineno + skipped, error.msg) from error
    except RecursionError as error:
        raise UnreadableError(1, "nested too deeply") from error


def json_line(text: str, path: Sequence[str | int]) -> int:
    """The line on which the value at a path begins, in JSON that reads well."""
    decoder = json.JSONDecoder()
    at = _blank(text, 0)
    for step in path:
        start = _step(decoder, text, at, step)
        if start is None:
            break
        at = start
    return text.count("\n", 0, at) + 1


def _step(decoder: json.JSONDecoder, text: str, at: int, step: str | int) -> int | None:
    """Where a member of the object or array at `at` begins."""
    opening, start, index = text[at], None, 0
    if opening not in "{[":
        return None
    at = _blank(text, at + 1)
    while text[at] not in "}]":
        key: str | int = index
        if opening == "{":
            key, at = decoder.raw_decode(text, at)
            at = _blank(text, _blank(text, at) + 1)
        if key == step:
            start = at  # of a key written twice, Go takes the last
            if opening == "[":
                return start
        _, at = decoder.raw_decode(text, at)
        at = _blank(text, at)
        if text[at] == ",":
            at = _blank(text, at + 1)
        index += 1
    return start


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
