"""Breaches that somebody knows of, and levels tried on what is stored."""

from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.retraining.retraining import _find_reason
from driftdeck.collectors.thresholds.episodes import StoredSeries, find_confirmed, load_judgements
from driftdeck.collectors.thresholds.replay import compare, replay
from driftdeck.collectors.values import Measurement, Status, Value, WindowResult
from driftdeck.dashboards import mark_sql
from driftdeck.errors import UsageError
from driftdeck.firing import breached_query
from driftdeck.generator.artefacts import site
from driftdeck.settings import IsolatedSettings

SALE = d.Expected(
    metric="drift", column="x", since="2024-01-03", until="2024-01-06", because="o'sale"
)


def put(
    connection: psycopg.Connection, monitor: d.Monitor, day: date, value: float, level: float = 0.4
) -> None:
    """Store one drift value of x with its alert threshold."""
    window = monitor.every.window(day)
    connection.execute(
        "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
        " column_name, value, unit, row_count, alert_above)"
        " values (%s, %s, %s, 'drift', 'x', %s, 'distance', 1, %s)",
        [monitor.name, window.start, window.end, value, level],
    )


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_an_expected_breach_alerts_nobody(connection: psycopg.Connection, zone: str) -> None:
    """The rule leaves out exactly the expected local days; another column is not spared."""
    monitor = small_monitor(expected=(SALE,), every=d.Daily(timezone=zone))
    metric = monitor.metrics[0]
    firing = d.Firing(1, 1)
    every_day = d.drift(warn=0.2, alert=0.4, firing=firing)
    for n in range(1, 9):
        put(connection, monitor, date(2024, 1, n), n / 10 + 1)
    newest = []
    for n in range(8, 0, -1):
        [row] = connection.execute(
            breached_query(monitor, every_day, "above", "value").encode()
        ).fetchall() or [("x", None)]
        newest.append(row[1])
        connection.execute(
            "delete from monitoring.metric_value where window_start >= %s",
            [monitor.every.window(date(2024, 1, n)).start],
        )

    assert metric.name == every_day.name
    assert newest == [1.8, 1.7, 1.2, 1.2, 1.2, 1.2, 1.2, 1.1]


def test_an_expected_breach_is_drawn(connection: psycopg.Connection) -> None:
    """It stands on the dashboard with its reason, quotes and all."""
    monitor = small_monitor(expected=(SALE,))
    [(start, end, text, tags)] = connection.execute(
        mark_sql.expected_marks(monitor).encode()
    ).fetchall()

    assert (start.date(), end.date()) == (date(2024, 1, 3), date(2024, 1, 7))
    assert text == "Expected: drift x, because o'sale"
    assert tags == "small,expected"
    from driftdeck.dashboards_src.model import pages

    [page] = pages(site(IsolatedSettings()), (monitor,))
    assert "Expected breaches" in [mark["name"] for mark in page.annotations]


def test_a_breach_is_expected_until_the_first_of_two_midnights(
    connection: psycopg.Connection,
) -> None:
    """Where a clock shows midnight twice, the day after begins with the first of them."""
    sale = d.Expected(metric="drift", column="x", until="2024-11-02", because="sale")
    zone = "America/Havana"
    monitor = small_monitor(
        expected=(sale,),
        every=d.Daily(timezone=zone),
        metrics=(d.drift(warn=0.2, alert=0.4, firing=d.Firing(1, 1)),),
    )
    put(connection, monitor, date(2024, 11, 2), 0.9)
    put(connection, monitor, date(2024, 11, 3), 0.8)
    rule = breached_query(monitor, monitor.metrics[0], "above", "value")
    marks = mark_sql.expected_marks(monitor)

    assert connection.execute(rule.encode()).fetchall() == [("x", 0.8)]
    [(_, ends, *_)] = connection.execute(marks.encode()).fetchall()
    assert ends == monitor.every.window(date(2024, 11, 3)).start


