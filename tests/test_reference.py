"""The reference says everything that is declared, and every alert leads to its paragraph."""

import shutil
from pathlib import Path

import pytest
import yaml

from driftdeck.generator import commands
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.reference import reference
from driftdeck.load import load
from driftdeck.settings import IsolatedSettings
from driftdeck.stack.evidently import as_page
from repository import MONITORS, ROOT, small_project

SETTINGS = IsolatedSettings()


def test_every_series_and_every_rule_is_there() -> None:
    """By title, with its levels."""
    for project in (SETTINGS, small_project()):
        text = reference(project)
        for monitor in load(*project.monitor_folders):
            assert f"## {monitor.title}\n" in text
            for series in monitor.series():
                of = f" of `{series.key[1]}`" if series.key[1] else ""
                assert f"| {series.metric.title}{of} |" in text
        assert "{{" not in text


def test_every_runbook_link_leads_to_a_paragraph() -> None:
    """The anchor of each rule's link is in the page that it leads to."""
    project = small_project()
    page = as_page(reference(project))
    groups = [
        group
        for name, text in artefacts(project).items()
        if name.startswith("alerting/rules-")
        for group in yaml.safe_load(text)["groups"]
    ]
    links = [rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"]]
    assert links
    for link in links:
        address, _, anchor = link.partition("#")
        assert address == f"{project.evidently}/reference"
        assert page.count(f'<a id="{anchor}"></a>') == 1
    monitors = load(*project.monitor_folders)
    assert page.count("<table>") == len(monitors) + sum(bool(m.slices) for m in monitors)


def test_a_stale_reference_stops_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The committed file is what the declarations say; build mends it."""
    page = ROOT / "docs" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference(SETTINGS)
    shutil.copytree(SETTINGS.provisioning_dir, tmp_path / "provisioning")
    elsewhere = SETTINGS.model_copy(
        update={
            "root": tmp_path,
            "monitors": tuple(map(str, MONITORS)),
            "dashboards": tuple(map(str, SETTINGS.dashboard_folders)),
            "provisioning_dir": tmp_path / "provisioning",
        }
    )
    assert commands.check(elsewhere) == 1
    assert "docs/reference.md: is not what the source builds" in capsys.readouterr().out
    assert commands.build(elsewhere) == 0
    assert commands.check(elsewhere) == 0
