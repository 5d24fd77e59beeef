"""What stands in a dashboard: panels, queries, variables, times, links."""

import re
from collections.abc import Sequence
from typing import Any

from driftdeck.facts.datasources import POSTGRES_IDS
from driftdeck.facts.durations import parse_duration
from driftdeck.facts.panels import Path, walk_panels
from driftdeck.preflight.dashboards.files import Dashboard
from driftdeck.preflight.datasources import connections
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import RESOURCES
from driftdeck.preflight.sql import queries
from driftdeck.preflight.sql import shape as sql
from driftdeck.preflight.sql.queries import Variables

BUILT_IN = (
    "grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "__expr__", "-100", "default",
    "-- Expression --",
)  # fmt: skip
SHAPES: dict[str, type] = {"tags": list, "panels": list, "time": dict}
SHORTEST_REFRESH = 5
"""Seconds: the default of min_refresh_interval."""
TIME = re.compile(
    r"now(?:\s*[-+]\s*\d*\s*[smhdwMQy]|\s*/\s*(?:[smhdwMQy]|f[Qy]))*\s*|\d+|\d{4}-\d\d-\d\d.*"
)
MIXED = "-- Mixed --"
NO_DATABASES = ("grafana", "-- Grafana --", MIXED, "-- Dashboard --")


def check(dashboard: Dashboard, sources: Datasources, reading: Reading) -> None:
    """Report what a server would change and what a browser would not plot."""
    if not dashboard.is_classic:
        if not dashboard.is_v2:
            _doubt(
                dashboard, ["elements"], "resource-format",
                "elements are of v2, which reads them as an object only (apiVersion, kind, spec)",
                reading,
            )  # fmt: skip
        return
    _times(dashboard, reading)
    variables = _variables(dashboard, sources, reading)
    seen: dict[str, Path] = {}
    for path, panel in walk_panels(dashboard.content):
        _panel(dashboard, path, panel, seen, reading)
        _targets(dashboard, path, panel, variables, sources, reading)
    _annotations(dashboard, sources, variables, reading)
    _overlaps(dashboard, reading)


def _doubt(
    dashboard: Dashboard, path: Sequence[str | int], rule: str, message: str, reading: Reading
) -> None:
    reading.report.doubtful(dashboard.place(*path), rule, message)


def _is_refresh(text: str) -> bool:
    """Whether a server keeps an interval between reloads."""
    try:
        return parse_duration(text) >= SHORTEST_REFRESH
    except ValueError:
        return False


def _times(dashboard: Dashboard, reading: Reading) -> None:
    content = dashboard.content
    refresh = content.get("refresh")
    if isinstance(refresh, str) and refresh and not _is_refresh(refresh):
        _doubt(
            dashboard, ["refresh"], "refresh",
            f"refresh {refresh!r} becomes 5s: it is no duration, or shorter", reading,
        )  # fmt: skip
    span = content.get("time")
    for key in ("from", "to"):
        value = span.get(key) if isinstance(span, dict) else None
        if isinstance(value, str) and not TIME.fullmatch(value):
            _doubt(
                dashboard, ["time", key], "time",
                f"time.{key} {value!r} is neither now-24h nor a date", reading,
            )  # fmt: skip
    for key in ("title", "uid"):
        value = content.get(key)
        if isinstance(value, str) and value.strip() and value != value.strip():
            _doubt(
                dashboard, [key], "trimmed", f"Grafana trims the blanks of {key} {value!r}", reading
            )
    version = content.get("schemaVersion")
    if isinstance(version, int) and version > 100:
        _doubt(
            dashboard, ["schemaVersion"], "schema-version", f"no Grafana knows {version}", reading
        )
    for key, kind in SHAPES.items():
        if not isinstance(content.get(key), kind | None):
            rule = key if key in ("tags", "time") else "panel-type"
            what = "list" if kind is list else "mapping"
            _doubt(dashboard, [key], rule, f"{key} is no {what}", reading)
    if "spec" in content and not dashboard.within and reading.release >= RESOURCES:
        problem = "spec without apiVersion: Grafana shows neither title nor panels"
        _doubt(dashboard, ["spec"], "resource-format", problem, reading)
    panels = content.get("panels")
    for index, panel in enumerate(panels if isinstance(panels, list) else []):
        if not isinstance(panel, dict):
            _doubt(dashboard, ["panels", index], "panel-type", "is no panel", reading)


