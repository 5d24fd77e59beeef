"""Looks at the dashboards of a live Grafana as a person does: in a browser, panel by panel."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settings import Settings
from stack.built import Built
from stack.grafana import Grafana
from stack.questions import panels
from stack.verify import Check

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Json = dict[str, Any]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
CELL, ABOVE = 38, 140
"""Pixels of a grid row, and of what stands above the grid."""
SETTLE_MS = 2500
"""For animations and the last answers, after everything has appeared."""
DRAWN = """
wanted => document.querySelectorAll('.react-grid-item, [data-griditem-key]').length >= wanted
  && !document.querySelector('[aria-label="Panel loading bar"], .panel-loading')
"""
SEEN = """
() => {
  const boxes = [...document.querySelectorAll(
    '[data-panelid], [data-viz-panel-key], .react-grid-item')];
  return boxes.map(box => {
    const head = box.querySelector('h2, h6, [data-testid*="header-container"]');
    const short = 'h2, h6, [role="columnheader"] > *, [class*="value"] span';
    const cut = [...box.querySelectorAll(short)]
      .filter(one => one.textContent.trim() && one.scrollWidth > one.clientWidth + 2
        && getComputedStyle(one).overflowX === 'hidden');
    return {
      title: head ? head.textContent.trim() : '',
      text: box.innerText,
      error: !!box.querySelector(
        '.panel-info-corner--error, [data-testid*="Panel status error"]'),
      cut: cut.map(one => one.textContent.trim()),
    };
  });
}
"""


@dataclass(frozen=True)
class View:
    """How a person looks. width: of the window in pixels."""

    name: str
    width: int
    theme: str


VIEWS = (View("wide-dark", 1920, "dark"), View("laptop-light", 1366, "light"))


def browser_program() -> str:
    """The Chromium that is installed, '' where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


def look(settings: Settings, built: Built, folder: Path) -> Iterator[Check]:
    """Open each dashboard in each view; keep a picture of it in `folder`, judge every panel.

    Raises RuntimeError where there is no browser, or no Grafana answers.
    """
    program = browser_program()
    if not program:
        raise RuntimeError(f"no browser here; install one of {', '.join(BROWSERS)}")
    if Grafana(settings).health() is None:
        raise RuntimeError(f"nothing answers at {settings.grafana}; run `make up`")
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        for view in VIEWS:
            for dashboard in built.dashboards():
                yield from _look_at(browser, settings, dashboard, built, view, folder)
        browser.close()


def _look_at(
    browser: "Browser", settings: Settings, dashboard: Json, built: Built, view: View, folder: Path
) -> Iterator[Check]:
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboard["panels"]) * CELL
    page = browser.new_page(viewport={"width": view.width, "height": height + ABOVE})
    try:
        _log_in(page, settings)
        address = f"{settings.grafana}/d/{dashboard['uid']}?theme={view.theme}&kiosk"
        page.goto(address, timeout=60_000)
        wanted = len(list(panels(dashboard)))
        page.wait_for_function(DRAWN, arg=wanted, timeout=60_000)
        page.wait_for_timeout(SETTLE_MS)
        picture = folder / f"{dashboard['uid']}-{view.name}.png"
        page.screenshot(path=picture)
        seen = page.evaluate(SEEN)
    finally:
        page.close()
    excused = built.may_be_empty.get(dashboard["uid"], {})
    problems = list(_problems(dashboard, seen, excused))
    said = "; ".join(problems) or f"{len(list(panels(dashboard)))} panels, {picture.name}"
    yield Check(f"look {dashboard['title']} ({view.name})", not problems, said)


def _log_in(page: "Page", settings: Settings) -> None:
    login = {"user": settings.grafana_admin_user, "password": settings.grafana_admin_password}
    answer = page.request.post(f"{settings.grafana}/login", data=login)
    if not answer.ok:
        raise RuntimeError(f"Grafana refuses the login: {answer.status} {answer.text()[:200]}")


def _problems(dashboard: Json, seen: list[Json], excused: Any) -> Iterator[str]:
    """What a person would complain of, panel by panel."""
    for panel in panels(dashboard):
        title = panel["title"]
        boxes = [box for box in seen if _same(title, box)]
        if not boxes:
            yield f"{title}: not drawn"
            continue
        box = boxes[0]
        if box["error"]:
            yield f"{title}: shows an error"
        if "No data" in box["text"].splitlines() and panel["id"] not in excused:
            yield f"{title}: No data"
        if box["cut"]:
            yield f"{title}: cut text: {', '.join(box['cut'][:3])}"


def _same(title: str, box: Json) -> bool:
    """Whether a box is the panel of a title; a variable in it stands as its value."""
    if "$" in title:
        return str(box["title"]).endswith(title.partition(" ")[2])
    return title in (box["title"], str(box["text"]).partition("\n")[0].strip())
