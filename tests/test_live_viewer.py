"""With a real Grafana at hand: what a Viewer can do by its query API, which is to look."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from test_live import environment, folder, needs_grafana, run, webhook
from test_roles import POWERS

__all__ = ["environment", "folder", "webhook"]
PASSWORD = "of-a-viewer"
pytestmark = needs_grafana


@pytest.fixture(scope="module")
def viewer(environment: dict[str, str]) -> Iterator[httpx.Client]:
    """Somebody who may only look, logged in to a stack that is up."""
    up = run(environment, "up")
    assert up.returncode == 0, up.stdout + up.stderr
    address = f"http://127.0.0.1:{environment['GRAFANA_PORT']}"
    login = environment.get("GRAFANA_ADMIN_USER", "admin"), environment["GRAFANA_ADMIN_PASSWORD"]
    with (
        httpx.Client(base_url=address, auth=login, timeout=60) as admin,
        httpx.Client(base_url=address, auth=("looks", PASSWORD), timeout=60) as opened,
    ):
        user = {"login": "looks", "name": "looks", "password": PASSWORD}
        admin.post("/api/admin/users", json=user).raise_for_status()
        assert opened.get("/api/user/orgs").json()[0]["role"] == "Viewer"
        yield opened


def ask(viewer: httpx.Client, statements: str) -> tuple[int, str]:
    """The status of an answer, and its one value or what was refused."""
    query: dict[str, Any] = {"refId": "A", "datasource": {"uid": "monitoring"}, "format": "table"}
    body = {"from": "now-1h", "to": "now", "queries": [{**query, "rawSql": statements}]}
    answer = viewer.post("/api/ds/query", json=body)
    result = answer.json().get("results", {}).get("A", {})
    if answer.status_code != 200:
        return answer.status_code, str(result.get("error", answer.text))
    return 200, str(result["frames"][0]["data"]["values"][0][0])


@pytest.mark.parametrize("power", POWERS)
def test_a_viewer_only_views(viewer: httpx.Client, power: str) -> None:
    """Each power is refused by the database, whatever Grafana passes on."""
    statement = POWERS[power].format(database="driftdeck")
    status, said = ask(viewer, f"set transaction_read_only = off; {statement}")

    assert status >= 400
    assert "permission denied" in said or "must be" in said


def test_what_a_viewer_changes_holds_for_a_second(viewer: httpx.Client) -> None:
    """The next who gets the connection has the limits again."""
    assert ask(viewer, "select current_setting('statement_timeout')") == (200, "30s")
    assert ask(viewer, "set statement_timeout = 0; select 1::text") == (200, "1")
    time.sleep(1.5)
    limits = [ask(viewer, "select current_setting('statement_timeout')") for _ in range(20)]

    assert limits[-10:] == [(200, "30s")] * 10


def test_what_a_viewer_takes_is_given_back(
    viewer: httpx.Client, environment: dict[str, str]
) -> None:
    """A password can be changed by its role, which nobody can forbid: the next migration mends it,
    and collections never stop."""
    change = "set transaction_read_only = off; alter role grafana_reader password 'taken'"
    assert ask(viewer, f"{change}; select 1::text") == (200, "1")
    time.sleep(1.5)
    refused = [ask(viewer, "select 1::text")[0] for _ in range(12)]
    assert refused[-1] >= 400
    assert run(environment, "due").returncode in (0, 1)
    migrated = run(environment, "migrate")
    assert migrated.returncode == 0, migrated.stderr

    assert ask(viewer, "select 1::text") == (200, "1")
