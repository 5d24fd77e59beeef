"""Proves a Grafana over its HTTP API."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import yaml

from generator.artefacts import artefacts
from settings import Settings
from stack.grafana import Grafana, GrafanaError
from stack.questions import Question
from stack.verify import Answer, Check, ask_all, dashboards

Json = dict[str, Any]
WAIT_SECONDS = 90.0


def verify(settings: Settings) -> Iterator[Check]:
    """Every check of a live Grafana, in the order in which one would look."""
    grafana = Grafana(settings)
    health = grafana.health()
    if health is None:
        yield Check("grafana", False, f"nothing answers at {settings.grafana}; run `make up`")
        return
    yield Check("grafana", True, f"{health.get('version')} at {settings.grafana}")
    if not grafana.logged_in():
        yield Check(
            "login",
            False,
            f"the password of {settings.grafana_admin_user!r} is not GRAFANA_ADMIN_PASSWORD;"
            " put the one you chose into .env, or run `make password` to set it back",
        )
        return
    yield from datasource(settings, grafana)
    yield from equal_dashboards(settings, grafana)
    yield from ask_all(settings, lambda question: ask(settings, grafana, question))
    yield from rules(settings, grafana)


def datasource(settings: Settings, grafana: Grafana) -> Iterator[Check]:
    """Present, healthy, and with its database where the browser looks for it."""
    uid = settings.datasource_uid
    try:
        found = grafana.get(f"/api/datasources/uid/{uid}")
        named = found.get("jsonData", {}).get("database")
        yield Check(f"datasource {uid}: jsonData.database", bool(named), str(named))
        health = grafana.get(f"/api/datasources/uid/{uid}/health")
        ok = health.get("status") == "OK"
        yield Check(f"datasource {uid}: health", ok, str(health.get("message")))
    except GrafanaError as error:
        yield Check(f"datasource {uid}", False, str(error))


def equal_dashboards(settings: Settings, grafana: Grafana) -> Iterator[Check]:
    """Each built dashboard is there and is what was built; they arrive after health is ok."""
    deadline = time.monotonic() + WAIT_SECONDS
    for built in dashboards(settings):
        place = f"dashboard {built['title']}"
        while True:
            problem = _difference(grafana, built)
            if not problem or time.monotonic() > deadline:
                break
            time.sleep(1)
        yield Check(place, not problem, problem or "present and equal")


def _difference(grafana: Grafana, built: Json) -> str:
    try:
        stored = grafana.get(f"/api/dashboards/uid/{built['uid']}")["dashboard"]
    except GrafanaError as error:
        return str(error)
    stored = {key: value for key, value in stored.items() if key not in ("id", "version")}
    keys = {key for key in {*stored, *built} if stored.get(key) != built.get(key)}
    return f"differs in {', '.join(sorted(keys))}" if keys else ""


def ask(settings: Settings, grafana: Grafana, question: Question) -> Answer:
    """One query through Grafana."""
    query = {
        "refId": "A",
        "datasource": {"uid": settings.datasource_uid},
        "rawSql": question.sql,
        "format": question.form,
        "intervalMs": int(question.span.interval_s * 1000),
        "maxDataPoints": 800,
    }
    start, end = (str(int(m.timestamp() * 1000)) for m in (question.start, question.end))
    try:
        result = grafana.queries(start, end, [query]).get("A")
    except GrafanaError as error:
        return Answer(0, error=str(error))
    if result is None:
        return Answer(0, error="Grafana gave no result: is the query empty?")
    if result.get("error"):
        return Answer(0, error=str(result["error"]))
    return _read(result["frames"])


def _read(frames: list[Json]) -> Answer:
    fields = [field for frame in frames for field in frame["schema"]["fields"]]
    columns = [column for frame in frames for column in frame["data"]["values"]]
    rows = max((len(column) for column in columns), default=0)
    first = tuple(columns[0][:1000]) if columns else ()
    return Answer(rows, tuple(field["type"] for field in fields), first)


def rules(settings: Settings, grafana: Grafana) -> Iterator[Check]:
    """Each built rule is there, evaluated since now, and without an error."""
    began = datetime.now(UTC)
    wanted = yaml.safe_load(artefacts(settings)["alerting/rules.yaml"])["groups"]
    deadline = time.monotonic() + WAIT_SECONDS
    states: dict[tuple[str, str], Json] = {}
    names = [(group["name"], rule["title"]) for group in wanted for rule in group["rules"]]
    names = [(group, title.replace("$$", "$")) for group, title in names]
    while time.monotonic() < deadline:
        states = _states(settings, grafana)
        if all(name in states and _fresh(states[name], began) for name in names):
            break
        time.sleep(1)
    for name in names:
        yield _judge_rule(name[1], states.get(name), began)


def _states(settings: Settings, grafana: Grafana) -> dict[tuple[str, str], Json]:
    groups = grafana.get("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    return {
        (group["name"], rule["name"]): rule
        for group in groups
        if group["file"] == settings.alert_folder
        for rule in group["rules"]
    }


def _fresh(rule: Json, since: datetime) -> bool:
    text = str(rule.get("lastEvaluation", ""))[:19]
    return bool(text) and datetime.fromisoformat(text).replace(tzinfo=UTC) >= since.replace(
        microsecond=0
    )


def _judge_rule(title: str, rule: Json | None, since: datetime) -> Check:
    place = f"rule {title}"
    if rule is None:
        return Check(place, False, "not there")
    alerts = [alert["state"] for alert in rule.get("alerts") or []]
    broken = [state for state in alerts if "Error" in state]
    if rule.get("health") == "error" or broken:
        return Check(place, False, str(rule.get("lastError") or broken))
    if not _fresh(rule, since):
        return Check(place, False, f"not evaluated for {WAIT_SECONDS:g} s")
    firing = sum(state.startswith("Alerting") for state in alerts)
    return Check(place, True, f"{firing} of {len(alerts)} firing" if alerts else "quiet")
