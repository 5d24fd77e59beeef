"""The queries of segments: those in alert, worst first, each over time, one beside the whole.

`$slice`, `$segment` and `$series` are variables of the dashboard.
"""

from collections.abc import Sequence

from driftdeck import firing
from driftdeck.dashboards import window_sql
from driftdeck.dashboards.sql import ANY_COLUMN, literal, over_time
from driftdeck.declare import Metric, Monitor, Slice
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.slices import MISSING, OTHER

SERIES = "concat_ws(' ', metric, nullif(column_name, ''))"
"""What a series is called in the variable: the metric, and its column or class."""
BANDS = 16
"""A timeline has room for so many names."""
LISTED = 50
"""So many judged series are listed: nobody reads on."""


def order(monitor: Monitor) -> list[Slice]:
    """The slices, those that judge something first."""
    return sorted(monitor.slices, key=lambda slice_: not slice_.judged)


def slices(monitor: Monitor) -> str:
    """The names of the slices, for a variable."""
    return _values("name", [slice_.name for slice_ in order(monitor)])


def list_series(monitor: Monitor) -> list[str]:
    """The series of segments, as the variable calls them: judged ones first, then performance."""
    judged = _judged_names(monitor)
    lines = [s for slice_ in order(monitor) for s in monitor.series(slice_)]
    lines.sort(key=lambda line: (line.metric.name not in judged, not line.metric.is_performance))
    return list(dict.fromkeys(" ".join(filter(None, line.key)) for line in lines))


def series(monitor: Monitor) -> str:
    """The series of segments, for a variable: first those furthest beyond a threshold of a segment
    in the newest window."""
    rows = _rows(list_series(monitor))
    return f"""\
SELECT v.series FROM (VALUES {rows}) AS v (n, series)
LEFT JOIN (
  SELECT {SERIES} AS series, max(times_level) AS times FROM monitoring.metric
  WHERE {_newest(monitor)} AND level IS NOT NULL
  GROUP BY 1
) newest USING (series)
ORDER BY newest.times DESC NULLS LAST, v.n"""


def _values(name: str, texts: Sequence[str]) -> str:
    return f"SELECT {name} FROM (VALUES {_rows(texts)}) AS v (n, {name}) ORDER BY n"


def _rows(texts: Sequence[str]) -> str:
    return ", ".join(f"({n}, {literal(text)})" for n, text in enumerate(texts))


def _newest(monitor: Monitor) -> str:
    """The values of the chosen slice in the newest window that has some."""
    of_slice = f"monitor = {literal(monitor.name)} AND slice_column = '$slice'"
    return f"""{of_slice} AND window_start = (
    SELECT window_start FROM monitoring.metric
    WHERE {of_slice} ORDER BY window_start DESC LIMIT 1)"""


def segments(monitor: Monitor) -> str:
    """The segments of the chosen slice in its newest window, for a variable: first that whose
    chosen series is furthest beyond its threshold, then the largest."""
    return f"""\
SELECT slice_value FROM monitoring.metric
WHERE {_newest(monitor)}
  AND slice_value NOT IN ({literal(OTHER)}, {literal(MISSING)})
GROUP BY 1
ORDER BY max(times_level) FILTER (WHERE {SERIES} = '$series' AND level IS NOT NULL)
  DESC NULLS LAST, max(row_count) DESC, 1"""


def judged_metrics(monitor: Monitor) -> list[Metric]:
    """The metrics that some slice judges."""
    return [metric for metric in monitor.metrics if metric.name in _judged_names(monitor)]


def _judged_names(monitor: Monitor) -> set[str]:
    return {name for slice_ in monitor.slices for name in slice_.judged}


def _chosen(monitor: Monitor, condition: str, column: str = "column_name") -> str:
    """The values in range of the chosen series, which is looked up first: an index knows metrics
    and columns, and no series by what it is called."""
    keys = dict.fromkeys(s.key for slice_ in monitor.slices for s in monitor.series(slice_))
    rows = ", ".join(
        f"({literal(' '.join(filter(None, key)))}, {', '.join(map(literal, key))})" for key in keys
    )
    chosen = f"FROM (VALUES {rows}) AS v (series, metric, of) WHERE series = '$series' LIMIT 1"
    return (
        f"monitor = {literal(monitor.name)} AND {condition} AND $__timeFilter(window_start)"
        f"\n  AND metric = (SELECT v.metric {chosen})"
        f"\n  AND {column} = (SELECT v.of {chosen})"
    )


