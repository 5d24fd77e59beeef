"""Who is told: declared in source, nobody by default, secrets never written."""

import runpy
from pathlib import Path

import pytest
import yaml

from driftdeck import declare as d
from driftdeck.dashboards.contacts import plain
from driftdeck.generator import yamltext
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.gate import withheld_variables
from driftdeck.grafana.contacts import contact_variables
from driftdeck.load import load_contacts
from driftdeck.preflight.alerting.receivers import problems
from driftdeck.preflight.check import check
from driftdeck.preflight.findings import FORMATS, Report
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import Release
from driftdeck.project import SettingsError
from driftdeck.settings import IsolatedSettings, Settings
from repository import MONITORS, ROOT

CONTACTS = """\
from driftdeck import declare as d

CONTACTS = (
    d.Contact(name="everyone", receiver=d.webhook("$ALERT_WEBHOOK_URL")),
    d.Contact(
        name="grid", receiver=d.email("a@example.org", "b@example.org"), owners=("grid (n)",)
    ),
    d.Contact(
        name="nights", receiver=d.slack(channel="#ml", token="$SLACK_TOKEN"), kinds=("late",),
        monitors=("small",), resolved=False,
    ),
)
"""


@pytest.fixture
def team(tmp_path: Path) -> Settings:
    """Settings of a folder with one monitor and three contacts."""
    (tmp_path / "small.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\n"
        "MONITOR = small_monitor()\n"
    )
    (tmp_path / "contacts.py").write_text(CONTACTS)
    return IsolatedSettings(monitors=(str(tmp_path),), provisioning_dir=tmp_path / "built")


