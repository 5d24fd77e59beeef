"""The same dashboards as v2 objects: nothing is lost on the way, and 12.4 reads it the same way."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from driftdeck.dashboards.rows import open_rows
from driftdeck.facts import Json
from driftdeck.generator import commands
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.differences import compare
from driftdeck.generator.files import write
from driftdeck.generator.normalisation import normalise_dashboard
from driftdeck.generator.v2 import (
    describe_layout,
    differences,
    features,
    files,
    in_rows,
    layout_of,
    normal,
    object_of,
)
from driftdeck.generator.v2.elements import NoFormError
from driftdeck.generator.v2.layout import groups
from driftdeck.settings import IsolatedSettings
from repository import ROOT, small_project

RECORDED: Json = json.loads((ROOT / "tests" / "recorded" / "layouts-12.4.json").read_text())
"""What 12.4 answers: of a classic dashboard, of our v2, and of what its browser saved."""
SAMPLE: Json = RECORDED["sample"]
BUILT = [
    json.loads(text)
    for settings in (IsolatedSettings(), small_project())
    for path, text in artefacts(settings).items()
    if "json" in path
]
every = pytest.mark.parametrize("document", [*BUILT, SAMPLE], ids=lambda one: one["uid"])


def drawn(document: Json) -> list[Json]:
    """Every panel that is no heading."""
    return [one for one in open_rows(document)["panels"] if one["type"] != "row"]


def below(layout: Any, kind: str) -> Iterator[Json]:
    """Everything of a kind in a layout."""
    if isinstance(layout, dict):
        if layout.get("kind") == kind:
            yield layout
        for inner in layout.values():
            yield from below(inner, kind)
    elif isinstance(layout, list):
        for inner in layout:
            yield from below(inner, kind)


@every
def test_every_panel_stands_once(document: Json) -> None:
    """Each is an element, and the layout refers to each element once."""
    spec = object_of(document)["spec"]
    wanted = {f"panel-{one['id']}" for one in drawn(document)}
    assert set(spec["elements"]) == wanted
    stands = Counter(one["name"] for one in below(spec["layout"], "ElementReference"))
    assert stands == Counter(wanted)


@every
def test_rows_are_tabs(document: Json) -> None:
    """A tab a row, in its order, with its panels; one row alone stays a row."""
    rows = [one for one in groups(document) if one.row]
    layout = layout_of(document)
    tabs = list(below(layout, "TabsLayoutTab"))
    titles = [one.row["title"] for one in rows if one.row]
    assert [one["spec"]["title"] for one in tabs] == (titles if len(rows) > 1 else [])
    for tab, row in zip(tabs, rows, strict=False):
        names = {one["name"] for one in below(tab, "ElementReference")}
        assert names == {f"panel-{one['id']}" for one in row.panels}


@every
def test_queries_and_references_are_the_same(document: Json) -> None:
    """Each query is the classic one, to the datasource of the same uid."""
    spec = object_of(document)["spec"]
    for panel in drawn(document):
        found = spec["elements"][f"panel-{panel['id']}"]["spec"]["data"]["spec"]["queries"]
        assert len(found) == len(panel.get("targets", []))
        for one, target in zip(found, panel.get("targets", []), strict=True):
            query = one["spec"]["query"]
            assert query["datasource"]["name"] == target["datasource"]["uid"] == "monitoring"
            assert query["group"] == target["datasource"]["type"]
            assert one["spec"]["refId"] == target["refId"]
            assert query["spec"]["rawSql"] == target["rawSql"]
            assert query["spec"]["format"] == target["format"]
    asked = [one["spec"]["query"] for one in [*spec["variables"], *spec["annotations"][1:]]]
    assert {one["datasource"]["name"] for one in asked} <= {"monitoring"}
    lists = (document.get(key, {}).get("list", []) for key in ("templating", "annotations"))
    assert len(asked) == sum(map(len, lists))


@every
def test_what_is_said_of_the_dashboard_comes_over(document: Json) -> None:
    """Title, tags, links, range, zone, reload, the shared crosshair."""
    spec = object_of(document)["spec"]
    times = spec["timeSettings"]
    assert object_of(document)["metadata"] == {"name": document["uid"]}
    assert (spec["title"], spec["tags"]) == (document["title"], document["tags"])
    assert [one["url"] for one in spec["links"]] == [one["url"] for one in document["links"]]
    assert {"from": times["from"], "to": times["to"]} == document["time"]
    assert times["timezone"] == document["timezone"]
    assert times["autoRefresh"] == document["refresh"]
    assert spec["cursorSync"] == "Crosshair"


def test_12_4_converts_a_classic_dashboard_as_we_do() -> None:
    """All but the layout, field by field, of every kind of panel that we build."""
    ours, theirs = (copy.deepcopy(one) for one in (object_of(SAMPLE), RECORDED["classic"]))
    for one in (ours, theirs):
        del one["spec"]["layout"]
    kinds = {one["type"] for one in SAMPLE["panels"]}
    assert kinds >= {"stat", "timeseries", "barchart", "table"}
    assert SAMPLE["annotations"]["list"]
    assert SAMPLE["templating"]["list"]
    assert differences(theirs["spec"], ours["spec"]) == []


def test_12_4_stores_what_it_is_sent() -> None:
    """A GET after our PUT, the layout too."""
    assert differences(object_of(SAMPLE)["spec"], RECORDED["ours"]["spec"]) == []


def test_a_browser_that_saves_v2_changes_what_a_person_changed() -> None:
    """One title was edited in 12.4's browser; much comes back otherwise, and one thing is named."""
    saved = RECORDED["browser, a title"]
    raw = compare(SAMPLE, normalise_dashboard(SAMPLE, saved["answer"]))
    assert len(raw) > 10  # the classic answer has lost headings and places
    found = in_rows(saved["answer"], saved["spec"]["layout"], SAMPLE)
    changes = compare(SAMPLE, normalise_dashboard(SAMPLE, found))
    assert [(one.field, one.after) for one in changes] == [("title", "Prediction drift!")]


