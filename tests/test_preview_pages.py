"""Pages of previews: files, comparisons and the server, read and tried in a browser."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
import uvicorn
from litestar.testing import TestClient
from playwright.sync_api import Page, expect, sync_playwright

from driftdeck.database import Role, connect
from driftdeck.database.embedded import free_port, port_taken
from driftdeck.generator.artefacts import artefacts
from driftdeck.preview import pages, serve
from driftdeck.preview.source import Build, Source
from driftdeck.settings import Settings
from driftdeck.verify.look import FLAGS, browser_program
from driftdeck.verify.provisioning import Provisioning
from own_previews import Json, drawings
from repository import small_project

BUILT = Provisioning(artefacts(small_project()), {}).dashboards()


def held_by(text: str) -> Json:
    """What a page gives to its script."""
    found = re.search(r'id="page">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    held: Json = json.loads(found[1])
    return held


def test_pages_need_nothing_but_themselves(
    collected: tuple[Settings, list[Json]], tmp_path: Path
) -> None:
    """One file holds script, style and data; nothing is loaded from anywhere."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        index = pages.write_pages(reader, dashboards, tmp_path / "out")

    assert "driftdeck-small.html" in index.read_text()
    text = (tmp_path / "out" / "driftdeck-small.html").read_text()
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?!data:)", outside) == []
    held = held_by(text)
    assert held["dashboards"][0]["model"]["uid"] == "driftdeck-small"
    assert "Preview" in text


def test_a_comparison_marks_the_panels_that_differ(
    reader: psycopg.Connection, tmp_path: Path
) -> None:
    """Only dashboards that differ have a page; one that only moved is not marked."""
    files = artefacts(small_project())
    name = "dashboards/overview.json"
    board = json.loads(files[name])
    first, second = board["panels"][:2]
    first["title"] = "Renamed"
    second["gridPos"] = {**second["gridPos"], "y": 99}
    board["panels"].append({**first, "id": 99, "title": "Added"})
    after = {**files, name: json.dumps(board)}
    index, count = pages.write_comparison(reader, files, after, "main", tmp_path)

    assert (count, sorted(path.name for path in tmp_path.iterdir())) == (
        1,
        ["driftdeck-overview.html", "index.html"],
    )
    text = (tmp_path / "driftdeck-overview.html").read_text()
    held = held_by(text)
    assert [sorted(side["touched"]) for side in held["dashboards"]] == [[99, first["id"]]] * 2
    assert "Before (main)" in text
    _, none = pages.write_comparison(reader, files, files, "main", tmp_path)
    assert none == 0
    assert "No dashboard differs from main" in index.read_text()


class Fixed(Source):
    """A source that gives what it was given."""

    def __init__(self, build: Build) -> None:
        self.build = build

    def newest(self) -> Build:
        """What it was given."""
        return self.build


def test_the_server_draws_what_the_address_asks_for(
    collected: tuple[Settings, list[Json]],
) -> None:
    """from, to, var-NAME and refresh, as in Grafana; what cannot be drawn says why."""
    settings, dashboards = collected
    source = Fixed(Build(3, {one["uid"]: one for one in dashboards}, "line 3 is wrong"))
    app = serve.make_app(settings, source, lambda: connect(settings, Role.READER))
    path = "/api/preview/dashboards/driftdeck-small"
    with TestClient(app) as client:
        home = client.get("/", follow_redirects=False)
        page = client.get("/d/driftdeck-small/small?var-column=c").text
        said = client.get(f"{path}?var-column=c&from=2024-01-02&to=1704844800000&refresh=5s").json()
        wrong = client.get(f"{path}?from=now&to=now-1d")
        unknown = client.get("/d/nothing")
        state = client.get("/api/preview/source").json()

    assert home.headers["location"] == "/d/driftdeck-overview"
    assert "line 3 is wrong" in page
    assert '"chosen":{"column":"c"}' in page
    assert said["model"]["time"]["text"] == "2024-01-02 00:00:00 to 2024-01-10 00:00:00"
    assert (said["model"]["refresh"], said["version"]) == ("5s", 3)
    assert "c: drift and its thresholds" in [one["title"] for _, one in drawings(said["model"])]
    assert (wrong.status_code, "ends before it begins" in wrong.text) == (400, True)
    assert (unknown.status_code, "line 3 is wrong" in unknown.text) == (404, True)
    assert state == {"version": 3, "problem": "line 3 is wrong"}


