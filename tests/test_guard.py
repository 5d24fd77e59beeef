"""The small servers answer their own names, and are changed by their own pages and programs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import httpx
import pandas as pd
import psycopg
import pytest
import uvicorn
from evidently import Dataset
from evidently.ui.workspace import RemoteWorkspace
from litestar.testing import TestClient

from driftdeck.database import Role, connect
from driftdeck.database.embedded import free_port
from driftdeck.errors import UsageError
from driftdeck.preview import serve
from driftdeck.preview.source import Build, Source
from driftdeck.settings import Settings
from driftdeck.stack import evidently as ui
from driftdeck.stack.guard import Guard
from driftdeck.verify.queries import parse_time

HOME = "http://127.0.0.1:8000"
EVIL = "http://evil.example"


@pytest.fixture
def served(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> Guard:
    """The Evidently UI as it is served, over the tests' database."""
    ui.migrate_database(ui.evidently_uri(settings))
    monkeypatch.setattr(ui, "load_settings", lambda: settings)
    return ui.app(settings, "127.0.0.1")


@pytest.fixture
def client(served: Guard) -> Iterator[TestClient[Guard]]:
    """A browser or program that asks it."""
    with TestClient(served, base_url=HOME) as opened:
        yield opened


def names(client: TestClient[Guard]) -> list[str]:
    """The projects that there are."""
    return [project["name"] for project in client.get("/api/projects").json()]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1:3000", "http://[", None])
def test_a_page_elsewhere_writes_nothing(
    client: TestClient[Guard], origin: str | None, kind: str
) -> None:
    """Nor does a body that a browser sends anywhere unasked, whoever says to have sent it."""
    headers = {"Origin": origin} if origin else {}
    if kind:
        headers["Content-Type"] = kind
    before = names(client)
    answer = client.post("/api/projects", content='{"name": "theirs"}', headers=headers)

    assert answer.status_code in {403, 415}
    assert names(client) == before


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_no_body_makes_a_foreign_origin_ours(client: TestClient[Guard], kind: str) -> None:
    """Not even one that a browser would ask leave for."""
    headers = {"Origin": EVIL, "Content-Type": kind}
    answers = [
        client.request(method, "/api/projects", content="{}", headers=headers).status_code
        for method in ("POST", "PUT", "PATCH", "DELETE")
    ]

    assert answers == [403] * 4


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("reports.example", 200),
        ("evidently:8000", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example:8000", 400),
        ("localhost@evil.example", 400),
        ("[", 400),
        ("", 400),
    ],
)
def test_only_our_own_names_are_answered(settings: Settings, host: str, status: int) -> None:
    """Those of the loopback, of EVIDENTLY_URL and of ALLOWED_HOSTS: DNS rebinding reads nothing."""
    mine = settings.model_copy(
        update={"evidently_url": "https://reports.example/", "allowed_hosts": "other, Evidently"}
    )
    app = serve.make_app(mine, Provisioning(), lambda: psycopg.connect(""))
    with TestClient(Guard(app, mine), base_url=HOME) as client:
        answer = client.get("/api/preview/source", headers={"Host": host})

    assert answer.status_code == status
    assert ("ALLOWED_HOSTS" in answer.text) == (status == 400)


class Provisioning(Source):
    """A source without a dashboard but one."""

    def __init__(self) -> None:
        pass

    def newest(self) -> Build:
        """That dashboard."""
        return Build(1, {"u": {"uid": "u", "title": "U", "time": {"from": "now-1d", "to": "now"}}})


def test_its_own_page_and_programs_write(served: Guard, settings: Settings) -> None:
    """The UI behind a proxy, too; Evidently's client makes projects and uploads data sets."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(served, port=port, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        address = f"http://127.0.0.1:{port}"
        workspace = RemoteWorkspace(address)
        project = workspace.create_project("by a program")
        assert project.id in {one.id for one in workspace.list_projects()}
        frame = Dataset.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}))
        assert workspace.add_dataset(project.id, frame, "x", None)
        said = {"name": "renamed by its page"}
        url = f"{address}/api/projects/{project.id}/info"
        known = httpx.get(url).json()
        answer = httpx.post(url, json={**known, **said}, headers={"Origin": address})
        assert answer.status_code == 201
        assert httpx.get(url).json()["name"] == said["name"]
        workspace.delete_project(project.id)
        assert project.id not in {one.id for one in workspace.list_projects()}
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("monitor", ["flights", "%00", "..", "%FF", "a" * 3000])
@pytest.mark.parametrize(
    "at",
    [
        "abc",
        "1e400",
        "9" * 20,
        "9" * 5000,
        "-1",
        "-62135596800001",
        "253402300799999",
        "%00",
        "newest",
    ],
)
def test_no_address_of_a_report_is_an_error_of_ours(
    client: TestClient[Guard], monitor: str, at: str
) -> None:
    """What names no monitor or no moment is not found."""
    assert client.get(f"/window/{monitor}/{at}").status_code == 404


def test_a_database_that_is_away_is_said(
    client: TestClient[Guard], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link to a report tells who starts it."""
    away = settings.model_copy(update={"postgres_port": free_port()})
    monkeypatch.setattr(ui, "load_settings", lambda: away)
    answer = client.get("/window/flights/newest")

    assert (answer.status_code, "driftdeck up" in answer.text) == (503, True)


@pytest.mark.parametrize("path", ["%00", "9" * 300, "api/projects/%00", "api/projects/a%0Ab/info"])
def test_no_address_of_evidently_is_an_error_of_ours(client: TestClient[Guard], path: str) -> None:
    """Its own pages are files, and some names no file can have."""
    assert client.get(f"/{path}").status_code == 404


@pytest.mark.parametrize(
    "text", ["9" * 20, "9" * 400, "now-99999999999d", "now-9999y/y", "now+9999y"]
)
def test_moments_outside_the_calendar_are_refused(
    settings: Settings, connection: psycopg.Connection, text: str
) -> None:
    """By the preview with status 400, as any range that cannot be drawn."""
    with pytest.raises(UsageError, match="outside the years 1 to 9999"):
        parse_time(text, datetime.now(UTC))
    app = serve.make_app(settings, Provisioning(), lambda: connect(settings, Role.READER))
    with TestClient(app) as client:
        assert client.get("/d/u", params={"from": text}).status_code == 400
