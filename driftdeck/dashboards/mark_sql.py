"""SQL of annotations: alerts that stood, breaches that somebody expects, retrainings."""

from collections.abc import Sequence

from driftdeck import firing
from driftdeck.dashboards import window_sql
from driftdeck.dashboards.sql import ANY_COLUMN, RETRAININGS
from driftdeck.declare import Expected, Metric, Monitor
from driftdeck.declare.methods import BreachSide
from driftdeck.facts.postgres import literal


def episodes(monitor: Monitor, metrics: Sequence[Metric]) -> str:
    """Spans in which an alert stood: k of the newest n judged windows of a series in breach, as its
    rule counts them.

    Spans of several series that touch or lie less than seven windows apart become one mark. Nothing
    is read that begins long before the time range: a mark that does is cut off there.
    """
    back = window_sql.span(monitor.every, firing.searched(metrics))
    span = f"window_start BETWEEN $__timeFrom()::timestamptz - {back} AND $__timeTo()"
    standing = "\n  UNION ALL ".join(_standing(monitor, metric, span) for metric in metrics)
    return f"""\
WITH breached AS (
  {firing.often_breached(monitor, metrics, span)}
), standing AS (
  {standing}
), days AS (
  SELECT window_start, window_end,
    array_agg(concat_ws(' ', metric, nullif(column_name, ''),
      CASE WHEN slice_column <> '' THEN slice_column || ' = ' || slice_value END)) AS series
  FROM standing JOIN breached USING (number) GROUP BY 1, 2
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


def _standing(monitor: Monitor, metric: Metric, span: str) -> str:
    """The windows of one metric's series after which an alert stood, by their numbers. A metric by
    itself has fewer rows to put in order, and none where none of its series was in breach; they are
    taken as narrow as they can be (OFFSET 0 keeps them so), and in order of numbers, not words."""
    slices = firing.judged_slices(monitor, [metric])
    sliced = "" if slices == "''" else ", slice_column, slice_value"
    sides = ", value, alert_above, alert_below" if metric.breach_side is BreachSide.BOTH else ""
    return f"""\
SELECT number, window_start, window_end FROM (
    SELECT *, {firing.confirmed_of(metric, "number")} AS standing FROM (
      SELECT number, window_start, window_end, breached{sides} FROM (
        SELECT {ANY_COLUMN} AS column_name{sliced}, window_start, window_end, breached{sides}
        FROM monitoring.metric
        WHERE monitor = {literal(monitor.name)} AND metric = {literal(metric.name)}
    AND breached IS NOT NULL AND slice_column IN ({slices})
    AND {span}{firing.but_expected(monitor, [metric])}
      ) judged JOIN breached USING (column_name{sliced})
      WHERE breached.metric = {literal(metric.name)} OFFSET 0
    ) narrow
  ) confirmed WHERE standing"""


def expected_marks(monitor: Monitor) -> str:
    """Breaches that somebody knows of, as annotations."""
    rows = ",\n  ".join(
        f"({', '.join(firing.expected_moments(monitor, known))}, {literal(_describe(known))})"
        for known in monitor.expected
    )
    return f"""\
SELECT since AS time, until AS timeend, text, {literal(monitor.name + ",expected")} AS tags
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