def test_a_database_that_is_away_is_said(settings: Settings) -> None:
    """The page says so, and goes on when it is back."""

    def away() -> psycopg.Connection:
        raise psycopg.OperationalError("connection refused")

    source = Fixed(Build(1, {"u": BUILT[0]}))
    with TestClient(serve.make_app(settings, source, away)) as client:
        answer = client.get("/d/u")
    assert answer.status_code == 503
    assert "connection refused" in answer.text
    assert "make up" in answer.text


def test_the_source_is_built_again_when_it_changes(
    collected: tuple[Settings, list[Json]], tmp_path: Path
) -> None:
    """By a fresh process; what is half written is told, and the last good build stays."""
    settings, _ = collected
    declared = settings.monitors_dir / "small.py"
    good = declared.read_text()
    source = Source(settings, tmp_path / "built")
    first = source.newest()

    assert (first.version, first.problem) == (1, "")
    assert source.newest() is first
    declared.write_text(good + "MONITOR = MONITOR.title.nonsense\n")
    broken = source.newest()
    assert broken.version == 1
    assert broken.dashboards == first.dashboards
    assert "nonsense" in broken.problem
    declared.write_text(good.replace("ends=", "title='Renamed', ends="))
    mended = source.newest()
    assert (mended.version, mended.problem) == (2, "")
    assert mended.dashboards["driftdeck-small"]["title"] == "Renamed"


@pytest.fixture
def browser() -> Iterator[Page]:
    """A page of the Chromium that is installed; what goes wrong in it fails the test."""
    program = browser_program()
    if not program:
        pytest.skip("needs a Chromium, as make look does")
    wrong: list[str] = []
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=FLAGS)
        page = opened.new_page(viewport={"width": 1500, "height": 2400})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        yield page
        opened.close()
    assert wrong == []


def titles(page: Page) -> list[str]:
    """Of the panels that a browser shows."""
    return page.locator(".panel .title").all_inner_texts()


def test_a_browser_chooses_in_a_file(
    collected: tuple[Settings, list[Json]], tmp_path: Path, browser: Page
) -> None:
    """Drop-downs, addresses, legends and annotations work without a server."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        pages.write_pages(reader, dashboards, tmp_path)
    address = f"file://{tmp_path}/driftdeck-small.html"
    browser.goto(address)
    browser.wait_for_selector(".plot .scatterlayer path")

    assert "c: drift and its thresholds" not in titles(browser)
    browser.locator(".label + select").select_option("c")
    assert "c: drift and its thresholds" in titles(browser)
    assert browser.url.endswith("?var-column=c")
    browser.reload()
    assert "c: drift and its thresholds" in titles(browser)
    browser.goto(f"file://{tmp_path}/driftdeck-overview.html")
    browser.locator("td a", has_text="Small").first.click()
    browser.wait_for_selector(".plot .scatterlayer path")
    assert browser.url.startswith(address)


def test_a_browser_sees_the_source_change(
    collected: tuple[Settings, list[Json]], tmp_path: Path, browser: Page
) -> None:
    """The inner loop: a changed title, a mistake, its mend, each without a reload by hand."""
    settings, _ = collected
    source = Source(settings, tmp_path / "built")
    app = serve.make_app(settings, source, lambda: connect(settings, Role.READER))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    declared = settings.monitors_dir / "small.py"
    good = declared.read_text()
    try:
        wait_for(lambda: port_taken(port))
        browser.goto(f"http://127.0.0.1:{port}/d/driftdeck-small?from=2024-01-01&to=2024-01-13")
        heading = browser.locator("h1")
        expect(heading).to_have_text("Small model")
        declared.write_text(good.replace("ends=", "title='Renamed', ends="))
        expect(heading).to_have_text("Renamed", timeout=20_000)
        declared.write_text("nonsense")
        banner = browser.locator(".banner")
        expect(banner).to_contain_text("NameError", timeout=20_000)
        expect(heading).to_have_text("Renamed")
        declared.write_text(good)
        expect(heading).to_have_text("Small model", timeout=20_000)
        expect(banner).to_be_empty()
        browser.locator(".label + select").select_option("c")
        browser.wait_for_url("**var-column=c")
        expect(
            browser.locator(".panel .title", has_text="c: drift and its thresholds")
        ).to_be_visible()
    finally:
        browser.goto("about:blank")  # or it would miss the server
        server.should_exit = True
        thread.join(timeout=20)


def wait_for(true: Callable[[], bool]) -> None:
    """Until it is true, for ten seconds."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
