"""With a real Grafana or a real compose at hand: skipped by name where there is none."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from conftest import REFERENCE_DAYS, SECRET, rows, write_day
from driftdeck.database.embedded import free_port
from driftdeck.facts import Json
from driftdeck.settings import load_settings
from driftdeck.stack.local import grafana_binary, release
from driftdeck.verify.look import browser_program
from repository import ROOT

needs_grafana = pytest.mark.skipif(
    not grafana_binary(load_settings()), reason="needs a grafana program (GRAFANA_BIN)"
)
DAYS = REFERENCE_DAYS + 8
ENDS = DAYS + 3
"""The last three days are missing at first, so that their data is late."""
RECORDED = Path(__file__).parent / "recorded"


class Webhook(BaseHTTPRequestHandler):
    """Keeps every message that Grafana sends."""

    messages: ClassVar[list[Json]] = []

    def do_POST(self) -> None:
        """Keep one message."""
        length = int(self.headers["Content-Length"])
        self.messages.append(json.loads(self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def webhook() -> Iterator[ThreadingHTTPServer]:
    """A server on this machine that Grafana's messages go to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the team's log and declarations lie: four drifted days at its end."""
    folder = tmp_path_factory.mktemp("live")
    for n in range(1, DAYS + 1):
        drifted = 2.0 if n > DAYS - 4 else 0.0
        write_day(folder / "log", date(2024, 1, n), rows(date(2024, 1, n), shift=drifted))
    (folder / "monitors").mkdir()
    (folder / "monitors" / "small.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\n"
        f"MONITOR = small_monitor({str(folder / 'log')!r}, ends='2024-01-{ENDS}')\n"
    )
    (folder / "monitors" / "contacts.py").write_text(
        "from driftdeck import declare as d\n"
        "CONTACTS = (d.Contact(name='hook', receiver=d.webhook('$TEST_WEBHOOK_URL'),"
        " wait='0s', interval='1s'),)\n"
    )
    return folder


@pytest.fixture(scope="module")
def environment(folder: Path, webhook: ThreadingHTTPServer) -> Iterator[dict[str, str]]:
    """The environment of a team with one monitor of its own and odd passwords."""
    given = {
        "RUNTIME": "grafana",
        "STACK_DIR": str(folder / "stack"),
        "MONITORS": str(folder / "monitors"),
        "PROVISIONING_DIR": str(folder / "provisioning"),
        "EDITS_DIR": str(folder / "edits"),
        "POSTGRES_PORT": str(free_port()),
        "GRAFANA_PORT": str(free_port()),
        "EVIDENTLY_PORT": str(free_port()),
        "GRAFANA_READER_PASSWORD": SECRET,
        "GRAFANA_ADMIN_PASSWORD": "pa$$w'rd\"%x",
        "TEST_WEBHOOK_URL": f"http://127.0.0.1:{webhook.server_port}/",
    }
    chosen = {**os.environ, **given}
    yield chosen
    run(chosen, "down")


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one of our commands."""
    return subprocess.run(
        [sys.executable, "-m", "driftdeck", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_grafana
def test_grafana_shows_what_was_built(
    environment: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """Up, verified, the drifted column alone firing; a second up changes nothing.

    With `--record` the answers are kept, for the tests that run without a Grafana.
    """
    first = run(environment, "up")
    assert first.returncode == 0, first.stdout + first.stderr
    again = run(environment, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    kept = RECORDED / f"grafana-{release(grafana_binary(load_settings()))}.json"
    keep = ["--record", str(kept)] if request.config.option.record else []
    verified = run(environment, "verify", "--json", *keep)
    checks = {check["name"]: check for check in json.loads(verified.stdout)}

    assert [name for name, check in checks.items() if not check["ok"]] == []
    assert checks["rule Small model: Drift above its alert threshold"]["detail"] == "1 of 2 firing"
    assert checks["rule Small model: Rows above its alert threshold"]["detail"] == "0 of 1 firing"


@needs_grafana
@pytest.mark.skipif(not browser_program(), reason="needs a browser (chromium)")
def test_a_person_sees_no_error(environment: dict[str, str], tmp_path: Path) -> None:
    """Each dashboard in a browser, wide and narrow, dark and light: every panel with its data."""
    seen = run(environment, "look", "--out", str(tmp_path))

    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert len(list(tmp_path.glob("*.png"))) == 2 * seen.stdout.count("(wide-dark)")


def alert(name: str, status: str, **labels: str) -> Json | None:
    """The newest message about an alert of a rule, by status and labels."""
    for message in reversed(Webhook.messages):
        for one in message["alerts"]:
            wanted = {"alertname": name, **labels}
            if one["status"] == status and wanted.items() <= one["labels"].items():
                return one
    return None


def wait_for(found: Callable[[], Json | None], seconds: float = 90) -> Json:
    """What `found` gives, as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (one := found()) is not None:
            return one
        time.sleep(0.5)
    raise AssertionError([m["alerts"] for m in Webhook.messages])


@needs_grafana
def test_an_alert_reaches_a_person_and_is_taken_back(
    environment: dict[str, str], folder: Path
) -> None:
    """A drifted column and late days are told, with all that one needs; then that they ended."""
    drift, late = "Small model: Drift above its alert threshold", "Small model: data is late"
    fired = wait_for(lambda: alert(drift, "firing", column_name="x"))
    assert fired["labels"]["monitor"] == "small"
    assert fired["labels"]["kind"] == "breach"
    assert fired["annotations"]["model"] == "Small model"
    assert float(fired["annotations"]["value"]) > float(fired["annotations"]["threshold"]) == 0.4
    assert "Drift of x is above its alert threshold" in fired["annotations"]["summary"]
    assert f":{environment['GRAFANA_PORT']}/d/driftdeck-small" in fired["dashboardURL"]
    assert "viewPanel=" in fired["panelURL"]
    assert alert(drift, "firing", column_name="c") is None
    assert float(wait_for(lambda: alert(late, "firing"))["annotations"]["value"]) == 3

    for n in range(DAYS + 1, ENDS + 1):
        write_day(folder / "log", date(2024, 1, n), rows(date(2024, 1, n)))
        done = run(environment, "run", "small", "--date", f"2024-01-{n}")
        assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: alert(drift, "resolved", column_name="x"))
    wait_for(lambda: alert(late, "resolved"))


@needs_grafana
def test_what_was_edited_in_grafana_becomes_python(
    environment: dict[str, str], folder: Path
) -> None:
    """Saved by a person, named by the plan, kept by apply, pulled, and then nothing is left."""
    edit_by_hand(environment)
    planned = run(environment, "plan")
    assert planned.returncode == 3, planned.stderr
    assert "was edited in Grafana" in planned.stdout
    assert "fieldConfig.defaults.max: 0.75 (new)" in planned.stdout
    assert "1 edited by hand" in planned.stdout
    assert "differs, see `make plan`" in run(environment, "verify").stdout
    assert run(environment, "apply").returncode == 3
    pulled = run(environment, "pull")
    assert pulled.returncode == 0, pulled.stderr
    assert '"fieldConfig.defaults.max"' in (folder / "edits" / "small.py").read_text()
    assert run(environment, "plan").returncode == 0
    assert "nothing to pull" in run(environment, "pull").stdout
    assert run(environment, "apply").returncode == 0
    assert run(environment, "verify").returncode == 0

    (folder / "edits" / "small.py").unlink()  # given up again: a change of the source
    assert run(environment, "apply").returncode == 0
    edit_by_hand(environment)
    assert run(environment, "apply").returncode == 3
    forced = run(environment, "apply", "--force")
    assert forced.returncode == 0, forced.stdout + forced.stderr
    assert run(environment, "verify").returncode == 0


def edit_by_hand(environment: dict[str, str]) -> None:
    """Save a panel's maximum as a person's browser does."""
    login = environment.get("GRAFANA_ADMIN_USER", "admin"), environment["GRAFANA_ADMIN_PASSWORD"]
    address = f"http://127.0.0.1:{environment['GRAFANA_PORT']}"
    with httpx.Client(base_url=address, auth=login, timeout=60) as client:
        found = client.get("/api/dashboards/uid/driftdeck-small").json()
        content = found["dashboard"]
        drift = next(one for one in content["panels"] if one["type"] == "timeseries")
        drift["fieldConfig"]["defaults"]["max"] = 0.75
        body = {"dashboard": content, "folderUid": found["meta"]["folderUid"], "message": "by me"}
        assert client.post("/api/dashboards/db", json=body).status_code == 200


@needs_grafana
def test_wrong_password_says_what_to_do(environment: dict[str, str]) -> None:
    """After a changed admin password verify names the mend, and `password` is that mend."""
    other = {**environment, "GRAFANA_ADMIN_PASSWORD": "another"}
    refused = run(other, "verify")
    assert refused.returncode == 1
    assert "make password" in refused.stdout
    assert run(other, "password").returncode == 0
    assert run(other, "verify").returncode == 0
    run(environment, "password")


@needs_grafana
def test_what_was_removed_from_the_source_goes(environment: dict[str, str], folder: Path) -> None:
    """Verify names a rule that no file holds any more; retired in source, Grafana forgets it."""
    declared = folder / "monitors" / "small.py"
    declared.write_text(declared.read_text() + "import dataclasses\n"
        "MONITOR = dataclasses.replace(MONITOR, metrics=MONITOR.metrics[:-2])\n")  # fmt: skip
    (folder / "monitors" / "contacts.py").unlink()
    left = run(environment, "up")
    assert left.returncode == 1
    assert "retire rule driftdeck-small-log-loss-above" in left.stdout
    assert "retire receiver driftdeck-contact-hook" in left.stdout
    (folder / "provisioning").mkdir(exist_ok=True)
    (folder / "provisioning" / "retired.toml").write_text(
        'rule = ["driftdeck-small-log-loss-above"]\npolicies = [1]\n'
        'receiver = ["driftdeck-contact-hook", "driftdeck-contact-nobody"]\n'
    )
    gone = run(environment, "up")
    assert gone.returncode == 0, gone.stdout + gone.stderr


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="needs docker-compose 1.29")
def test_compose_file_is_accepted() -> None:
    """The compose file is valid for docker-compose 1.29 as well."""
    done = subprocess.run(
        ["docker-compose", "-f", str(ROOT / "docker-compose.yml"), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
