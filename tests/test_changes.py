"""plan, apply and pull against a Grafana: what differs is named, and nothing else."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from driftdeck.changes.apply import apply
from driftdeck.changes.edits import UnprovedError
from driftdeck.changes.plan import Kind, Step, Target, lines, plan, summary
from driftdeck.changes.pull import pull
from driftdeck.facts import Json
from driftdeck.generator.artefacts import artefacts, dashboard, unused_edits
from driftdeck.generator.differences import compare, format_value
from driftdeck.generator.normalisation import normalise_dashboard
from driftdeck.generator.resources import Resource, describe, differences, markdown, read_resources
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.settings import Settings
from fake_grafana import Fake
from repository import ROOT, small_project

RECORDED = ROOT / "tests" / "recorded" / "browser-9.4.json"


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    """A project's dashboards with a place of their own for edits."""
    (tmp_path / "edits").mkdir()
    chosen = small_project(edits_dir=tmp_path / "edits", stack_dir=tmp_path)
    assert chosen.edits_dir == tmp_path / "edits"
    return chosen


@pytest.fixture
def fake() -> Fake:
    """An empty Grafana."""
    return Fake()


def target(house: Settings, fake: Fake) -> Target:
    """That Grafana as one elsewhere, known by its API alone."""
    grafana = Grafana(house, transport=httpx.MockTransport(fake))
    return Target.elsewhere(house, grafana, artefacts(house))


def steps(house: Settings, fake: Fake) -> list[Step]:
    """What there is to do."""
    one = target(house, fake)
    return plan(one, one.live())


def edited(fake: Fake, uid: str = "driftdeck-prices") -> Json:
    """A panel of a dashboard that a person has opened and will save."""
    content = copy.deepcopy(fake.dashboards[uid])
    fake.dashboards[uid], fake.saved[uid] = content, ("admin", "")
    panel: Json = next(one for one in content["panels"] if one["type"] == "timeseries")
    return panel


