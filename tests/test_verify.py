"""The proof of a Grafana, on a real one's recorded answers; `make record` records them anew."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from driftdeck.facts import Json
from driftdeck.grafana.client import Grafana
from driftdeck.settings import IsolatedSettings
from driftdeck.verify.checks import Check, as_line, summary
from driftdeck.verify.grafana import LiveGrafana, check_grafana
from driftdeck.verify.links import Link, find_missing_columns
from driftdeck.verify.logs import provisioning_complaints
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.recording import Recording

RECORDED = sorted((Path(__file__).parent / "recorded").glob("grafana-*.json"))
RULES = "/api/prometheus/grafana/api/v1/rules"
BOARD = "/api/dashboards/uid/driftdeck-small"
SOURCE = "/api/datasources/uid/monitoring"


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def recording(request: pytest.FixtureRequest) -> Recording:
    """A server of each release that was recorded; it had everything that was built."""
    return Recording.read(request.param)


def test_two_releases_are_recorded() -> None:
    """An old one and a new one, which differ in many ways."""
    assert [path.stem for path in RECORDED] == ["grafana-12.4", "grafana-9.4"]


def proof(recording: Recording) -> dict[str, Check]:
    """The checks by name, against a recorded server."""
    settings = IsolatedSettings()
    grafana = Grafana(settings, transport=recording)
    live = LiveGrafana(
        settings,
        recording.built,
        grafana,
        recording.began,
        recording.log,
        wait=0,
        outside=lambda address: "",
    )
    checks = list(check_grafana(live))
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def failed(recording: Recording) -> dict[str, str]:
    """The failed checks of a recorded server: name and detail."""
    return {name: check.detail for name, check in proof(recording).items() if not check.ok}


def test_everything_that_was_there_is_proved(recording: Recording) -> None:
    """Nothing fails, every query has its time, and empty panels say why they may be."""
    checks = proof(recording)

    assert failed(recording) == {}
    asked = [check for check in checks.values() if check.seconds is not None]
    targets = sum(
        len(panel.get("targets", []))
        for board in recording.built.dashboards()
        for panel in board["panels"]
    )
    assert len(asked) > targets > 30
    assert all(check.excused for check in asked if check.detail == "no rows")
    assert "empty with a reason" in summary(list(checks.values()))
    assert as_line(asked[0]).endswith(" ms")


def change(recording: Recording, path: str, edit: Callable[[Json], None]) -> None:
    """Have the server answer otherwise."""
    [key] = [key for key in recording.answers if key[:2] == ("GET", path)]
    status, content = recording.answers[key]
    content = copy.deepcopy(content)
    edit(content)
    recording.answers[key] = status, content


def gone(recording: Recording, path: str) -> None:
    """Have the server not know a page."""
    for key in [key for key in recording.answers if key[1] == path]:
        del recording.answers[key]


def rule(content: Json, name: str) -> Json:
    """A rule's state, by the end of its title."""
    groups = content["data"]["groups"]
    return next(r for g in groups for r in g["rules"] if r["name"].endswith(name))


def plugin(recording: Recording) -> str:
    """The page of the datasource's plugin, whose name differs from release to release."""
    return next(key[1] for key in recording.answers if key[1].startswith("/api/plugins/"))


def panel(content: Json, title: str) -> Json:
    """A panel of a stored dashboard."""
    return next(p for p in content["dashboard"]["panels"] if p["title"] == title)


