"""A notification policy: read as Go reads JSON, types are strict, the case of keys is not."""

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)  # fmt: skip

from driftdeck.facts.durations import parse_prometheus
from driftdeck.preflight.go import patterns
from driftdeck.preflight.releases import UTF8_MATCHERS

MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL)
QUOTED, BARE = r'"(?:[^"\\]|\\.)*"', r"[^\s{}!=~,\\\"'`]+"
ANY_LABEL = re.compile(rf"\s*(?:{QUOTED}|{BARE})\s*(?:=|!=)\s*(?:{QUOTED}|{BARE})\s*", re.DOTALL)
"""A matcher of a label of any letters, as releases read it that know UTF-8."""
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MEANT = {"n": "\n", '"': '"', "\\": "\\"}
SIGNS = ("=", "=~", "!=", "!~")


def _duration(text: str) -> str:
    parse_prometheus(text)
    return text


def _not_zero(text: str) -> str:
    if parse_prometheus(text) == 0:
        raise ValueError("cannot be zero; leave it out for the default")
    return text


def _matchers(text: str, info: ValidationInfo) -> str:
    """A list of matchers such as {team="ml", stage=~"a|b"}; the braces may be missing."""
    any_label = info.context is not None and info.context >= UTF8_MATCHERS
    parts = _parts(text.removeprefix("{").removesuffix("}"))
    for index, part in enumerate(parts):
        if any_label and ANY_LABEL.fullmatch(part):
            continue
        if part.strip() or index < len(parts) - 1:
            _matcher(part)
    return text


def _parts(text: str) -> list[str]:
    """A text cut at the commas outside quotes."""
    parts, part, inside, escaped = [], "", False, False
    for letter in text:
        if letter == "," and not inside:
            parts.append(part)
            part = ""
            continue
        if letter == '"' and not escaped:
            inside = not inside
        escaped = letter == "\\" and not escaped
        part += letter
    return [*parts, part]


def _matcher(part: str) -> None:
    match = MATCHER.fullmatch(part)
    if not match:
        raise ValueError(f"{part!r} is no matcher; write team = ml")
    bare = ESCAPED.sub("", match[3])
    quoted = match[3].startswith('"')
    if bare.count('"') != 2 * quoted or (quoted and not ESCAPED.sub("x", match[3]).endswith('"')):
        raise ValueError(f'{match[3]} holds a lone quotation mark; write \\" for one in a text')
    value = match[3][1:-1] if quoted else match[3]
    _pattern(match[2], ESCAPED.sub(lambda escape: MEANT.get(escape[1], escape[0]), value))


def _object_matcher(parts: list[str]) -> list[str]:
    sign, value = (*parts[1:3], "", "")[:2]
    if sign not in SIGNS:
        raise ValueError(f"{sign!r} is none of {', '.join(SIGNS)}; write [team, '=', ml]")
    _pattern(sign, value.removeprefix('"').removesuffix('"'))
    return parts


def _pattern(sign: str, value: str) -> None:
    problem = patterns.complaint(value) if sign in ("=~", "!~") else ""
    if problem:
        raise ValueError(f"{value!r} is no regular expression of Go: {problem}")


def _expression(text: str) -> str:
    _pattern("=~", text)
    return text


def _not_null(value: Any) -> Any:
    """A null in a list of texts is an empty text."""
    return "" if value is None else value


Interval = Annotated[str, AfterValidator(_duration)]
Word = Annotated[str, BeforeValidator(_not_null)]


class Route(BaseModel):
    """A notification policy with those below it."""

    model_config = ConfigDict(strict=True, extra="ignore")

    receiver: str = ""
    group_by: list[Word] = []
    match: dict[str, Word] = {}
    match_re: dict[str, Annotated[Word, AfterValidator(_expression)]] = {}
    matchers: list[Annotated[Word, AfterValidator(_matchers)]] = []
    object_matchers: list[Annotated[list[Word], AfterValidator(_object_matcher)]] = []
    mute_time_intervals: list[Word] = []
    active_time_intervals: list[Word] = []
    continue_: bool = Field(default=False, alias="continue")
    routes: list["Route"] = []
    group_wait: Interval | None = None
    group_interval: Annotated[Interval, AfterValidator(_not_zero)] | None = None
    repeat_interval: Annotated[Interval, AfterValidator(_not_zero)] | None = None
    provenance: str = ""

    @model_validator(mode="before")
    @classmethod
    def _as_go(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ValueError("is no mapping")
        return {key.lower(): inner for key, inner in value.items() if inner is not None}

    @model_validator(mode="after")
    def _groups(self) -> "Route":
        if "..." in self.group_by and len(set(self.group_by)) > 1:
            raise ValueError("group_by holds ... (everything) beside other labels")
        twice = {label for label in self.group_by if self.group_by.count(label) > 1} - {"..."}
        if twice:
            raise ValueError(f"group_by holds {', '.join(sorted(twice))} twice")
        return self
