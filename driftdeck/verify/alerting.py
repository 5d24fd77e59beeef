"""Proves the alerting of a live Grafana: rules, what is left over, contact points, policies."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from driftdeck.facts import Json
from driftdeck.facts.dollars import unescape
from driftdeck.grafana.client import Grafana, GrafanaError
from driftdeck.grafana.policies import PATH, branch_in
from driftdeck.settings import Settings
from driftdeck.verify.built import Built
from driftdeck.verify.checks import Check


def verify(
    built: Built, grafana: Grafana, settings: Settings, began: datetime, wait: float
) -> Iterator[Check]:
    """Every check of alerting. began, wait: rules must have been evaluated since, within."""
    yield from rules(built, grafana, settings, began, wait)
    try:
        yield from leftover_rules(built, grafana, settings)
        yield from contact_points(built, grafana, settings)
        yield from policies(built, grafana, settings)
    except GrafanaError as error:
        yield Check("alerting", False, str(error))


def rules(
    built: Built, grafana: Grafana, settings: Settings, began: datetime, wait: float
) -> Iterator[Check]:
    """Each built rule is there, evaluated since `began`, and without an error."""
    deadline = time.monotonic() + wait
    names = [(group, unescape(rule["title"])) for group, rule in built.rules()]
    while True:
        states = _states(grafana, settings)
        fresh = all(name in states and _fresh(states[name], began) for name in names)
        if fresh or time.monotonic() > deadline:
            break
        time.sleep(1)
    for name in names:
        yield _judge(name[1], states.get(name), began, wait)


def _states(grafana: Grafana, settings: Settings) -> dict[tuple[str, str], Json]:
    groups = grafana.get("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    return {
        (group["name"], rule["name"]): rule
        for group in groups
        if group["file"] == settings.alert_folder
        for rule in group["rules"]
    }


def _fresh(rule: Json, since: datetime) -> bool:
    """A rule that never ran reports ok, and the year 1."""
    text = str(rule.get("lastEvaluation", ""))[:19]
    return bool(text) and datetime.fromisoformat(text).replace(tzinfo=UTC) >= since


def _judge(title: str, rule: Json | None, since: datetime, wait: float) -> Check:
    place = f"rule {title}"
    if rule is None:
        return Check(place, False, "not there")
    alerts = [alert["state"] for alert in rule.get("alerts") or []]
    broken = [state for state in alerts if "Error" in state]
    if rule.get("health") == "error" or broken:
        return Check(place, False, str(rule.get("lastError") or broken))
    if not _fresh(rule, since):
        return Check(place, False, f"not evaluated for {wait:g} s")
    firing = sum(state.startswith("Alerting") for state in alerts)
    return Check(place, True, f"{firing} of {len(alerts)} firing" if alerts else "quiet")


def leftover_rules(built: Built, grafana: Grafana, settings: Settings) -> Iterator[Check]:
    """Grafana keeps a rule for ever that no file holds any more; it would still wake people."""
    ours = {rule["uid"] for _, rule in built.rules()}
    stored = grafana.get("/api/v1/provisioning/alert-rules")
    left = _left(stored, ours, settings)
    said = "; ".join(f"{one['title']}: `driftdeck retire rule {one['uid']}`" for one in left)
    yield Check("no rule is left over", not left, said or f"{len(ours)} built")


def contact_points(built: Built, grafana: Grafana, settings: Settings) -> Iterator[Check]:
    """Those of the source are there, and no other of ours."""
    wanted = built.receivers()
    points = grafana.get("/api/v1/provisioning/contact-points")
    stored = {one["uid"]: one["name"] for one in points}
    for uid, name in wanted.items():
        found = stored.get(uid)
        said = "present" if found == name else f"is {found!r}" if found else "not there"
        yield Check(f"contact point {name}", found == name, said)
    left = _left(points, set(wanted), settings)
    said = "; ".join(f"{one['name']}: `driftdeck retire receiver {one['uid']}`" for one in left)
    yield Check("no contact point is left over", not left, said or f"{len(wanted)} built")


def _left(stored: list[Json], ours: set[str], settings: Settings) -> list[Json]:
    """What bears this project's prefix and is not of the source."""
    prefix = settings.uid_prefix
    return [one for one in stored if one["uid"].startswith(prefix) and one["uid"] not in ours]


def policies(built: Built, grafana: Grafana, settings: Settings) -> Iterator[Check]:
    """The tree is the source's, or a branch of it where it belongs to others; where the source has
    none, it says who is told instead."""
    kept = settings.notification_policies if settings.grafana_url else "whole"
    if built.root() and kept == "none":
        yield Check("policies", True, "left to those who own them: see `make apply`")
        return
    tree = grafana.get(PATH)
    if built.root() and kept == "routes":
        tree = branch_in(tree, settings.alert_folder) or {}
    wanted = [_route(route) for route in built.routes()]
    stored = [_route(route) for route in tree.get("routes") or []]
    if not built.root():
        yield Check("policies", True, f"Grafana's own: {tree.get('receiver')} is told")
        return
    root, same = tree.get("receiver"), stored == wanted
    said = f"{len(stored)} routes, the rest to {root}" if same else "differs from what was built"
    if root != built.root():
        same, said = False, f"the rest goes to {root}, not {built.root()}"
    yield Check("policies", same, said)


def _route(route: Json) -> tuple[object, ...]:
    """What must agree: to whom, and which alerts."""
    matchers = route.get("object_matchers") or []
    read = sorted(map(tuple, unescape(matchers)))
    return route.get("receiver"), read, bool(route.get("continue"))