def lay(files: dict[str, str], folder: Path) -> Path:
    """Write built files where a pre-flight can read them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("release", ["9.4", "12.4", "13.3"])
def test_contacts_become_points_and_policies(team: Settings, tmp_path: Path, release: str) -> None:
    """Each contact is a contact point and a route of its own; Grafana would take the files."""
    files = artefacts(team.model_copy(update={"grafana_release": release}))
    document = yaml.safe_load(files["alerting/contacts.yaml"])
    [tree] = document["policies"]
    points = {point["name"]: point["receivers"][0] for point in document["contactPoints"]}
    routes = {route["receiver"]: route["object_matchers"] for route in tree["routes"]}

    assert tree["receiver"] == "nobody"
    assert tree["receiver"] in points, "no release has a contact point of its own that all have"
    assert tree["group_wait"] == "100y"
    assert points["everyone"]["settings"] == {"url": "$ALERT_WEBHOOK_URL"}
    assert points["grid"]["settings"] == {"addresses": "a@example.org;b@example.org"}
    assert points["nights"]["disableResolveMessage"] is True
    assert routes["everyone"] == [["monitor", "=~", ".+"]]
    assert ["owner", "=~", r"grid\ \(n\)"] in routes["grid"]
    assert routes["nights"] == [["monitor", "=~", "small"], ["kind", "=~", "late"]]
    assert all(route["continue"] for route in tree["routes"])
    known = {"ALERT_WEBHOOK_URL": "x", "SLACK_TOKEN": "x", "GRAFANA_READER_PASSWORD": "x"}
    place = "/etc/grafana/provisioning/dashboards"
    tree = lay(files, tmp_path / "tree")
    reading = Reading(Report(), Release.of(release), known, {place: tree / "dashboards"})
    assert FORMATS["text"](check(tree, reading)) == ""


def test_the_rest_can_go_to_someone(team: Settings, tmp_path: Path) -> None:
    """One contact may be told of what fits no contact, in place of nobody; two may not."""
    path = team.monitors_dir / "contacts.py"
    path.write_text(CONTACTS.replace('owners=("grid (n)",)', 'owners=("grid (n)",), others=True'))
    document = yaml.safe_load(artefacts(team)["alerting/contacts.yaml"])
    [tree] = document["policies"]

    assert (tree["receiver"], tree["group_wait"]) == ("grid", "30s")
    assert "nobody" not in [point["name"] for point in document["contactPoints"]]

    path.write_text(path.read_text().replace("resolved=False", "resolved=False, others=True"))
    load_contacts.cache_clear()
    with pytest.raises(d.DeclarationError, match=r"grid, nights: .*leave others=True with one"):
        load_contacts(*team.monitor_folders)


WAYS = {
    "webhook": d.webhook("$A"),
    "email": d.email("a@example.org"),
    "slack": d.slack(url="$A"),
    "teams": d.teams("https://example.org/hook"),
    "discord": d.discord("$A"),
    "telegram": d.telegram(token="$A", chat="-1001"),
    "pagerduty": d.pagerduty("$A", severity="warning"),
    "opsgenie": d.opsgenie("$A", url="https://api.eu.opsgenie.com/v2/alerts"),
    "oncall": d.oncall("$A"),
    "sns": d.sns("arn:aws:sns:e:1:ml", region="e", access_key="$A", secret_key="$A"),
    "jira": d.receiver_of_type(
        "jira",
        {"api_url": "https://x", "project": "ML", "issue_type": "Task", "api_token": "$A",
         "labels": ["drift"], "fields": {"customfield_1": 3}},
    ),
    "mqtt": d.receiver_of_type(
        "mqtt", {"brokerUrl": "tcp://x:1883", "topic": "ml", "qos": 1, "retain": True}
    ),
}  # fmt: skip
LATER = {"oncall", "sns", "jira", "mqtt"}


@pytest.mark.parametrize("release", ["9.4", "12.4", "13.3"])
@pytest.mark.parametrize("kind", WAYS)
def test_every_way_is_what_grafana_takes(kind: str, release: str) -> None:
    """Its settings are those that a server accepts; an older one does not know the newer types."""
    point = {"name": "a", "receivers": [{"type": kind, "settings": plain(WAYS[kind].settings)}]}
    written = yaml.safe_load(yamltext.text(point))["receivers"][0]["settings"]
    found = problems(kind, written, Release.of(release))

    assert WAYS[kind].kind == kind
    if release == "9.4" and kind in LATER:
        assert "is none of" in found[0][1]
    else:
        assert found == []


def test_variables_of_every_depth_are_asked_for() -> None:
    """Those of a mapping in the settings, too."""
    assert WAYS["sns"].variables() == ("A", "A")
    assert WAYS["mqtt"].variables() == ()


def test_what_ci_declares_reaches_its_server() -> None:
    """CI starts its servers with contacts, passes on their variables, and takes them away."""
    declared = runpy.run_path(str(ROOT / ".github" / "contacts.py"))["CONTACTS"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    job = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["stack"]
    script = "\n".join(step.get("run", "") for step in job["steps"])
    variables = {name for contact in declared for name in contact.receiver.variables()}

    assert variables
    assert variables <= set(compose["services"]["grafana"]["environment"]) & set(job["env"])
    assert "cp .github/contacts.py monitors/contacts.py" in script
    assert f"for name in {' '.join(one.name for one in declared)} nobody; do" in script


def test_nobody_is_told_by_default() -> None:
    """The project's own artefacts leave Grafana's contact point and policies alone."""
    assert load_contacts(*MONITORS) == ()
    assert "alerting/contacts.yaml" not in artefacts(IsolatedSettings())


def test_a_secret_that_is_not_there_is_refused(
    team: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` refuses an unset variable; `check` one that compose does not pass on to Grafana."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "http://127.0.0.1/")
    monkeypatch.delenv("SLACK_TOKEN", raising=False)
    with pytest.raises(SettingsError, match=r"'nights' names \$SLACK_TOKEN, which is not set"):
        contact_variables(team)
    monkeypatch.setenv("SLACK_TOKEN", "t")

    assert contact_variables(team) == {
        "ALERT_WEBHOOK_URL": "http://127.0.0.1/",
        "SLACK_TOKEN": "t",
    }
    [complaint] = withheld_variables(team)
    assert "add `SLACK_TOKEN: ${SLACK_TOKEN:-}`" in complaint


def test_compose_passes_on_what_the_example_names() -> None:
    """The variables of the commented example reach Grafana in the compose file."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

    assert {"ALERT_WEBHOOK_URL", "SLACK_WEBHOOK_URL"} <= set(
        compose["services"]["grafana"]["environment"]
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: d.webhook("https://x/${TOKEN}"), "name an environment variable"),
        (lambda: d.slack(url="$A", channel="#b", token="$C"), "give url="),
        (lambda: d.slack(channel="#b"), "give url="),
        (
            lambda: d.slack(url="https://hooks.slack.com/x"),
            r"committed.*write its name: \$SLACK_URL",
        ),
        (lambda: d.pagerduty("abc"), r"integrationKey: a secret.*\$PAGERDUTY_INTEGRATION_KEY"),
        (lambda: d.opsgenie("abc"), r"apiKey: a secret"),
        (lambda: d.telegram(token="abc", chat="1"), r"bottoken: a secret"),
        (lambda: d.discord("https://x"), r"url: a secret"),
        (lambda: d.telegram(token="$A", chat=-100), 'write it as a text: "-100"'),
        (lambda: d.pagerduty("$A", severity="high"), "choose among critical, error"),
        (lambda: d.sns("ml-alerts"), "write an ARN"),
        (lambda: d.sns(""), "write the topic's ARN"),
        (lambda: d.sns("arn:aws:sns:e:1:t", access_key="$A"), "or neither"),
        (
            lambda: d.sns("arn:aws:sns:e:1:t", access_key="a", secret_key="$A"),
            "sigv4.access_key: a",
        ),
        (lambda: d.receiver_of_type("", {"a": "b"}), "name Grafana's type"),
        (lambda: d.receiver_of_type("jira", {}), "no settings"),
        (lambda: d.receiver_of_type("jira", {"password": "abc"}), "password: a secret"),
        (
            lambda: d.receiver_of_type("mqtt", {"tlsConfig": {"clientKey": "abc"}}),
            "clientKey: a sec",
        ),
        (lambda: d.receiver_of_type("x", {"a": float("nan")}), "a text, a number or a boolean"),
        (lambda: d.receiver_of_type("x", {"a": object()}), "a text, a number or a boolean"),
        (lambda: d.receiver_of_type("x", {"a": {"b": "${C}"}}), "x: a.b: .*environment variable"),
        (lambda: d.Contact(name="nobody", receiver=d.webhook("$A")), "choose another"),
        (lambda: d.Contact(name="On call", receiver=d.webhook("$A")), "lower-case"),
        (lambda: d.Contact(name="a", receiver=d.webhook("$A"), kinds=("drift",)), "choose among"),
        (
            lambda: d.Contact(name="a", receiver=d.webhook("$A"), repeat="0s"),
            "write a length of time",
        ),
        (
            lambda: d.Contact(name="a", receiver=d.webhook("$A"), wait="soon"),
            "write a length of time",
        ),
    ],
)
def test_a_wrong_contact_names_the_mend(wrong: object, said: str) -> None:
    """A contact that cannot work is refused when it is made."""
    with pytest.raises(d.DeclarationError, match=said):
        wrong()


def test_a_contact_of_no_monitor_is_refused(team: Settings) -> None:
    """A misspelt monitor would be told of nothing."""
    path = team.monitors_dir / "contacts.py"
    path.write_text(CONTACTS.replace('("small",)', '("smal",)'))
    load_contacts.cache_clear()
    with pytest.raises(d.DeclarationError, match=r"contacts\.py: nights: no monitor smal"):
        load_contacts(*team.monitor_folders)
