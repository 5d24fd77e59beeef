"""Our routes as one branch of a tree of notification policies that belongs to others.

The branch takes the alerts of our folder, which Grafana labels with its title, and no other's. It
stands first, so that no route of theirs takes them before; everything else stays as it is.
"""

import json
from contextlib import suppress
from typing import Any

from driftdeck.grafana.client import Grafana, GrafanaError

Json = dict[str, Any]
PATH = "/api/v1/provisioning/policies"
LABEL = "grafana_folder"
BY_HAND = {"X-Disable-Provenance": "true"}
"""Leaves a tree open to its owners' edits, where it was before."""


def branch(tree: Json, folder: str) -> Json:
    """The source's whole tree as the branch of one folder's alerts."""
    root = {key: value for key, value in tree.items() if key != "orgId"}
    return {**root, "object_matchers": [[LABEL, "=", folder]]}


def branch_in(tree: Json, folder: str) -> Json | None:
    """The branch of a folder in a live tree, None where there is none."""
    return next((route for route in tree.get("routes") or [] if _is_of(route, folder)), None)


def keep_branch(grafana: Grafana, folder: str, wanted: Json | None) -> None:
    """Have the live tree hold this branch of a folder, or none; nothing else of it is changed.

    Raises GrafanaError, also where a file owns the tree, which no request may change.
    """
    tree = grafana.get(PATH)
    owner = tree.pop("provenance", "")
    if owner not in ("", "api"):
        raise GrafanaError(
            f"the notification policies are kept by another tool ({owner}), so no request may"
            ' change them; add the route there, and set notification_policies = "none"'
        )
    others = [route for route in tree.get("routes") or [] if not _is_of(route, folder)]
    routes = [wanted, *others] if wanted else others
    grafana.put(PATH, {**tree, "routes": routes}, headers={} if owner else BY_HAND)


def advice(grafana: Grafana, folder: str, wanted: Json) -> str:
    """What a person may add to a tree that we stay out of; '' where a branch of ours is there."""
    with suppress(GrafanaError):  # who may not read it is told, too
        if branch_in(grafana.get(PATH), folder):
            return ""
    return (
        "the notification policies are not touched, so alerts go where they send them; add this"
        ' route first of all, or set notification_policies = "routes":\n'
        f"{json.dumps(wanted, indent=2)}"
    )


def _is_of(route: Json, folder: str) -> bool:
    """Whether a route is a folder's branch: by its matchers, in either way of writing them."""
    matchers = route.get("object_matchers") or []
    return len(matchers) == 1 and [str(part) for part in matchers[0]] == [LABEL, "=", folder]