def test_the_worst_of_a_window_is_not_expected() -> None:
    """The overview speaks of what nobody knows of."""
    series = next(small_monitor().series())
    value = Value(series, Measurement(9.0), 400, d.Thresholds(alert_above=0.4), expected=True)
    window = small_monitor().every.window(date(2024, 1, 3))

    assert WindowResult("small", window, Status.OK, (value,)).worst is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"metric": "drift", "column": "z"}, "no judged series drift of z"),
        ({"metric": "target_mean", "column": "y"}, "no judged series"),
        ({"metric": "drift", "column": "x", "because": " "}, "say why"),
        ({"metric": "drift", "column": "x", "since": "2024-02-01"}, "comes before since"),
        ({"metric": "drift", "column": "x", "until": "soon"}, "YYYY-MM-DD"),
    ],
)
def test_a_wrong_expectation_names_the_mend(wrong: dict[str, str], said: str) -> None:
    """Of a series that is not there, without a reason, or that ends before it begins."""
    given_words = {"until": "2024-01-06", "because": "sale", **wrong}
    with pytest.raises(d.DeclarationError, match=said):
        small_monitor(expected=(d.Expected(**given_words),))


def stored(
    connection: psycopg.Connection, monitor: d.Monitor, values: list[float], level: float = 0.4
) -> list[d.Window]:
    """Store a value of x a day from 1 January on, and nothing else; the days' windows."""
    connection.execute("truncate monitoring.metric_value")
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(len(values))]
    for day, value in zip(days, values, strict=True):
        put(connection, monitor, day, value, level)
    return [monitor.every.window(day) for day in days]


def fires(connection: psycopg.Connection, monitor: d.Monitor, windows: list[d.Window]) -> set[date]:
    """The unexpected days after which the rule of drift, as it is built, fires of what is stored.

    Asks the built queries of what was there on each day, the newest first; nothing is left.
    """
    drift = monitor.metrics[0]
    queries = [
        breached_query(monitor, drift, "above", name).encode() for name in ("value", "level")
    ]
    firing = set()
    for window in reversed(windows):
        value, level = (connection.execute(query).fetchall() for query in queries)
        expected = monitor.is_expected("drift", "x", window.day)
        if value and value[0][1] > level[0][1] and not expected:
            firing.add(window.day)
        connection.execute(
            "delete from monitoring.metric_value where window_start = %s", [window.start]
        )
    return firing


FIRING = st.sampled_from([(1, 1), (2, 2), (2, 3), (3, 5)])
DAYS = st.lists(st.sampled_from([0.1, 0.4, 0.5, 0.9]), min_size=1, max_size=10)
LEVEL = st.sampled_from([0.3, 0.45, 0.6])
KNOWN = st.sampled_from([(), (SALE,)])
ZONE = st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo"])
MANY = effort(max_examples=40, suppress_health_check=[*HealthCheck], deadline=None)


@given(values=DAYS, level=LEVEL, known=KNOWN, zone=ZONE)
@MANY
def test_replay_agrees_with_the_rule(
    connection: psycopg.Connection,
    values: list[float],
    level: float,
    known: tuple[d.Expected, ...],
    zone: str,
) -> None:
    """On so many windows as a replay says the rule fires, with the old levels and with the new."""
    monitor = small_monitor(expected=known, every=d.Daily(timezone=zone))
    series = next(monitor.series())
    windows = stored(connection, monitor, values)
    by_series = dict(load_judgements(connection, monitor))
    thresholds = d.Thresholds(alert_above=level)
    then, now = compare(series, by_series.get(StoredSeries(*series.key), []), lambda _: thresholds)

    assert then.windows == len(fires(connection, monitor, windows))
    windows = stored(connection, monitor, values, level)
    assert now.windows == len(fires(connection, monitor, windows))


