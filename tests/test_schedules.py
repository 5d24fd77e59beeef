"""Schedules: what cron and Prefect make of what is due."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from driftdeck.schedules import windows
from driftdeck.schedules.cron import cron_line
from driftdeck.schedules.server import QUIET
from driftdeck.schedules.windows import CollectorError
from repository import ROOT

PREFECT = ROOT / ".stack" / "prefect-venv" / "bin" / "python"


def program(path: Path, text: str) -> Path:
    """A shell script that stands for .venv's Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_line_of_the_crontab_runs_anywhere(tmp_path: Path) -> None:
    """As cron runs it: no environment, a blank and a % in the path; twice, the log keeps both."""
    root = tmp_path / "100% of it"
    python = program(root / ".venv" / "bin" / "python", 'echo "$PWD: $*"; echo trouble >&2')
    *times, command = cron_line(root, python).split(" ", 5)
    for _ in range(2):
        subprocess.run(["/bin/sh", "-c", command.replace(r"\%", "%")], env={}, check=True)

    assert times == ["17", "*", "*", "*", "*"]
    assert command.count("%") == command.count(r"\%")
    said = [f"{root}: -m driftdeck due", "trouble"]
    assert (root / ".stack" / "due.log").read_text().splitlines() == said * 2


def test_due_windows_are_grouped_by_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each monitor with its days, in the order in which `due --list` names them."""
    lines = r"b 2024-01-02\tmissing\na 2024-01-03\tfailed before\nb 2024-01-04\tstale: x"
    monkeypatch.setattr(windows, "PYTHON", program(tmp_path / "python", f"printf '{lines}\\n'"))

    days = {"b": ["2024-01-02", "2024-01-04"], "a": ["2024-01-03"]}
    assert windows.due() == windows.Due(days, "")


def test_a_source_that_is_gone_holds_up_no_other_monitor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could be told is told; only a command that knows of none fails."""
    lines = r"printf 'a 2024-01-03\tmissing\n'; echo 'b: no folder' >&2; exit "
    monkeypatch.setattr(windows, "PYTHON", program(tmp_path / "python", f"{lines}1"))
    assert windows.due() == windows.Due({"a": ["2024-01-03"]}, "b: no folder")
    program(tmp_path / "python", "echo 'b: no folder' >&2; exit 1")
    with pytest.raises(CollectorError, match="b: no folder"):
        windows.due()


def test_a_window_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason stands on standard output when it failed, on the other when it never began."""
    fails = program(tmp_path / "python", 'echo "$*: failed"; echo no database >&2; exit 1')
    monkeypatch.setattr(windows, "PYTHON", fails)

    with pytest.raises(CollectorError, match="run m --window 2024-01-02: failed\nno database"):
        windows.run("m", "2024-01-02")


@pytest.mark.skipif(not PREFECT.exists(), reason="needs Prefect's environment (make prefect)")
def test_prefect_fails_a_window_alone(tmp_path: Path) -> None:
    """In Prefect's own engine: tried three times, the others run, in order; the flow fails."""
    code = """
import json, sys
from driftdeck.schedules import prefect_flow, windows
tried = []
def run(monitor, day):
    tried.append(f"{monitor} {day}")
    if monitor == "bad" and day == "1":
        raise RuntimeError("no folder")
    return ["ok"]
found = windows.Due({"bad": ["1", "2"], "good": ["1", "2"]}, "")
windows.due, windows.run = lambda: found, run
prefect_flow.collect_window.retry_delay_seconds = 0
state = prefect_flow.collect(return_state=True)
open(sys.argv[1], "w").write(json.dumps([state.type.value, tried]))
"""
    environment = {**os.environ, **QUIET, "PREFECT_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment.pop("PREFECT_API_URL", None)
    said = tmp_path / "said.json"
    subprocess.run([PREFECT, "-c", code, said], cwd=ROOT, env=environment, check=True)
    state, tried = json.loads(said.read_text())

    assert state == "FAILED"
    assert [one for one in tried if one.startswith("bad")] == ["bad 1"] * 3 + ["bad 2"]
    assert [one for one in tried if one.startswith("good")] == ["good 1", "good 2"]
