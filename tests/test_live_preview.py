"""With a real Grafana and a browser at hand: previews say what Grafana shows, word for word."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Page, sync_playwright
from test_live import environment, folder, needs_grafana, run, webhook

from driftdeck.database import Role, connect
from driftdeck.facts import Json
from driftdeck.facts.panels import plotted_panels
from driftdeck.preview.draw import DashboardRequest, draw
from driftdeck.preview.frames import make_query_runner
from driftdeck.settings import load_settings
from driftdeck.stack.runtime import choose
from driftdeck.verify.look import FLAGS, READ_PANELS, browser_program, log_in
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.rendering import wait_for_panels
from own_previews import drawings

MENU = {"Panel menu", "Menu"}
"""Words of a panel that stand for something to press."""
HEADINGS = {"Name"}
"""Of a legend's columns, which a preview has no need of."""
CLOCK = re.compile(r"\b(ago|in \d+|a few seconds)\b")
"""A time said relative to now: the two looked at different moments."""
__all__ = ["environment", "folder", "webhook"]


class Words(HTMLParser):
    """The text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.words.append(data)


def squeezed(text: str) -> str:
    """Without spaces: browsers put them between a number and its unit, or do not."""
    return re.sub(r"\s+", "", text)


def preview_words(drawing: Json) -> set[str]:
    """Everything that a preview's panel says, text by text."""
    words = [drawing["title"], *Words(drawing.get("html") or "").words]
    words += _strings(drawing.get("legend") or {})
    if not any(trace.get("name") for trace in drawing.get("traces", ())):
        words.append("No data")
    return set(map(squeezed, words))


def grafana_words(text: str) -> list[str]:
    """What a person reads in Grafana's panel, cell by cell, without its menu."""
    lines = (line for line in text.splitlines() if line not in MENU and not CLOCK.search(line))
    return [squeezed(cell) for line in lines for cell in line.split("\t") if cell.strip()]


def is_said(word: str, preview: set[str]) -> bool:
    """Whether a preview says it, too; of a legend below its plot as "Mean: 1" in two texts."""
    return word in preview or set(word.split(":", 1)) <= preview


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Of the browser that `make look` looks with."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_program(), args=FLAGS)
        yield browser.new_page(viewport={"width": 1920, "height": 1080})
        browser.close()


@needs_grafana
@pytest.mark.skipif(not browser_program(), reason="needs a browser (chromium)")
def test_a_preview_says_what_grafana_shows(
    environment: dict[str, str], page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line of text of every panel of every dashboard: values, units, mappings, legends."""
    up = run(environment, "up")
    assert up.returncode == 0, up.stdout + up.stderr
    monkeypatch.setattr("os.environ", environment)
    chosen = load_settings()
    log_in(page, chosen)
    compared, differing = 0, []
    with connect(chosen, Role.READER) as connection:
        for dashboard in Provisioning(choose(chosen).artefacts(), {}).dashboards():
            page.goto(f"{chosen.grafana}/d/{dashboard['uid']}?kiosk", timeout=60_000)
            assert wait_for_panels(page, list(plotted_panels(dashboard))) == {}
            texts = {box["id"]: box["text"] for box in page.evaluate(READ_PANELS)}
            model = draw(
                dashboard,
                make_query_runner(connection),
                DashboardRequest(all_choices=False),
                datetime.now(UTC),
            )
            for panel, drawing in drawings(model):
                words = list(grafana_words(texts[panel["id"]]))
                compared += len(words)
                preview = preview_words(drawing) | HEADINGS
                unsaid = [word for word in words if not is_said(word, preview)]
                differing += [(dashboard["title"], drawing["title"], word) for word in unsaid]
    assert differing == []
    assert compared > 200
