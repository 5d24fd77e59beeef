"""The collectors' own health: what ran, how long it took, what failed."""

from collections.abc import Sequence

from driftdeck.dashboards import panels, window_sql
from driftdeck.dashboards.page import Item, Page, Row, link
from driftdeck.dashboards.runs import LONG_TEXT, run_overrides
from driftdeck.dashboards.site import Site
from driftdeck.dashboards.style import AMBER, BLUE, GREY, RED, TEAL, override
from driftdeck.declare import COUNT, Monitor, Unit
from driftdeck.facts import Json
from driftdeck.facts.postgres import literal

COUNTS = ("windows", "ok", "waiting", "partial", "empty", "failed", "left out")
LEDGER = ("rows read", "rows used", "labels read", "labelled rows", "left out")
SECONDS = Unit("seconds", "s", 0.0)
NEWEST = 366
"""So many windows of each monitor are counted: a year, where they are days."""
COLLECTED = """\
SELECT date_trunc('hour', collected_at) AS time, status AS metric, count(*)::float AS windows
FROM monitoring.collection
WHERE $__timeFilter(collected_at)
GROUP BY 1, 2 ORDER BY 1, 2"""
BY_MONITOR = """\
count(*) AS "windows", count(*) FILTER (WHERE status = 'ok') AS "ok",
    count(*) FILTER (WHERE status = 'waiting') AS "waiting",
    count(*) FILTER (WHERE status = 'partial') AS "partial",
    count(*) FILTER (WHERE status = 'empty') AS "empty",
    count(*) FILTER (WHERE status = 'failed') AS "failed", max(left_out) AS "left out",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "median seconds",
    max(seconds) AS "longest", max(collected_at) AS "last run\""""
SLOWEST = 'percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "p95"'
FAILED = "SELECT count(*) AS windows FROM monitoring.collection WHERE status = 'failed'"
TOTAL = "SELECT count(*) AS windows FROM monitoring.collection"
VALUES = """\
SELECT reltuples::bigint AS values FROM pg_class
WHERE oid = 'monitoring.metric_value'::regclass"""


NOTHING = "nothing was collected in the time range"


def pages(site: Site, monitors: tuple[Monitor, ...]) -> list[Page]:
    """The one dashboard of the collectors; none where nothing is watched."""
    return [_page(site, monitors)] if monitors else []


def _page(site: Site, monitors: tuple[Monitor, ...]) -> Page:
    uid = site.uid("collectors")
    failed_steps: list[Json] = [{"color": TEAL, "value": None}, {"color": RED, "value": 1}]
    total = panels.stat(site, f"{uid}/total", "Windows", "Windows with a status.", TOTAL)
    failed = panels.stat(
        site, f"{uid}/failed", "Failed", "Windows that failed.", FAILED, steps=failed_steps
    )
    table = panels.table(
        site,
        f"{uid}/monitors",
        f"Monitors: the newest {NEWEST} windows of each",
        f"The newest {NEWEST} collections of each monitor, by how they ended; the most rows and"
        " labels that one of them left out.",
        _newest(monitors, BY_MONITOR, "1"),
        overrides=[
            *(override(name, custom__width=80) for name in COUNTS),
            override("median seconds", unit="s", decimals=2, custom__width=150),
            override("longest", unit="s", decimals=2, custom__width=90),
            override("last run", unit="dateTimeFromNow", custom__width=125),
        ],
    )
    slow = panels.bars(
        site,
        f"{uid}/seconds",
        "Seconds a window takes",
        f"95 % of the newest {NEWEST} windows of a monitor took no longer than this.",
        _newest(monitors, SLOWEST, "2 DESC"),
        SECONDS,
        x="monitor",
        horizontal=True,
    )
    runs = panels.timeseries(
        site,
        f"{uid}/runs",
        "Windows collected an hour",
        "By how their collection ended.",
        [COLLECTED],
        COUNT,
        bars=True,
        low=0,
        legend=("sum",),
        overrides=[
            override(name, color={"mode": "fixed", "fixedColor": color})
            for name, color in (
                ("ok", TEAL),
                ("waiting", BLUE),
                ("partial", AMBER),
                ("empty", GREY),
                ("failed", RED),
            )
        ],
    )
    wrong = panels.table(
        site,
        f"{uid}/errors",
        "What went wrong, newest first",
        "Windows that failed, were empty, or were measured only in part, with the reason.",
        errors(monitors),
        overrides=[
            *run_overrides(),
            override("monitor", custom__width=120),
            override("engine", custom__width=130),
            override("evidently", custom__width=100),
        ],
    )
    unused = panels.table(
        site,
        f"{uid}/left_out",
        "Rows and labels that were left out",
        "What was read and could not be used, by window, newest first. Rows of other windows in the"
        " same file are read, and not counted as left out, nor are labels that are known later."
        " Above 1 % of what was read is a warning.",
        left_out(monitors),
        overrides=[
            override("monitor", custom__width=120),
            override("window", custom__width=118),
            *(override(name, custom__width=105) for name in LEDGER),
            override("why", custom__minWidth=260, **LONG_TEXT),
            override("collected", unit="dateTimeAsIso", custom__width=165),
        ],
    )
    return Page(
        uid=uid,
        title="Collectors",
        description="Health of the collections themselves. Generated: edit the source.",
        rows=[
            Row("", [Item(total, 12, 3), Item(failed, 12, 3)]),
            Row("", [Item(table, 24, max(6, 3 + len(monitors)))]),
            Row("", [Item(runs, 16, 8, may_be_empty=NOTHING), Item(slow, 8, 8)]),
            Row("", [Item(wrong, 24, 10, may_be_empty="every run went well")]),
            Row("", [Item(unused, 24, 8, may_be_empty="every row and every label was used")]),
        ],
        start="now-24h",
        tags=["health"],
        links=[link("Models", site.uid("overview"))],
    )