def _chosen_whole(monitor: Monitor) -> str:
    """The same of whole windows, by their index of metrics."""
    return _chosen(monitor, "slice_column = ''", ANY_COLUMN)


def in_alert(monitor: Monitor) -> str:
    """Every judged series of segments, and of the whole beside it: since when its alert stands, and
    how many of its windows in range were in breach.

    The worst first: those whose alert stands at the end of the range, then those in breach most
    often. What is expected does not count, as in rules. An alert that stood already when the range
    begins is looked for as far back as a rule looks; one that is older still stands since before
    the range. It ends with its segment, where that has not been judged for as long.
    """
    metrics = judged_metrics(monitor)
    names = ", ".join(literal(metric.name) for metric in metrics)
    slices = ", ".join(literal(slice_.name) for slice_ in monitor.slices if slice_.judged)
    judged = f"""\
monitor = {literal(monitor.name)} AND metric IN ({names})
    AND breached IS NOT NULL{firing.but_expected(monitor, metrics)}"""
    counted = f"""\
SELECT {firing.SERIES}, count(*) FILTER (WHERE breached) AS breached, count(*) AS windows,
    min(window_start) AS oldest, max(window_start) AS newest
  FROM monitoring.metric
  WHERE {judged} AND $__timeFilter(window_start)"""
    back = window_sql.span(monitor.every, firing.searched(metrics))
    span = f"window_start BETWEEN $__timeFrom()::timestamptz - {back} AND $__timeTo()"
    most = max(metric.firing.n for metric in metrics)
    since, oldest = (window_sql.name(monitor.every, at) for at in ("alert.since", "s.oldest"))
    return f"""\
WITH segment AS (
  {counted}
    AND slice_column IN ({slices})
  GROUP BY 1, 2, 3, 4
), whole AS (
  {counted}
    AND slice_column = ''
  GROUP BY 1, 2, 3, 4
), judged AS (
  SELECT {firing.SERIES}, window_start,
    {firing.confirmed(metrics)} AS standing,
    window_start >= $__timeFrom()::timestamptz
      OR row_number() OVER (PARTITION BY {firing.SERIES} ORDER BY window_start) >= {most} AS known
  FROM monitoring.metric
  WHERE {judged} AND {span}
    AND slice_column IN ({slices})
    AND {firing.in_breach(monitor, metrics, span)}
), ended AS (
  SELECT *, max(window_start) FILTER (WHERE known AND NOT standing) OVER (
    PARTITION BY {firing.SERIES}) AS quiet
  FROM judged
), alert AS (
  SELECT {firing.SERIES}, min(window_start) AS since,
    bool_and(quiet IS NULL) AND min(window_start) < $__timeFrom()::timestamptz AS older
  FROM ended
  WHERE quiet IS NULL OR window_start > quiet
  GROUP BY 1, 2, 3, 4
  HAVING max(window_start) > (
    SELECT max(newest) FROM (TABLE segment UNION ALL TABLE whole) judged) - {back}
)
SELECT s.slice_column || ' = ' || s.slice_value AS "segment",
  concat_ws(' ', s.metric, nullif(s.column_name, '')) AS "series", newest.level AS "state",
  CASE WHEN alert.older THEN 'before ' || {oldest}
    ELSE {since} END AS "alert since",
  s.breached || ' of ' || s.windows AS "in breach",
  whole.breached || ' of ' || whole.windows AS "the whole",
  s.slice_column AS "slice", s.slice_value AS "value"
FROM segment s
LEFT JOIN alert USING ({firing.SERIES})
LEFT JOIN whole ON whole.metric = s.metric AND whole.column_name = s.column_name
LEFT JOIN LATERAL (
  SELECT max(level) AS level FROM monitoring.metric
  WHERE monitor = {literal(monitor.name)} AND window_start = s.newest
    AND ({firing.SERIES}) = (s.metric, s.column_name, s.slice_column, s.slice_value)
) newest ON true
ORDER BY alert.since IS NULL, s.breached::float / s.windows DESC, alert.since, 1, 2
LIMIT {LISTED}"""


