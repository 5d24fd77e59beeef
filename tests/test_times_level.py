"""How far beyond its alert threshold a value is: one definition, in Python and in the database."""

import math
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.values import Measurement, Status, Value, WindowResult
from driftdeck.dashboards import overview_sql

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
LEVEL = NUMBER | st.none() | st.sampled_from([0.0, -0.0, 0.05, 1.0, 5e-324, 1.7e308])
ROWS = {"alert_below": 450.0, "alert_above": 1200.0}


@pytest.mark.parametrize(
    ("levels", "value", "times"),
    [
        ({"alert_above": 0.2}, 0.5, 2.5),
        ({"alert_above": 0.2}, 0.2, 1.0),
        ({"alert_above": 0.2}, 0.0, 0.0),
        ({"alert_above": -2.0}, -1.0, 1.5),
        ({"alert_above": -2.0}, -3.0, 0.5),
        ({"alert_above": 0.0}, 3.0, 4.0),
        ({"alert_below": 0.05}, 0.05, 1.0),
        ({"alert_below": 0.05}, 0.0, 2.0),
        ({"alert_below": 0.05}, 0.075, 0.5),
        ({"alert_below": 0.05}, 0.9, 0.0),
        ({"alert_below": -2.0}, -4.0, 2.0),
        ({"alert_below": 0.0}, -3.0, 4.0),
        (ROWS, 1.0, 2 - 1 / 450),
        (ROWS, 1300.0, 1300 / 1200),
        (ROWS, 800.0, 800 / 1200),
        ({"warn_above": 0.1, "warn_below": 0.0}, 0.5, None),
        ({"alert_above": 1e-300}, 1e308, 1e12),
        ({"alert_above": -1e-300}, -1e308, 0.0),
        ({"alert_below": 1e-300}, -1e308, 2 + 1e12),
        ({"alert_above": math.inf}, 1e308, 0.0),
    ],
)
def test_times_the_level(
    connection: psycopg.Connection,
    levels: dict[str, float],
    value: float,
    times: float | None,
) -> None:
    """1 is the level on either side, each size of it further 1 more; finite, or none at all."""
    both = levels.get("alert_below"), levels.get("alert_above")

    wanted = times if times is None else pytest.approx(times, rel=1e-12)
    assert d.Thresholds(**levels).times_threshold(value) == wanted
    assert _in_database(connection, [(value, *both)]) == [wanted]


Triple = tuple[float, float | None, float | None]


@given(st.lists(st.tuples(NUMBER, LEVEL, LEVEL), min_size=1, max_size=50))
@example([(5e-324, None, 1.7e308), (5e-324, 5e-324, None), (1.7e308, -1.7e308, -1.7e308)])
@effort(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_the_database_and_python_agree(
    connection: psycopg.Connection, triples: list[Triple]
) -> None:
    """Of any value and levels: to the last digits, finite, and beyond 1 only what is in breach."""
    for (value, below, above), stored in zip(
        triples, _in_database(connection, triples), strict=True
    ):
        levels = d.Thresholds(alert_below=below, alert_above=above)
        times = levels.times_threshold(value)
        if below is None and above is None:
            assert times is stored is None
            continue
        assert times is not None
        assert stored == pytest.approx(times, rel=1e-12, abs=1e-290)
        assert 0 <= times <= 2 + 1e12
        assert times >= 1 if levels.judge(value) == 2 else times <= 1


def _in_database(connection: psycopg.Connection, triples: list[Triple]) -> list[float | None]:
    """What the function of the database says of each (value, alert_below, alert_above)."""
    columns = [list(column) for column in zip(*triples, strict=True)]
    rows = connection.execute(
        "select monitoring.times_level(value, below, above)"
        " from unnest(%s::float8[], %s::float8[], %s::float8[])"
        " with ordinality as t (value, below, above, n) order by n",
        columns,
    )
    return [times for (times,) in rows]


def _value(monitor: d.Monitor, name: str, number: float) -> Value:
    series = next(one for one in monitor.series() if one.metric.name == name)
    return Value(series, Measurement(number), 400, series.thresholds)


BREACHES = [("row_count", 1.0), ("recall", 0.1), ("row_count", 1300.0), ("log_loss", 0.81)]
"""Of a monitor with the levels below, worst first: 1.9978, 1.8333, 1.0833 and 1.0125 times."""
LEVELS = (
    d.row_count(warn=(600, 1100), alert=(450, 1200)),
    d.recall(warn=0.7, alert=0.6),
    d.log_loss(warn=0.6, alert=0.8),
)


@pytest.mark.parametrize("n", range(len(BREACHES) - 1))
def test_the_worst_is_furthest_beyond_its_level(n: int) -> None:
    """One row where 450 are the least is worse than 1,300 where 1,200 are the most."""
    monitor = small_monitor(metrics=LEVELS)
    worse, better = (_value(monitor, *breach) for breach in BREACHES[n : n + 2])
    for values in ((worse, better), (better, worse)):
        window = monitor.every.window(date(2024, 1, 3))
        assert WindowResult("small", window, Status.OK, values).worst is worse


def test_the_overview_orders_breaches_as_the_collectors_do(connection: psycopg.Connection) -> None:
    """The worst first, of either side, each beside the levels that it crossed."""
    monitors = [small_monitor(name=f"m{n}", title=f"M{n}") for n in range(len(BREACHES))]
    window = monitors[0].every.window(date(2024, 1, 3))
    for monitor, (metric, number) in zip(monitors, BREACHES, strict=True):
        value = _value(small_monitor(metrics=LEVELS), metric, number)
        levels = value.thresholds or d.Thresholds()
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric, value,"
            " unit, row_count, warn_below, alert_below, warn_above, alert_above)"
            " values (%s, %s, %s, %s, %s, 'number', 1, %s, %s, %s, %s)",
            [
                monitor.name, window.start, window.end, metric, number, levels.warn_below,
                levels.alert_below, levels.warn_above, levels.alert_above,
            ],
        )  # fmt: skip
        connection.execute(
            "insert into monitoring.window_status (monitor, window_start, window_end, status,"
            " seconds) values (%s, %s, %s, 'ok', 0)",
            [monitor.name, window.start, window.end],
        )
    query = overview_sql.worst_series(monitors[::-1], [one.name for one in monitors[::-1]])
    rows = connection.execute(query.encode()).fetchall()

    assert [(row[1], row[4]) for row in rows] == BREACHES
    assert [row[5:7] for row in rows] == [(600, 450), (0.7, 0.6), (1100, 1200), (0.6, 0.8)]
