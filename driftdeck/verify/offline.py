"""Tells a Grafana without internet from one that fails, by the lines of its log."""

import re

from driftdeck.facts.datasources import POSTGRES

HARMLESS = {
    # Grafana uses its bundled keys until the newest can be fetched.
    ("plugin.signature.key_retriever", "Error downloading plugin manifest keys"),
    # Likewise the patterns of Angular plugins.
    ("plugin.angulardetectorsprovider.dynamic", "Error while updating detectors"),
    # Apps that it installs by itself, and no dashboard needs.
    ("plugin.backgroundinstaller", "Failed to install plugin"),
    # Whether it is the newest release itself.
    ("grafana.update.checker", "Update check failed"),
}
"""(logger, message): of requests to grafana.com that Grafana makes by itself and does without."""

NEEDED_PLUGINS = (POSTGRES,)
"""Plugins without which no panel has data."""
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
UNREACHABLE = re.compile(r'Get \\"https://grafana\.com/[^"]*": .*\bdial tcp\b')
"""There was no connection; a refusal by grafana.com is an error."""


def is_offline(line: str) -> bool:
    """Whether a line of the log only says that grafana.com could not be reached."""
    fields = {key: value.strip('"') for key, value in FIELD.findall(line)}
    is_harmless = (fields.get("logger", ""), fields.get("msg", "")) in HARMLESS
    return (
        is_harmless
        and fields.get("pluginId") not in NEEDED_PLUGINS
        and bool(UNREACHABLE.search(fields.get("error", "")))
    )
