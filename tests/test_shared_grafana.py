"""A Grafana that others use, too: what is theirs stays as it is, or is named as in the way."""

import copy
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from driftdeck.changes.apply import apply
from driftdeck.changes.plan import Kind, Target, plan
from driftdeck.generator.artefacts import artefacts
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.project import Project, SettingsError
from driftdeck.settings import IsolatedSettings, Settings
from driftdeck.stack.runtime import find_target
from driftdeck.verify.alerting import check_policies
from driftdeck.verify.provisioning import Provisioning
from fake_grafana import Fake
from repository import SMALL, small_project

Json = dict[str, Any]
CONTACTS = """\
from driftdeck import declare as d

CONTACTS = (d.Contact(name="ml", receiver=d.email("ml@example.org")),)
"""
ROUTE: Json = {"receiver": "theirs", "object_matchers": [["team", "=", "x"]], "continue": True}
TREE: Json = {"receiver": "theirs", "group_by": ["alertname"], "routes": [ROUTE]}
OURS = [["grafana_folder", "=", "Model alerts"]]


@pytest.fixture
def team(tmp_path: Path) -> Settings:
    """Settings of a project with one monitor and one contact."""
    (tmp_path / "small.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\nMONITOR = small_monitor()\n"
    )
    (tmp_path / "contacts.py").write_text(CONTACTS)
    return IsolatedSettings(
        monitors=(str(tmp_path),),
        dashboards=(),
        edits_dir=tmp_path / "edits",
        provisioning_dir=tmp_path / "built",
        stack_dir=tmp_path,
    )


@pytest.fixture
def fake() -> Fake:
    """A Grafana that others have filled."""
    made = Fake()
    made.folders["theirs"] = "Theirs"
    made.dashboards["theirs"], made.saved["theirs"] = {"uid": "theirs", "title": "T"}, ("a", "")
    made.sources["theirs"] = {"uid": "theirs", "name": "PG", "isDefault": True, "jsonData": {}}
    made.points["theirs"] = {"uid": "theirs", "name": "theirs"}
    made.rules["theirs"] = {
        "uid": "theirs", "title": "T", "folderUID": "theirs", "ruleGroup": "small", "data": []
    }  # fmt: skip
    made.policies = copy.deepcopy(TREE)
    return made


def target(team: Settings, fake: Fake, **changes: object) -> Target:
    """That Grafana, as a project with some settings sees it."""
    chosen = team.model_copy(update=changes)
    grafana = Grafana(chosen, transport=httpx.MockTransport(fake))
    return Target.elsewhere(chosen, grafana, artefacts(chosen))


def of_others(fake: Fake) -> Json:
    """All that is not ours."""
    kinds = ("folders", "dashboards", "sources", "points", "rules")
    found = {kind: getattr(fake, kind).get("theirs") for kind in kinds}
    routes = [one for one in fake.policies["routes"] if one.get("object_matchers") != OURS]
    return copy.deepcopy({**found, "policies": {**fake.policies, "routes": routes}})


def test_a_port_of_this_machine_is_in_nothing_that_goes_there() -> None:
    """What is applied and proved is what `build` writes and people commit."""
    here = small_project(grafana_url="https://grafana.example", evidently_port=8123)

    assert find_target(here).wanted == artefacts(Project(root=SMALL))


def test_who_does_not_answer_is_not_started_here() -> None:
    """`up` refuses to start what GRAFANA_URL names, so no message sends anybody there."""
    with pytest.raises(GrafanaError, match=r"at http://127\.0\.0\.1:9; .*is GRAFANA_URL right"):
        Target.of(small_project(grafana_url="http://127.0.0.1:9"))


@pytest.mark.parametrize("kept", ["none", "routes"])
def test_what_is_theirs_stays(team: Settings, fake: Fake, kept: str) -> None:
    """Nothing of it differs after an apply, and nothing is left to do."""
    before = of_others(fake)
    assert apply(target(team, fake, notification_policies=kept), force=False) == 0
    assert of_others(fake) == before
    assert fake.sources["monitoring"].get("isDefault") is None
    again = target(team, fake, notification_policies=kept)
    assert plan(again, again.live()) == []
    assert (fake.policies == TREE) is (kept == "none")


