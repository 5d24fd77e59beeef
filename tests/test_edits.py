"""Edits make one dashboard of another, whatever was changed, moved, added or taken away."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from driftdeck.changes.edits import prove, source, styled
from driftdeck.dashboards.edit import (
    EditError,
    add,
    apply_edits,
    dashboard,
    drop,
    edit,
    load,
    move,
    panel,
    remove,
    variable,
)
from driftdeck.dashboards.places import format_path, parse_path
from driftdeck.dashboards.rows import in_order, open_rows
from driftdeck.facts import Json
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.differences import compare, find_touched, lines
from repository import small_project

LOANS = artefacts(small_project())["dashboards/loans.json"]


def loans() -> Json:
    """A dashboard of a project, as it is built."""
    content: Json = json.loads(LOANS)
    return content


def pulled(before: Json, after: Json, folder: Path) -> str:
    """The proved text, and a second pull has nothing to write."""
    text = source(before, after)
    prove(text, before, after)
    (folder / "loans.py").write_text(text, encoding="utf-8")
    assert source(apply_edits(before, load(folder, "loans")), after) == ""
    return text


def test_what_people_do_in_a_browser(tmp_path: Path) -> None:
    """Fields, places, titles, a removed and an added panel, a variable: readable, and proved."""
    before = loans()
    after = copy.deepcopy(before)
    drift = next(one for one in after["panels"] if one["type"] == "timeseries")
    drift["fieldConfig"]["defaults"]["max"] = 0.75
    drift["targets"][0]["rawSql"] = "SELECT 1 AS a,\n  2 AS b"
    old, drift["title"] = drift["title"], "Renamed"
    last = after["panels"].pop()
    drift["gridPos"] = last["gridPos"]
    after["panels"].append({**copy.deepcopy(drift), "id": 1, "title": "New"})
    after["time"]["from"] = "now-7d"
    after["templating"]["list"][0]["label"] = "Feature"

    text = styled(pulled(before, after, tmp_path))
    prove(text, before, after)

    short, name = re.sub(r"\s+|,(?=\s*\))", "", text), json.dumps(old, ensure_ascii=False)
    for call in (
        f'edit(panel({name}),"fieldConfig.defaults.max",0.75)',
        'edit(dashboard,"time.from","now-7d")',
        f"move(panel({name}),x={last['gridPos']['x']},",
        f"remove(panel({json.dumps(last['title'], ensure_ascii=False)}))",
        'add(panel("New"),{',
    ):
        assert re.sub(r"\s+", "", call) in short
    assert '"""\\\nSELECT 1 AS a,\n  2 AS b"""' in text


def close(board: Json, title: str) -> Json:
    """A row closed as Grafana's browser does it: its panels go inside, what is below moves up."""
    panels = in_order(copy.deepcopy(board["panels"]))
    at = next(n for n, one in enumerate(panels) if one["title"] == title)
    end = next((n for n in range(at + 1, len(panels)) if panels[n]["type"] == "row"), len(panels))
    row, inner, below = panels[at], panels[at + 1 : end], panels[end:]
    height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in inner)
    for one in below:
        one["gridPos"]["y"] -= height - row["gridPos"]["y"] - 1
    row |= {"collapsed": True, "panels": inner}
    return {**board, "panels": [*panels[: at + 1], *below]}


def test_a_closed_row_is_one_edit(tmp_path: Path) -> None:
    """Two rows closed, and a panel in one of them changed: three edits, and nothing moved."""
    after = close(close(loans(), "Performance"), "Drift")
    row = next(one for one in after["panels"] if one["title"] == "Performance")
    row["panels"][0]["fieldConfig"]["defaults"]["max"] = 0.5
    text = pulled(loans(), after, tmp_path)

    calls = [line for line in text.splitlines() if line.startswith("    ")]
    assert sorted(calls) == [
        '    edit(panel("Drift"), "collapsed", True),',
        '    edit(panel("Performance"), "collapsed", True),',
        f'    edit(panel("{row["panels"][0]["title"]}"), "fieldConfig.defaults.max", 0.5),',
    ]
    made = apply_edits(loans(), load(tmp_path, "loans"))
    inside = [len(one.get("panels", [])) for one in made["panels"] if one.get("collapsed")]
    assert inside == [2, 6]
    assert compare(made, after) == []
    assert compare(open_rows(after), after) == []
    rows = [one["id"] for one in after["panels"] if one["title"] in ("Drift", "Performance")]
    assert sorted(find_touched(loans(), after)) == sorted([*rows, row["panels"][0]["id"]])


