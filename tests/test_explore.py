"""The notebook and its plain-script twin: agree, and run."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from conftest import REFERENCE_DAYS, rows, write_day
from driftdeck.collectors.reports.explore import Explorer
from driftdeck.errors import UsageError
from driftdeck.settings import IsolatedSettings
from repository import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import notebook

DRIFTED = date(2024, 1, REFERENCE_DAYS + 2)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables by which notebook and script look at the small monitor instead."""
    for n in range(1, REFERENCE_DAYS + 4):
        day = date(2024, 1, n)
        write_day(tmp_path / "log", day, rows(day, shift=1.5 if day >= DRIFTED else 0.0))
    (tmp_path / "small.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\n"
        f"MONITOR = small_monitor({str(tmp_path / 'log')!r})\n"
    )
    given = {
        "MONITOR": "small", "MONITORS": str(tmp_path), "DAY": str(DRIFTED),
        "THEN": "2024-01-01/2024-01-04", "NOW": f"{DRIFTED}/2024-01-07",
        "PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_notebook_is_made_from_its_script() -> None:
    """`make notebook` would change nothing."""
    assert (ROOT / "docs" / "explore.ipynb").read_text(encoding="utf-8") == notebook.notebook()


def test_script_runs(environment: Path) -> None:
    """The twin, from top to bottom, with what it says of a drifted day."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "docs" / "explore.py")],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "400 rows" in done.stdout
    assert "Value drift for x: Less or Equal 0.400" in done.stdout


def test_notebook_runs(environment: Path) -> None:
    """In a kernel of Jupyter's: the report shows itself there."""
    made = nbformat.read(ROOT / "docs" / "explore.ipynb", as_version=4)
    NotebookClient(made, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = json.dumps([cell.get("outputs", []) for cell in made.cells])

    assert "text/html" in shown
    assert "Value drift for x" in shown


def test_what_drifted_between_two_spans(environment: Path) -> None:
    """The shifted column is furthest away, in units of its alert threshold; the other is quiet."""
    explorer = Explorer("small", IsolatedSettings(monitors=(str(environment),)))
    first = date(2024, 1, 1), date(2024, 1, 4)
    found = explorer.between(first, (DRIFTED, date(2024, 1, 7)))

    assert found["x"] > 3
    assert found["c"] < 1
    assert explorer.between(first, first).max() == pytest.approx(0, abs=1e-9)


def test_a_report_is_of_a_window(environment: Path) -> None:
    """Of six hours where windows are these, judged by the thresholds of such hours."""
    (environment / "small.py").write_text(
        "from conftest import small_monitor\n"
        "from driftdeck import declare as d\n"
        "from driftdeck.declare.thresholds import ThresholdKey\n"
        "like = d.Quantiles(same=d.same('hour'))\n"
        "found = {ThresholdKey('drift', 'x', like=hour): d.Thresholds(alert_above=level)\n"
        "         for hour, level in (('00', 0.3), ('06', 0.7))}\n"
        f"MONITOR = small_monitor({str(environment / 'log')!r}, every=d.Hourly(6),\n"
        "    metrics=(d.drift(quantiles=like), d.row_count(unjudged='-')), calibrated=found)\n"
    )
    explorer = Explorer("small", IsolatedSettings(monitors=(str(environment),)))
    name = f"{DRIFTED}T06"
    report = explorer.report(name).dict()
    inside = explorer.rows(DRIFTED)["at"].dt.hour.between(6, 11).sum()
    counts = [m["value"] for m in report["metrics"] if m["metric_name"].startswith("RowCount")]

    assert counts == [inside]
    [test] = [test["name"] for test in report["tests"] if "drift for x" in test["name"]]
    assert test == "Value drift for x: Less or Equal 0.700"
    with pytest.raises(UsageError, match=rf"'{DRIFTED}' is no window of 6 hours; write it as"):
        explorer.report(DRIFTED)
    times = explorer.between((date(2024, 1, 1), date(2024, 1, 4)), (DRIFTED, DRIFTED))
    assert times["x"] > 1, "no threshold of one hour judges a day"
