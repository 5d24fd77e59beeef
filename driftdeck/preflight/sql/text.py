"""The text of SQL: what is a comment, a string or a quoted name in it, and what is code."""

import re
from collections.abc import Callable
from functools import lru_cache

PART = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<string>(?<![A-Za-z0-9_])[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*')"
    r"|(?P<name>\"(?:\"\"|[^\"])*\")"
    r"|(?P<dollar>\$(?P<tag>[A-Za-z_]\w*)?\$(?P<body>.*?)\$(?(tag)(?P=tag))\$)",
    re.DOTALL,
)
DOLLARS = re.compile(r"\$(?:[A-Za-z_]\w*)?\$")
"""What a string in dollars begins with."""
GROUPED = re.compile(r"(?<![\w.])(\d+(?:_\d+)+)(?![\w.])")
FIELDS = re.compile(r"'\s*(year|day|hour|minute|month)\s+to\s+(month|hour|minute|second)\b", re.I)
ABSOLUTE = re.compile(r"(?<=[\s(,])@(?=\s*-)")


def _replaced(sql: str, kinds: tuple[str, ...], put: Callable[[re.Match[str]], str]) -> str:
    def replace(match: re.Match[str]) -> str:
        return put(match) if any(match[kind] is not None for kind in kinds) else match[0]

    return PART.sub(replace, sql)


def _may_hold_comments(sql: str) -> bool:
    """Most statements have none."""
    return "--" in sql or "/*" in sql


@lru_cache(maxsize=1024)
def without_comments(sql: str) -> str:
    """Each comment replaced by a blank."""
    if not _may_hold_comments(sql):
        return sql
    return _replaced(sql, ("comment",), lambda _: " ")


@lru_cache(maxsize=1024)
def code(sql: str) -> str:
    """What stands outside comments, strings and quoted names."""
    return _replaced(sql, ("comment", "string", "name", "dollar"), lambda _: " ")


@lru_cache(maxsize=1024)
def outside_dollars(sql: str) -> str:
    """Without comments and without strings in $$ or $tag$."""
    if not (_may_hold_comments(sql) or DOLLARS.search(sql)):
        return sql
    return _replaced(sql, ("comment", "dollar"), lambda _: " ")


def plainer(sql: str) -> str:
    """The same statement without what PostgreSQL reads and sqlglot does not."""
    text = _replaced(without_comments(sql), ("dollar",), lambda match: _quoted(match["body"]))
    text = FIELDS.sub("'", text)
    return ABSOLUTE.sub("", GROUPED.sub(lambda match: match[1].replace("_", ""), text))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
