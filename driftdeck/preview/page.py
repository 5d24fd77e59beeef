"""Pages that a browser opens: what was drawn, with the script that shows it."""

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


@dataclass(frozen=True)
class Shown:
    """A dashboard on a page. touched: ids of the panels to be marked as changed."""

    model: Json
    touched: Sequence[int] = ()


@cache
def plotly() -> str:
    """Plotly for the browser, 4.5 MB, as its package brings it."""
    return str(get_plotlyjs())


def dashboard_file(shown: Shown, index: str) -> str:
    """A dashboard with every choice of its variables, in one file that needs nothing else."""
    page = {"served": False, "index": index, "dashboards": [_of(shown)]}
    return _page(shown.model["title"], _place(0), page, plotly=plotly())


def dashboard_served(shown: Shown, version: int, problem: str) -> str:
    """A dashboard as it was asked for, which asks the server for more."""
    page = {
        "served": True,
        "index": "/dashboards",
        "uid": shown.model["uid"],
        "version": version,
        "dashboards": [_of(shown)],
    }
    body = Markup('<div class="banner">{}</div>').format(problem) + _place(0)
    return _page(shown.model["title"], body, page, plotly_url="/plotly.js")


def comparison_file(title: str, sides: Sequence[tuple[str, Shown]], changes: Sequence[str]) -> str:
    """A dashboard before and after, side by side, and what differs in words."""
    views = [("changed", "What changes")] if any(shown.touched for _, shown in sides) else []
    if len(sides) > 1:
        views += [("both", "Side by side"), ("before", sides[0][0]), ("after", sides[1][0])]
    first = views[0][0] if views else "both"
    buttons = Markup("").join(
        Markup('<button data-view="{}">{}</button>').format(*view) for view in views
    )
    told = Markup("").join(
        Markup('<div class="{}">{}</div>').format(SIGNS.get(line.strip()[:1], ""), line)
        for line in changes
    )
    sections = Markup("").join(
        Markup("<section><h2>{}</h2>{}</section>").format(label, _place(number))
        for number, (label, _) in enumerate(sides)
    )
    body = Markup(
        '<div class="bar"><a href="index.html">All that changes</a><h1>{}</h1>{}</div>'
        '<div class="changes">{}</div><div class="compared {}">{}</div>'
    ).format(title, buttons, told, first, sections)
    page = {"served": False, "dashboards": [_of(shown) for _, shown in sides]}
    return _page(title, body, page, plotly=plotly())


def list_file(title: str, note: str, lines: Sequence[tuple[str, str, str]]) -> str:
    """A list of pages: (address, title, what it is)."""
    items = Markup("").join(
        Markup('<li><a href="{}">{}</a> <span class="note">{}</span></li>').format(*line)
        for line in lines
    )
    body = Markup('<div class="list"><h1>{}</h1><p class="note">{}</p><ul>{}</ul></div>').format(
        title, note, items
    )
    return _page(title, body, None)


def _of(shown: Shown) -> Json:
    return {"model": shown.model, "touched": list(shown.touched)}


def _place(number: int) -> Markup:
    return Markup('<div id="dashboard-{}"></div>').format(number)


def _page(
    title: str, body: Markup, page: Json | None, *, plotly: str = "", plotly_url: str = ""
) -> str:
    """The page; texts of ours and JSON go in as they are, all others were escaped above."""
    written = json.dumps(page, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return _environment().get_template("page.html.j2").render(
        title=title,
        body=body,
        page=Markup(written) if page else "",
        style=Markup(_text("page.css")),
        script=Markup(_text("page.js")),
        plotly=Markup(plotly),
        plotly_url=plotly_url,
    )  # fmt: skip


def _text(name: str) -> str:
    return (files("driftdeck.preview") / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("driftdeck.preview", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
    )
