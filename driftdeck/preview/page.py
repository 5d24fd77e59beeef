"""Pages that a browser opens: drawn dashboards, with the script that shows them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from driftdeck.facts import Json

SIGNS = {"+": "plus", "-": "minus"}
SCRIPTS = ("elements", "choices", "controls", "plot", "dashboard", "main")


@dataclass(frozen=True)
class DashboardView:
    """A dashboard on a page. model: by `draw`. changed_panels: ids of the panels to mark."""

    model: Json
    changed_panels: Sequence[int] = ()


@cache
def read_plotly() -> str:
    """Plotly for the browser, 4.5 MB, as its package brings it."""
    return str(get_plotlyjs())


def render_dashboard_file(view: DashboardView, index: str) -> str:
    """A page with every choice of a dashboard's variables, which needs no other file.

    index: the address of the list of dashboards.
    """
    page = {"served": False, "index": index, "dashboards": [_describe_view(view)]}
    return _render_page(view.model["title"], _render_container(0), page, plotly=read_plotly())


def render_served_dashboard(view: DashboardView, version: int, problem: str) -> str:
    """A page of one choice of a dashboard's variables, which requests others from the server.

    version: of the build, so that the page notices a newer one. problem: why the source cannot be
    built, '' where it can.
    """
    page = {
        "served": True,
        "index": "/dashboards",
        "uid": view.model["uid"],
        "version": version,
        "dashboards": [_describe_view(view)],
    }
    body = Markup('<div class="banner">{}</div>').format(problem) + _render_container(0)
    return _render_page(view.model["title"], body, page, plotly_url="/plotly.js")


def render_comparison(
    title: str, sides: Sequence[tuple[str, DashboardView]], changes: Sequence[str]
) -> str:
    """A page with a dashboard before and after, side by side, and the changes in words.

    sides: (label, dashboard), before first. changes: lines that may begin with + or -.
    """
    has_marks = any(view.changed_panels for _, view in sides)
    layouts = [("changed", "What changes")] if has_marks else []
    if len(sides) > 1:
        layouts += [("both", "Side by side"), ("before", sides[0][0]), ("after", sides[1][0])]
    first = layouts[0][0] if layouts else "both"
    buttons = Markup("").join(
        Markup('<button data-view="{}">{}</button>').format(*layout) for layout in layouts
    )
    change_list = Markup("").join(
        Markup('<div class="{}">{}</div>').format(SIGNS.get(line.strip()[:1], ""), line)
        for line in changes
    )
    sections = Markup("").join(
        Markup("<section><h2>{}</h2>{}</section>").format(label, _render_container(number))
        for number, (label, _) in enumerate(sides)
    )
    body = Markup(
        '<div class="bar"><a href="index.html">All that changes</a><h1>{}</h1>{}</div>'
        '<div class="changes">{}</div><div class="compared {}">{}</div>'
    ).format(title, buttons, change_list, first, sections)
    page = {"served": False, "dashboards": [_describe_view(view) for _, view in sides]}
    return _render_page(title, body, page, plotly=read_plotly())


def render_list(title: str, note: str, lines: Sequence[tuple[str, str, str]]) -> str:
    """A page that lists others. lines: (address, title, description)."""
    items = Markup("").join(
        Markup('<li><a href="{}">{}</a> <span class="note">{}</span></li>').format(*line)
        for line in lines
    )
    body = Markup('<div class="list"><h1>{}</h1><p class="note">{}</p><ul>{}</ul></div>').format(
        title, note, items
    )
    return _render_page(title, body, None)


def _describe_view(view: DashboardView) -> Json:
    return {"model": view.model, "touched": list(view.changed_panels)}


def _render_container(number: int) -> Markup:
    return Markup('<div id="dashboard-{}"></div>').format(number)


def _render_page(
    title: str, body: Markup, page: Json | None, *, plotly: str = "", plotly_url: str = ""
) -> str:
    """The page's HTML. Markup goes in as it is: the script, the style, JSON, escaped bodies."""
    json_text = json.dumps(page, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return _make_environment().get_template("page.html.j2").render(
        title=title,
        body=body,
        page=Markup(json_text) if page else "",
        style=Markup(_read_file("page.css")),
        script=Markup("\n".join(_read_file(f"browser/{name}.js") for name in SCRIPTS)),
        plotly=Markup(plotly),
        plotly_url=plotly_url,
    )  # fmt: skip


def _read_file(name: str) -> str:
    return (files("driftdeck.preview") / name).read_text(encoding="utf-8")


@cache
def _make_environment() -> Environment:
    return Environment(
        loader=PackageLoader("driftdeck.preview", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
    )
