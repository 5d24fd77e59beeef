"""The queries of segments: worst first, each over time, and one beside the whole.

`$slice`, `$segment` and `$series` are variables of the dashboard.
"""

from collections.abc import Sequence

from driftdeck.dashboards.sql import literal, over_time, state_moments
from driftdeck.declare import Monitor
from driftdeck.declare.methods import BreachSide
from driftdeck.declare.slices import MISSING, OTHER

SERIES = "concat_ws(' ', metric, nullif(column_name, ''))"
"""What a series is called in the variable: the metric, and its column or class."""
NEWEST = """\
(SELECT max(window_start) FROM monitoring.window_status WHERE monitor = {monitor})"""


def slices(monitor: Monitor) -> str:
    """The names of the slices, for a variable."""
    return _values("name", [slice_.name for slice_ in monitor.slices])


def list_series(monitor: Monitor) -> list[str]:
    """The series of segments, as the variable calls them: those of performance first."""
    lines = [s for slice_ in monitor.slices for s in monitor.series(slice_)]
    lines.sort(key=lambda line: not line.metric.is_performance)
    return list(dict.fromkeys(" ".join(filter(None, line.key)) for line in lines))


def series(monitor: Monitor) -> str:
    """The series of segments, for a variable."""
    return _values("series", list_series(monitor))


def _values(name: str, texts: Sequence[str]) -> str:
    rows = ", ".join(f"({n}, {literal(text)})" for n, text in enumerate(texts))
    return f"SELECT {name} FROM (VALUES {rows}) AS v (n, {name}) ORDER BY n"


def segments(monitor: Monitor) -> str:
    """The segments of the chosen slice in the newest window, for a variable; the largest first."""
    return f"""\
SELECT slice_value FROM monitoring.metric
WHERE monitor = {literal(monitor.name)} AND slice_column = '$slice'
  AND window_start = {NEWEST.format(monitor=literal(monitor.name))}
  AND slice_value NOT IN ({literal(OTHER)}, {literal(MISSING)})
GROUP BY 1 ORDER BY max(row_count) DESC, 1"""


def _chosen(monitor: Monitor, condition: str) -> str:
    """The values in range of the chosen series, which is looked up first: an index knows metrics
    and columns, and no series by what it is called."""
    keys = dict.fromkeys(s.key for slice_ in monitor.slices for s in monitor.series(slice_))
    rows = ", ".join(
        f"({literal(' '.join(filter(None, key)))}, {', '.join(map(literal, key))})" for key in keys
    )
    found = f"FROM (VALUES {rows}) AS v (series, metric, of) WHERE series = '$series' LIMIT 1"
    return (
        f"monitor = {literal(monitor.name)} AND {condition} AND $__timeFilter(window_start)"
        f"\n  AND metric = (SELECT v.metric {found})"
        f"\n  AND column_name = (SELECT v.of {found})"
    )


def worst(monitor: Monitor) -> str:
    """Every segment of the chosen slice and series: its mean in range beside that of the whole.

    The worst first: those in breach most often, then those furthest on the bad side of the whole.
    """
    low = [m.name for m in monitor.metrics if m.breach_side is BreachSide.LOW]
    sign = (
        f"CASE WHEN metric IN ({', '.join(map(literal, low))}) THEN -1 ELSE 1 END" if low else "1"
    )
    return f"""\
WITH whole AS (
  SELECT avg(value) AS value FROM monitoring.metric
  WHERE {_chosen(monitor, "slice_column = ''")}
), segment AS (
  SELECT slice_value, avg(value) AS value, avg(row_count) AS rows, min({sign}) AS sign,
    count(value) AS windows, count(*) FILTER (WHERE breached) AS breached,
    (array_agg(level ORDER BY window_start DESC) FILTER (WHERE level IS NOT NULL))[1] AS level
  FROM monitoring.metric
  WHERE {_chosen(monitor, "slice_column = '$slice'")}
  GROUP BY 1
)
SELECT s.slice_value AS "segment", s.value, w.value AS "whole", s.value - w.value AS "difference",
  s.breached AS "in breach", s.windows AS "windows", s.level AS "state",
  round(s.rows::numeric, 1)::float AS "rows"
FROM segment s, whole w
ORDER BY s.breached DESC, (s.value - w.value) * s.sign DESC NULLS LAST, 1"""


def beside_whole(monitor: Monitor) -> str:
    """The chosen series of the chosen segment, and of the whole window."""
    whole = over_time(monitor, "'whole'", "value", _chosen(monitor, "slice_column = ''"))
    chosen = _chosen(monitor, "slice_column = '$slice' AND slice_value = '$segment'")
    segment = over_time(monitor, "'segment'", "value", chosen)
    return f"({whole})\nUNION ALL\n({segment})\nORDER BY 1, 2"


def each(monitor: Monitor) -> str:
    """The chosen series of every segment of the chosen slice."""
    return over_time(monitor, "slice_value", "value", _chosen(monitor, "slice_column = '$slice'"))


def states(monitor: Monitor) -> str:
    """The state of each judged series of segments; none after the newest window."""
    names = sorted({name for slice_ in monitor.slices for name in slice_.judged})
    columns = dict.fromkeys(line.key[1] for line in monitor.series() if line.metric.name in names)
    moment, end = state_moments(monitor)
    return f"""\
WITH states AS (
  SELECT {moment} AS time, max(window_end) AS window_end,
    slice_column || ' = ' || slice_value || ' ' || {SERIES} AS metric, max(level) AS level
  FROM monitoring.metric
  WHERE monitor = {literal(monitor.name)} AND metric IN ({", ".join(map(literal, names))})
    AND column_name IN ({", ".join(map(literal, columns))})
    AND slice_column = '$slice' AND level IS NOT NULL AND $__timeFilter(window_start)
  GROUP BY 1, 3
)
SELECT time, metric, level FROM states
UNION ALL
SELECT {end}, metric, NULL FROM states GROUP BY metric
ORDER BY 1, 2"""
