"""Dashboards that a Grafana stores as v2: never flattened without a word, and applied with tabs."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from driftdeck.changes.apply import apply
from driftdeck.changes.plan import Kind, Step, Target, lines, plan
from driftdeck.changes.pull import pull
from driftdeck.errors import ExitCode
from driftdeck.facts import Json
from driftdeck.generator.artefacts import artefacts, dashboard_text
from driftdeck.generator.v2 import features, files, object_of
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.grafana.objects import Objects
from driftdeck.settings import Settings
from driftdeck.verify.grafana import LiveGrafana, check_dashboards
from driftdeck.verify.provisioning import Provisioning
from fake_grafana import Fake
from repository import ROOT, small_project

UID = "driftdeck-loans"
CONDITION = {
    "kind": "ConditionalRenderingGroup",
    "spec": {"visibility": "show", "condition": "and", "items": []},
}


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    """A project's dashboards with a place of their own for edits."""
    (tmp_path / "edits").mkdir()
    return small_project(edits_dir=tmp_path / "edits", stack_dir=tmp_path)


@pytest.fixture
def fake(house: Settings) -> Fake:
    """A Grafana 12.4 that holds what the source builds, all in the classic form."""
    fake = Fake(release="12.4.0")
    fake.classic = {
        one["uid"]: _flat(one)
        for path, text in artefacts(house).items()
        if path.endswith(".json")
        for one in [json.loads(text)]
    }
    assert apply(target(house, fake), force=False) == 0
    return fake


def _flat(document: Json) -> Json:
    """As Grafana answers of an object: headings with other ids, panels on top of each other."""
    flat = copy.deepcopy(document)
    for number, one in enumerate(flat["panels"]):
        one["gridPos"] = {"x": 0, "y": number, "w": 8, "h": 9}
        if one["type"] == "row":
            one["id"] = 1_000_000 + number
    return flat


def target(house: Settings, fake: Fake, *, v2: bool = False) -> Target:
    """That Grafana as one elsewhere."""
    grafana = Grafana(house, transport=httpx.MockTransport(fake))
    made = Target.elsewhere(house, grafana, artefacts(house))
    return Target(made.settings, made.grafana, made.built, None, None, v2)


def steps(house: Settings, fake: Fake, *, v2: bool = False) -> list[Step]:
    """What there is to do."""
    one = target(house, fake, v2=v2)
    return plan(one, one.live())


def saved_as(fake: Fake, spec: Json, by: str = "admin") -> None:
    """A person's browser has saved a dashboard as v2."""
    fake.objects[UID], fake.saved[UID] = spec, (by, "")
    fake.dashboards[UID] = copy.deepcopy(fake.classic[UID])


def rows_of(fake: Fake, house: Settings) -> Json:
    """A spec in rows on a grid, as 12.4 converts the classic form."""
    document = target(house, fake).built["dashboard", UID].content
    spec = object_of(document)["spec"]
    rows: list[Json] = []
    top = 0
    for one in document["panels"]:
        if one["type"] == "row":
            rows.append({"title": one["title"], "layout": {"kind": "GridLayout", "spec": {}}})
            top = one["gridPos"]["y"] + 1
            continue
        if not rows:
            inner = {"kind": "GridLayout", "spec": {}}
            rows.append({"title": "", "hideHeader": True, "layout": inner})
        grid, name = one["gridPos"], f"panel-{one['id']}"
        item = {
            **{"x": grid["x"], "y": grid["y"] - top, "width": grid["w"], "height": grid["h"]},
            "element": {"kind": "ElementReference", "name": name},
        }
        items = rows[-1]["layout"]["spec"].setdefault("items", [])
        items.append({"kind": "GridLayoutItem", "spec": item})
    layout = {"kind": "RowsLayout", "spec": {"rows": [{"spec": one} for one in rows]}}
    return {**spec, "layout": layout}


def with_tabs(fake: Fake, house: Settings) -> Json:
    """The spec that the source builds, with a tab that is shown on a condition."""
    spec = copy.deepcopy(object_of(target(house, fake).built["dashboard", UID].content)["spec"])
    tabs = spec["layout"]["spec"]["rows"][1]["spec"]["layout"]["spec"]["tabs"]
    tabs[1]["spec"]["conditionalRendering"] = CONDITION
    found: Json = spec
    return found


def test_rows_saved_as_v2_are_what_they_were(house: Settings, fake: Fake) -> None:
    """A browser of 13, or of 12.4 with the toggle, saves every dashboard as v2."""
    saved_as(fake, rows_of(fake, house))
    assert steps(house, fake) == []


