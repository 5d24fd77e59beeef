"""Proves a Grafana over its HTTP API: this machine's, compose's, or any GRAFANA_URL."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from driftdeck.dashboards.sql import literal
from driftdeck.facts import Json
from driftdeck.generator.differences import Change, compare
from driftdeck.generator.normalisation import normalise_dashboard
from driftdeck.generator.v2 import differences, features, in_rows, object_of
from driftdeck.grafana.client import Grafana, GrafanaError, silence
from driftdeck.grafana.objects import Objects
from driftdeck.schema_name import in_schema
from driftdeck.settings import Settings
from driftdeck.verify import alerting as verify_alerting
from driftdeck.verify.checks import KEPT_ROWS, Check, QueryResult, check_queries, find_dead_link
from driftdeck.verify.links import check_address
from driftdeck.verify.logs import provisioning_complaints
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import POINTS, Query
from driftdeck.verify.recording import Recorder

WAIT_SECONDS = 90.0
REFUSED = ("permission denied", "read-only transaction")
WRITE = "DELETE FROM monitoring.metric_value WHERE false"
"""Harmless where it is allowed: no row meets the condition, but the right is needed."""
READ = "SELECT count(*) AS rows FROM monitoring.metric WHERE false"
RIGHTS = """\
SELECT coalesce(string_agg(c.oid::regclass::text, ', '), '') AS tables, count(*) AS number
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relkind IN ('r', 'p', 'v')
  AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"""


@dataclass(frozen=True)
class LiveGrafana:
    """A running Grafana and what was built for it.

    began: rules must have been evaluated since. log: the server's lines, None where it cannot be
    read from here. wait: how long things may take to arrive, in seconds. outside: judges addresses
    outside Grafana. v2: whether dashboards should be stored as v2, with tabs.
    """

    settings: Settings
    built: Provisioning
    grafana: Grafana
    began: datetime
    log: str | None = None
    wait: float = WAIT_SECONDS
    outside: Callable[[str], str] = check_address
    v2: bool = False


def verify(
    settings: Settings,
    built: Provisioning,
    log: str | None,
    record: Path | None = None,
    *,
    v2: bool = False,
) -> Iterator[Check]:
    """Every check of a live Grafana, in the order in which one would look.

    log: the server's lines, None where it cannot be read from here. record: a file that keeps
    Grafana's responses, so that the same can be proved without it. v2: dashboards are stored with
    tabs; their queries are those of the classic form, field by field.
    """
    recorder = Recorder() if record else None
    began = datetime.now(UTC).replace(microsecond=0)
    live = LiveGrafana(settings, built, Grafana(settings, transport=recorder), began, log, v2=v2)
    yield from check_grafana(live)
    if recorder and record:
        recorder.write(record, built, began, log, str(settings.stack_dir.resolve()))


def check_grafana(live: LiveGrafana) -> Iterator[Check]:
    """The checks; the rest is left out where nobody answers or the password is wrong."""
    settings, grafana = live.settings, live.grafana
    health = grafana.health()
    if health is None:
        yield Check("grafana", False, silence(settings))
        return
    yield Check("grafana", True, f"{health.get('version')} at {settings.grafana}")
    if not grafana.logged_in():
        yield Check("login", False, _describe_refusal(settings))
        return
    yield from check_datasource(live)
    yield from check_dashboards(live)
    yield from check_leftover_dashboards(live)
    uids = {dashboard["uid"] for dashboard in live.built.dashboards()}
    yield from check_queries(
        live.built,
        lambda query: run_query(live, query),
        lambda address: find_dead_link(uids, live.outside, address),
        live.began,
    )
    yield from check_reader(live)
    yield from verify_alerting.verify(live.built, grafana, settings, live.began, live.wait)
    yield from check_server_log(live)


def _describe_refusal(settings: Settings) -> str:
    if settings.grafana_token:
        return "GRAFANA_TOKEN is refused; make a new one for the service account"
    return (
        f"the password of {settings.grafana_admin_user!r} is not GRAFANA_ADMIN_PASSWORD;"
        " put the one you chose into .env, or run `make password` to set it back"
    )


def check_datasource(live: LiveGrafana) -> Iterator[Check]:
    """Present, its plugin loaded, healthy, and with its database where the browser looks for it."""
    uid = live.settings.datasource_uid
    if live.settings.datasource == "existing":
        yield _existing(live, uid)
        return
    try:
        datasource = live.grafana.get(f"/api/datasources/uid/{uid}")
        database = datasource.get("jsonData", {}).get("database")
        yield Check(f"datasource {uid}: jsonData.database", bool(database), str(database))
        plugin = live.grafana.get(f"/api/plugins/{datasource['type']}/settings")
        version = plugin.get("info", {}).get("version") or "built in"
        yield Check(f"datasource {uid}: plugin {datasource['type']} loaded", True, version)
        health = live.grafana.get(f"/api/datasources/uid/{uid}/health")
        ok = health.get("status") == "OK"
        yield Check(f"datasource {uid}: health", ok, str(health.get("message")))
    except GrafanaError as error:
        yield Check(f"datasource {uid}", False, str(error))


def _existing(live: LiveGrafana, uid: str) -> Check:
    """Somebody else's answers, and reads our schema."""
    schema = live.settings.postgres_schema
    query = in_schema(READ, schema)
    answer = run_query(live, Query("datasource", query, "table", live.began, live.began, ""))
    return Check(f"datasource {uid}: reads {schema}", not answer.error, answer.error or "it does")


