"""Every SQL text of panels, variables and annotations; macros as Grafana's PostgreSQL knows them.

Text from declarations is quoted by `literal`. Grafana's macros may hold no `)` in an argument.
"""

from collections.abc import Sequence
from datetime import timedelta

from driftdeck import firing
from driftdeck.dashboards import window_sql
from driftdeck.declare import Expected, Metric, Monitor
from driftdeck.facts import postgres

literal = postgres.literal
"""Quotes a text, for whoever writes a dashboard's SQL."""
LOOK_BACK, LOOK_BACK_OF_N = 60, 6
"""So many windows before the time range, or so many times n, may still decide whether an alert
stands at its beginning."""


def quoted(name: str) -> str:
    """A text as the name of a column."""
    return '"' + name.replace('"', '""') + '"'


def _of(monitor: Monitor, *metrics: str) -> str:
    names = ", ".join(literal(name) for name in metrics)
    chosen = f" AND metric IN ({names})" if metrics else ""
    return f"monitor = {literal(monitor.name)}{chosen} AND $__timeFilter(window_start)"


def _whole(monitor: Monitor, *metrics: str) -> str:
    """The values of whole windows in range, without those of segments."""
    return f"{_of(monitor, *metrics)} AND slice_column = ''"


def series(monitor: Monitor, *metrics: str, name: str = "column_name") -> str:
    """Values over time, one line for each `name` (column_name or metric).

    What could not be measured is a NULL, so that the line breaks there.
    """
    return over_time(monitor, name, "value", _whole(monitor, *metrics))


def over_time(
    monitor: Monitor,
    name: str,
    value: str,
    where: str,
    source: str = "monitoring.metric",
    *,
    worst: bool = False,
) -> str:
    """A line over time for each `name`, an expression: a point a window.

    Of hours, those that share a point of the panel are one: their mean, or the largest of them
    where worst.
    """
    if monitor.every.length >= timedelta(days=1):
        named = value if value == "value" else f"{value} AS value"
        return f"""\
SELECT window_start AS time, {name} AS metric, {named}
FROM {source}
WHERE {where}
ORDER BY 1, 2"""
    return f"""\
SELECT min(window_start) AS time, {name} AS metric, {"max" if worst else "avg"}({value}) AS value
FROM {source}
WHERE {where}
GROUP BY 2, $__timeGroup(window_start,$__interval)
ORDER BY 1, 2"""


def single(monitor: Monitor, metric: Metric) -> str:
    """One metric over time, its line called as the metric is."""
    if monitor.every.length < timedelta(days=1):
        return over_time(monitor, literal(metric.title), "value", _whole(monitor, metric.name))
    return f"""\
SELECT window_start AS time, value AS {quoted(metric.title)}
FROM monitoring.metric
WHERE {_whole(monitor, metric.name)}
ORDER BY 1"""


def relative(monitor: Monitor, metric: str) -> str:
    """How far each value is beyond its alert threshold as stored: 1 is on it, more is a breach."""
    return over_time(monitor, "column_name", "times_level", _whole(monitor, metric), worst=True)


def column_detail(monitor: Monitor, metrics: Sequence[str]) -> str:
    """One column's drift, beside the thresholds that were in force: lines drift, warning, alert.

    Thresholds are of the side that has some; where both have, the lower two are lines of their own.
    Where a column is compared with other windows than the reference's, too, those have lines of
    their own, without thresholds. metrics: names of those of drift.
    """
    order = ", ".join(literal(name) for name in metrics)
    chosen = f"""\
WITH chosen AS (
  SELECT *, rank() OVER (ORDER BY baseline <> 'reference',
    array_position(ARRAY[{order}], metric)) = 1 AS is_first
  FROM monitoring.metric
  WHERE {_whole(monitor, *metrics)} AND column_name = '$column'
)
"""
    lines = """\
chosen, LATERAL (VALUES
  (CASE baseline WHEN 'previous' THEN 'against the window before'
    WHEN 'same' THEN 'against windows like it' ELSE 'drift' END, value),
  ('warning', warn), ('alert', alert),
  ('low warning', CASE WHEN warn_above IS NOT NULL THEN warn_below END),
  ('low alert', CASE WHEN alert_above IS NOT NULL THEN alert_below END)
) AS line (name, number)"""
    where = """\
line.number IS NOT NULL AND is_first OR line.name IN (
  'drift', 'against the window before', 'against windows like it')"""
    return chosen + over_time(monitor, "line.name", "line.number", where, lines)