def test_policies_that_are_left_alone_are_said(
    team: Settings, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    """The route to add is printed, until somebody has added it."""
    apply(target(team, fake), force=False)
    said = capsys.readouterr().out
    assert '"grafana_folder"' in said
    assert "PUT /api/v1/provisioning/policies" not in fake.wrote
    fake.policies["routes"].insert(0, {"receiver": "ml", "object_matchers": OURS})
    apply(target(team, fake), force=False)
    assert '"grafana_folder"' not in capsys.readouterr().out


def test_our_routes_are_one_branch(team: Settings, fake: Fake) -> None:
    """First, of our folder's alerts alone; changed in place, and taken out with the contacts."""
    routes = {"notification_policies": "routes"}
    apply(target(team, fake, **routes), force=False)
    first, *others = fake.policies["routes"]
    assert others == [ROUTE]
    assert (first["object_matchers"], first["routes"][0]["receiver"]) == (OURS, "ml")
    first["routes"][0]["receiver"] = "theirs"
    changed = target(team, fake, **routes)
    assert [step.kind for step in plan(changed, changed.live())] == [Kind.CHANGED]
    apply(changed, force=False)
    assert fake.policies["routes"][0]["routes"][0]["receiver"] == "ml"

    less = target(team, fake, **routes)
    for key in [key for key in less.built if key[0] in ("policies", "contact point")]:
        less.built.pop(key)
    assert {step.resource.kind for step in plan(less, less.live())} == {"policies", "contact point"}
    apply(less, force=False)
    assert fake.policies == TREE
    assert "DELETE /api/v1/provisioning/policies" not in fake.wrote


@pytest.mark.parametrize(("owner", "header"), [("", "true"), ("api", None)])
def test_their_tree_stays_open_to_them(
    team: Settings, fake: Fake, owner: str, header: str | None
) -> None:
    """Whoever could edit it in the browser still can."""
    headers: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and request.url.path.endswith("/policies"):
            headers.append(request.headers.get("X-Disable-Provenance"))
        return fake(request)

    fake.policies |= {"provenance": owner} if owner else {}
    chosen = team.model_copy(update={"notification_policies": "routes"})
    grafana = Grafana(chosen, transport=httpx.MockTransport(answer))
    apply(Target.elsewhere(chosen, grafana, artefacts(chosen)), force=False)

    assert headers == [header]


def test_a_tree_of_files_is_left(team: Settings, fake: Fake) -> None:
    """Grafana would refuse it; what to do is said."""
    fake.policies["provenance"] = "file"
    with pytest.raises(GrafanaError, match=r"kept by another tool \(file\).*= \"none\""):
        apply(target(team, fake, notification_policies="routes"), force=False)


IN_THE_WAY: dict[str, tuple[str, Json, str]] = {
    "a datasource of another database": (
        "sources",
        {"uid": "monitoring", "name": "M", "type": "grafana-postgresql-datasource",
         "user": "grafana_reader", "jsonData": {"database": "other"}},
        "another database.*set datasource_uid",
    ),
    "a datasource of another kind": (
        "sources",
        {"uid": "monitoring", "name": "M", "type": "loki", "jsonData": {}},
        "another type, user, database.*existing",
    ),
    "a contact point of that name": (
        "points", {"uid": "theirs-2", "name": "ml"}, "contact point 'ml'.*another name"
    ),
    "a rule in that folder": (
        "rules",
        {"uid": "r", "title": "R", "folderUID": "alerts", "ruleGroup": "g", "data": []},
        "rule 'R'.*alert_folder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_what_is_in_the_way_is_named_and_nothing_done(
    team: Settings, fake: Fake, case: str
) -> None:
    """No name of ours makes something of theirs ours, even with force."""
    kind, content, said = IN_THE_WAY[case]
    fake.folders["alerts"] = "Model alerts"
    getattr(fake, kind)[content["uid"]] = content
    with pytest.raises(SettingsError, match=said):
        apply(target(team, fake), force=True)
    assert fake.wrote == []


def test_our_own_datasource_may_change(team: Settings, fake: Fake) -> None:
    """What we have made is marked, and so told from what others have."""
    apply(target(team, fake), force=False)
    moved = target(team, fake, postgres_db="other")
    [step] = plan(moved, moved.live())
    assert step.kind is Kind.CHANGED
    apply(moved, force=False)
    assert fake.sources["monitoring"]["jsonData"]["database"] == "other"


def test_a_datasource_of_others_is_used(team: Settings, fake: Fake) -> None:
    """It is not built, not asked for and not changed; panels name it."""
    chosen = team.model_copy(update={"datasource": "existing", "datasource_uid": "theirs"})
    files = artefacts(chosen)
    assert not any(path.startswith("datasources/") for path in files)
    assert '"uid": "theirs"' in files["dashboards/small.json"]
    before = of_others(fake)
    apply(target(team, fake, datasource="existing", datasource_uid="theirs"), force=False)
    assert of_others(fake) == before


def test_a_datasource_is_built_for_their_server(team: Settings, tmp_path: Path) -> None:
    """Host, role, schema and TLS; the CA by its text, or by a path on Grafana's machine."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nMII\n")
    theirs = {
        "root": tmp_path, "datasource_host": "db.example:6432", "reader_role": "viewer",
        "datasource_sslmode": "verify-full", "postgres_schema": "ml",
    }  # fmt: skip

    def built(cert: str) -> Json:
        chosen = team.model_copy(update={**theirs, "datasource_root_cert": cert})
        files = artefacts(chosen)
        assert 'FROM \\"ml\\".metric' in files["dashboards/small.json"]
        assert 'FROM "ml".metric' in files["alerting/rules-small.yaml"]
        assert "monitoring." not in files["alerting/rules-small.yaml"].replace("m.monitoring", "")
        [found] = yaml.safe_load(files["datasources/postgres.yaml"])["datasources"]
        return dict(found)

    by_text, by_path = built("ca.pem"), built("/etc/ssl/ca.pem")
    assert (by_text["url"], by_text["user"]) == ("db.example:6432", "viewer")
    assert by_text["jsonData"]["sslmode"] == "verify-full"
    assert by_text["jsonData"]["tlsConfigurationMethod"] == "file-content"
    assert by_text["secureJsonData"]["tlsCACert"].startswith("-----BEGIN")
    assert by_path["jsonData"]["tlsConfigurationMethod"] == "file-path"
    assert by_path["jsonData"]["sslRootCertFile"] == "/etc/ssl/ca.pem"
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----")
    for cert in ("ca.pem", "nowhere.pem"):
        with pytest.raises(SettingsError, match=r"datasource_root_cert.*holds no certificate"):
            built(cert)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/datasources", 403, 'needed: x:y.*Admin, or datasources:read.*"existing"'),
        ("/api/v1/provisioning/policies", 403, "Editor, or alert.provisioning:read"),
        ("/api/folders", 403, "GRAFANA_TOKEN Editor"),
        ("/api/folders", 401, "make a new token"),
    ],
)
def test_a_refusal_names_the_right_that_is_lacking(
    team: Settings, path: str, status: int, said: str
) -> None:
    """What Grafana says it wants, and which role has it."""
    answer = httpx.Response(status, json={"message": "Permissions needed: x:y"})
    grafana = Grafana(team, transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(GrafanaError, match=said) as raised:
        grafana.get(path)
    assert raised.value.status == status


@pytest.mark.parametrize("kept", ["none", "routes", "whole"])
def test_verifying_knows_whose_policies_they_are(team: Settings, fake: Fake, kept: str) -> None:
    """All, a branch, or nothing of them is ours."""
    changes = {"notification_policies": kept, "grafana_url": "http://grafana.example"}
    one = target(team, fake, **changes)
    apply(one, force=False)
    built = Provisioning(artefacts(one.settings), {})
    assert [check.ok for check in check_policies(built, one.grafana, one.settings)] == [True]
    fake.policies = copy.deepcopy(TREE)
    found = [check.ok for check in check_policies(built, one.grafana, one.settings)]
    assert found == [kept == "none"]


def test_a_folder_of_ours_takes_its_new_title(team: Settings, fake: Fake) -> None:
    """It stays one folder, with one uid."""
    apply(target(team, fake), force=False)
    moved = target(team, fake, alert_folder="Alerts of models")
    assert apply(moved, force=False) == 0
    assert fake.folders["driftdeck-alerts"] == "Alerts of models"
