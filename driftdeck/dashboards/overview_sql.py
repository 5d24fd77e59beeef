"""SQL over every declared monitor: its newest window, how late it is, what is worst in it."""

from collections.abc import Sequence

from driftdeck.dashboards import window_sql
from driftdeck.dashboards.sql import WORST
from driftdeck.declare import Monitor
from driftdeck.facts.postgres import literal


def declared(monitors: Sequence[Monitor], uids: Sequence[str]) -> str:
    """The declared monitors as a FROM item: name, title, owner, uid, zone, ends, late_hours, and
    how their windows are cut: unit, size."""
    rows = ",\n  ".join(
        "("
        + ", ".join(
            [
                literal(m.name),
                literal(m.title),
                literal(m.owner),
                literal(uid),
                literal(m.every.timezone),
                f"DATE {literal(m.ends)} + 1" if m.ends else "NULL::date",
                f"{m.late_after.hours:g}" if m.late_after else "NULL::float",
                *(literal(unit), str(size)),
            ]
        )
        + ")"
        for m, uid in zip(monitors, uids, strict=True)
        for unit, size in [window_sql.cut_of(m.every)]
    )
    return (
        f"(VALUES\n  {rows}\n) AS m (name, title, owner, uid, zone, ends, late_hours, unit, size)"
    )


GOOD = """\
LEFT JOIN LATERAL (
  SELECT c.window_end AS until FROM monitoring.collection c
  WHERE c.monitor = m.name AND c.status IN ('ok', 'waiting', 'partial')
  ORDER BY c.window_start DESC LIMIT 1
) good ON true"""
"""The end of a monitor's newest window with numbers: good.until."""
NEWEST = f"""\
LEFT JOIN LATERAL (
  SELECT * FROM monitoring.collection c
  WHERE c.monitor = m.name ORDER BY c.window_start DESC LIMIT 1
) newest ON true
{GOOD}
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE last.worst_level = 2) AS breached,
    count(*) FILTER (WHERE last.status = 'failed') AS failed
  FROM (SELECT * FROM monitoring.collection c
    WHERE c.monitor = m.name ORDER BY c.window_start DESC LIMIT 30) last
) last30 ON true"""

_LATEST = (
    "least((monitoring.now() - m.late_hours * interval '1 hour') AT TIME ZONE m.zone,"
    " m.ends::timestamp)"
)
DUE = window_sql.instant(window_sql.floor("m.unit", "m.size", _LATEST), "m.zone")
"""The end of the newest window that should have been collected by now."""


def models(monitors: Sequence[Monitor], uids: Sequence[str]) -> str:
    """Every declared monitor with its newest state, for the overview."""
    return f"""\
SELECT m.title AS "model", newest.worst_level AS "state",
  {WORST} AS "worst",
  newest.worst_value AS "value", last30.breached AS "breached of 30",
  {window_sql.name_of("m.unit", "m.size", "m.zone", "newest.window_start")} AS "newest window",
  newest.status AS "collection", last30.failed AS "failed of 30",
  greatest(0, extract(epoch FROM {DUE} - good.until) / 86400) AS "days late",
  newest.row_count AS "rows", m.owner, m.uid
FROM {declared(monitors, uids)}
{NEWEST}
ORDER BY newest.worst_level DESC NULLS LAST, m.title"""


def models_count(monitors: Sequence[Monitor], uids: Sequence[str], condition: str) -> str:
    """How many monitors meet a condition on their newest state."""
    return f"""\
SELECT count(*) FILTER (WHERE {condition}) AS "models"
FROM {declared(monitors, uids)}
{NEWEST}"""


def worst_series(monitors: Sequence[Monitor], uids: Sequence[str]) -> str:
    """The judged series of each monitor's newest window, furthest beyond its alert threshold first,
    beside the thresholds of the side that it crossed, or else may cross."""
    return f"""\
SELECT m.title AS "model", v.metric, nullif(v.column_name, '') AS "column",
  CASE WHEN v.slice_column <> '' THEN v.slice_column || ' = ' || v.slice_value END AS "segment",
  v.value,
  crossed.warn AS "warning", crossed.alert, v.level AS "state",
  {window_sql.name_of("m.unit", "m.size", "m.zone", "v.window_start")} AS "window", m.uid,
  CASE WHEN v.column_name <> '' THEN '?var-column=' || v.column_name ELSE '?' END AS "query"
FROM {declared(monitors, uids)}
{NEWEST}
JOIN monitoring.metric v ON v.monitor = m.name AND v.window_start = newest.window_start
CROSS JOIN LATERAL (
  SELECT CASE WHEN v.value < coalesce(v.warn_below, v.alert_below) THEN v.warn_below
      ELSE v.warn END AS warn,
    CASE WHEN v.value < coalesce(v.warn_below, v.alert_below) THEN v.alert_below
      ELSE v.alert END AS alert
) crossed
WHERE v.level IS NOT NULL
ORDER BY v.level DESC, v.times_level DESC NULLS LAST, 1, 2, 3, 4
LIMIT 25"""
