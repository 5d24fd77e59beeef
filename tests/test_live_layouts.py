"""With a Grafana of 12.4 or later at hand: dashboards with tabs, stored, edited and taken back."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from test_live import environment, folder, run, webhook

from driftdeck.facts import Json
from driftdeck.generator.v2 import differences, object_of
from driftdeck.preflight.releases import Release
from driftdeck.settings import load_settings
from driftdeck.stack.local import grafana_binary, release
from repository import ROOT

RECORDED = ROOT / "tests" / "recorded" / "layouts-12.4.json"
UID = "driftdeck-small"
CONDITION = {
    "kind": "ConditionalRenderingGroup",
    "spec": {
        "visibility": "show",
        "condition": "and",
        "items": [{"kind": "ConditionalRenderingTimeRangeSize", "spec": {"value": "7d"}}],
    },
}
__all__ = ["environment", "folder", "webhook"]


def _has_layouts() -> bool:
    binary = grafana_binary(load_settings())
    return bool(binary) and Release.of(release(binary)) >= Release(12, 4)


needs_layouts = pytest.mark.skipif(
    not _has_layouts(), reason="needs a grafana program of 12.4 or later (GRAFANA_BIN)"
)


@pytest.fixture(scope="module")
def tabs(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """A stack whose browser draws tabs, every dashboard stored with them; it tells nobody."""
    (folder / "monitors" / "contacts.py").unlink()
    chosen = {
        **environment,
        "GF_FEATURE_TOGGLES_ENABLE": "dashboardNewLayouts",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
    }
    up = run(chosen, "up")
    assert up.returncode == 0, up.stdout + up.stderr
    applied = run(chosen, "apply", "--format", "v2")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    return chosen


def client(chosen: dict[str, str]) -> httpx.Client:
    """Logged in as the administrator."""
    login = chosen.get("GRAFANA_ADMIN_USER", "admin"), chosen["GRAFANA_ADMIN_PASSWORD"]
    return httpx.Client(
        base_url=f"http://127.0.0.1:{chosen['GRAFANA_PORT']}", auth=login, timeout=60
    )


def path(uid: str, version: str = "v2beta1") -> str:
    """Of an object."""
    return f"/apis/dashboard.grafana.app/{version}/namespaces/default/dashboards/{uid}"


def save(chosen: dict[str, str], change: Callable[[Json], None]) -> None:
    """Save a changed spec as a browser does, which leaves out which file it came from."""
    with client(chosen) as browser:
        found = browser.get(path(UID)).json()
        change(found["spec"])
        notes = {"grafana.app/folder": found["metadata"]["annotations"]["grafana.app/folder"]}
        body = {**found, "metadata": {"name": UID, "annotations": notes}}
        body.pop("status", None)
        assert browser.put(path(UID), json=body).status_code == 200


def hide_a_tab(spec: Json) -> None:
    """Show the second tab on a condition."""
    found = spec["layout"]["spec"]["rows"][1]["spec"]["layout"]["spec"]["tabs"]
    found[1]["spec"]["conditionalRendering"] = CONDITION


@needs_layouts
def test_tabs_are_stored_and_proved(tabs: dict[str, str]) -> None:
    """What was sent is there, every query answers, a plan is empty; up changes nothing."""
    planned = run(tabs, "plan", "--format", "v2")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    verified = run(tabs, "verify", "--format", "v2")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    run(tabs, "up")  # it reads the files again, which have not changed
    assert run(tabs, "plan", "--format", "v2").returncode == 0


@needs_layouts
def test_an_edit_beside_tabs_becomes_python(tabs: dict[str, str], folder: Path) -> None:
    """Named by its field, written as an edit, and nothing is left."""

    def limit(spec: Json) -> None:
        panels = (one["spec"] for one in spec["elements"].values())
        drift = next(one for one in panels if one["title"].startswith("Drift of every column"))
        drift["vizConfig"]["spec"]["fieldConfig"]["defaults"]["max"] = 0.75

    save(tabs, limit)
    planned = run(tabs, "plan", "--format", "v2")
    assert "fieldConfig.defaults.max: 0.75 (new)" in planned.stdout
    assert "moved" not in planned.stdout
    pulled = run(tabs, "pull", "--format", "v2")
    assert pulled.returncode == 0, pulled.stdout + pulled.stderr
    assert '"fieldConfig.defaults.max"' in (folder / "edits" / "small.py").read_text()
    assert run(tabs, "plan", "--format", "v2").returncode == 0


@needs_layouts
@pytest.mark.parametrize("form", ["classic", "v2"])
def test_a_layout_of_a_person_is_not_lost(tabs: dict[str, str], form: str) -> None:
    """Named, refused with the ways on, kept by apply, and gone only when that is asked for."""
    words = ["--format", form]
    assert run(tabs, "apply", "--force", "--format", "v2").returncode == 0
    save(tabs, hide_a_tab)
    planned = run(tabs, "plan", *words)
    assert "was edited in Grafana" in planned.stdout
    assert "a condition in" in planned.stdout
    assert "tabs " in planned.stdout
    pulled = run(tabs, "pull", *words)
    assert pulled.returncode == 1
    assert "is not pulled: it was saved in Grafana's new layout" in pulled.stdout
    assert run(tabs, "apply", *words).returncode == 3
    forced = run(tabs, "apply", "--force", *words)
    assert forced.returncode == 0, forced.stdout + forced.stderr
    assert run(tabs, "plan", *words).returncode == 0


@needs_layouts
def test_grafana_converts_and_stores_as_recorded(
    tabs: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """Its own v2 form of a classic dashboard is ours but for the layout; a GET is what was sent.

    With `--record` both are kept, for the tests that run without a Grafana.
    """
    recorded: Json = json.loads(RECORDED.read_text())
    sample = recorded["sample"]
    with client(tabs) as grafana:
        body = {"dashboard": {**sample, "id": None}, "overwrite": True}
        assert grafana.post("/api/dashboards/db", json=body).status_code == 200
        found = grafana.get(path(sample["uid"])).json()
        theirs = found["spec"]
        sent = object_of(sample)["spec"]
        metadata = {"name": sample["uid"]}
        put = grafana.put(path(sample["uid"]), json={**found, "spec": sent, "metadata": metadata})
        assert put.status_code == 200, put.text
        stored = grafana.get(path(sample["uid"])).json()["spec"]
        grafana.delete(f"/api/dashboards/uid/{sample['uid']}")
    if request.config.option.record:
        recorded["classic"]["spec"], recorded["ours"]["spec"] = theirs, stored
        text = json.dumps(recorded, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        RECORDED.write_text(text + "\n")
    assert differences(sent, stored) == []
    bare = [{key: one for key, one in spec.items() if key != "layout"} for spec in (theirs, sent)]
    assert differences(*bare) == []
