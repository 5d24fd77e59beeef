"""The panels `stat`, `table` and `text`, which are HTML and no figures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from driftdeck.facts import Json
from driftdeck.preview import plot
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import QueryResult, to_fields
from driftdeck.preview.plot import CELL, GAP

FIELD_VARIABLE = re.compile(r"\$\{__data\.fields(?:\.([\w ]+)|\[\"?([^\"\]]+)\"?\])(?:\.\w+)?\}")
VALUE_VARIABLE = re.compile(r"\$\{__value\.(raw|text|numeric)\}")
DARK_TEXT = "#111217"
MOST_ROWS = 500
NARROWEST = 70
"""Pixels of a column, at least."""
Link = Mapping[str, Any]


def render_stat(panel: Json, results: Mapping[str, QueryResult], clock: Clock) -> str:
    """Large values, one for each field that the options select; '' where there is none.

    results: by refId.
    """
    options = panel.get("options", {})
    reduce_options = options.get("reduceOptions", {})
    fields = [
        field
        for ref, result in results.items()
        if result.rows
        for field in to_fields(panel, result, clock, ref)
        if _is_selected(reduce_options.get("fields", ""), field)
    ]
    calc = (reduce_options.get("calcs") or ["lastNotNull"])[0]
    values = [
        (field, value)
        for field in fields
        for value in (
            field.values
            if reduce_options.get("values")
            else [plot.reduce_values(calc, field.values)]
        )
    ]
    if not values:
        return ""
    height = panel["gridPos"]["h"] * (CELL + GAP) - 48
    rendered = "".join(
        _render_value(field, value, options, height, len(values)) for field, value in values
    )
    return f'<div class="stats">{rendered}</div>'


def _is_selected(pattern: str, field: Field) -> bool:
    if not pattern:
        return field.kind in ("number", "boolean", "other")
    if pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], field.name) is not None
    return pattern in (field.name, field.title)


def _render_value(field: Field, value: Any, options: Json, height: float, count: int) -> str:
    displayed = field.display(value)
    color_mode = options.get("colorMode", "value")
    size = options.get("text", {}).get("valueSize")
    # As large as fits: a letter is about as wide as half its height.
    longest = (
        max(map(len, displayed.text.split()), default=1) if size else max(len(displayed.text), 1)
    )
    largest = size or round(height * 0.72)
    styles = [f"font-size: min({largest}px, {145 / longest / count:.1f}cqw)"]
    styles += [] if size else ["white-space: nowrap"]
    if color_mode == "value":
        styles.append(f"color: {escape(displayed.color, quote=True)}")
    elif color_mode.startswith("background"):
        styles.append(f"background: {escape(displayed.color, quote=True)}")
    mode = options.get("textMode", "auto")
    name = f'<span class="name">{escape(field.title)}</span>' if "name" in mode else ""
    escaped = escape(displayed.text) if mode not in ("name", "none") else ""
    return f'<div class="stat">{name}<span style="{"; ".join(styles)}">{escaped}</span></div>'


def render_table(panel: Json, result: QueryResult, clock: Clock) -> str:
    """A table; '' where there are no rows."""
    if not result.rows:
        return ""
    all_fields = to_fields(panel, result, clock)
    fields = [field for field in all_fields if not field.custom.get("hidden")]
    columns = "".join(f"<col{_render_width(field)}>" for field in fields)
    heads = "".join(
        f'<th class="{_find_alignment(field)}" title="{escape(field.title, quote=True)}">'
        f"{escape(field.title)}</th>"
        for field in fields
    )
    by_name = {field.name: field.values for field in all_fields}
    lines = "".join(
        "<tr>"
        + "".join(
            _render_cell(field, row, {n: v[row] for n, v in by_name.items()}) for field in fields
        )
        + "</tr>"
        for row in range(min(len(result.rows), MOST_ROWS))
    )
    more = len(result.rows) - MOST_ROWS
    note = f'<p class="note">{more} more rows are not drawn in a preview</p>' if more > 0 else ""
    head = f"<thead><tr>{heads}</tr></thead>" if panel["options"].get("showHeader", True) else ""
    least = sum(
        field.custom.get("width") or field.custom.get("minWidth") or NARROWEST for field in fields
    )
    opening = f'<table style="min-width: {least}px"><colgroup>'
    return f"{opening}{columns}</colgroup>{head}<tbody>{lines}</tbody></table>{note}"


def _render_width(field: Field) -> str:
    width = field.custom.get("width")
    return f' style="width: {width}px"' if width else ""


def _find_alignment(field: Field) -> str:
    align = field.custom.get("align", "auto")
    if align in ("left", "center", "right"):
        return str(align)
    return "right" if field.kind in ("number", "other") else "left"


def _render_cell(field: Field, row: int, values: Mapping[str, Any]) -> str:
    value = field.values[row]
    displayed = field.display(value)
    kind = field.custom.get("cellOptions", {}).get("type") or field.custom.get("displayMode", "")
    style = ""
    if kind == "color-text":
        style = f' style="color: {escape(displayed.color, quote=True)}"'
    elif kind.startswith("color-background") and displayed.text:
        tint = escape(displayed.color, quote=True)
        style = f' style="background: {tint}; color: {_contrast_color(displayed.color)}"'
    escaped = escape(displayed.text)
    inner = (
        "".join(
            _render_link(link, escaped, value, displayed.text, values)
            for link in _read_links(field)
        )
        or escaped
    )
    title = escape(displayed.text, quote=True)
    return f'<td class="{_find_alignment(field)}"{style} title="{title}">{inner}</td>'


def _read_links(field: Field) -> Sequence[Link]:
    links: Sequence[Link] = field.config.get("links") or []
    return links[:1]


def _render_link(
    link: Link, content: str, value: Any, display_text: str, row: Mapping[str, Any]
) -> str:
    def replace_field(match: re.Match[str]) -> str:
        return str(row.get(match[1] or match[2], ""))

    url = FIELD_VARIABLE.sub(replace_field, str(link["url"]))
    url = VALUE_VARIABLE.sub(lambda match: display_text if match[1] == "text" else str(value), url)
    url = disarm(url)
    blank = ' target="_blank" rel="noopener"' if link.get("targetBlank") else ""
    title = escape(str(link.get("title", "")), quote=True)
    return (
        f'<a href="{escape(url, quote=True)}" title="{title}"{blank}>{content}</a>'
        if content
        else ""
    )


def disarm(url: str) -> str:
    """An address as it is, or about:blank where it may run a script: data may hold anything."""
    scheme = re.match(r"[\s\x00-\x20]*([a-zA-Z][\w+.-]*)\s*:", url)
    return url if scheme is None or scheme[1].lower() in SCHEMES else "about:blank"


SCHEMES = ("http", "https", "mailto")


def _contrast_color(color: str) -> str:
    """Black or white, whichever is easier to read on a colour, as Grafana decides."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return "inherit"
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    bright = 0.299 * parts[0] + 0.587 * parts[1] + 0.114 * parts[2]
    return DARK_TEXT if bright > 0.6 else "#ffffff"


def render_text(panel: Json) -> str:
    """A note, in Markdown or HTML; scripts in it are not run, as in Grafana."""
    options = panel.get("options") or panel
    content = str(options.get("content", ""))
    if options.get("mode") == "code":
        return f"<pre>{escape(content)}</pre>"
    # In Markdown, too, raw HTML is escaped: a preview shows it as text.
    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(content))


def render_description(markdown: str) -> str:
    """The HTML of a panel's description; '' without one."""
    return str(MarkdownIt("commonmark", {"html": False}).render(markdown)) if markdown else ""


def render_unknown(kind: str, lines: Iterator[str]) -> str:
    """The note in place of a kind of panel that is not drawn here. lines: more to say of it."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return (
        f'<p class="note">A panel of kind {escape(kind)} is not drawn in a preview.</p>{paragraphs}'
    )