def histogram(monitor: Monitor) -> str:
    """Bins of the chosen column: share of the reference, share of the windows in range."""
    return f"""\
WITH counted AS (
  SELECT h.reference_hash, bin.n, sum(bin.count) AS count
  FROM monitoring.histogram h, unnest(h.counts) WITH ORDINALITY AS bin(count, n)
  WHERE {_of(monitor)} AND h.column_name = '$column'
    AND h.reference_hash = (
      SELECT reference_hash FROM monitoring.window_status
      WHERE {_of(monitor)} AND reference_hash <> ''
      ORDER BY window_start DESC LIMIT 1)
  GROUP BY 1, 2
)
SELECT r.bins[c.n] AS bin,
  r.counts[c.n] / nullif(sum(r.counts[c.n]) OVER (), 0)::float AS "reference",
  c.count / nullif(sum(c.count) OVER (), 0)::float AS "current"
FROM counted c
JOIN monitoring.reference_histogram r
  ON r.monitor = {literal(monitor.name)} AND r.reference_hash = c.reference_hash
  AND r.column_name = '$column'
ORDER BY c.n"""


def histogram_columns(monitor: Monitor) -> str:
    """The columns that have a histogram, for a variable."""
    return f"""\
SELECT column_name FROM monitoring.reference_histogram
WHERE monitor = {literal(monitor.name)} GROUP BY 1 ORDER BY 1"""


def states(monitor: Monitor, metrics: Sequence[str]) -> str:
    """State of each series and window: 0 quiet, 1 warning, 2 alert; none after the newest window,
    where a timeline would draw the last state on to the end of the range.

    A column that is called as a metric is, keeps its metric's name before its own.
    """
    alike = sorted({c.name for c in monitor.all_columns()} & {m.name for m in monitor.metrics})
    but = f" AND column_name NOT IN ({', '.join(map(literal, alike))})" if alike else ""
    moment, end = state_moments(monitor)
    return f"""\
WITH states AS (
  SELECT {moment} AS time, max(window_end) AS window_end,
    CASE WHEN column_name = '' THEN metric
         WHEN metric IN ('drift', 'prediction_drift', 'target_drift'){but} THEN column_name
         ELSE metric || ' ' || column_name END AS metric,
    max(level) AS level
  FROM monitoring.metric
  WHERE {_whole(monitor, *metrics)} AND level IS NOT NULL
  GROUP BY 1, 3
)
SELECT time, metric, level FROM states
UNION ALL
SELECT {end}, metric, NULL FROM states GROUP BY metric
ORDER BY 1, 2"""


def state_moments(monitor: Monitor) -> tuple[str, str]:
    """(the moment of a state, the end of the newest window): of hours, those that share a point of
    the panel are one state, the worst of them."""
    if monitor.every.length >= timedelta(days=1):
        return "window_start", "max(window_end)"
    return "$__timeGroup(window_start,$__interval)", "extract(epoch FROM max(window_end))"


def breach_shares(monitor: Monitor, metric: str) -> str:
    """For each column, the share of judged windows in range that were in breach, worst first."""
    return f"""\
SELECT column_name AS "column", avg(breached::int) AS "in breach"
FROM monitoring.metric
WHERE {_whole(monitor, metric)} AND breached IS NOT NULL
GROUP BY 1 ORDER BY 2 DESC, 1"""


def coverage(monitor: Monitor) -> str:
    """Share of rows with a label, and rows, over time."""
    return f"""\
SELECT window_start AS time, labelled_count / nullif(row_count, 0)::float AS "labelled"
FROM monitoring.collection
WHERE {_of(monitor)} AND labelled_count IS NOT NULL AND row_count > 0
ORDER BY 1"""


WORST = (
    "nullif(concat_ws(' ', worst_metric, nullif(worst_column, ''),"
    " nullif(concat_ws(' = ', nullif(worst_slice, ''), nullif(worst_segment, '')), '')), '')"
)
"""What is worst in a window, NULL where nothing is judged: Grafana would show '' as 0."""


def newest(monitor: Monitor, expression: str, name: str) -> str:
    """One fact of the newest window, whatever the time range."""
    return f"""\
SELECT {expression} AS "{name}"
FROM monitoring.collection
WHERE monitor = {literal(monitor.name)}
ORDER BY window_start DESC LIMIT 1"""


def counted(monitor: Monitor, expression: str, name: str) -> str:
    """One count over the windows in range."""
    return f"""\
SELECT {expression} AS "{name}"
FROM monitoring.collection
WHERE {_of(monitor)}"""


def breached_now(monitor: Monitor) -> str:
    """How many series of the newest window are beyond their alert threshold."""
    return f"""\
SELECT count(*) FILTER (WHERE breached) AS "series"
FROM monitoring.metric
WHERE monitor = {literal(monitor.name)} AND window_start = (
  SELECT max(window_start) FROM monitoring.window_status
  WHERE monitor = {literal(monitor.name)})"""


def window_name(monitor: Monitor) -> str:
    """What a window is called, as text."""
    return window_sql.name(monitor.every)