def worst(monitor: Monitor) -> str:
    """Every segment of the chosen slice and series: its mean in range beside that of the whole.

    The worst first: those whose alert stands at the end of the range, then those in breach most
    often, then those furthest on the bad side of the whole.
    """
    of_slice = _chosen(monitor, "slice_column = '$slice'")
    standing = "SELECT NULL::text AS slice_value, false AS standing WHERE false"
    if metrics := judged_metrics(monitor):
        back = window_sql.span(monitor.every, firing.searched(metrics))
        standing = f"""\
SELECT DISTINCT ON (slice_value) slice_value, standing FROM (
    SELECT slice_value, window_start, {firing.confirmed(metrics)} AS standing
    FROM monitoring.metric
    WHERE {of_slice} AND breached IS NOT NULL
      AND window_start > (SELECT max(window_start) FROM monitoring.metric
        WHERE {of_slice}) - {back}\
{firing.but_expected(monitor, metrics)}
  ) judged ORDER BY slice_value, window_start DESC"""
    low = [m.name for m in monitor.metrics if m.breach_side is BreachSide.LOW]
    both = [m.name for m in monitor.metrics if m.breach_side is BreachSide.BOTH]
    cases = [
        *(f"WHEN metric = {literal(name)} THEN w.value - s.value" for name in low),
        *(f"WHEN metric = {literal(name)} THEN abs(s.value - w.value)" for name in both),
    ]
    beyond = f"CASE {' '.join(cases)} ELSE s.value - w.value END" if cases else "s.value - w.value"
    return f"""\
WITH whole AS (
  SELECT avg(value) AS value FROM monitoring.metric
  WHERE {_chosen_whole(monitor)}
), segment AS (
  SELECT slice_value, metric, avg(value) AS value, avg(row_count) AS rows,
    avg(breached::int)::float AS breached
  FROM monitoring.metric
  WHERE {of_slice}
  GROUP BY 1, 2
), newest AS (
  {standing}
)
SELECT slice_value AS "segment", s.value, w.value AS "whole", s.value - w.value AS "difference",
  CASE WHEN n.standing THEN 'firing' END AS "alert", s.breached AS "in breach",
  round(s.rows::numeric, 1)::float AS "rows"
FROM segment s CROSS JOIN whole w LEFT JOIN newest n USING (slice_value)
ORDER BY n.standing DESC NULLS LAST, s.breached DESC NULLS LAST, {beyond} DESC NULLS LAST, 1"""


def beside_whole(monitor: Monitor) -> str:
    """The chosen series of the chosen segment, and of the whole window; the segment's alert
    thresholds, where it is judged."""
    lines = """\
monitoring.metric, LATERAL (VALUES
  ('segment', value), ('alert', alert),
  ('low alert', CASE WHEN alert_above IS NOT NULL THEN alert_below END)
) AS line (name, number)"""
    whole = over_time(monitor, "'whole'", "value", _chosen_whole(monitor))
    chosen = _chosen(monitor, "slice_column = '$slice' AND slice_value = '$segment'")
    shown = f"{chosen}\n  AND (line.name = 'segment' OR line.number IS NOT NULL)"
    segment = over_time(monitor, "line.name", "line.number", shown, lines)
    return f"({whole})\nUNION ALL\n({segment})\nORDER BY 1, 2"


def each(monitor: Monitor) -> str:
    """The chosen series of every segment of the chosen slice."""
    return over_time(monitor, "slice_value", "value", _chosen(monitor, "slice_column = '$slice'"))


def states(monitor: Monitor) -> str:
    """The state of judged series of the chosen slice, of those in breach most often; none after the
    newest window."""
    judged = {metric.name for metric in judged_metrics(monitor)}
    names = ", ".join(map(literal, sorted(judged)))
    columns = dict.fromkeys(line.key[1] for line in monitor.series() if line.metric.name in judged)
    called = "slice_value, nullif(column_name, '')"
    if any(len(slice_.judged) > 1 for slice_ in monitor.slices):
        called = "slice_value, v.metric, nullif(column_name, '')"
    return f"""\
WITH judged AS (
  SELECT {window_sql.point(monitor.every)} AS time, max(window_end) AS window_end,
    concat_ws(' ', {called}) AS metric, max(level) AS level,
    count(*) AS windows, count(*) FILTER (WHERE level = 2) AS breached, sum(level) AS levels
  FROM monitoring.metric v
  WHERE monitor = {literal(monitor.name)} AND metric IN ({names})
    AND column_name IN ({", ".join(map(literal, columns))})
    AND slice_column = '$slice' AND level IS NOT NULL AND $__timeFilter(window_start)
  GROUP BY 1, slice_value, v.metric, column_name
), worst AS (
  SELECT metric FROM judged
  GROUP BY 1 ORDER BY sum(breached) / sum(windows) DESC, sum(levels) / sum(windows) DESC, 1
  LIMIT {BANDS}
), states AS (
  SELECT * FROM judged JOIN worst USING (metric)
)
SELECT time, metric, level FROM states
UNION ALL
SELECT max(window_end), metric, NULL FROM states GROUP BY metric
ORDER BY 1, 2"""
