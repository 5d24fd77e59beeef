"""Who is told: declared in source, nobody by default, secrets never written."""

from pathlib import Path

import pytest
import yaml

from generator.artefacts import artefacts
from generator.gate import withheld_variables
from monitors import declare as d
from monitors.load import load_contacts
from preflight.check import check
from preflight.findings import FORMATS, Report
from preflight.reading import Reading
from preflight.releases import Release
from settings import ROOT, CommittedSettings, Settings, SettingsError
from stack.contacts import contact_variables

CONTACTS = """\
from monitors import declare as d

CONTACTS = (
    d.Contact(name="everyone", way=d.webhook("$ALERT_WEBHOOK_URL")),
    d.Contact(name="grid", way=d.email("a@example.org", "b@example.org"), owners=("grid (n)",)),
    d.Contact(
        name="nights", way=d.slack(channel="#ml", token="$SLACK_TOKEN"), kinds=("late",),
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
    return CommittedSettings(monitors_dir=tmp_path, provisioning_dir=tmp_path / "built")


def lay(files: dict[str, str], folder: Path) -> Path:
    """Write built files where a pre-flight can read them."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize("release", ["9.4", "13.3"])
def test_contacts_become_points_and_policies(team: Settings, tmp_path: Path, release: str) -> None:
    """Each contact is a contact point and a route of its own; Grafana would take the files."""
    files = artefacts(team.model_copy(update={"grafana_release": release}))
    document = yaml.safe_load(files["alerting/contacts.yaml"])
    [tree] = document["policies"]
    points = {point["name"]: point["receivers"][0] for point in document["contactPoints"]}
    routes = {route["receiver"]: route["object_matchers"] for route in tree["routes"]}

    assert tree["receiver"] == "grafana-default-email"
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


def test_nobody_is_told_by_default() -> None:
    """The project's own artefacts leave Grafana's contact point and policies alone."""
    assert load_contacts() == ()
    assert "alerting/contacts.yaml" not in artefacts(CommittedSettings())


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
        (lambda: d.Contact(name="On call", way=d.webhook("$A")), "lower-case"),
        (lambda: d.Contact(name="a", way=d.webhook("$A"), kinds=("drift",)), "choose among"),
        (lambda: d.Contact(name="a", way=d.webhook("$A"), repeat="0s"), "write a length of time"),
        (lambda: d.Contact(name="a", way=d.webhook("$A"), wait="soon"), "write a length of time"),
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
        load_contacts(team.monitors_dir)