def test_an_edit_saved_as_v2_is_pulled(house: Settings, fake: Fake) -> None:
    """In rows on a grid, nothing but the edit is written."""
    saved_as(fake, rows_of(fake, house))
    panel = next(one for one in fake.dashboards[UID]["panels"] if one["title"] == "Target drift")
    panel["fieldConfig"]["defaults"]["max"] = 0.75
    assert pull(target(house, fake), []) == 0
    text = (house.edits_dir / "loans.py").read_text()
    assert 'edit(panel("Target drift"), "fieldConfig.defaults.max", 0.75)' in text
    assert text.count("panel(") == 1
    assert steps(house, fake) == []


def test_a_panel_moved_in_v2_is_moved(house: Settings, fake: Fake) -> None:
    """Places come from the layout, not from the answer that has flattened them."""
    spec = rows_of(fake, house)
    items = spec["layout"]["spec"]["rows"][4]["spec"]["layout"]["spec"]["items"]
    one, other = (item["spec"] for item in items[:2])
    one["x"], other["x"] = other["x"], one["x"]
    saved_as(fake, spec)
    told = "\n".join(lines(steps(house, fake)))
    assert told.count("moved: ") == 2
    assert "moved: x 8, y 38, 8 × 8 → x 0, y 38, 8 × 8" in told


