"""The tokens of Go's text templates (text/template/parse/lex.go)."""

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from driftdeck.errors import DriftdeckError

KEYWORDS = (
    "block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template",
    "with",
)  # fmt: skip
TERMINATOR = re.compile(r"[ \t\r\n.,|:)(]|\}\}|$")
TRIMMED = re.compile(r"[ \t\r\n]-\}\}")
SPACE = re.compile(r"[ \t\r\n]+")
NAME = re.compile(r"\w+")
NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][-+]?[0-9_]+)?|0[oO][0-7_]*|0[bB][01_]*"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?)i?"
)
WHOLE = re.compile(
    r"[-+]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO]?(?:_?[0-7])+|0[bB](?:_?[01])+|0|[1-9](?:_?[0-9])*)"
)
BROKEN = re.compile(
    r"[-+]?(?:(?:[0-9](?:_?[0-9])*)?\.?(?:[0-9](?:_?[0-9])*)?(?:[eE][-+]?[0-9]+)?"
    r"|0[xX](?:_?[0-9a-fA-F])*\.?(?:_?[0-9a-fA-F])*[pP][-+]?[0-9]+)i?"
)
ESCAPE = re.compile(
    r"\\(?:[abfnrtv\\]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U00[01][0-9a-fA-F]{5})"
)
STRING = re.compile(r'"(?:\\[^\n]|[^"\\\n])*"')
DECLARES = re.compile(":=")
CLOSING = re.compile(r"\}\}")
RAW = re.compile(r"`[^`]*`")
LETTER = re.compile(r"'(?:\\[^\n]|[^'\\\n])+'")


class TemplateError(DriftdeckError, ValueError):
    """A template that does not parse."""


class Token(NamedTuple):
    """kind: text, open, close, space, field, dot, variable, name, a keyword, or a mark."""

    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """All tokens of a template; raises TemplateError."""
    at = 0
    while True:
        start = text.find("{{", at)
        if text[at : start if start >= 0 else None]:
            yield Token("text", text[at : start if start >= 0 else None])
        if start < 0:
            return
        at = start + 2
        if re.match(r"-[ \t\r\n]", text[at:]):
            at += 2
        if text.startswith("/*", at):
            at = _comment(text, at)
            continue
        yield Token("open", "{{")
        end = yield from _action(text, at)
        at = end


def _comment(text: str, at: int) -> int:
    end = text.find("*/", at)
    if end < 0:
        raise TemplateError("a comment is not closed")
    closing = CLOSING.match(text, end + 2) or TRIMMED.match(text, end + 2)
    if closing is None:
        raise TemplateError("a comment does not end with */}}")
    return closing.end()


def _action(text: str, at: int) -> Generator[Token, None, int]:
    depth = 0
    while True:
        closing = TRIMMED.match(text, at) or CLOSING.match(text, at)
        if closing:
            if depth:
                raise TemplateError("a parenthesis is not closed")
            yield Token("close", "}}")
            return closing.end()
        if at >= len(text):
            raise TemplateError("an action {{ is not closed by }}")
        token, at = _token(text, at)
        depth += {"(": 1, ")": -1}.get(token.kind, 0)
        if depth < 0:
            raise TemplateError("a parenthesis closes nothing")
        yield token


def _token(text: str, at: int) -> tuple[Token, int]:
    """The token at a place in an action, and where it ends."""
    mark = text[at]
    if match := SPACE.match(text, at):
        end = match.end() - 1 if TRIMMED.match(text, match.end() - 1) else match.end()
        return Token("space", match[0]), max(end, at + 1)
    for kind, pattern in (("string", STRING), ("raw", RAW), ("number", LETTER), (":=", DECLARES)):
        if match := pattern.match(text, at):
            return Token(kind, _whole_string(kind, match[0])), match.end()
    if mark == "$" or (mark == "." and not text[at + 1 : at + 2].isdigit()):
        return _field(text, at)
    if mark in "+-." or mark.isdigit():
        return _numeral(text, at)
    if match := NAME.match(text, at):
        return _word(text, match)
    if mark.isascii() and mark.isprintable() and mark not in ":\"`'":
        return Token(mark if mark in "=|()" else "char", mark), at + 1
    raise TemplateError(f"{mark!r} is not expected in an action, or not closed")


def _whole_string(kind: str, text: str) -> str:
    if kind in ("raw", ":="):
        return text
    quote = text[0]
    bare = ESCAPE.sub("x", text[1:-1])
    if re.search(r"\\(?!" + quote + ")", bare):
        raise TemplateError(f"{text} has an escape that Go does not know")
    if quote == "'" and len(bare.replace("\\'", "x")) != 1:
        raise TemplateError(f"{text} is no single letter")
    return text


def _field(text: str, at: int) -> tuple[Token, int]:
    match = NAME.match(text, at + 1)
    end = match.end() if match else at + 1
    if not TERMINATOR.match(text, end):
        raise TemplateError(f"{text[end]!r} is not expected after {text[at:end]}")
    kind = "variable" if text[at] == "$" else "field" if match else "dot"
    return Token(kind, text[at:end]), end


def _word(text: str, match: re.Match[str]) -> tuple[Token, int]:
    word = match[0]
    if not TERMINATOR.match(text, match.end()):
        raise TemplateError(f"{text[match.end()]!r} is not expected after {word}")
    kind = word if word in KEYWORDS else "bool" if word in ("true", "false") else "name"
    return Token(kind, word), match.end()


def _numeral(text: str, at: int) -> tuple[Token, int]:
    match = NUMBER.match(text, at)
    assert match
    numeral, end = match[0], match.end()
    if NAME.match(text, end) or not any(letter.isalnum() for letter in numeral):
        raise TemplateError(f"{text[at : end + 1]!r} is no number")
    second = NUMBER.match(text, end) if text[end : end + 1] in ("+", "-") else None
    if second and second[0].endswith("i"):
        return Token("number", numeral + second[0]), second.end()
    if second:
        raise TemplateError(f"{numeral + second[0]!r} is no number")
    if not WHOLE.fullmatch(numeral):
        decimal = any(letter in numeral for letter in ".eEpPi")
        if not decimal or not BROKEN.fullmatch(numeral):
            raise TemplateError(f"{numeral!r} is no number")
    return Token("number", numeral), end
