"""Brings a Grafana to what the source builds, and proves that nothing is left to do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import yaml

from driftdeck.changes.foreign import MARK, US
from driftdeck.changes.live import MESSAGE
from driftdeck.changes.plan import Kind, Step, Target, lines, plan, summary
from driftdeck.database import place
from driftdeck.errors import ExitCode
from driftdeck.facts.dollars import unescape
from driftdeck.facts.durations import parse_prometheus
from driftdeck.generator import retirements
from driftdeck.generator.files import write
from driftdeck.generator.resources import Resource
from driftdeck.generator.v2 import object_of
from driftdeck.grafana.client import GrafanaError
from driftdeck.grafana.objects import TOGGLE, Objects
from driftdeck.grafana.policies import advice, keep_branch
from driftdeck.project import SettingsError
from driftdeck.settings import Settings


def apply(target: Target, *, force: bool) -> int:
    """Do what a plan says; 0 if nothing is left, 3 if hand edits stand in the way, 1 if not all.

    Every step may have been done before: after a failure, the same command goes on.
    Raises GrafanaError, SettingsError.
    """
    steps = plan(target, target.live())
    for line in lines(steps):
        print(line)
    if edited := [step.resource.name for step in steps if step.kind is Kind.EDITED and not force]:
        print(
            f"not applied: {', '.join(edited)} would lose what was edited in Grafana;"
            " `make pull` keeps it, or says why it cannot; `make apply FORCE=1` overwrites it"
        )
        return ExitCode.DIFFERS
    if target.runtime is not None:
        _by_files(target, steps)
        steps = plan(target, target.live())  # a file that did not change overwrites no hand edit
    _by_api(target, steps)
    if target.v2:
        _warn_of_tabs_as_rows(target)
    if target.unrouted:
        print(advice(target.grafana, target.settings.alert_folder, target.unrouted))
    left = plan(target, target.live())
    if left:
        print("what is left:", *lines(left), sep="\n")
    print(summary(left))
    return ExitCode.FAILED if left else ExitCode.DONE


def _warn_of_tabs_as_rows(target: Target) -> None:
    objects = Objects.of(target.grafana)
    if objects and not objects.draws:
        print(
            f"this Grafana's browser draws tabs as rows until it starts with"
            f" GF_FEATURE_TOGGLES_ENABLE={TOGGLE}; a save in it makes them rows"
        )


def _by_files(target: Target, steps: Sequence[Step]) -> None:
    """Write what Grafana reads, and have it read again; deletions are there for that long."""
    assert target.runtime is not None
    write(target.runtime.folder, target.runtime.artefacts())
    gone: dict[str, list[str]] = {}
    for step in steps:
        if step.kind is Kind.ORPHANED and step.resource.kind in retirements.KINDS:
            kind, name = retirements.identify(step.resource)
            gone.setdefault(kind, []).append(name)
    with _for_now(target, gone):
        target.grafana.reload()


@contextmanager
def _for_now(target: Target, gone: dict[str, list[str]]) -> Iterator[None]:
    assert target.runtime is not None
    paths = []
    for path, document in retirements.deletions(gone).items():
        file = target.runtime.folder / path.replace("00-deletions", "00-orphans")
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        paths.append(file)
    try:
        yield
    finally:
        for file in paths:
            file.unlink()


def _by_api(target: Target, steps: Sequence[Step]) -> None:
    order = ("datasource", "dashboard", "contact point", "policies", "rule")
    gone = [step for step in steps if step.kind is Kind.ORPHANED]
    wanted = [step for step in steps if step.kind is not Kind.ORPHANED]
    for step in sorted(wanted, key=lambda step: order.index(step.resource.kind)):
        resource = target.built[step.resource.kind, step.resource.uid]
        PUT[resource.kind](target, resource, step.kind is Kind.ADDED)
    last = ("rule", "policies", "contact point", "dashboard", "datasource")
    for step in sorted(gone, key=lambda step: last.index(step.resource.kind)):
        _delete(target, step.resource)


def _delete(target: Target, resource: Resource) -> None:
    if resource.kind == "policies" and _is_branch(target):
        keep_branch(target.grafana, target.settings.alert_folder, None)
        return
    if resource.kind == "policies":
        target.grafana.delete("/api/v1/provisioning/policies")  # Grafana's own are back
        return
    paths = {
        "datasource": "/api/datasources/uid/",
        "dashboard": "/api/dashboards/uid/",
        "rule": "/api/v1/provisioning/alert-rules/",
        "contact point": "/api/v1/provisioning/contact-points/",
    }
    target.grafana.delete(f"{paths[resource.kind]}{resource.uid}")


def _dashboard(target: Target, resource: Resource, new: bool) -> None:
    folder = _folder(target, target.settings.dashboard_folder, "dashboards")
    if target.v2:
        _object(target, resource, folder)
        return
    body = {
        "dashboard": {**resource.content, "id": None},
        "folderUid": folder,
        "overwrite": True,
        "message": MESSAGE,
    }
    target.grafana.post("/api/dashboards/db", body)


def _object(target: Target, resource: Resource, folder: str) -> None:
    """Store a dashboard as v2, and compare what was stored. Raises GrafanaError."""
    objects = Objects.of(target.grafana)
    if objects is None:
        raise GrafanaError(f"FORMAT=v2 needs Grafana 12.4 with the toggle {TOGGLE}, or 13")
    left = objects.put(object_of(resource.content), folder, MESSAGE)
    if left:
        where = ", ".join(change.field for change in left[:5])
        raise GrafanaError(f"dashboard {resource.name}: Grafana stored something else: {where}")


def _folder(target: Target, title: str, name: str) -> str:
    """The uid of a folder of a title: made if it is not there, or ours with its title changed."""
    folders = {
        folder["uid"]: folder["title"]
        for folder in target.grafana.get("/api/folders", limit="1000")
    }
    for uid, there in folders.items():
        if there == title:
            return str(uid)
    own = f"{target.settings.uid_prefix}{name}"
    if own in folders:
        target.grafana.put(f"/api/folders/{own}", {"title": title, "overwrite": True})
        return own
    body = {"uid": own, "title": title}
    return str(target.grafana.post("/api/folders", body)["uid"])


def _datasource(target: Target, resource: Resource, new: bool) -> None:
    settings = target.settings
    options = {**resource.content["jsonData"], MARK: US}
    secrets = {
        **resource.content.get("secureJsonData", {}),
        "password": _reader_password(settings),
    }
    body = {**resource.content, "jsonData": options, "secureJsonData": secrets}
    if new:
        body["url"] = settings.datasource_host or _address(settings)
        target.grafana.post("/api/datasources", body)
    else:
        there = target.grafana.get(f"/api/datasources/uid/{resource.uid}")
        target.grafana.put(f"/api/datasources/uid/{resource.uid}", {**there, **body})


def _reader_password(settings: Settings) -> str:
    """Of the role that Grafana reads as. Raises SettingsError where a server of others has it and
    nobody has said it."""
    if settings.database_url and "grafana_reader_password" not in settings.model_fields_set:
        raise SettingsError(
            f"GRAFANA_READER_PASSWORD is not set; the datasource needs the password of"
            f" {settings.datasource_user}"
        )
    return settings.grafana_reader_password


def _address(settings: Settings) -> str:
    """host:port of the database, for a new datasource. Raises SettingsError."""
    if not settings.database_url:
        return f"{settings.postgres_host}:{settings.postgres_port}"
    host, port, _ = place(settings.database_url)
    if not host:
        raise SettingsError(
            "DATABASE_URL names no host; set datasource_host to host:port as Grafana reaches it"
        )
    return f"{host}:{port}"


def _rule(target: Target, resource: Resource, new: bool) -> None:
    content = dict(resource.content)
    folder = _folder(target, content.pop("folder"), "alerts")
    group, interval = content.pop("group"), parse_prometheus(content.pop("interval"))
    body = {**content, "folderUID": folder, "ruleGroup": group, "orgID": 1}
    path = "/api/v1/provisioning/alert-rules"
    if new:
        target.grafana.post(path, body)
    else:
        target.grafana.put(f"{path}/{resource.uid}", body)
    place = f"/api/v1/provisioning/folder/{folder}/rule-groups/{group}"
    there = target.grafana.get(place)
    if there["interval"] != interval:
        target.grafana.put(place, {**there, "interval": int(interval)})


def _contact_point(target: Target, resource: Resource, new: bool) -> None:
    body = {**resource.content, "settings": _fill_in(target, resource.content.get("settings", {}))}
    path = "/api/v1/provisioning/contact-points"
    if new:
        target.grafana.post(path, body)
    else:
        target.grafana.put(f"{path}/{resource.uid}", body)


def _fill_in(target: Target, value: Any) -> Any:
    """Settings with their variables, as Grafana fills them in from its environment."""
    if isinstance(value, dict):
        return {key: _fill_in(target, inner) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith("$") and not value.startswith("$$"):
        text = target.settings.variable(value.strip("${}"))
        if not text:
            raise SettingsError(f"{value} is not set; the contact point needs it")
        return text
    return unescape(value)


def _is_branch(target: Target) -> bool:
    """Whether only a branch of the policies is ours."""
    return target.runtime is None and target.settings.notification_policies == "routes"


def _policies(target: Target, resource: Resource, new: bool) -> None:
    if _is_branch(target):
        keep_branch(target.grafana, target.settings.alert_folder, resource.content)
        return
    content = {key: value for key, value in resource.content.items() if key != "orgId"}
    target.grafana.put("/api/v1/provisioning/policies", content)


PUT: dict[str, Callable[[Target, Resource, bool], None]] = {
    "datasource": _datasource,
    "dashboard": _dashboard,
    "rule": _rule,
    "contact point": _contact_point,
    "policies": _policies,
}
