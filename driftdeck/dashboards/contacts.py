"""Contact points and policies as plain data in Grafana's file format."""

import re
from collections.abc import Mapping
from typing import Any

from driftdeck.dashboards.site import Site
from driftdeck.declare import Contact
from driftdeck.declare.contacts import NOBODY
from driftdeck.facts import Json

GROUP_BY = ["grafana_folder", "alertname"]
NOWHERE = "http://127.0.0.1:9/"
"""The port `discard` of Grafana's own machine."""
NEVER = "100y"


def notifications(site: Site, contacts: tuple[Contact, ...]) -> Json:
    """The contact points, and the one tree of policies that an organisation has."""
    rest = next((contact for contact in contacts if contact.others), None)
    points = [_point(site, contact) for contact in contacts]
    return {
        "apiVersion": 1,
        "contactPoints": points if rest else [*points, _nobody(site)],
        "policies": [
            {
                "orgId": 1,
                "receiver": rest.name if rest else NOBODY,
                "group_by": GROUP_BY,
                **(_times(rest) if rest else {"group_wait": NEVER}),
                "routes": [_route(contact) for contact in contacts],
            }
        ],
    }


def _nobody(site: Site) -> Json:
    """Of alerts that no contact asks for.

    The root of the policies must name a contact point that is there. Grafana's own has not one name
    in all releases, and a file can make none that does not send: so this one would send to nowhere,
    after the root's wait.
    """
    receiver = {
        "uid": site.uid("contact", NOBODY),
        "type": "webhook",
        "settings": {"url": NOWHERE},
        "disableResolveMessage": True,
    }
    return {"orgId": 1, "name": NOBODY, "receivers": [receiver]}


def _point(site: Site, contact: Contact) -> Json:
    receiver = {
        "uid": site.uid("contact", contact.name),
        "type": contact.receiver.kind,
        "settings": plain(contact.receiver.settings),
        "disableResolveMessage": not contact.resolved,
    }
    return {"orgId": 1, "name": contact.name, "receivers": [receiver]}


def _route(contact: Contact) -> Json:
    """Alerts of this project's rules, which alone have a monitor; the next contact looks, too."""
    wanted = {"monitor": contact.monitors, "owner": contact.owners, "kind": contact.kinds}
    matchers = [
        [label, "=~", "|".join(map(re.escape, names)) or ".+"]
        for label, names in wanted.items()
        if names or label == "monitor"
    ]
    return {
        "receiver": contact.name,
        "object_matchers": matchers,
        "continue": True,
        **_times(contact),
    }


def _times(contact: Contact) -> Json:
    return {
        "group_wait": contact.wait,
        "group_interval": contact.interval,
        "repeat_interval": contact.repeat,
    }


def plain(value: object) -> Any:
    """Settings of a way as what is written to YAML."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value
