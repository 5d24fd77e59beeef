"""With a real Grafana or a real compose at hand: skipped by name where there is none."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from conftest import REFERENCE_DAYS, SECRET, rows, write_day
from database.embedded import free_port
from settings import ROOT, load_settings
from stack.local import grafana_binary

needs_grafana = pytest.mark.skipif(
    not grafana_binary(load_settings()), reason="needs a grafana program (GRAFANA_BIN)"
)
DAYS = REFERENCE_DAYS + 8


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a team with one monitor of its own and odd passwords."""
    folder = tmp_path_factory.mktemp("live")
    for n in range(1, DAYS + 1):
        drifted = 2.0 if n > DAYS - 4 else 0.0
        write_day(folder / "log", date(2024, 1, n), rows(date(2024, 1, n), shift=drifted))
    (folder / "monitors").mkdir()
    (folder / "monitors" / "small.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\n"
        f"MONITOR = small_monitor({str(folder / 'log')!r}, ends='2024-01-{DAYS}')\n"
    )
    given = {
        "RUNTIME": "grafana",
        "STACK_DIR": str(folder / "stack"),
        "MONITORS_DIR": str(folder / "monitors"),
        "POSTGRES_PORT": str(free_port()),
        "GRAFANA_PORT": str(free_port()),
        "EVIDENTLY_PORT": str(free_port()),
        "GRAFANA_READER_PASSWORD": SECRET,
        "GRAFANA_ADMIN_PASSWORD": "pa$$w'rd\"%x",
    }
    chosen = {**os.environ, **given}
    yield chosen
    stack(chosen, "down")


def stack(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one command of the stack."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "stack", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_grafana
def test_grafana_shows_what_was_built(environment: dict[str, str]) -> None:
    """Up, verified, the drifted column alone firing, down again; a second up changes nothing."""
    first = stack(environment, "up")
    assert first.returncode == 0, first.stdout + first.stderr
    again = stack(environment, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    verified = stack(environment, "verify", "--json")
    checks = {check["name"]: check for check in json.loads(verified.stdout)}

    assert [name for name, check in checks.items() if not check["ok"]] == []
    assert checks["rule Small model: Drift above its alert level"]["detail"] == "1 of 2 firing"
    assert checks["rule Small model: Rows below its alert level"]["detail"].startswith("0 of")


@needs_grafana
def test_wrong_password_says_what_to_do(environment: dict[str, str]) -> None:
    """After a changed admin password verify names the mend, and `password` is that mend."""
    other = {**environment, "GRAFANA_ADMIN_PASSWORD": "another"}
    refused = stack(other, "verify")
    assert refused.returncode == 1
    assert "make password" in refused.stdout
    assert stack(other, "password").returncode == 0
    assert stack(other, "verify").returncode == 0
    stack(environment, "password")


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