def test_an_empty_grafana_gets_everything_and_then_nothing(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan after an apply is empty, and a second apply writes nothing."""
    assert {one.kind for one in steps(house, fake)} == {Kind.ADDED}
    assert apply(target(house, fake), force=False) == 0
    assert steps(house, fake) == []
    assert "nothing to do" in capsys.readouterr().out
    fake.wrote.clear()
    assert apply(target(house, fake), force=False) == 0
    assert fake.wrote == []


@pytest.mark.parametrize("broken", ["datasources", "dashboards/db", "alert-rules", "rule-groups"])
def test_after_a_failure_the_same_command_goes_on(broken: str, house: Settings, fake: Fake) -> None:
    """Whatever fails first, nothing is done twice wrongly and the end is the same."""
    fake.broken = broken
    with pytest.raises(GrafanaError, match="it is broken"):
        apply(target(house, fake), force=False)
    fake.broken = ""
    assert apply(target(house, fake), force=False) == 0
    assert steps(house, fake) == []


def test_hand_edits_are_named_kept_and_pulled(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole circle: edited, planned, refused, pulled, built, and nothing left to do."""
    apply(target(house, fake), force=False)
    panel = edited(fake)
    panel["fieldConfig"]["defaults"]["max"] = 0.5
    [step] = steps(house, fake)
    assert step.kind is Kind.EDITED
    text = "\n".join(lines([step]))
    assert "! dashboard 'House prices' was edited in Grafana" in text
    assert f"~ panel {panel['title']!r}\n      fieldConfig.defaults.max: 0.5 (new)" in text

    fake.wrote.clear()
    assert apply(target(house, fake), force=False) == 3
    assert fake.wrote == []

    assert pull(target(house, fake), []) == 0
    written = (house.edits_dir / "prices.py").read_text(encoding="utf-8")
    assert '"fieldConfig.defaults.max"' in written
    assert steps(house, fake) == []  # built anew, with the edits
    capsys.readouterr()
    assert pull(target(house, fake), []) == 0
    assert "nothing to pull" in capsys.readouterr().out


def test_a_change_of_the_source_is_not_pulled_back(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """What only the source changed is left alone; what both changed is said, and taken if named."""
    apply(target(house, fake), force=False)
    read = target(house, fake)
    key = ("dashboard", "driftdeck-prices")
    content = copy.deepcopy(read.built[key].content)
    content["refresh"] = "1h"
    built = {**read.built, key: replace(read.built[key], content=content)}
    changed = replace(read, built=built, base=read.built)
    assert pull(changed, []) == 0
    assert "nothing to pull" in capsys.readouterr().out

    edited(fake)["title"] = "Other"
    assert pull(changed, []) == 1
    assert "make pull UID=driftdeck-prices" in capsys.readouterr().out
    assert list(house.edits_dir.glob("*.py")) == []
    assert pull(changed, ["driftdeck-prices"]) == 0
    assert '"Other"' in (house.edits_dir / "prices.py").read_text(encoding="utf-8")


def test_edits_of_no_dashboard_stop_the_check(house: Settings) -> None:
    """A monitor was renamed: its edits would be lost without a word."""
    (house.edits_dir / "gone.py").write_text("EDITS = ()", encoding="utf-8")
    built = artefacts(house)
    assert unused_edits(house, built) == [
        "edits/gone.py: there is no such dashboard; delete the file, or name it after one"
    ]
    (house.edits_dir / "gone.py").rename(house.edits_dir / "loans_first.py")
    assert unused_edits(house, built) == []


def test_force_overwrites_and_an_undone_edit_leaves_no_file(house: Settings, fake: Fake) -> None:
    """What was pulled can be given up again."""
    apply(target(house, fake), force=False)
    before = copy.deepcopy(fake.dashboards["driftdeck-prices"])
    edited(fake)["title"] = "Other"
    pull(target(house, fake), [])
    assert (house.edits_dir / "prices.py").exists()
    fake.dashboards["driftdeck-prices"] = before  # undone in Grafana
    pull(target(house, fake), [])
    assert not (house.edits_dir / "prices.py").exists()
    edited(fake)["title"] = "Other"
    assert apply(target(house, fake), force=True) == 0
    assert steps(house, fake) == []


def test_a_change_of_the_source_is_no_hand_edit(house: Settings, fake: Fake) -> None:
    """Who saved last tells them apart; both directions are told."""
    apply(target(house, fake), force=False)
    one = target(house, fake)
    key = ("dashboard", "driftdeck-prices")
    content = copy.deepcopy(one.built[key].content)
    content["refresh"] = "1h"
    changed = replace(one, built={**one.built, key: replace(one.built[key], content=content)})
    [step] = plan(changed, changed.live())
    assert step.kind is Kind.CHANGED
    assert '"1h"' in "\n".join(lines([step]))
    assert apply(changed, force=False) == 0


def test_what_no_file_holds_is_an_orphan_and_goes(house: Settings, fake: Fake) -> None:
    """Of ours only: what others made stays."""
    apply(target(house, fake), force=False)
    fake.dashboards["someone"] = {"uid": "someone", "title": "Theirs"}
    fake.saved["someone"] = "admin", ""
    one = target(house, fake)
    gone = {key: resource for key, resource in one.built.items() if "prices" not in resource.uid}
    less = replace(one, built=gone)
    found = plan(less, less.live())
    assert {step.kind for step in found} == {Kind.ORPHANED}
    assert "orphaned" in summary(found)
    assert apply(less, force=False) == 0
    assert "driftdeck-prices" not in fake.dashboards
    assert not [uid for uid in fake.rules if "prices" in uid]
    assert "someone" in fake.dashboards


def test_policies_of_contacts_that_are_gone_go_first(house: Settings, fake: Fake) -> None:
    """Grafana refuses to delete a contact point that its policies still name."""
    house = house.model_copy(update={"notification_policies": "whole"})
    apply(target(house, fake), force=False)
    fake.points["driftdeck-contact-ops"] = {"uid": "driftdeck-contact-ops", "name": "ops"}
    fake.policies = {"receiver": "grafana-default-email", "routes": [{"receiver": "ops"}]}
    found = steps(house, fake)
    assert [one.resource.kind for one in found] == ["contact point", "policies"]
    fake.wrote.clear()
    assert apply(target(house, fake), force=False) == 0
    assert fake.wrote == [
        "DELETE /api/v1/provisioning/policies",
        "DELETE /api/v1/provisioning/contact-points/driftdeck-contact-ops",
    ]


def test_rules_differ_by_what_people_changed_only(house: Settings, fake: Fake) -> None:
    """Grafana spells durations its own way and adds fields; a new label is a change."""
    apply(target(house, fake), force=False)
    uid, rule = next(iter(fake.rules.items()))
    fake.rules[uid] = {**rule, "for": "0h0m0s" if rule["for"] == "0s" else rule["for"], "id": 3}
    for query in fake.rules[uid]["data"]:
        query["model"] = {**query["model"], "intervalMs": 1000, "maxDataPoints": 43200}
    assert steps(house, fake) == []
    condition = fake.rules[uid]["data"][-1]["model"]
    fake.rules[uid]["data"][-1]["model"] = {**condition, "expression": "$A > 7 * $T"}
    [step] = steps(house, fake)
    assert "data[C].model.expression" in "\n".join(lines([step]))
    fake.rules[uid]["data"][-1]["model"] = condition
    fake.rules[uid]["labels"] = {**rule["labels"], "team": "night"}
    [step] = steps(house, fake)
    assert "labels.team" in "\n".join(lines([step]))


def test_what_a_browser_saved_differs_by_what_a_person_did() -> None:
    """Recorded on 9.4: a maximum, a line of SQL, a removed and a doubled panel; 121 other fields
    were filled in by the browser."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    built, saved = recorded["built"], recorded["saved"]
    assert len(compare(built, saved)) == 125
    found = compare(built, normalise_dashboard(built, saved))
    told_ = {(str(one.part), one.field) for one in found}
    drift = "panel 'Drift of every column, in units of its alert level'"
    assert told_ == {
        (drift, "fieldConfig.defaults.max"),
        (drift, "targets[A].rawSql"),
        ("panel 'Newest window'", ""),
        ("panel 'Worst' (number 2)", ""),
    }


def test_differences_of_every_kind_are_told() -> None:
    """For people and for a pull request; nothing says so."""
    before = read_resources(
        {"dashboards/a.json": json.dumps({"uid": "a", "title": "A", "panels": []})}
    )
    panel = {"id": 1, "title": "P", "options": {f"o{n}": n for n in range(40)}}
    after = {
        ("dashboard", "a"): Resource("dashboard", "a", "A", {"uid": "a", "panels": [panel]}),
        ("rule", "r"): Resource("rule", "r", "R", {"title": "R"}),
    }
    assert markdown([]).startswith("No dashboard")
    text = markdown(differences(before, after))
    assert "**rule 'R'** added" in text
    assert "+  panel 'P' added" in text
    many = {key: replace(one, content={**one.content, "panels": []}) for key, one in after.items()}
    more = {key: replace(one, content={**one.content, **panel}) for key, one in after.items()}
    assert "<details>" in markdown(differences(many, more))
    assert next(describe(differences(after, before)[-1])) == "- rule 'R'"
    assert format_value(None) == "null"


FOREIGN: Json = {
    "uid": "fuel-1",
    "title": 'Fuel "prices"',
    "id": 12,
    "version": 4,
    "schemaVersion": 27,
    "weekStart": "monday",
    "__inputs": [{"name": "DS"}],
    "time": {"from": "now-1h", "to": "now"},
    "timepicker": {"refresh_intervals": ["5s"]},
    "annotations": {"list": [{"builtIn": 1, "name": "Annotations & Alerts"}]},
    "templating": {"list": [{"name": "host", "type": "custom", "query": "a,b"}]},
    "panels": [
        {"id": 1, "type": "row", "title": "Hidden", "collapsed": True,
         "gridPos": {"h": 1, "w": 24, "x": 0, "y": 0},
         "panels": [{"id": 2, "type": "graph", "title": "Old", "legend": {"show": True}}]},
        {"id": 3, "type": "timeseries", "title": "", "transparent": True, "maxDataPoints": 7,
         "gridPos": {"h": 8, "w": 12, "x": 0, "y": 1}, "pluginVersion": "8.0.0",
         "targets": [{"refId": "A", "expr": 'up{job="x"}\\n', "class": 1, "a b": [None, 1.5]}]},
        {"id": 4, "libraryPanel": {"uid": "lib", "name": "Shared"}, "gridPos": {"x": 0}},
    ],
}  # fmt: skip


def test_what_was_made_in_grafana_becomes_a_module(
    house: Settings, fake: Fake, tmp_path: Path
) -> None:
    """By its uid: with panels of all ages, another datasource, a library panel, odd names."""
    house = house.model_copy(update={"dashboards": (str(tmp_path / "made"),)})
    apply(target(house, fake), force=False)
    fake.dashboards["fuel-1"], fake.saved["fuel-1"] = FOREIGN, ("admin", "")
    assert steps(house, fake) == []  # not ours until someone says so
    assert pull(target(house, fake), ["fuel-1"]) == 0
    text = (tmp_path / "made" / "fuel_prices.py").read_text(encoding="utf-8")
    assert text.startswith('"""Fuel "prices": made in Grafana')
    scope: dict[str, Any] = {}
    exec(text, scope)
    made = dashboard(scope["PAGE"])
    assert compare(made, normalise_dashboard(made, FOREIGN)) == []
    panels = made["panels"]
    assert isinstance(panels, list)
    assert panels[2] == FOREIGN["panels"][2] | {"title": ""}
    assert "schemaVersion=27" in text
    assert "builtIn" not in text


def test_a_module_that_would_lose_something_is_not_written(
    house: Settings, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written is proved first."""
    house = house.model_copy(update={"dashboards": (str(tmp_path / "made"),)})
    monkeypatch.setattr(
        "driftdeck.changes.module.OWN", ("type", "title", "gridPos", "maxDataPoints")
    )
    fake.dashboards["fuel-1"], fake.saved["fuel-1"] = FOREIGN, ("admin", "")
    with pytest.raises(UnprovedError, match="maxDataPoints"):
        pull(target(house, fake), ["fuel-1"])
    assert list(tmp_path.rglob("*.py")) == []


def test_comments_of_edits_stay(
    house: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """Above and behind an edit, when another is pulled; one that is gone takes its own along."""
    apply(target(house, fake), force=False)
    panel = edited(fake)
    panel["fieldConfig"]["defaults"] |= {"max": 0.5, "min": 0.1}
    assert pull(target(house, fake), []) == 0
    path = house.edits_dir / "prices.py"
    text = path.read_text(encoding="utf-8")
    lines_of = text.splitlines()
    at = next(n for n, line in enumerate(lines_of) if '"fieldConfig.defaults.max"' in line)
    begins = max(n for n in range(at + 1) if lines_of[n].startswith("    edit("))
    lines_of.insert(begins, "    # Ana asked for it, see #12")
    path.write_text("\n".join(lines_of) + "\n", encoding="utf-8")
    capsys.readouterr()
    assert pull(target(house, fake), ["driftdeck-prices"]) == 0
    assert "nothing to pull" in capsys.readouterr().out
    panel["fieldConfig"]["defaults"] |= {"max": 0.7, "min": 0.2}
    assert pull(target(house, fake), []) == 0
    again = path.read_text(encoding="utf-8")
    assert "0.7" in again
    above = again.partition('"fieldConfig.defaults.max"')[0]
    assert above.rpartition("    edit(")[0].endswith("# Ana asked for it, see #12\n")
    assert again.count("# Ana") == 1


def test_the_order_of_matchers_is_no_difference() -> None:
    """12.4 stores those of a route sorted; all of them must match anyway."""
    pairs = [["monitor", "=~", ".+"], ["kind", "=~", "late"]]
    one, other = (
        {"receiver": "a", "routes": [{"receiver": "b", "object_matchers": matchers}]}
        for matchers in (pairs, pairs[::-1])
    )
    trees = [{("policies", "1"): Resource("policies", "1", "policies", t)} for t in (one, other)]
    assert differences(*trees) == []


def test_policies_are_told_route_by_route() -> None:
    """A line each, in their order, inner ones below theirs: no JSON."""
    before: Json = {
        "receiver": "ops",
        "routes": [
            {
                "receiver": "ml",
                "object_matchers": [["owner", "=", "ml"]],
                "routes": [{"object_matchers": [["level", "=", "alert"]], "group_wait": "30s"}],
            }
        ],
    }
    after = copy.deepcopy(before)
    after["routes"][0]["routes"][0]["group_wait"] = "1m"
    after["routes"].append({"receiver": "all"})
    one, other = (Resource("policies", "1", "policies", tree) for tree in (before, after))
    [found] = differences({("policies", "1"): one}, {("policies", "1"): other})

    assert list(describe(found)) == [
        "~ policies",
        "    routes:",
        '        -  level = alert → as above, group_wait "30s"',
        '        +  level = alert → as above, group_wait "1m"',
        "        +everything → all",
    ]