def _variables(dashboard: Dashboard, sources: Datasources, reading: Reading) -> Variables:
    templating = dashboard.content.get("templating")
    items = templating.get("list") if isinstance(templating, dict) else []
    items = (
        [variable for variable in items if isinstance(variable, dict)]
        if isinstance(items, list)
        else []
    )
    names = frozenset(str(variable.get("name")) for variable in items)
    single = frozenset(
        str(variable.get("name"))
        for variable in items
        if not variable.get("multi")
        and variable.get("type") not in ("interval", "datasource", "constant")
    )
    variables = Variables(names, single)
    for index, variable in enumerate(items):
        path: Path = ("templating", "list", index)
        if variable.get("type") != "query":
            continue
        _source(dashboard, path, variable.get("datasource"), sources, names, reading)
        query = variable.get("query")
        if isinstance(query, str) and type_of(variable.get("datasource"), sources) in POSTGRES_IDS:
            for problem in sql.macro_problems(query, reading.release, names):
                _doubt(dashboard, (*path, "query"), "macro", problem, reading)
            for name in sorted(sql.variables(query) - names):
                _doubt(
                    dashboard, (*path, "query"), "unknown-variable",
                    f"${name} is no variable of this dashboard", reading,
                )  # fmt: skip
    return variables


def _panel(
    dashboard: Dashboard,
    path: Path,
    panel: dict[str, Any],
    seen: dict[str, Path],
    reading: Reading,
) -> None:
    number, kind = panel.get("id"), panel.get("type")
    if (not isinstance(kind, str) or not kind) and "libraryPanel" not in panel:
        _doubt(dashboard, path, "panel-type", "the panel has no type: nothing is drawn", reading)
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        _doubt(dashboard, (*path, "id"), "panel-id", f"panel id {number!r} is no number", reading)
    elif number is not None and str(number) in seen:
        _doubt(dashboard, (*path, "id"), "panel-id", f"panel id {number} is here twice", reading)
    seen[str(number)] = path


def _targets(
    dashboard: Dashboard,
    path: Path,
    panel: dict[str, Any],
    variables: Variables,
    sources: Datasources,
    reading: Reading,
) -> None:
    targets = panel.get("targets")
    refs: set[str] = set()
    for index, target in enumerate(targets if isinstance(targets, list) else []):
        if not isinstance(target, dict):
            continue
        where: Path = (*path, "targets", index)
        reference = target.get("datasource")
        if reference is None and panel.get("datasource") != MIXED:
            reference = panel.get("datasource")
        _source(dashboard, where, reference, sources, variables.names, reading)
        ref = target.get("refId")
        if isinstance(ref, str) and ref in refs:
            _doubt(dashboard, (*where, "refId"), "ref-id", f"refId {ref!r} is here twice", reading)
        refs.add(str(ref))
        kind = type_of(reference, sources)
        uid = reference.get("uid") if isinstance(reference, dict) else reference
        reads = uid not in NO_DATABASES and (kind is None or connections.is_sql(kind))
        if "rawSql" in target and not reads:
            problem = uid if uid in NO_DATABASES else f"a datasource of the type {kind}"
            _doubt(
                dashboard, (*where, "rawSql"), "query-kind",
                f"SQL goes to {problem}, which reads none", reading,
            )  # fmt: skip
        if queries.is_sql(target, kind):
            for key, rule, message in queries.of_panel(target, variables, reading.release):
                _doubt(dashboard, (*where, key), rule, message, reading)