LATE = "rule Small model: data is late"
BROKEN: list[tuple[Callable[[Recording], None], str, str]] = [
    (lambda r: gone(r, BOARD), "dashboard Small model", "404"),
    (
        lambda r: change(r, BOARD, lambda c: panel(c, "Runs").update(title="Mine")),
        "dashboard Small model",
        "differs, see `make plan`: panel",
    ),
    (
        lambda r: change(r, BOARD, lambda c: c["meta"].update(folderTitle="General")),
        "dashboard Small model",
        "lies in folder 'General'",
    ),
    (
        lambda r: change(r, SOURCE, lambda c: c["jsonData"].pop("database")),
        "datasource monitoring: jsonData.database",
        "None",
    ),
    (lambda r: gone(r, f"{SOURCE}/health"), "datasource monitoring", "404"),
    (lambda r: gone(r, plugin(r)), "datasource monitoring", "404"),
    (
        lambda r: change(
            r,
            "/api/search?type=dash-db&limit=5000",
            lambda c: c.append({"uid": "driftdeck-old", "title": "Old"}),
        ),
        "no dashboard is left over",
        "Old (driftdeck-old)",
    ),
    (
        lambda r: change(r, RULES, lambda c: rule(c, "late").update(health="error", lastError="x")),
        LATE,
        "x",
    ),
    (
        lambda r: change(
            r, RULES, lambda c: rule(c, "late").update(lastEvaluation="0001-01-01T00:00:00Z")
        ),
        LATE,
        "not evaluated",
    ),
    (lambda r: change(r, RULES, lambda c: rule(c, "late").update(name="x")), LATE, "not there"),
    (
        lambda r: change(
            r, RULES, lambda c: rule(c, "late").update(alerts=[{"state": "Normal (Error)"}])
        ),
        LATE,
        "Normal (Error)",
    ),
    (
        lambda r: change(
            r,
            "/api/v1/provisioning/alert-rules",
            lambda c: c.append({"uid": "driftdeck-old", "title": "Old"}),
        ),
        "no rule is left over",
        "retire rule driftdeck-old",
    ),
    (
        lambda r: change(
            r,
            "/api/v1/provisioning/contact-points",
            lambda c: c.remove(next(one for one in c if one["name"] == "hook")),
        ),
        "contact point hook",
        "not there",
    ),
    (
        lambda r: change(
            r,
            "/api/v1/provisioning/contact-points",
            lambda c: c.append({"uid": "driftdeck-contact-old", "name": "old"}),
        ),
        "no contact point is left over",
        "retire receiver driftdeck-contact-old",
    ),
    (
        lambda r: change(r, "/api/v1/provisioning/policies", lambda c: c["routes"].clear()),
        "policies",
        "differs",
    ),
    (
        lambda r: change(r, "/api/v1/provisioning/policies", lambda c: c.update(receiver="boss")),
        "policies",
        "the rest goes to boss, not ",
    ),
]


@pytest.mark.parametrize(("breakage", "name", "words"), BROKEN)
def test_what_is_broken_is_named(
    breakage: Callable[[Recording], None], name: str, words: str, recording: Recording
) -> None:
    """One thing broken at the server is one check that fails, by its name, with what was found."""
    breakage(recording)
    found = failed(recording)

    assert list(found) == [name]
    assert words in found[name]


def queries(recording: Recording, part: str) -> list[tuple[str, str, str]]:
    """The recorded requests whose SQL holds a text."""
    asked = [key for key in recording.answers if key[1] == "/api/ds/query"]
    return [key for key in asked if part in json.loads(key[2])["queries"][0]["rawSql"]]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "no such column", "status": 500}, "no such column"),
        ({"frames": [], "status": 200}, "no rows"),
        (None, "Grafana gave no result"),
    ],
)
def test_a_query_that_fails_is_named(recording: Recording, answer: Json, words: str) -> None:
    """An error, no rows where there must be some, and Grafana's silence about an empty query."""
    [key] = queries(recording, "labelled_count / nullif(row_count, 0)")
    recording.answers[key] = 200, {"results": {"A": answer} if answer else {}}

    found = failed(recording)

    assert list(found) == ["Small model / Rows with a label / A"]
    assert words in found["Small model / Rows with a label / A"]


def test_a_reader_that_may_write_is_named(recording: Recording) -> None:
    """A write that goes through, and rights that would let one through, are failures."""
    [write] = queries(recording, "DELETE FROM")
    recording.answers[write] = 200, {"results": {"A": {"frames": [], "status": 200}}}
    [rights] = queries(recording, "has_table_privilege")
    content = copy.deepcopy(recording.answers[rights][1])
    content["results"]["A"]["frames"][0]["data"]["values"][0] = ["monitoring.metric_value"]
    recording.answers[rights] = 200, content

    assert failed(recording) == {
        "reader: a write is refused": "it was not",
        "reader: rights to write": "it may write monitoring.metric_value",
    }


