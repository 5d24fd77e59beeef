"""Checks of a running stack: every query gives typed rows, and every link leads to a page."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from driftdeck.facts import Json
from driftdeck.facts.panels import walk_panels
from driftdeck.verify.links import Link, find_missing_columns, list_links
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import Query, list_queries, list_variable_queries

RunQuery = Callable[[Query], "QueryResult"]
KEPT_ROWS = 1000


@dataclass(frozen=True)
class QueryResult:
    """The result of a query.

    rows: their number. kinds: type of each column (time, number, string, boolean, other). columns:
    values of each by name, at most KEPT_ROWS. error: '' where all went well.
    """

    rows: int
    kinds: tuple[str, ...] = ()
    columns: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    error: str = ""

    @property
    def first(self) -> tuple[object, ...]:
        """The first column's values."""
        return next(iter(self.columns.values()), ())


@dataclass(frozen=True)
class Check:
    """The outcome of one check. excused: why an empty result is all right. seconds: the duration of
    its query, None without one."""

    name: str
    ok: bool
    detail: str = ""
    excused: str = ""
    seconds: float | None = None


def check_queries(
    built: Provisioning, run: RunQuery, exists: Callable[[str], str], now: datetime
) -> Iterator[Check]:
    """Run every query of every dashboard, judge the results, and follow the links in them.

    run: runs one query. exists: gives why the page at an address is not there, '' where it is.
    now: the end of relative time ranges.
    """
    for dashboard in built.dashboards():
        values: dict[str, str] = {}
        for query in list_variable_queries(dashboard, now):
            result, check = _run_timed(run, query.with_values(values))
            yield check
            name = query.place.rpartition(" ")[2]
            values[name] = current_value(dashboard, name, result)
        columns: dict[int, dict[str, tuple[object, ...]]] = {}
        for query in list_queries(dashboard, built.may_be_empty.get(dashboard["uid"], {}), now):
            result, check = _run_timed(run, query.with_values(values))
            yield check
            columns.setdefault(query.panel.get("id", 0), {}).update(result.columns)
        panels = {panel.get("id"): panel for _, panel in walk_panels(dashboard)}
        for link in list_links(dashboard):
            yield _check_link(link, panels.get(link.panel, {}), columns.get(link.panel, {}), exists)


def _run_timed(run: RunQuery, query: Query) -> tuple[QueryResult, Check]:
    began = time.perf_counter()
    result = run(query)
    return result, judge_result(query, result, time.perf_counter() - began)


def current_value(dashboard: Json, name: str, result: QueryResult) -> str:
    """The value of a variable that the browser would choose: the stored one, else the first.

    name: of the variable. result: of its query.
    """
    item = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    chosen = str(item.get("current", {}).get("value", ""))
    offered = [str(value) for value in result.first]
    return chosen if chosen in offered else (offered or [""])[0]


def judge_result(query: Query, result: QueryResult, seconds: float | None = None) -> Check:
    """Whether a result is what its panel needs: rows, and for a time series a time and a number."""
    place = query.place
    if result.error:
        return Check(place, False, result.error, seconds=seconds)
    if result.rows == 0:
        excuse = query.may_be_empty
        return Check(place, bool(excuse), "no rows", excuse, seconds)
    for kind in ("time", "number"):
        if query.form == "time_series" and kind not in result.kinds:
            return Check(place, False, f"no {kind} among {result.kinds}", seconds=seconds)
    return Check(place, True, f"{result.rows} rows", seconds=seconds)


def _check_link(
    link: Link,
    panel: Json,
    columns: Mapping[str, tuple[object, ...]],
    exists: Callable[[str], str],
) -> Check:
    """Whether the pages that a link leads to are there: one for each row of its panel.

    panel: the link's. columns: of its results, by name. exists: as in `check_queries`.
    """
    if missing := find_missing_columns(link, panel, columns):
        detail = f"the panel has no column {', '.join(missing)}, only {', '.join(columns)}"
        return Check(f"link {link.place}", False, detail)
    addresses = link.addresses(columns)
    problems = list(filter(None, map(exists, sorted(addresses))))
    detail = "; ".join(problems[:3]) or f"{len(addresses)} pages are there"
    return Check(f"link {link.place}", not problems, detail)


def find_dead_link(uids: set[str], outside: Callable[[str], str], address: str) -> str:
    """Why an address leads nowhere, '' where it leads to a page.

    uids: of the dashboards. outside: judges addresses that are no dashboard's.
    """
    uid = re.match(r"/d/([^/?]+)", address)
    if uid is None:
        return outside(address)
    return "" if uid[1] in uids else f"no dashboard {uid[1]!r} ({address})"


def summary(checks: list[Check]) -> str:
    """How many passed, failed and were excused; the slowest query."""
    failed = sum(not check.ok for check in checks)
    excused = [check for check in checks if check.excused]
    lines = [f"{len(checks)} checks, {failed} failed, {len(excused)} empty with a reason"]
    measured = [check for check in checks if check.seconds is not None]
    if measured:
        slowest = max(measured, key=lambda check: check.seconds or 0.0)
        lines[0] += (
            f"; {len(measured)} queries, the slowest {(slowest.seconds or 0) * 1000:.0f} ms"
            f" ({slowest.name})"
        )
    lines += [f"  empty: {check.name} ({check.excused})" for check in excused]
    return "\n".join(lines)


def as_line(check: Check) -> str:
    """A check for people."""
    took = "" if check.seconds is None else f", {check.seconds * 1000:.0f} ms"
    return f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}{took}"


def as_json(checks: list[Check]) -> str:
    """The checks for machines."""
    return json.dumps([asdict(check) for check in checks], indent=2)
