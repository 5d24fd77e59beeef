"""The panels `stat`, `table` and `text`: what is written, not drawn. All of it is HTML."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from driftdeck.facts import Json
from driftdeck.preview import plot
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import Answer, table
from driftdeck.preview.plot import CELL, GAP

OF_ROW = re.compile(r"\$\{__data\.fields(?:\.([\w ]+)|\[\"?([^\"\]]+)\"?\])(?:\.\w+)?\}")
OF_VALUE = re.compile(r"\$\{__value\.(raw|text|numeric)\}")
DARK_TEXT = "#111217"
MOST_ROWS = 500
NARROWEST = 70
"""Pixels of a column, at least."""
Link = Mapping[str, Any]


def stat(panel: Json, answers: Mapping[str, Answer], clock: Clock) -> str:
    """Large values: one for each field that is asked for; '' where there is none."""
    options = panel.get("options", {})
    asked = options.get("reduceOptions", {})
    fields = [
        one
        for ref, answer in answers.items()
        if answer.rows
        for one in table(panel, answer, clock, ref)
        if _wanted(asked.get("fields", ""), one)
    ]
    calc = (asked.get("calcs") or ["lastNotNull"])[0]
    values = [
        (one, value)
        for one in fields
        for value in (one.values if asked.get("values") else [plot.reduced(calc, one.values)])
    ]
    if not values:
        return ""
    height = panel["gridPos"]["h"] * (CELL + GAP) - 48
    shown = "".join(_value(one, value, options, height, len(values)) for one, value in values)
    return f'<div class="stats">{shown}</div>'


def _wanted(asked: str, field: Field) -> bool:
    if not asked:
        return field.kind in ("number", "boolean", "other")
    if asked.startswith("/") and asked.endswith("/"):
        return re.search(asked[1:-1], field.name) is not None
    return asked in (field.name, field.title)


def _value(field: Field, value: Any, options: Json, height: float, count: int) -> str:
    shown = field.show(value)
    colored = options.get("colorMode", "value")
    size = options.get("text", {}).get("valueSize")
    # As large as fits: a letter is about as wide as half its height.
    longest = max(map(len, shown.text.split()), default=1) if size else max(len(shown.text), 1)
    most = size or round(height * 0.72)
    styles = [f"font-size: min({most}px, {145 / longest / count:.1f}cqw)"]
    styles += [] if size else ["white-space: nowrap"]
    if colored == "value":
        styles.append(f"color: {escape(shown.color, quote=True)}")
    elif colored.startswith("background"):
        styles.append(f"background: {escape(shown.color, quote=True)}")
    mode = options.get("textMode", "auto")
    name = f'<span class="name">{escape(field.title)}</span>' if "name" in mode else ""
    text = escape(shown.text) if mode not in ("name", "none") else ""
    return f'<div class="stat">{name}<span style="{"; ".join(styles)}">{text}</span></div>'


def rows(panel: Json, answer: Answer, clock: Clock) -> str:
    """A table; '' where there are no rows."""
    if not answer.rows:
        return ""
    every = table(panel, answer, clock)
    fields = [one for one in every if not one.custom.get("hidden")]
    columns = "".join(f"<col{_wide(one)}>" for one in fields)
    heads = "".join(
        f'<th class="{_aligned(one)}" title="{escape(one.title, quote=True)}">'
        f"{escape(one.title)}</th>"
        for one in fields
    )
    by_name = {one.name: one.values for one in every}
    lines = "".join(
        "<tr>"
        + "".join(_cell(one, place, {n: v[place] for n, v in by_name.items()}) for one in fields)
        + "</tr>"
        for place in range(min(len(answer.rows), MOST_ROWS))
    )
    more = len(answer.rows) - MOST_ROWS
    note = f'<p class="note">{more} more rows are not drawn in a preview</p>' if more > 0 else ""
    head = f"<thead><tr>{heads}</tr></thead>" if panel["options"].get("showHeader", True) else ""
    least = sum(
        one.custom.get("width") or one.custom.get("minWidth") or NARROWEST for one in fields
    )
    opening = f'<table style="min-width: {least}px"><colgroup>'
    return f"{opening}{columns}</colgroup>{head}<tbody>{lines}</tbody></table>{note}"


def _wide(field: Field) -> str:
    width = field.custom.get("width")
    return f' style="width: {width}px"' if width else ""


def _aligned(field: Field) -> str:
    align = field.custom.get("align", "auto")
    if align in ("left", "center", "right"):
        return str(align)
    return "right" if field.kind in ("number", "other") else "left"


def _cell(field: Field, place: int, row: Mapping[str, Any]) -> str:
    value = field.values[place]
    shown = field.show(value)
    kind = field.custom.get("cellOptions", {}).get("type") or field.custom.get("displayMode", "")
    style = ""
    if kind == "color-text":
        style = f' style="color: {escape(shown.color, quote=True)}"'
    elif kind.startswith("color-background") and shown.text:
        tint = escape(shown.color, quote=True)
        style = f' style="background: {tint}; color: {_readable(shown.color)}"'
    text = escape(shown.text)
    inner = "".join(_linked(link, text, value, shown.text, row) for link in _links(field)) or text
    title = escape(shown.text, quote=True)
    return f'<td class="{_aligned(field)}"{style} title="{title}">{inner}</td>'


def _links(field: Field) -> Sequence[Link]:
    given: Sequence[Link] = field.config.get("links") or []
    return given[:1]


def _linked(link: Link, text: str, value: Any, shown: str, row: Mapping[str, Any]) -> str:
    def of_row(match: re.Match[str]) -> str:
        return str(row.get(match[1] or match[2], ""))

    url = OF_ROW.sub(of_row, str(link["url"]))
    url = OF_VALUE.sub(lambda match: shown if match[1] == "text" else str(value), url)
    url = harmless(url)
    blank = ' target="_blank" rel="noopener"' if link.get("targetBlank") else ""
    title = escape(str(link.get("title", "")), quote=True)
    return f'<a href="{escape(url, quote=True)}" title="{title}"{blank}>{text}</a>' if text else ""


def harmless(url: str) -> str:
    """An address as it is, unless it would run a script: data may hold anything."""
    scheme = re.match(r"[\s\x00-\x20]*([a-zA-Z][\w+.-]*)\s*:", url)
    return url if scheme is None or scheme[1].lower() in SCHEMES else "about:blank"


SCHEMES = ("http", "https", "mailto")


def _readable(color: str) -> str:
    """Black or white, whichever is read better on a colour; as Grafana decides."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return "inherit"
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    bright = 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]
    return DARK_TEXT if bright > 0.6 else "#ffffff"


def text(panel: Json) -> str:
    """A note, in Markdown or HTML; scripts in it are not run, as in Grafana."""
    options = panel.get("options") or panel
    content = str(options.get("content", ""))
    if options.get("mode") == "code":
        return f"<pre>{escape(content)}</pre>"
    # As Markdown all raw HTML is escaped: a preview shows its text.
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(content))


def described(markdown: str) -> str:
    """A panel's description."""
    return str(MarkdownIt("commonmark", {"html": False}).render(markdown)) if markdown else ""


def unknown(kind: str, lines: Iterator[str]) -> str:
    """What stands in for a kind of panel that is not drawn here."""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<p class="note">A panel of kind {escape(kind)} is not drawn in a preview.</p>{said}'