def test_a_new_layout_is_named_and_not_flattened(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plan names tabs, auto grids and conditions; pull writes nothing and says how to go on."""
    saved_as(fake, with_tabs(fake, house))
    [step] = steps(house, fake)
    assert step.kind is Kind.EDITED
    told = "\n".join(lines([step]))
    assert "tabs 'State', 'Drift', 'Column'" in told
    assert "a condition in 'Drift'" in told
    assert "moved" not in told
    assert pull(target(house, fake), []) == 1
    said = capsys.readouterr().out
    assert "is not pulled: it was saved in Grafana's new layout (tabs 'State'" in said
    assert "make apply FORCE=1" in said
    assert "make apply FORCE=1 FORMAT=v2" in said
    assert list(house.edits_dir.iterdir()) == []
    assert pull(target(house, fake), [UID]) == 1
    assert apply(target(house, fake), force=False) == ExitCode.DIFFERS
    assert apply(target(house, fake), force=True) == 0
    assert UID not in fake.objects


def test_a_new_dashboard_in_tabs_is_not_pulled(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that no module builds, neither."""
    fake.dashboards["abc"] = {"uid": "abc", "title": "Made there", "panels": []}
    fake.saved["abc"] = "admin", ""
    fake.objects["abc"] = with_tabs(fake, house)
    assert pull(target(house, fake), ["abc"]) == 1
    said = capsys.readouterr().out
    assert "Made there (abc) is not pulled" in said
    assert "FORCE=1" not in said


def test_what_was_stored_before_is_not_believed(fake: Fake, house: Settings) -> None:
    """12.4 says v2beta1 of what has been classic again since: in the version that is stored."""
    grafana = Grafana(house, transport=httpx.MockTransport(fake))
    objects = Objects.of(grafana)
    assert objects is not None
    stale = grafana.get(f"/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards/{UID}")
    assert stale["status"]["conversion"]["storedVersion"] == "v2beta1"
    assert objects.spec(UID) is None


@pytest.mark.parametrize("case", ["classic", "ours", "classic over v2", "v1 over v2"])
def test_the_stored_version_of_12_4_is_told(case: str, house: Settings) -> None:
    """By what it answered in each version, after saves in one and another."""
    recorded = json.loads((ROOT / "tests" / "recorded" / "layouts-12.4.json").read_text())
    stored: dict[str, str] = recorded[case]["stored"]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/frontend/settings":
            return httpx.Response(200, json={"namespace": "default"})
        version = request.url.path.split("/")[3]
        status = {"conversion": {"storedVersion": stored[version]}}
        return httpx.Response(200, json={"spec": {"layout": {}}, "status": status})

    objects = Objects.of(Grafana(house, transport=httpx.MockTransport(answer)))
    assert objects is not None
    assert (objects.spec(UID) is not None) == (case == "ours")


def test_apply_stores_tabs_and_then_nothing(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """FORMAT=v2: every dashboard an object, its file's marks kept; the plan after it is empty."""
    assert {one.kind for one in steps(house, fake, v2=True)} == {Kind.CHANGED}
    assert apply(target(house, fake, v2=True), force=False) == 0
    assert "in the classic form" in capsys.readouterr().out
    assert set(fake.objects) == set(fake.dashboards)
    assert {one["manager"] for one in fake.notes.values()} == {"files"}
    assert steps(house, fake, v2=True) == []
    verified = list(check_dashboards(live(house, fake, v2=True)))
    assert [one.detail for one in verified if not one.ok] == []
    planned = steps(house, fake)  # and back again: we stored it, so nobody is asked
    assert {one.kind for one in planned} == {Kind.CHANGED}
    assert apply(target(house, fake), force=False) == 0
    left = [spec["layout"] for spec in fake.objects.values()]
    assert all(features(layout) == [] for layout in left)  # rows are rows in either form
    assert steps(house, fake) == []


def live(house: Settings, fake: Fake, *, v2: bool) -> LiveGrafana:
    """That Grafana, being verified."""
    grafana = Grafana(house, transport=httpx.MockTransport(fake))
    built = Provisioning(artefacts(house), {})
    return LiveGrafana(house, built, grafana, datetime.now(UTC), wait=0, v2=v2)


def test_verify_says_how_a_dashboard_is_stored(house: Settings, fake: Fake) -> None:
    """As v2 where rows are wanted, in rows where v2 is; equal where a browser saved rows as v2."""
    details = {one.name: one.detail for one in check_dashboards(live(house, fake, v2=True))}
    assert "stored in the classic form" in details["dashboard Loan defaults"]
    saved_as(fake, with_tabs(fake, house))
    details = {one.name: one.detail for one in check_dashboards(live(house, fake, v2=False))}
    assert "new layout (tabs 'State'" in details["dashboard Loan defaults"]
    saved_as(fake, rows_of(fake, house))
    details = {one.name: one.detail for one in check_dashboards(live(house, fake, v2=False))}
    assert details["dashboard Loan defaults"] == "present and equal"


def test_an_edit_in_our_tabs_is_pulled(house: Settings, fake: Fake) -> None:
    """The layout is the source's own, so the edit is all that differs, in either form."""
    apply(target(house, fake, v2=True), force=False)
    fake.saved[UID] = "admin", ""
    panel = next(one for one in fake.dashboards[UID]["panels"] if one["title"] == "Target drift")
    panel["fieldConfig"]["defaults"]["max"] = 0.75
    [step] = steps(house, fake, v2=True)
    assert [one.field for one in step.difference.changes] == ["fieldConfig.defaults.max"]
    assert pull(target(house, fake, v2=True), []) == 0
    assert "0.75" in (house.edits_dir / "loans.py").read_text()


def test_tabs_that_a_person_changed_are_kept(house: Settings, fake: Fake) -> None:
    """Apply does not overwrite them unasked."""
    apply(target(house, fake, v2=True), force=False)
    saved_as(fake, with_tabs(fake, house))
    [step] = steps(house, fake, v2=True)
    assert (step.kind, step.difference.changes[0].field) == (Kind.EDITED, "layout")
    assert pull(target(house, fake, v2=True), []) == 1
    assert apply(target(house, fake, v2=True), force=False) == ExitCode.DIFFERS
    assert apply(target(house, fake, v2=True), force=True) == 0
    assert steps(house, fake, v2=True) == []


def test_an_old_grafana_has_no_tabs(house: Settings) -> None:
    """It says what it takes."""
    with pytest.raises(GrafanaError, match=r"needs Grafana 12.4 with the toggle dashboardNew"):
        apply(target(house, Fake(), v2=True), force=False)


def test_a_browser_without_the_toggle_is_told(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """12.4 stores tabs, and draws rows, until it is told to draw them."""
    fake.toggle = False
    assert apply(target(house, fake, v2=True), force=False) == 0
    assert "GF_FEATURE_TOGGLES_ENABLE=dashboardNewLayouts" in capsys.readouterr().out


def test_a_spec_stored_otherwise_is_no_success(house: Settings, fake: Fake) -> None:
    """What Grafana stored is read again, and compared."""

    def forgetful(request: httpx.Request) -> httpx.Response:
        answer = fake(request)
        if "/v2beta1/" in request.url.path and request.method == "GET":
            content = answer.json() or {}
            if "title" in content.get("spec", {}):
                content["spec"]["title"] = "other"
            return httpx.Response(answer.status_code, json=content)
        return answer

    grafana = Grafana(house, transport=httpx.MockTransport(forgetful))
    one = target(house, fake, v2=True)
    with pytest.raises(GrafanaError, match="Grafana stored something else: title"):
        apply(Target(one.settings, grafana, one.built, None, None, v2=True), force=False)


def test_the_text_of_an_object_is_the_same_everywhere(house: Settings) -> None:
    """Sorted, like the classic files: a change shows in its own lines."""
    for text in files(artefacts(house)).values():
        assert text == dashboard_text(json.loads(text))
