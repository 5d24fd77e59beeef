"""Panels of Grafana as calls of grafanalib's constructors."""

import json

import pytest
from grafanalib.core import GridPos

from driftdeck.changes.constructors import _at, _build
from driftdeck.changes.module import module_of, prove_module
from driftdeck.changes.parameters import CONSTRUCTORS, parameters
from driftdeck.dashboards import panels
from driftdeck.generator.artefacts import artefacts, encode
from driftdeck.generator.modernisation import panel_of
from repository import ROOT, small_project

RECORDED = ROOT / "tests" / "recorded" / "browser-9.4.json"


@pytest.mark.parametrize("name", ["loans", "overview", "collectors", "observed"])
def test_a_module_is_written_in_grafanalibs_words(name: str) -> None:
    """As the source makes them, every panel comes back as a constructor of its kind."""
    board = json.loads(artefacts(small_project())[f"dashboards/{name}.json"])
    text = module_of(board)

    prove_module(text, board)
    assert " complete_panel(" not in text
    assert text.count("Stat(") == sum(one["type"] == "stat" for one in board["panels"])
    assert text.count("SqlTarget(") == sum(len(one.get("targets", [])) for one in board["panels"])


def test_what_a_browser_saved_is_written_in_grafanalibs_words() -> None:
    """The dozens of fields that it fills in are not said; what was set is, by its parameter."""
    board = json.loads(RECORDED.read_text(encoding="utf-8"))["saved"]
    board["panels"][-1] |= {"transparent": True, "maxDataPoints": 40, "interval": "1h"}
    text = module_of(board)

    prove_module(text, board)
    assert " complete_panel(" not in text
    assert "transparent=True" in text
    assert "maxDataPoints=40" in text
    assert "hideFrom" not in text


def test_a_text_keeps_its_content() -> None:
    """What grafanalib writes of it, and a table's cells, reach Grafana."""
    made = panel_of(encode(panels.text("t", "Read me", "**first**", "")))

    assert made["options"] == {"content": "**first**", "mode": "markdown"}


VALUES = (
    "~",
    "html",
    7,
    1.5,
    True,
    False,
    ["max"],
    [{"color": "red", "value": 1.0}],
    {"mode": "x"},
)
"""Of each type that a parameter may want."""


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in CONSTRUCTORS for name in parameters(kind)]
)
def test_each_parameter_writes_its_field(kind: str, name: str) -> None:
    """Some value that is not its default reaches the place that the table says."""
    place = {"gridPos": GridPos(h=1, w=1, x=0, y=0)}
    path = parameters(kind)[name]
    default = _at(_build(CONSTRUCTORS[kind], place), path)
    reached = []
    for value in VALUES:
        try:
            built = _build(CONSTRUCTORS[kind], {**place, name: value})
        except (TypeError, ValueError, AttributeError):
            continue
        reached += [value] if value != default and _at(built, path) == value else []

    assert reached