def errors(monitors: Sequence[Monitor]) -> str:
    """Windows without all of their numbers, each called as commands call it."""
    return f"""\
SELECT monitor, {WINDOW} AS "window", status, error, model_version AS "model", engine,
  versions ->> 'evidently' AS "evidently", collected_at AS "collected"
FROM monitoring.collection LEFT JOIN {_cuts(monitors)} ON name = monitor
WHERE status IN ('failed', 'partial', 'empty')
ORDER BY collected_at DESC, window_start DESC LIMIT 100"""


def left_out(monitors: Sequence[Monitor]) -> str:
    """Windows of which something that was read could not be used."""
    names = ", ".join(literal(monitor.name) for monitor in monitors)
    return f"""\
SELECT monitor, {WINDOW} AS "window", rows_read AS "rows read", row_count AS "rows used",
  labels_read AS "labels read", labelled_count AS "labelled rows", left_out AS "left out",
  left_out_why AS "why", collected_at AS "collected"
FROM monitoring.collection LEFT JOIN {_cuts(monitors)} ON name = monitor
WHERE left_out > 0 AND monitor IN ({names})
ORDER BY window_start DESC, monitor LIMIT 100"""


WINDOW = f"""\
coalesce({window_sql.name_of("unit", "size", "zone", "window_start")}, window_start::date::text)"""
"""The date where nobody declares the monitor any more."""


def _cuts(monitors: Sequence[Monitor]) -> str:
    """How the windows of each monitor are cut, as a FROM item: name, unit, size, zone."""
    rows = ", ".join(
        f"({literal(m.name)}, {literal(unit)}, {size}, {literal(m.every.timezone)})"
        for m in monitors
        for unit, size in [window_sql.cut_of(m.every)]
    )
    return f"(VALUES {rows}) AS m (name, unit, size, zone)"


def _newest(monitors: Sequence[Monitor], facts: str, order: str) -> str:
    """What there is to say of the newest windows of each monitor, which are found by its key.

    Each monitor's are added up by themselves: all of them would have to be sorted first.
    """
    names = ", ".join(f"({literal(monitor.name)})" for monitor in monitors)
    return f"""\
SELECT m.name AS "monitor", newest.*
FROM (VALUES {names}) AS m (name), LATERAL (
  SELECT {facts}
  FROM (
    SELECT * FROM monitoring.collection c
    WHERE c.monitor = m.name ORDER BY c.window_start DESC LIMIT {NEWEST}
  ) windows
  HAVING count(*) > 0
) newest
ORDER BY {order}"""
