"""Proves the alerting of a live Grafana: rules, leftovers, contact points, policies."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from driftdeck.facts import Json
from driftdeck.facts.dollars import unescape
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.grafana.policies import PATH, branch_in
from driftdeck.settings import Settings
from driftdeck.verify.checks import Check
from driftdeck.verify.provisioning import Provisioning


def verify(
    built: Provisioning, grafana: Grafana, settings: Settings, began: datetime, wait: float
) -> Iterator[Check]:
    """Every check of alerting. began, wait: rules must be evaluated after `began`, and within
    `wait` seconds from now."""
    yield from check_rules(built, grafana, settings, began, wait)
    try:
        yield from check_leftover_rules(built, grafana, settings)
        yield from check_contact_points(built, grafana, settings)
        yield from check_policies(built, grafana, settings)
    except GrafanaError as error:
        yield Check("alerting", False, str(error))


def check_rules(
    built: Provisioning, grafana: Grafana, settings: Settings, began: datetime, wait: float
) -> Iterator[Check]:
    """Each built rule is there, evaluated since `began`, and without an error.

    wait: how long to wait for an evaluation, in seconds.
    """
    deadline = time.monotonic() + wait
    keys = [(group, unescape(rule["title"])) for group, rule in built.rules()]
    while True:
        states = _read_states(grafana, settings)
        fresh = all(key in states and _is_fresh(states[key], began) for key in keys)
        if fresh or time.monotonic() > deadline:
            break
        time.sleep(1)
    for key in keys:
        yield _check_rule(key[1], states.get(key), began, wait)


def _read_states(grafana: Grafana, settings: Settings) -> dict[tuple[str, str], Json]:
    groups = grafana.get("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    return {
        (group["name"], rule["name"]): rule
        for group in groups
        if group["file"] == settings.alert_folder
        for rule in group["rules"]
    }


def _is_fresh(rule: Json, since: datetime) -> bool:
    """Whether a rule was evaluated since a moment; one that never was reports ok, and year 1."""
    text = str(rule.get("lastEvaluation", ""))[:19]
    return bool(text) and datetime.fromisoformat(text).replace(tzinfo=UTC) >= since


def _check_rule(title: str, rule: Json | None, since: datetime, wait: float) -> Check:
    place = f"rule {title}"
    if rule is None:
        return Check(place, False, "not there")
    alerts = [alert["state"] for alert in rule.get("alerts") or []]
    broken = [state for state in alerts if "Error" in state]
    if rule.get("health") == "error" or broken:
        return Check(place, False, str(rule.get("lastError") or broken))
    if not _is_fresh(rule, since):
        return Check(place, False, f"not evaluated for {wait:g} s")
    firing = sum(state.startswith("Alerting") for state in alerts)
    return Check(place, True, f"{firing} of {len(alerts)} firing" if alerts else "quiet")


def check_leftover_rules(
    built: Provisioning, grafana: Grafana, settings: Settings
) -> Iterator[Check]:
    """No rule of ours is there that no file holds: Grafana keeps it, and it still wakes people."""
    ours = {rule["uid"] for _, rule in built.rules()}
    stored = grafana.get("/api/v1/provisioning/alert-rules")
    leftovers = _find_leftovers(stored, ours, settings)
    detail = "; ".join(
        f"{rule['title']}: `driftdeck retire rule {rule['uid']}`" for rule in leftovers
    )
    yield Check("no rule is left over", not leftovers, detail or f"{len(ours)} built")


def check_contact_points(
    built: Provisioning, grafana: Grafana, settings: Settings
) -> Iterator[Check]:
    """Each built contact point is there, and no other of ours."""
    built_names = built.receivers()
    points = grafana.get("/api/v1/provisioning/contact-points")
    stored = {point["uid"]: point["name"] for point in points}
    for uid, name in built_names.items():
        stored_name = stored.get(uid)
        detail = "present" if stored_name == name else f"is {stored_name!r}"
        detail = detail if stored_name else "not there"
        yield Check(f"contact point {name}", stored_name == name, detail)
    leftovers = _find_leftovers(points, set(built_names), settings)
    detail = "; ".join(
        f"{point['name']}: `driftdeck retire receiver {point['uid']}`" for point in leftovers
    )
    yield Check(
        "no contact point is left over", not leftovers, detail or f"{len(built_names)} built"
    )


def _find_leftovers(stored: list[Json], ours: set[str], settings: Settings) -> list[Json]:
    """The stored items whose uid has this project's prefix and is not among `ours`."""
    prefix = settings.uid_prefix
    return [item for item in stored if item["uid"].startswith(prefix) and item["uid"] not in ours]


def check_policies(built: Provisioning, grafana: Grafana, settings: Settings) -> Iterator[Check]:
    """The tree is the source's, or a branch of it where it belongs to others; where the source has
    none, it says who is told instead."""
    kept = settings.notification_policies if settings.grafana_url else "whole"
    if built.root() and kept == "none":
        yield Check("policies", True, "left to those who own them: see `make apply`")
        return
    tree = grafana.get(PATH)
    if built.root() and kept == "routes":
        tree = branch_in(tree, settings.alert_folder) or {}
    built_routes = [_normalise_route(route) for route in built.routes()]
    stored_routes = [_normalise_route(route) for route in tree.get("routes") or []]
    if not built.root():
        yield Check("policies", True, f"Grafana's own: {tree.get('receiver')} is told")
        return
    root, is_equal = tree.get("receiver"), stored_routes == built_routes
    detail = (
        f"{len(stored_routes)} routes, the rest to {root}"
        if is_equal
        else "differs from what was built"
    )
    if root != built.root():
        is_equal, detail = False, f"the rest goes to {root}, not {built.root()}"
    yield Check("policies", is_equal, detail)


def _normalise_route(route: Json) -> tuple[object, ...]:
    """What must agree of a route: (receiver, matchers, whether later routes are tried, too)."""
    matchers = route.get("object_matchers") or []
    normalised = sorted(map(tuple, unescape(matchers)))
    return route.get("receiver"), normalised, bool(route.get("continue"))
