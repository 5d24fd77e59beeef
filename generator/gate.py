"""The pre-flight of this project's own artefacts, against what a running Grafana has read."""

import os

from preflight.check import check
from preflight.findings import Finding, Report
from preflight.reading import Reading
from preflight.releases import Release
from preflight.revisions import NoRevisionError, committed
from settings import SECRETS, Settings

MAIN = ("origin/main", "main")
"""Where the artefacts lie that a running Grafana has read."""


def own(settings: Settings) -> tuple[list[Finding], str]:
    """The findings of the committed artefacts, and what they were compared with."""
    tree = settings.provisioning_dir
    environment = {**os.environ, **{name.upper(): "secret" for name in SECRETS}}
    reading = Reading(Report(), Release.of(settings.grafana_release), environment)
    for revision in MAIN:
        try:
            with committed(revision, tree) as before:
                return check(tree, reading, before), revision
        except NoRevisionError:
            continue
    return check(tree, reading), "a fresh server"