def runs(monitor: Monitor) -> str:
    """Status rows of the windows in range, newest first."""
    return f"""\
SELECT {window_name(monitor)} AS "window", status, row_count AS "rows",
  labelled_count AS "labelled",
  model_version AS "model", worst_level AS "state",
  {WORST} AS "worst",
  round(seconds::numeric, 2)::float AS "seconds", error,
  CASE WHEN report_url <> '' THEN 'open' END AS "report", collected_at AS "collected",
  nullif(report_url, '') AS "path"
FROM monitoring.collection
WHERE {_of(monitor)}
ORDER BY window_start DESC"""


def explanations(monitor: Monitor) -> str:
    """What moved in the windows in range that have a value beyond its alert threshold."""
    return f"""\
SELECT {window_name(monitor)} AS "window",
  {WORST} AS "worst", explanation AS "what moved"
FROM monitoring.collection
WHERE {_of(monitor)} AND explanation <> ''
ORDER BY window_start DESC"""


RETRAININGS = """\
(SELECT *, coalesce(window_start, started_at) AS at FROM monitoring.retraining) r"""
"""Each retraining at the time of the window that called for it."""


def retrainings(monitor: Monitor) -> str:
    """Retrainings in range, newest first."""
    return f"""\
SELECT {window_name(monitor)}
    AS "window", started_at AS "started", finished_at AS "finished", status, reason,
  old_version AS "from", new_version AS "to", output
FROM {RETRAININGS}
WHERE monitor = {literal(monitor.name)} AND $__timeFilter(at)
ORDER BY started_at DESC"""


def episodes(monitor: Monitor, metrics: Sequence[Metric]) -> str:
    """Spans in which an alert stood: k of the newest n judged windows of a series in breach, as its
    rule counts them.

    Spans of several series that touch or lie less than seven windows apart become one mark. Nothing
    is read that begins long before the time range: a mark that does is cut off there.
    """
    names = ", ".join(literal(metric.name) for metric in metrics)
    back = window_sql.span(
        monitor.every, max(LOOK_BACK, LOOK_BACK_OF_N * max(m.firing.n for m in metrics))
    )
    return f"""\
WITH judged AS (
  SELECT metric, column_name, slice_column, slice_value, window_start, window_end,
    {firing.confirmed(metrics)} AS standing
  FROM monitoring.metric
  WHERE monitor = {literal(monitor.name)} AND metric IN ({names}) AND breached IS NOT NULL
    AND slice_column IN ({firing.judged_slices(monitor, metrics)})
    AND window_start >= $__timeFrom()::timestamptz - {back}
    AND window_start <= $__timeTo(){firing.but_expected(monitor, metrics)}
), days AS (
  SELECT window_start, window_end,
    array_agg(concat_ws(' ', metric, nullif(column_name, ''),
      CASE WHEN slice_column <> '' THEN slice_column || ' = ' || slice_value END)) AS series
  FROM judged WHERE standing GROUP BY 1, 2
), islands AS (
  SELECT *, CASE WHEN window_start - lag(window_end) OVER (ORDER BY window_start)
    <= {window_sql.span(monitor.every, 7)} THEN 0 ELSE 1 END AS begins
  FROM days
), numbered AS (
  SELECT *, sum(begins) OVER (ORDER BY window_start) AS island FROM islands
)
SELECT min(window_start) AS time, max(window_end) AS timeend,
  'Beyond the alert threshold: ' || string_agg(DISTINCT name, ', ') AS text,
  {literal(monitor.name + ",alert")} AS tags
FROM numbered, unnest(series) AS name
GROUP BY island
HAVING min(window_start) <= $__timeTo() AND max(window_end) >= $__timeFrom()
ORDER BY 1"""


def expected_marks(monitor: Monitor) -> str:
    """Breaches that somebody knows of, as annotations."""
    zone = literal(monitor.every.timezone)
    rows = ",\n  ".join(
        f"(DATE {literal(known.since or monitor.starts or known.until)},"
        f" DATE {literal(known.until)} + 1, {literal(_describe(known))})"
        for known in monitor.expected
    )
    return f"""\
SELECT since::timestamp AT TIME ZONE {zone} AS time,
  until::timestamp AT TIME ZONE {zone} AS timeend,
  text, {literal(monitor.name + ",expected")} AS tags
FROM (VALUES
  {rows}
) AS e (since, until, text)
ORDER BY 1"""


def _describe(expected: Expected) -> str:
    series = f"{expected.metric} {expected.column}".strip()
    return f"Expected: {series}, because {expected.because}"


def retraining_marks(monitor: Monitor) -> str:
    """Retrainings as annotations."""
    return f"""\
SELECT at AS time,
  'Retraining ' || status || ': ' || reason AS text,
  {literal(monitor.name + ",retraining")} AS tags
FROM {RETRAININGS}
WHERE monitor = {literal(monitor.name)} AND $__timeFilter(at)
ORDER BY 1"""


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
ORDER BY v.level DESC, v.times_level DESC NULLS LAST
LIMIT 25"""
