"""When an alert stands: k of the newest n judged windows of a series are in breach.

Said here once for whoever asks: rules and the spans on dashboards in SQL, reports, replays and
retraining in Python. Windows that nobody judged, and breaches that are expected, do not count.
Where both sides are bad, each has a rule of its own, and so is counted by itself: two days above
and one below are no three of either.
"""

from collections.abc import Sequence
from datetime import date

from driftdeck.declare import Daily, Expected, Firing, Metric, Monitor
from driftdeck.declare.methods import BreachSide
from driftdeck.facts.postgres import literal

SEARCHED, SEARCHED_OF_N = 60, 6
"""So many windows are searched for the newest n judged ones of a series, or so many times n."""
SERIES = "metric, column_name, slice_column, slice_value"
"""What tells one series of a monitor from the others."""


def confirm(firing: Firing, sides: Sequence[int]) -> list[bool]:
    """Whether an alert stands after each window.

    sides: of each judged window, oldest first: 1 in breach above, or of the only bad side, -1
    below, 0 not.
    """
    newest = [sides[max(0, i - firing.n + 1) : i + 1] for i in range(len(sides))]
    return [max(few.count(1), few.count(-1)) >= firing.k for few in map(list, newest)]


def find_onsets(standing: Sequence[bool]) -> list[bool]:
    """Where an alert begins to stand."""
    return [now and not before for before, now in zip([False, *standing], standing, strict=False)]


def confirmed(metrics: Sequence[Metric]) -> str:
    """Whether an alert stands after a window: an expression over judged rows of monitoring.metric,
    NULL for other metrics."""
    cases = "\n    ".join(
        f"WHEN {literal(metric.name)} THEN {confirmed_of(metric)}" for metric in metrics
    )
    return f"CASE metric\n    {cases} END"


def confirmed_of(metric: Metric, series: str = SERIES) -> str:
    """The same over judged rows of one metric. series: the columns that tell its series apart."""
    newest = (
        f"OVER (PARTITION BY {series} ORDER BY window_start ROWS {metric.firing.n - 1} PRECEDING)"
    )
    if metric.breach_side is not BreachSide.BOTH:
        return f"sum(breached::int) {newest} >= {metric.firing.k}"
    sides = ("value > alert_above", "value < alert_below")
    most = ", ".join(f"sum(({side})::int) {newest}" for side in sides)
    return f"greatest({most}) >= {metric.firing.k}"


def often_breached(monitor: Monitor, metrics: Sequence[Metric], span: str) -> str:
    """The series that were in breach as often as an alert wants, with a number each: no alert of
    another one stood, and an index alone tells. span: a condition on window_start."""
    names = ", ".join(literal(metric.name) for metric in metrics)
    return f"""\
SELECT {SERIES}, (row_number() OVER ())::int AS number
  FROM monitoring.metric
  WHERE monitor = {literal(monitor.name)} AND metric IN ({names}) AND {span}
    AND (value > alert_above OR value < alert_below)
  GROUP BY 1, 2, 3, 4 HAVING count(*) >= {min(metric.firing.k for metric in metrics)}"""


def in_breach(monitor: Monitor, metrics: Sequence[Metric], span: str) -> str:
    """Leaves out series that were in breach less often: a condition for a WHERE. span: another on
    window_start, as wide as that of the rows."""
    return f"""\
concat_ws(' ', {SERIES}) IN (
      SELECT concat_ws(' ', {SERIES}) FROM (
        {often_breached(monitor, metrics, span)}
      ) often)"""


def searched(metrics: Sequence[Metric]) -> int:
    """So many windows are searched for those that decide about an alert."""
    return max(SEARCHED, SEARCHED_OF_N * max(metric.firing.n for metric in metrics))


def breached_query(monitor: Monitor, metric: Metric, side: str, column: str) -> str:
    """The k-th worst of the newest n judged windows of each series: `column` of that window.

    k of n windows are in breach exactly when this one is; value and level are of one window. A
    series is looked for in the newest windows in which any series of the metric was judged: with
    years of them, that is what makes a rule cheap.
    """
    k, n = metric.firing.k, metric.firing.n
    sign = "" if side == "above" else "-"
    slices = _list_judged(monitor, [metric])
    judged = (
        f"monitor = {literal(monitor.name)} AND metric = {literal(metric.name)}"
        f"\n    AND slice_column IN ({judged_slices(monitor, [metric])})"
        f"\n    AND value IS NOT NULL AND alert_{side} IS NOT NULL"
    )
    segment = (
        ",\n  CASE WHEN slice_column <> '' THEN slice_column || ' = ' || slice_value ELSE '' END"
        " AS segment"
        if slices
        else ""
    )
    return f"""\
WITH recent AS (
  SELECT window_start FROM monitoring.metric
  WHERE {judged}
  GROUP BY 1 ORDER BY 1 DESC LIMIT {searched([metric])}
), newest AS (
  SELECT column_name, slice_column, slice_value, value, alert_{side} AS level,
    row_number() OVER (
      PARTITION BY column_name, slice_column, slice_value ORDER BY window_start DESC) AS age
  FROM monitoring.metric
  WHERE {judged}
    AND window_start >= (SELECT min(window_start) FROM recent){but_expected(monitor, [metric])}
), ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY column_name, slice_column, slice_value
    ORDER BY {sign}(value - level) DESC, age) AS rank
  FROM newest WHERE age <= {n}
)
SELECT column_name{segment}, {column}
FROM ranked WHERE rank = {k}"""


def judged_slices(monitor: Monitor, metrics: Sequence[Metric]) -> str:
    """The slices in which one of some metrics is judged, as a list in SQL; '' is the whole."""
    return ", ".join(map(literal, ["", *_list_judged(monitor, metrics)]))


def _list_judged(monitor: Monitor, metrics: Sequence[Metric]) -> list[str]:
    names = {metric.name for metric in metrics}
    return [slice_.name for slice_ in monitor.slices if names.intersection(slice_.judged)]


def but_expected(monitor: Monitor, metrics: Sequence[Metric]) -> str:
    """Leaves out the windows of breaches that somebody knows of: for a WHERE, '' if none is known.

    Rules and the spans on dashboards have it, so that nothing is plotted as an alert that is not.
    """
    names = {metric.name for metric in metrics}
    known = [expected for expected in monitor.expected if expected.metric in names]
    return "".join(_but(monitor, expected) for expected in known)


def _but(monitor: Monitor, expected: Expected) -> str:
    first, after = expected_moments(monitor, expected)
    since = f" AND window_start >= {first}" if expected.since else ""
    return (
        f"\n    AND NOT (metric = {literal(expected.metric)}"
        f" AND column_name = {literal(expected.column)} AND window_start < {after}{since})"
    )


def expected_moments(monitor: Monitor, expected: Expected) -> tuple[str, str]:
    """(when the first of its days begins, when the last one has ended), in SQL.

    Said as moments: of a midnight that a clock shows twice, PostgreSQL takes the later one. Where
    it has no first day, that is the monitor's, or the last one.
    """
    days = Daily(timezone=monitor.every.timezone)
    first = date.fromisoformat(expected.since or monitor.starts or expected.until)
    last = date.fromisoformat(expected.until)
    moments = days.window(first).start, days.window(last).end
    began, ended = (f"TIMESTAMPTZ {literal(moment.isoformat(' '))}" for moment in moments)
    return began, ended
