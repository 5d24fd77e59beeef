"""Tells a Grafana without internet from one that fails, by the lines of its log."""

import re

from driftdeck.facts.datasources import POSTGRES

HARMLESS = {
    # Those that come with Grafana are used, until the newest can be fetched.
    ("plugin.signature.key_retriever", "Error downloading plugin manifest keys"),
    # Likewise the patterns by which it knows plugins of old.
    ("plugin.angulardetectorsprovider.dynamic", "Error while updating detectors"),
    # Apps that it installs by itself, which no dashboard asks for.
    ("plugin.backgroundinstaller", "Failed to install plugin"),
    # Whether it is the newest release itself.
    ("grafana.update.checker", "Update check failed"),
}
"""(logger, message): what Grafana asks of grafana.com by itself, and does without."""

NEEDED = (POSTGRES,)
"""Plugins without which no panel has data."""
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
UNREACHED = re.compile(r'Get \\"https://grafana\.com/[^"]*": .*\bdial tcp\b')
"""No connection: an answer that says no is another matter."""


def offline(line: str) -> bool:
    """Whether a line says no more than that grafana.com could not be reached."""
    said = {key: value.strip('"') for key, value in FIELD.findall(line)}
    known = (said.get("logger", ""), said.get("msg", "")) in HARMLESS
    return (
        known
        and said.get("pluginId") not in NEEDED
        and bool(UNREACHED.search(said.get("error", "")))
    )