def test_links_lead_to_pages_that_exist(recording: Recording) -> None:
    """A link of a table row follows the row; one to a page that is not there is named."""
    files = dict(recording.built.files)
    name = "dashboards/overview.json"
    files[name] = files[name].replace("/d/${__data.fields.uid}", "/d/other-${__data.fields.uid}")
    recording.built = Provisioning(files, recording.built.may_be_empty)
    links = {name: said for name, said in failed(recording).items() if name.startswith("link")}

    assert "link Models overview / Models / Open the dashboard" in links
    assert "no dashboard 'other-driftdeck-small'" in next(iter(links.values()))


def test_addresses_of_a_row() -> None:
    """Each row gives its own address; what only the browser knows is left out."""
    link = Link("p", "/r/${__data.fields.report}?at=${__value.time}&${__url_time_range}")
    quoted = Link("p", '/r/${__data.fields["report"]}')

    assert link.addresses({"report": ("a", "b", None, "")}) == {
        "/r/a?at=newest&",
        "/r/b?at=newest&",
    }
    assert quoted.addresses({"report": ("a",)}) == {"/r/a"}
    assert quoted.addresses({"report": (0, 1)}) == {"/r/0", "/r/1"}
    assert Link("p", "/d/x").addresses({}) == {"/d/x"}


def test_a_link_on_a_column_that_its_panel_lacks_is_named(recording: Recording) -> None:
    """Its address would be filled in with nothing, on every row."""
    files = dict(recording.built.files)
    name = "dashboards/overview.json"
    files[name] = files[name].replace("/d/${__data.fields.uid}", "/d/${__data.fields.uit}", 1)
    recording.built = Provisioning(files, recording.built.may_be_empty)

    reason = failed(recording)["link Models overview / Models / Open the dashboard"]
    assert reason.startswith("the panel has no column uit, only ")


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ["Report of the day"]),
        ({"transformations": [{"id": "organize"}]}, []),
        ({"targets": [{"format": "time_series"}]}, []),
        ({"fieldConfig": {"defaults": {"displayName": "Report of the day"}}}, []),
        ({"fieldConfig": {"overrides": [{"properties": [
            {"id": "displayName", "value": "Report of the day"}]}]}}, []),
    ],
)  # fmt: skip
def test_a_column_lacks_only_where_that_can_be_told(changes: Json, missing: list[str]) -> None:
    """A display name is a name; transformations and time series make names of their own."""
    link = Link("p", '/r/${__data.fields["Report of the day"]}/${__data.fields.0}')
    panel = {"targets": [{"format": "table"}], **changes}

    assert find_missing_columns(link, panel, {"report": ()}) == missing
    assert find_missing_columns(link, panel, {}) == []


def test_a_rule_that_never_ran_is_not_fresh(recording: Recording) -> None:
    """Answers from before the proof began prove nothing."""
    recording.began += timedelta(hours=1)

    assert {name for name in failed(recording) if name.startswith("rule ")}


def test_complaints_are_of_the_newest_start() -> None:
    """What the server said of files that were since mended is not said again."""
    bad = 'logger=provisioning.dashboard t=1 level=error msg="failed to load dashboard"'
    begins = 'logger=provisioning.alerting t=2 level=info msg="starting to provision alerting"'

    assert provisioning_complaints(f"{begins}\n{bad}\n{bad}") == ['msg="failed to load dashboard"']
    assert provisioning_complaints(f"{bad}\n{begins}") == []
    assert provisioning_complaints('logger=other level=error msg="x"') == []


def test_a_wrong_password_names_the_mend(recording: Recording) -> None:
    """And nothing else is asked."""
    gone(recording, "/api/search?limit=1")

    assert list(failed(recording)) == ["login"]
    assert "make password" in failed(recording)["login"]