def test_a_layout_that_rows_cannot_say_is_named() -> None:
    """Tabs by their titles, auto grids and conditions by where; rows on a grid by nothing."""
    assert features(RECORDED["classic"]["spec"]["layout"]) == []
    assert describe_layout(RECORDED["browser, a title"]["spec"]["layout"]) == "rows"
    tabs = features(RECORDED["browser, tabs"]["spec"]["layout"])
    assert tabs == ["tabs 'New tab', 'Drift', 'Prediction and target', 'Runs'"]
    shown = features(RECORDED["condition"]["spec"]["layout"])
    assert shown[0] == "tabs 'Drift', 'Prediction and target', 'Runs'"
    assert "a condition in 'Drift'" in shown
    assert any(one.startswith("auto grid") for one in shown)


def test_of_tabs_the_panels_alone_are_compared() -> None:
    """Where the layout has no rows, places are the source's: only real edits differ."""
    saved = RECORDED["browser, tabs"]
    found = in_rows(saved["answer"], saved["spec"]["layout"], SAMPLE)
    assert compare(SAMPLE, normalise_dashboard(SAMPLE, found)) == []


def test_panels_of_two_sizes_keep_their_places() -> None:
    """An auto grid makes all cells alike: it is for panels of one size."""
    layout = layout_of(SAMPLE)
    drift, prediction, _ = below(layout, "TabsLayoutTab")
    [grid] = below(drift, "GridLayout")
    widths = [one["spec"]["width"] for one in grid["spec"]["items"]]
    assert widths == [16, 8]
    assert [one["spec"]["y"] for one in grid["spec"]["items"]] == [0, 0]
    [auto] = below(prediction, "AutoGridLayout")
    assert auto["spec"]["maxColumnCount"] == 3
    assert auto["spec"]["rowHeight"] == 8 * 30 + 7 * 8