def type_of(reference: Any, sources: Datasources) -> str | None:
    """The type of a datasource, None where it cannot be told."""
    if isinstance(reference, dict):
        uid, problem = reference.get("uid"), reference.get("type")
        if sources.types and isinstance(uid, str) and uid in sources.types:
            return sources.types[uid]
        return problem if isinstance(problem, str) else None
    if isinstance(reference, str) and sources.types:
        return sources.types.get(reference)
    return None


def _source(
    dashboard: Dashboard,
    path: Path,
    reference: Any,
    sources: Datasources,
    variables: frozenset[str],
    reading: Reading,
) -> None:
    """A reference to a datasource that leads nowhere."""
    uid = reference.get("uid") if isinstance(reference, dict) else reference
    where = (*path, "datasource")
    if uid is None or uid == "":
        if reference is not None or sources.types is not None:
            _doubt(
                dashboard, where, "no-datasource",
                "no datasource uid: the browser takes the default, the server answers with an"
                " error; name it", reading,
            )  # fmt: skip
        return
    if not isinstance(uid, str):
        unlisted = reading.release >= RESOURCES
        add = reading.report.lost if unlisted else reading.report.doubtful
        problem = "; the dashboard is in no list and no search" if unlisted else ""
        add(dashboard.place(*where), "no-datasource", f"datasource uid {uid!r} is no text{problem}")
    if not isinstance(uid, str) or uid in BUILT_IN:
        return
    used = sql.variables(uid)
    if used or "${" in uid:
        for name in sorted(used - variables):
            _doubt(
                dashboard, where, "unknown-datasource",
                f"datasource {uid!r}: ${name} is no variable of this dashboard; __inputs are filled"
                " in by the import dialog only, so name the uid", reading,
            )  # fmt: skip
        return
    if sources.types is not None and uid not in sources.types:
        mend = "its name stands where its uid belongs" if uid in sources.names else "it is not here"
        _doubt(
            dashboard, where, "unknown-datasource",
            f"datasource {uid!r}: {mend}; known uids are {', '.join(sorted(sources.types))}",
            reading,
        )  # fmt: skip


def _annotations(
    dashboard: Dashboard, sources: Datasources, variables: Variables, reading: Reading
) -> None:
    holder = dashboard.content.get("annotations")
    items = holder.get("list") if isinstance(holder, dict) else []
    for index, annotation in enumerate(items if isinstance(items, list) else []):
        if not isinstance(annotation, dict):
            continue
        path: Path = ("annotations", "list", index)
        if annotation.get("datasource") is not None:
            _source(dashboard, path, annotation["datasource"], sources, variables.names, reading)
        target = annotation.get("target")
        if isinstance(target, dict) and queries.is_sql(
            target, type_of(annotation.get("datasource"), sources)
        ):
            for key, rule, message in queries.of_panel(target, variables, reading.release):
                if rule != "unordered":
                    _doubt(dashboard, (*path, "target", key), rule, message, reading)


def _overlaps(dashboard: Dashboard, reading: Reading) -> None:
    """Panels that cover one another, rows' own panels among themselves."""
    by_holder: dict[Path, list[tuple[Path, tuple[int, int, int, int]]]] = {}
    for path, panel in walk_panels(dashboard.content):
        box = _box(panel)
        if box is None or path[0] == "rows":
            continue
        holder = path[:-2]
        for other, taken in by_holder.setdefault(holder, []):
            if _meet(box, taken):
                _doubt(
                    dashboard, (*path, "gridPos"), "overlap",
                    f"covers the panel of line {dashboard.place(*other).line}", reading,
                )  # fmt: skip
                break
        by_holder[holder].append((path, box))


def _box(panel: dict[str, Any]) -> tuple[int, int, int, int] | None:
    grid = panel.get("gridPos")
    if not isinstance(grid, dict):
        return None
    numbers = [grid.get(key) for key in "xywh"]
    if not all(isinstance(number, int) for number in numbers):
        return None
    x, y, w, h = (int(number) for number in numbers if isinstance(number, int))
    return x, y, x + w, y + h


def _meet(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