@given(values=DAYS, known=KNOWN, zone=ZONE)
@MANY
def test_what_is_drawn_as_an_alert_is_one(
    connection: psycopg.Connection,
    values: list[float],
    known: tuple[d.Expected, ...],
    zone: str,
) -> None:
    """The spans on a dashboard begin and end with the windows on which the rule fires."""
    monitor = small_monitor(expected=known, every=d.Daily(timezone=zone))
    windows = stored(connection, monitor, values)
    query = mark_sql.episodes(monitor, monitor.metrics[:1])
    for macro, moment in (("From", "2024-01-01"), ("To", "2024-02-01")):
        query = query.replace(f"$__time{macro}()", f"timestamptz '{moment} 00:00Z'")
    spans = [row[:2] for row in connection.execute(query.encode())]
    firing = fires(connection, monitor, windows)
    standing = [window for window in windows if window.day in firing]

    assert spans == ([(standing[0].start, standing[-1].end)] if standing else [])


@given(values=DAYS, known=KNOWN, zone=ZONE)
@MANY
def test_what_is_reported_is_what_the_rule_begins_to_say(
    connection: psycopg.Connection,
    values: list[float],
    known: tuple[d.Expected, ...],
    zone: str,
) -> None:
    """A breach is find_confirmed by the first window of each span on which the rule fires."""
    monitor = small_monitor(expected=known, every=d.Daily(timezone=zone))
    windows = stored(connection, monitor, values)
    days = [window.day for window in windows]
    firing = fires(connection, monitor, windows)
    windows = stored(connection, monitor, values)
    judged_days = [day for day in days if not monitor.is_expected("drift", "x", day)]
    standing = [day in firing for day in judged_days]
    onsets = [
        day
        for day, before, now in zip(judged_days, [False, *standing], standing, strict=False)
        if now and not before
    ]

    reported = [
        start.astimezone(monitor.every.zone).date() for start in find_confirmed(connection, monitor)
    ]
    assert reported == onsets


@given(values=DAYS, zone=ZONE, firing=FIRING)
@MANY
def test_a_retraining_is_called_for_when_the_rule_would_fire(
    connection: psycopg.Connection, values: list[float], zone: str, firing: tuple[int, int]
) -> None:
    """Of one series, after the same k of n: on the windows that are themselves in breach."""
    k, n = firing
    plan = d.Retrain("true", after=k, of=n, metrics=("drift",))
    monitor = small_monitor(
        retrain=plan,
        starts="2023-12-01",
        reference=d.Between("2023-12-01", "2023-12-07"),
        every=d.Daily(timezone=zone),
        metrics=(d.drift(warn=0.2, alert=0.4, firing=d.Firing(k, n)),),
    )
    firing_days = fires(connection, monitor, stored(connection, monitor, values))
    windows = stored(connection, monitor, values)
    called = set()
    for window in reversed(windows):
        if _find_reason(connection, monitor, plan, window):
            called.add(window.day)
        connection.execute(
            "delete from monitoring.metric_value where window_start = %s", [window.start]
        )
    in_breach = {w.day for w, value in zip(windows, values, strict=True) if value > 0.4}

    assert called == firing_days & in_breach


def test_replay_says_what_would_change(
    connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over the stored windows; nothing stored is a clear error."""
    with pytest.raises(UsageError, match="nothing is stored of small"):
        replay(connection, small_monitor())
    for n in range(10):
        put(connection, small_monitor(), date(2024, 1, 1) + timedelta(days=n), 0.5)
    lower = small_monitor(metrics=(d.drift(warn=0.2, alert=0.6),))

    assert replay(connection, small_monitor()) == 0
    assert "0 series would have alerted otherwise" in capsys.readouterr().out
    assert replay(connection, lower) == 0
    assert "1 series would have alerted otherwise" in capsys.readouterr().out


def test_an_expected_breach_is_confirmed_by_nobody(connection: psycopg.Connection) -> None:
    """It takes no report from a breach that nobody knew of."""
    for n in range(3, 7):
        put(connection, small_monitor(), date(2024, 1, n), 0.9)

    assert len(find_confirmed(connection, small_monitor())) == 1
    assert find_confirmed(connection, small_monitor(expected=(SALE,))) == []
