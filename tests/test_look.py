"""What `make look` says of a page: by pages that are built as Grafana 9.4 and 12.4 build theirs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from driftdeck.facts import Json
from driftdeck.verify import rendering
from driftdeck.verify.look import FLAGS, READ_PANELS, _find_problems, browser_program
from driftdeck.verify.rendering import wait_for_panels

if TYPE_CHECKING:
    from playwright.sync_api import Page

PANELS: list[Json] = [
    {"id": 1, "type": "stat", "title": "State"},
    {"id": 2, "type": "timeseries", "title": "Recall"},
    {"id": 3, "type": "table", "title": "Runs"},
]
DASHBOARD: Json = {"panels": PANELS}
PAINT = "c.getContext('2d').fillRect(0, 0, 9, 9)"
BLANK = "<canvas width=99 height=99></canvas>"
CANVAS = f"{BLANK}<script>c = document.querySelector('canvas'); {PAINT}</script>"
TABLE = '<div role="grid" style="overflow: auto"><div role="columnheader">window</div></div>'
CRASHED = '<div role="alert" data-testid="data-testid Alert error">An error happened</div>'
WIDE = TABLE.replace('"columnheader"', '"columnheader" style="width: 2000px"')
BOXES = {
    "9.4": '<div class="react-grid-item" data-panelid="{id}"><h2>{title}</h2>{more}'
    '<div class="panel-content">{content}</div></div>',
    "12.4": '<div data-viz-panel-key="panel-{id}"><h2>{title}</h2>{more}'
    '<div data-testid="data-testid panel content">{content}</div></div>',
}
LOADING = {
    "9.4": '<div class="panel-loading"></div>',
    "12.4": '<div aria-label="Panel loading bar"></div>',
}


@pytest.fixture(scope="module")
def page() -> "Iterator[Page]":
    """A page of the browser that `make look` looks with."""
    program = browser_program()
    if not program:
        pytest.skip("needs a Chromium, as make look does")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser.new_page(viewport={"width": 800, "height": 300})
        browser.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not drawn at once is not drawn."""
    monkeypatch.setattr(rendering, "PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(rendering, "BETWEEN_MS", 30)


def show(page: "Page", release: str, contents: dict[int, str], **more: str) -> None:
    """Put a dashboard onto the page: the panels that have a content."""
    boxes = (
        BOXES[release].format(content=contents[one["id"]], more=more.get(one["title"], ""), **one)
        for one in PANELS
        if one["id"] in contents
    )
    page.set_content(f"<div class='react-grid-layout'>{''.join(boxes)}</div>")


def complaints(page: "Page", **excused: str) -> list[str]:
    """What is said of the page."""
    missing = wait_for_panels(page, PANELS)
    return list(_find_problems(DASHBOARD, missing, page.evaluate(READ_PANELS), excused))


GOOD = {1: "ok", 2: CANVAS, 3: TABLE}


@pytest.mark.parametrize("release", BOXES)
def test_what_is_drawn_is_not_complained_of(page: "Page", release: str) -> None:
    """A text, a painted picture, a table."""
    show(page, release, GOOD)

    assert complaints(page) == []


@pytest.mark.parametrize("release", BOXES)
@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({1: "ok", 2: BLANK + "Recall", 3: TABLE}, "Recall: has drawn no picture"),
        ({1: "ok", 2: "Panel plugin not found", 3: TABLE}, "Recall: has drawn no picture"),
        ({1: "", 2: CANVAS, 3: TABLE}, "State: is an empty box"),
        ({1: "ok", 2: CANVAS}, "Runs: is not on the page"),
        ({1: "ok", 2: CANVAS, 3: "No data"}, "Runs: No data"),
        ({1: "ok", 2: CANVAS, 3: WIDE}, "Runs: its table is wider than the panel"),
        ({1: "ok", 2: CANVAS, 3: CRASHED}, "Runs: shows an error"),
    ],
)
def test_what_is_not_drawn_is_named(
    page: "Page", release: str, contents: dict[int, str], said: str
) -> None:
    """A picture with a legend and no lines, an empty box, a panel that is nowhere, cut columns."""
    show(page, release, contents)

    assert complaints(page) == [said]


@pytest.mark.parametrize("release", BOXES)
def test_what_still_loads_is_named(page: "Page", release: str) -> None:
    """A panel whose query is not answered, whatever it showed before."""
    show(page, release, GOOD, Recall=LOADING[release])

    assert complaints(page) == ["Recall: still waits for its data"]


@pytest.mark.parametrize("release", BOXES)
def test_a_cut_title_is_named(page: "Page", release: str) -> None:
    """Text that ends in an ellipsis, be it by one pixel."""
    show(page, release, GOOD)
    page.add_style_tag(content="h2 {overflow: hidden; white-space: nowrap; display: inline-block}")
    width = page.evaluate("document.querySelectorAll('h2')[1].scrollWidth")
    page.add_style_tag(content=f"div:nth-child(2) > h2 {{width: {width - 1}px}}")

    assert complaints(page) == ["Recall: cut text: Recall"]


def test_the_window_grows_to_the_page(page: "Page") -> None:
    """So that all is in view, which a new Grafana waits for, and in the picture."""
    show(page, "12.4", {**GOOD, 3: TABLE + "<div style='height: 3000px'></div>"})

    assert complaints(page) == []
    size = page.viewport_size
    assert size is not None
    assert size["height"] > 3000
