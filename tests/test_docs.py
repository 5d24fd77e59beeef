"""What the documents say is true: snippets run, counts are real, every target is there."""

import re
from pathlib import Path

import pytest

from driftdeck import declare as d
from driftdeck.generator.artefacts import dashboard, dashboard_text, site
from driftdeck.load import load
from driftdeck.settings import IsolatedSettings
from repository import MONITORS, ROOT, has_example

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCHEDULES = (ROOT / "docs" / "schedules.md").read_text(encoding="utf-8")
MODEL, DASHBOARD = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)


def lines(code: str) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip()) for line in code.splitlines())


def test_model_of_the_guide_is_a_declaration(tmp_path: Path) -> None:
    """The model in the contributing guide loads as it stands, in the lines that it claims."""
    (tmp_path / "churn.py").write_text(MODEL, encoding="utf-8")
    [monitor] = load(tmp_path)

    assert monitor.name == "churn"
    assert f"has {lines(MODEL)} lines:" in CONTRIBUTING


def test_dashboard_of_the_guide_builds() -> None:
    """The dashboard in the contributing guide builds as it stands, in the lines that it claims."""
    settings = IsolatedSettings()
    scope: dict[str, object] = {}
    exec(DASHBOARD, scope)
    [page] = scope["pages"](site(settings), load(*MONITORS))

    assert '"title": "Volume"' in dashboard_text(dashboard(page))
    assert f"has {lines(DASHBOARD)} lines:" in CONTRIBUTING


def test_what_any_model_may_declare_can_be_declared() -> None:
    """Each snippet is Python that the vocabulary knows; its function is the example's."""
    page = (ROOT / "docs" / "any-model.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    fields: dict[str, object] = {}
    for snippet in snippets:
        if snippet.startswith("d."):
            assert isinstance(eval(snippet, {"d": d}), d.Metric)
        elif snippet.startswith("def "):
            module = ROOT / "examples" / "flights" / "revenue.py"
            body = snippet.splitlines()[1:]
            if module.exists():
                assert all(line in module.read_text(encoding="utf-8") for line in body)
        else:
            exec(snippet, {"d": d}, fields)

    assert set(fields) == {"prediction", "target", "slices", "metrics"}
    assert re.findall(r"\]\((?!https?:)([^)#]+)\)", page) == ["declare.md"]


def test_documents_name_targets_that_exist() -> None:
    """Every `make target` of the documents is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make (?:-s )?([a-z-]+)", README + CONTRIBUTING + SCHEDULES))
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert named <= targets


def test_readme_links_lead_somewhere() -> None:
    """Every relative link and picture of the documents is a file."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README + CONTRIBUTING):
        assert (ROOT / target).exists(), target


MADE = {"monitors/churn.py", "provisioning/retired.toml"}
"""What a reader makes."""
PATH = re.compile(r"`((?:[\w.*-]+/)+(?:[\w*-]+\.(?:py|sql|toml|sh))?)`")


def is_of_deleted_example(name: str) -> bool:
    """Whether a path leads into an example that is not here any more."""
    top, folder, *_ = name.split("/")
    return top == "examples" and bool(folder) and not has_example(folder)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))],
    ids=lambda page: page.name,
)  # fmt: skip
def test_paths_that_are_named_are_there(page: Path) -> None:
    """Whatever stands in backticks and begins with a folder of this repository."""
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named: list[str] = PATH.findall(page.read_text(encoding="utf-8"))
    ours = [
        name
        for name in named
        if name.split("/")[0] in tops and name not in MADE and not is_of_deleted_example(name)
    ]

    assert [name for name in ours if not list(ROOT.glob(name))] == []
