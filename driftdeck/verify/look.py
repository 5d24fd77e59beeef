"""Looks at the dashboards of a live Grafana as a person does: in a browser, panel by panel."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftdeck.errors import DriftdeckError
from driftdeck.facts import Json
from driftdeck.facts.panels import plotted_panels
from driftdeck.grafana.client import Grafana, GrafanaError, silence
from driftdeck.settings import Settings
from driftdeck.verify.checks import Check
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.rendering import wait_for_panels

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
CELL, ABOVE = 38, 140
"""Pixels of a grid row, and of what stands above the grid."""
SETTLE_MS = 500
"""For animations, after everything has been drawn."""
READ_PANELS = """
() => {
  const boxes = [...document.querySelectorAll('[data-panelid], [data-viz-panel-key]')];
  return boxes.map(box => {
    const short = 'h2, h6, [role="columnheader"] > *, [class*="value"] span';
    const cut = [...box.querySelectorAll(short)]
      .filter(text => text.textContent.trim() && text.scrollWidth > text.clientWidth
        && getComputedStyle(text).overflowX === 'hidden');
    const right = box.getBoundingClientRect().right;
    const wide = [...box.querySelectorAll('[role="grid"]')]
      .some(grid => grid.scrollWidth > grid.clientWidth + 2)
      || [...box.querySelectorAll('[role="columnheader"]')]
        .some(header => header.getBoundingClientRect().right > right);
    return {
      id: Number(box.dataset.panelid || box.dataset.vizPanelKey.replace('panel-', '')),
      text: box.innerText,
      error: !!box.querySelector(
        '.panel-info-corner--error, [data-testid*="Panel status error"],'
        + '[data-testid="data-testid Alert error"]'),  // what a panel is replaced by if it crashes
      cut: cut.map(text => text.textContent.trim()),
      wide,
    };
  });
}
"""


@dataclass(frozen=True)
class View:
    """A browser's window and theme. width: in pixels."""

    name: str
    width: int
    theme: str


VIEWS = (View("wide-dark", 1920, "dark"), View("laptop-light", 1366, "light"))


class NoBrowserError(DriftdeckError):
    """There is no browser to look with: names those that do."""


def browser_program() -> str:
    """The Chromium that is installed, '' where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


def look(settings: Settings, built: Provisioning, folder: Path) -> Iterator[Check]:
    """Open each dashboard in each view; keep a picture of it in `folder`, judge every panel.

    Raises NoBrowserError, and GrafanaError where none answers.
    """
    program = browser_program()
    if not program:
        raise NoBrowserError(f"no browser here; install one of {', '.join(BROWSERS)}")
    if Grafana(settings).health() is None:
        raise GrafanaError(silence(settings))
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        for view in VIEWS:
            for dashboard in built.dashboards():
                yield from _look_at(browser, settings, dashboard, built, view, folder)
        browser.close()


def _look_at(
    browser: "Browser",
    settings: Settings,
    dashboard: Json,
    built: Provisioning,
    view: View,
    folder: Path,
) -> Iterator[Check]:
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboard["panels"]) * CELL
    page = browser.new_page(viewport={"width": view.width, "height": height + ABOVE})
    try:
        log_in(page, settings)
        address = f"{settings.grafana}/d/{dashboard['uid']}?theme={view.theme}&kiosk"
        page.goto(address, timeout=60_000)
        missing = wait_for_panels(page, list(plotted_panels(dashboard)))
        page.wait_for_timeout(SETTLE_MS)
        screenshot = folder / f"{dashboard['uid']}-{view.name}.png"
        page.screenshot(path=screenshot)
        boxes = page.evaluate(READ_PANELS)
    finally:
        page.close()
    excused = built.may_be_empty.get(dashboard["uid"], {})
    problems = list(_find_problems(dashboard, missing, boxes, excused))
    detail = (
        "; ".join(problems) or f"{len(list(plotted_panels(dashboard)))} panels, {screenshot.name}"
    )
    yield Check(f"look {dashboard['title']} ({view.name})", not problems, detail)


def log_in(page: "Page", settings: Settings) -> None:
    """Log in as the administrator. Raises GrafanaError if Grafana refuses."""
    login = {"user": settings.grafana_admin_user, "password": settings.grafana_admin_password}
    response = page.request.post(f"{settings.grafana}/login", data=login)
    if not response.ok:
        raise GrafanaError(f"Grafana refuses the login: {response.status} {response.text()[:200]}")


def _find_problems(
    dashboard: Json, missing: Mapping[int, str], read_panels: list[Json], excused: Any
) -> Iterator[str]:
    """What a person would complain of, panel by panel.

    missing: why panels are not rendered, by id. read_panels: as READ_PANELS gives them. excused:
    why panels may be empty, by id.
    """
    by_id = {box["id"]: box for box in read_panels}
    for panel in plotted_panels(dashboard):
        title, box = panel["title"], by_id.get(panel["id"])
        if panel["id"] in missing or box is None:
            yield f"{title}: {missing.get(panel['id'], 'is not on the page')}"
        if box is None:
            continue
        if box["error"]:
            yield f"{title}: shows an error"
        if "No data" in box["text"].splitlines() and panel["id"] not in excused:
            yield f"{title}: No data"
        if box["cut"]:
            yield f"{title}: cut text: {', '.join(box['cut'][:3])}"
        if box["wide"]:
            yield f"{title}: its table is wider than the panel"