def check_dashboards(live: LiveGrafana) -> Iterator[Check]:
    """Each built dashboard is there, in its folder, and is what was built.

    They arrive after health is ok.
    """
    deadline = time.monotonic() + live.wait
    for built in live.built.dashboards():
        problem = wait_until_empty(partial(_describe_difference, live, built), deadline)
        yield Check(f"dashboard {built['title']}", not problem, problem or "present and equal")


def wait_until_empty(find_problem: Callable[[], str], deadline: float) -> str:
    """The problem that is left, '' where it went away: tried each second until the deadline.

    deadline: of `time.monotonic`.
    """
    while True:
        problem = find_problem()
        if not problem or time.monotonic() > deadline:
            return problem
        time.sleep(1)


def _describe_difference(live: LiveGrafana, built: Json) -> str:
    try:
        stored = live.grafana.get(f"/api/dashboards/uid/{built['uid']}")
        changes = _find_changes(live, built, stored["dashboard"])
    except GrafanaError as error:
        return str(error)
    if changes:
        places = dict.fromkeys(f"{change.part} {change.field}".strip() for change in changes)
        return f"differs, see `make plan`: {', '.join([*places][:3])}{', ...' * (len(places) > 3)}"
    folder = stored["meta"].get("folderTitle")
    built_folder = live.settings.dashboard_folder
    return "" if folder == built_folder else f"lies in folder {folder!r}, not {built_folder!r}"


def _find_changes(live: LiveGrafana, built: Json, stored: Json) -> list[Change]:
    """How a stored dashboard differs from the built one. Raises GrafanaError where it is stored in
    another form, v2 or classic, than it should be."""
    changes = [] if live.v2 else compare(built, normalise_dashboard(built, stored))
    if not changes and not live.v2:
        return []
    objects = Objects.of(live.grafana)  # a browser may have saved it as v2
    spec = objects.spec(built["uid"]) if objects else None
    if spec is None and live.v2:
        raise GrafanaError("is stored in the classic form; `make apply FORMAT=v2` makes it v2")
    if spec is None:
        return changes
    if live.v2:
        return differences(object_of(built)["spec"], spec)
    if new_features := features(spec["layout"]):
        raise GrafanaError(
            f"was saved in the new layout ({'; '.join(new_features)}), see `make plan`"
        )
    return compare(built, normalise_dashboard(built, in_rows(stored, spec["layout"], built)))


def check_leftover_dashboards(live: LiveGrafana) -> Iterator[Check]:
    """No dashboard of ours is there that no file holds."""
    ours = {dashboard["uid"] for dashboard in live.built.dashboards()}
    prefix = live.settings.uid_prefix
    stored = live.grafana.get("/api/search", type="dash-db", limit="5000")
    leftovers = [
        dashboard
        for dashboard in stored
        if dashboard["uid"].startswith(prefix) and dashboard["uid"] not in ours
    ]
    detail = ", ".join(f"{dashboard['title']} ({dashboard['uid']})" for dashboard in leftovers)
    yield Check("no dashboard is left over", not leftovers, detail or f"{len(ours)} built")


def run_query(live: LiveGrafana, query: Query) -> QueryResult:
    """Run one query through Grafana; what it refuses is the result's error."""
    request = {
        "refId": "A",
        "datasource": {"uid": live.settings.datasource_uid},
        "rawSql": query.sql,
        "format": query.form,
        "intervalMs": int(query.span.interval_s * 1000),
        "maxDataPoints": POINTS,
    }
    start, end = (str(int(m.timestamp() * 1000)) for m in (query.start, query.end))
    try:
        result = live.grafana.queries(start, end, [request]).get("A")
    except GrafanaError as error:
        return QueryResult(0, error=str(error))
    if result is None:
        return QueryResult(0, error="Grafana gave no result: is the query empty?")
    if result.get("error"):
        return QueryResult(0, error=str(result["error"]))
    return _parse_frames(result["frames"])


def _parse_frames(frames: list[Json]) -> QueryResult:
    fields = [field for frame in frames for field in frame["schema"]["fields"]]
    columns = [column for frame in frames for column in frame["data"]["values"]]
    rows = max((len(column) for column in columns), default=0)
    names = [field["name"] for field in fields]
    kept = {name: tuple(column[:KEPT_ROWS]) for name, column in zip(names, columns, strict=True)}
    return QueryResult(rows, tuple(field["type"] for field in fields), kept)


def check_reader(live: LiveGrafana) -> Iterator[Check]:
    """The role that panels query with can read and not write."""
    now = live.began
    schema = live.settings.postgres_schema
    write = in_schema(WRITE, schema)
    result = run_query(live, Query("reader", write, "table", now, now, ""))
    refused = any(reason in result.error for reason in REFUSED)
    yield Check("reader: a write is refused", refused, result.error or "it was not")
    query = RIGHTS.format(schema=literal(schema))
    rights = run_query(live, Query("reader", query, "table", now, now, ""))
    tables = str(next(iter(rights.columns.get("tables", ())), ""))
    has_none = not rights.error and not tables
    detail = rights.error or (f"it may write {tables}" if tables else f"none in schema {schema}")
    yield Check("reader: rights to write", has_none, detail)


def check_server_log(live: LiveGrafana) -> Iterator[Check]:
    """The server's log has no complaint of the files that it was given."""
    if live.log is None:
        yield Check("server's log", True, "not read: this Grafana runs elsewhere")
        return
    lines = provisioning_complaints(live.log)
    yield Check("server's log", not lines, "; ".join(lines[:5]) or "no complaint of provisioning")
