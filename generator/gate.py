"""The pre-flight of this project's own artefacts, against what a running Grafana has read."""

import os

import yaml

from monitors.load import load_contacts
from preflight.check import check
from preflight.findings import Finding, Report
from preflight.reading import Reading
from preflight.releases import Release
from preflight.revisions import NoRevisionError, committed
from settings import ROOT, SECRETS, Settings

MAIN = ("origin/main", "main")
"""Where the artefacts lie that a running Grafana has read."""


def own(settings: Settings) -> tuple[list[Finding], str]:
    """The findings of the committed artefacts, and what they were compared with."""
    tree = settings.provisioning_dir
    known = [*(name.upper() for name in SECRETS), *_named(settings)]
    environment = {**os.environ, **dict.fromkeys(known, "https://secret.example")}
    reading = Reading(Report(), Release.of(settings.grafana_release), environment)
    for revision in MAIN:
        try:
            with committed(revision, tree) as before:
                return check(tree, reading, before), revision
        except NoRevisionError:
            continue
    return check(tree, reading), "a fresh server"


def withheld_variables(settings: Settings) -> list[str]:
    """A sentence for each variable of a contact that docker-compose.yml keeps from Grafana."""
    path = ROOT / "docker-compose.yml"
    if not path.exists():
        return []
    compose = yaml.safe_load(path.read_text(encoding="utf-8"))
    passed = compose["services"]["grafana"]["environment"]
    return [
        f"contacts.py: ${name} does not reach Grafana; add `{name}: ${{{name}:-}}` to grafana's"
        " environment in docker-compose.yml"
        for name in _named(settings)
        if name not in passed
    ]


def _named(settings: Settings) -> list[str]:
    """The variables that contacts name."""
    contacts = load_contacts(settings.monitors_dir)
    return sorted({name for contact in contacts for name in contact.way.variables()})