def test_a_repeated_panel_and_row_stay_so() -> None:
    """A row that is repeated is a tab that is; a repeated panel keeps its direction."""
    document = copy.deepcopy(SAMPLE)
    rows = [one for one in document["panels"] if one["type"] == "row"]
    rows[1]["repeat"] = "column"
    panel = next(one for one in document["panels"] if one["title"] == "Target drift")
    panel |= {"repeat": "column", "repeatDirection": "v", "maxPerRow": 2}
    tab = list(below(layout_of(document), "TabsLayoutTab"))[1]
    assert tab["spec"]["repeat"] == {"mode": "variable", "value": "column"}
    item = next(one for one in below(tab, "GridLayoutItem") if "repeat" in one["spec"])
    wanted = {"mode": "variable", "value": "column", "direction": "v", "maxPerRow": 2}
    assert item["spec"]["repeat"] == wanted


def test_a_closed_row_is_found_again() -> None:
    """Closed in v2, it is the closed row of the source, its panels below it."""
    layout = copy.deepcopy(RECORDED["browser, a title"]["spec"]["layout"])
    layout["spec"]["rows"][1]["spec"]["collapse"] = True
    found = in_rows(RECORDED["browser, a title"]["answer"], layout, SAMPLE)
    changes = compare(SAMPLE, normalise_dashboard(SAMPLE, found))
    assert ("collapsed", True) in [(one.field, one.after) for one in changes]
    assert len(changes) == 2  # and the title


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        ({"panels": [{"type": "x", "id": 1, "title": "L", "libraryPanel": {}}]}, "library panel"),
        ({"templating": {"list": [{"name": "v", "type": "adhoc"}]}}, "'v' is of type 'adhoc'"),
    ],
)
def test_what_has_no_form_is_said(change: Json, said_of_it: str) -> None:
    """It is not left out without a word."""
    with pytest.raises(NoFormError, match=said_of_it):
        object_of({**SAMPLE, **change})


def test_what_says_nothing_is_no_difference() -> None:
    """An empty title, an open row; but 0 and 1 are numbers, not no and yes."""
    assert normal({"title": "", "collapse": False, "y": 0, "of": [{"repeat": None}]}) == {
        "y": 0,
        "of": [{}],
    }


def test_build_writes_a_tree_beside_the_files(tmp_path: Any) -> None:
    """FORMAT=v2 writes objects alone; what people keep there stays, what we left goes."""
    home = tmp_path / "objects"
    home.mkdir()
    (home / "theirs.json").write_text('{"metadata": {"name": "abc"}}')
    (home / "old.json").write_text('{"metadata": {"name": "driftdeck-gone"}}')
    settings = small_project(objects_dir=home)
    assert commands.build(settings, v2=True) == 0
    there = {path.name for path in home.iterdir()}
    assert there == {*files(artefacts(settings)), "theirs.json"}
    made = json.loads((home / "loans.json").read_text())
    assert made["apiVersion"] == "dashboard.grafana.app/v2beta1"
    assert made["metadata"] == {"name": "driftdeck-loans"}


def test_check_names_a_stale_object(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Only where somebody has built the tree."""
    home = tmp_path / "objects"
    settings = small_project(objects_dir=home, provisioning_dir=tmp_path / "provisioning")
    write(settings.provisioning_dir, artefacts(settings))
    commands.check(settings)
    assert "--format v2" not in capsys.readouterr().out
    commands.build(settings, v2=True)
    (home / "overview.json").write_text("{}")
    (home / "prices.json").unlink()
    assert commands.check(settings) == 1
    said_of_it = capsys.readouterr().out
    assert (
        "objects/overview.json: is not what the source builds; run `driftdeck build --format v2`"
        in said_of_it
    )
    assert "objects/prices.json" in said_of_it
