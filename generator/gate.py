"""The pre-flight of this project's own artefacts, against what a running Grafana has read."""

import os
from contextlib import suppress

import yaml

from driftdeck.generator.files import present
from driftdeck.load import load, load_contacts
from driftdeck.preflight.check import check
from driftdeck.preflight.findings import Finding, Report
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.read.revisions import NoRevisionError, unpack_revision
from driftdeck.preflight.releases import Release
from driftdeck.project import Project
from driftdeck.settings import SECRETS

MAIN = ("origin/main", "main", "origin/master", "master")
"""Where the artefacts lie that a running Grafana has read."""


def own(project: Project) -> tuple[list[Finding], str]:
    """The findings of the committed artefacts, and what they were compared with."""
    tree = project.provisioning_dir
    known = [*(name.upper() for name in SECRETS), *_named(project)]
    environment = {**os.environ, **dict.fromkeys(known, "https://secret.example")}
    reading = Reading(Report(), Release.of(project.grafana_release), environment)
    for revision in MAIN:
        try:
            with unpack_revision(revision, tree) as before:
                return check(tree, reading, before), revision
        except NoRevisionError:
            continue
    return check(tree, reading), "a fresh server"


def before(project: Project, base: str = "") -> tuple[dict[str, str], str]:
    """The committed artefacts of a revision by path, and its name; by default of the main branch.

    Raises NoRevisionError.
    """
    if base:
        return _artefacts(project, base), base
    for revision in MAIN:
        with suppress(NoRevisionError):
            return _artefacts(project, revision), revision
    folder = project.provisioning_dir.name
    raise NoRevisionError(f"git has {folder}/ on no branch called main or master; commit it there")


def _artefacts(project: Project, revision: str) -> dict[str, str]:
    with unpack_revision(revision, project.provisioning_dir) as tree:
        return present(tree)


def withheld_variables(project: Project) -> list[str]:
    """A sentence for each variable that docker-compose.yml keeps from who needs it."""
    path = project.root / "docker-compose.yml"
    if not path.exists():
        return []
    compose = yaml.safe_load(path.read_text(encoding="utf-8"))
    services = compose["services"]
    needed = [("contacts.py", "grafana", name) for name in _named(project)]
    for monitor in load(*project.monitor_folders):
        addresses = {getattr(source, "address", "") for source in (monitor.source, monitor.labels)}
        needed += [(f"{monitor.name}.py", "collectors", name) for name in sorted(addresses - {""})]
    return [
        f"{place}: ${name} does not reach {service}; add `{name}: ${{{name}:-}}` to its"
        " environment in docker-compose.yml"
        for place, service, name in needed
        if name not in services[service]["environment"]
    ]


def _named(project: Project) -> list[str]:
    """The variables that contacts name."""
    contacts = load_contacts(*project.monitor_folders)
    return sorted({name for contact in contacts for name in contact.receiver.variables()})
