"""SQL of a monitor's panels and variables; macros as Grafana's PostgreSQL knows them.

Text from declarations is quoted by `literal`. Grafana's macros may hold no `)` in an argument.
"""

from collections.abc import Sequence

from driftdeck.dashboards import window_sql
from driftdeck.declare import Metric, Monitor
from driftdeck.facts import postgres

MANY_LINES = 240
"""Of twenty lines and more, nobody tells more points apart."""
ANY_COLUMN = "column_name || ''"
"""A column's name as an expression: PostgreSQL then takes the index of metrics, where it would look
up each window's column one by one."""
literal = postgres.literal
"""Quotes a text, for whoever writes a dashboard's SQL."""


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
    if not window_sql.shares_points(monitor.every):
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
GROUP BY 2, {window_sql.point(monitor.every)}
ORDER BY 1, 2"""


def most_points(monitor: Monitor) -> int | None:
    """So many points a panel of many lines has, None for as many as it is wide: a year of hours is
    drawn by day, a month of them three by three."""
    return MANY_LINES if window_sql.shares_points(monitor.every) else None


def shared_points(monitor: Monitor, what: str = "mean") -> str:
    """What a panel says of `over_time`, if there is something to say."""
    if not window_sql.shares_points(monitor.every):
        return ""
    return (
        f" Where {monitor.every.nouns} share a point of a long range, it is their {what}, and so it"
        " is in the legend."
    )


def shared_states(monitor: Monitor) -> str:
    """What a panel of bands says of points that windows share, if there is something to say."""
    if not window_sql.shares_points(monitor.every):
        return ""
    return f" Of {monitor.every.nouns} that share a point of a long range the worst is shown."


def single(monitor: Monitor, metric: Metric) -> str:
    """One metric over time, its line called as the metric is."""
    if window_sql.shares_points(monitor.every):
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
  WHERE {_whole(monitor, *metrics)} AND {ANY_COLUMN} = '$column'
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
    return f"""\
WITH states AS (
  SELECT {window_sql.point(monitor.every)} AS time, max(window_end) AS window_end,
    CASE WHEN column_name = '' THEN v.metric
         WHEN v.metric IN ('drift', 'prediction_drift', 'target_drift'){but} THEN column_name
         ELSE v.metric || ' ' || column_name END AS metric,
    max(level) AS level
  FROM monitoring.metric v
  WHERE {_whole(monitor, *metrics)} AND judged
  GROUP BY 1, v.metric, column_name
)
SELECT time, metric, level FROM states
UNION ALL
SELECT max(window_end), metric, NULL FROM states GROUP BY metric
ORDER BY 1, 2"""


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