def test_an_unchanged_dashboard_needs_no_edits() -> None:
    """Nothing is written, and nothing is sorted anew."""
    assert source(loans(), loans()) == ""
    assert apply_edits(loans(), ()) == loans()


KEYS = st.sampled_from(["title", "max", "a.b", "x[0]", 'q"', "list", "id", "refId", "name"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab\n'\"\\", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
PANELS = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["A", "B", ""]),
            "options": VALUES,
            "gridPos": st.fixed_dictionaries({k: st.integers(0, 9) for k in "xywh"}),
            "targets": st.lists(
                st.fixed_dictionaries({"refId": st.sampled_from("ABC"), "rawSql": VALUES}),
                max_size=3,
            ),
        }
    ),
    max_size=4,
)


def document(panels: list[Json], extra: Any, ids: list[int]) -> Json:
    """A dashboard of panels whose ids are all different."""
    return {
        "uid": "u",
        "time": extra,
        "panels": in_order([{**one, "id": n} for one, n in zip(panels, ids, strict=False)]),
        "templating": {"list": []},
        "annotations": {"list": []},
    }


@effort(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.tuples(PANELS, PANELS), st.tuples(VALUES, VALUES), st.permutations(range(4)))
def test_whatever_was_changed(
    tmp_path: Path, panels: tuple[list[Json], list[Json]], extra: tuple[Any, Any], ids: list[int]
) -> None:
    """Random dashboards, some with the same panels: same titles, odd keys, lists of all kinds."""
    before = document(panels[0], extra[0], [0, 1, 2, 3])
    after = document(panels[1], extra[1], ids)
    text = source(before, after)
    if text:
        pulled(before, after, tmp_path)
    else:
        assert before == after


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=5))
def test_a_path_is_read_as_it_is_written(steps: list[tuple[str, bool]]) -> None:
    """Keys and names of every kind."""
    assert parse_path(format_path(tuple(steps))) == tuple(steps)


@pytest.mark.parametrize(
    "bad",
    [
        edit(panel("Nowhere"), "title", "x"),
        edit(variable("nowhere"), "label", "x"),
        drop(dashboard, "time.nowhere"),
        edit(panel("Drift"), "targets[Z].rawSql", "x"),
        remove(panel("Nowhere")),
    ],
)
def test_an_edit_that_does_not_fit_says_so(bad: Any) -> None:
    """Which file, which edit, and what to do."""
    before = {"panels": [{"title": "Drift", "targets": [{"refId": "A"}]}], "time": {"from": "x"}}
    with pytest.raises(EditError, match=r"edits/flights.py: .*does not fit any more"):
        apply_edits(before, (bad,), "edits/flights.py")


def test_edits_leave_what_they_were_given_alone() -> None:
    """The same edit may be applied to several dashboards."""
    new = {"title": "New", "gridPos": {"x": 0, "y": 0, "w": 1, "h": 1}}
    before: Json = {"panels": []}
    first = apply_edits(before, (add(panel("New"), new), edit(panel("New"), "title", "Other")))
    assert first["panels"][0]["title"] == "Other"
    assert new["title"] == "New"
    assert before == {"panels": []}
    assert apply_edits(first, (move(panel("Other"), x=1, y=2, w=3, h=4),))["panels"][0]["gridPos"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("EDITS = [1]", "no tuple of edits"), ("1 / 0", "ZeroDivisionError"), ("", "no tuple")],
)
def test_a_bad_file_is_named(text: str, said: str, tmp_path: Path) -> None:
    """Whatever stands in it."""
    (tmp_path / "flights_first.py").write_text(text, encoding="utf-8")
    with pytest.raises(EditError, match=f"{tmp_path.name}/flights_first.py: .*{said}"):
        load(tmp_path, "flights-first")


def test_a_difference_is_told_by_panel_and_field() -> None:
    """Lines of SQL as lines, places as places, never a blob."""
    before = loans()
    after = copy.deepcopy(before)
    one = next(item for item in after["panels"] if item["type"] == "timeseries")
    one["targets"][0]["rawSql"] += "\nLIMIT 5"
    one["gridPos"]["x"] += 1
    after["panels"].remove(next(item for item in after["panels"] if item["type"] == "stat"))
    text = "\n".join(lines(compare(before, after)))
    assert f"~ panel {one['title']!r}" in text
    assert "+LIMIT 5" in text
    assert "moved: x " in text
    assert "removed" in text
    assert len(text.splitlines()) < 15
