"""The marks of alerts on a dashboard: of each series as its rule counts, and of no other."""

from datetime import date, timedelta
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck import firing
from driftdeck.dashboards import mark_sql
from driftdeck.declare.windows import Window

MONITOR = small_monitor(slices=(d.by("c", values=("a", "b"), judged=("accuracy",)),))
FIRST = date(2024, 1, 8)
WINDOWS = 14
SERIES = {
    ("drift", "x", "", ""): (None, 0.4),
    ("row_count", "", "", ""): (100, 800),
    ("accuracy", "", "", ""): (0.6, None),
    ("accuracy", "", "c", "a"): (0.5, None),
}
"""Their thresholds for an alert: below, above."""
BELOW, QUIET, ABOVE, UNMEASURED, ABSENT = range(5)
HISTORY = st.lists(
    st.sampled_from([BELOW, QUIET, QUIET, ABOVE, ABOVE, UNMEASURED, ABSENT]),
    min_size=WINDOWS, max_size=WINDOWS,
)  # fmt: skip


def value(state: int, below: float | None, above: float | None) -> float | None:
    """A number in that state; what has no threshold on a side is quiet there."""
    if state == UNMEASURED:
        return None
    if state == BELOW and below is not None:
        return below - 0.1
    if state == ABOVE and above is not None:
        return above + 0.1
    return (below or 0) + 0.1


def expect(
    windows: list[Window], histories: list[list[int]]
) -> list[tuple[object, object, set[str]]]:
    """(first window's start, last one's end, names) of each mark, by the rule in Python."""
    standing: dict[Window, set[str]] = {}
    for (key, (below, above)), states in zip(SERIES.items(), histories, strict=True):
        metric = next(metric for metric in MONITOR.metrics if metric.name == key[0])
        judged = [
            (window, value(state, below, above))
            for window, state in zip(windows, states, strict=True)
            if state not in (UNMEASURED, ABSENT)
        ]
        thresholds = d.Thresholds(alert_below=below, alert_above=above)
        sides = [thresholds.find_side(number) for _, number in judged if number is not None]
        name = " ".join(filter(None, key[:2])) + (f" {key[2]} = {key[3]}" if key[2] else "")
        for (window, _), stands in zip(judged, firing.confirm(metric.firing, sides), strict=True):
            if stands:
                standing.setdefault(window, set()).add(name)
    marks: list[tuple[object, object, set[str]]] = []
    last = None
    for window in sorted(standing, key=lambda window: window.start):
        if last is not None and window.start - last.end <= timedelta(days=7):
            marks[-1] = (marks[-1][0], window.end, marks[-1][2] | standing[window])
        else:
            marks.append((window.start, window.end, standing[window]))
        last = window
    return marks


@given(histories=st.lists(HISTORY, min_size=len(SERIES), max_size=len(SERIES)))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_marks_are_what_the_rule_says(
    connection: psycopg.Connection, histories: list[list[int]]
) -> None:
    """On both sides of a range, of segments and the whole, with windows that nobody judged."""
    windows = put(connection, histories)
    marks = [
        (start, end, set(text.removeprefix("Beyond the alert threshold: ").split(", ")))
        for start, end, text, _ in list_marks(connection)
    ]

    assert marks == expect(windows, histories)


SIDES = st.lists(st.sampled_from([BELOW, QUIET, ABOVE]), min_size=WINDOWS, max_size=WINDOWS)


@given(history=SIDES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_bad_on_both_sides_is_marked_when_one_of_its_two_rules_fires(
    connection: psycopg.Connection, history: list[int]
) -> None:
    """Asks the built rules after each window, the newest first: three days beyond a threshold, two
    above and one below, are an alert of neither."""
    quiet = [QUIET] * WINDOWS
    windows = put(connection, [quiet, history, quiet, quiet])
    marked = {
        window
        for start, end, *_ in list_marks(connection, apart=True)
        for window in windows
        if start <= window.start < end
    }
    counts = next(metric for metric in MONITOR.metrics if metric.name == "row_count")
    fires = set()
    for window in reversed(windows):
        for side, sign in (("above", 1), ("below", -1)):
            (number,), (level,) = (
                connection.execute(firing.breached_query(MONITOR, counts, side, what).encode())
                .fetchall() or [("", "", 0.0)]
                for what in ("value", "level")
            )  # fmt: skip
            if sign * (number[-1] - level[-1]) > 0:
                fires.add(window)
        connection.execute(
            "delete from monitoring.metric_value where window_start = %s", [window.start]
        )

    assert marked == fires


def put(connection: psycopg.Connection, histories: list[list[int]]) -> list[Window]:
    """Store what each of SERIES was, and nothing else; the windows."""
    connection.execute("delete from monitoring.metric_value")
    windows = [d.Daily().window(FIRST + timedelta(days=n)) for n in range(WINDOWS)]
    for (key, (below, above)), states in zip(SERIES.items(), histories, strict=True):
        for window, state in zip(windows, states, strict=True):
            if state == ABSENT:
                continue
            connection.execute(
                "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
                " column_name, slice_column, slice_value, value, reason, unit, row_count,"
                " alert_below, alert_above)"
                " values ('small', %s, %s, %s, %s, %s, %s, %s, %s, 'number', 1, %s, %s)",
                [
                    window.start,
                    window.end,
                    *key,
                    value(state, below, above),
                    "unmeasured" if state == UNMEASURED else None,
                    below,
                    above,
                ],
            )
    return windows


def list_marks(connection: psycopg.Connection, *, apart: bool = False) -> list[tuple[Any, ...]]:
    """What the dashboard marks. apart: whether marks that do not touch stay two."""
    query = mark_sql.episodes(MONITOR, MONITOR.metrics)
    for macro, moment in (("From", "2024-01-01"), ("To", "2024-02-01")):
        query = query.replace(f"$__time{macro}()", f"timestamptz '{moment} 00:00Z'")
    if apart:
        query = query.replace("interval '7 days'", "interval '0 days'")
    return connection.execute(query.encode()).fetchall()
