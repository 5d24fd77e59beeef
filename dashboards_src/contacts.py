"""Contact points and policies as plain data in Grafana's file format."""

import re

from dashboards_src.site import Site
from dashboards_src.style import Json
from monitors.declare import Contact

DEFAULT = "grafana-default-email"
"""Grafana's own contact point: of alerts that no contact asks for."""
GROUP_BY = ["grafana_folder", "alertname"]


def notifications(site: Site, contacts: tuple[Contact, ...]) -> Json:
    """The contact points, and the one tree of policies that an organisation has."""
    return {
        "apiVersion": 1,
        "contactPoints": [_point(site, contact) for contact in contacts],
        "policies": [
            {
                "orgId": 1,
                "receiver": DEFAULT,
                "group_by": GROUP_BY,
                "routes": [_route(contact) for contact in contacts],
            }
        ],
    }


def _point(site: Site, contact: Contact) -> Json:
    receiver = {
        "uid": site.uid("contact", contact.name),
        "type": contact.way.kind,
        "settings": dict(contact.way.settings),
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
        "group_wait": contact.wait,
        "group_interval": contact.interval,
        "repeat_interval": contact.repeat,
    }
