"""The row of segments: who is in alert, since when, and what is chosen at first."""

from datetime import date, timedelta

import psycopg
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck import firing
from driftdeck.dashboards import segment_sql, segments, sql
from driftdeck.dashboards.metric_panels import metric_panel
from driftdeck.declare import Every
from driftdeck.facts.durations import round_interval
from driftdeck.generator.artefacts import site
from driftdeck.settings import IsolatedSettings

SLICE = d.by("c", values=("a", "b", "late", "odd"), judged=("drift",))
MONITOR = small_monitor(slices=(d.where("big", "x > 1"), SLICE))
QUIET, BEYOND = 0.1, 0.9
DAYS = 12
RANGES = {
    "2023-12-01": "2024-01-03",
    "2024-01-01": "2024-01-03",
    "2024-02-20": "before 2024-02-20",
    "2024-06-01": "before 2024-06-01",
}
"""When an alert began that stands from the first three windows on, by where the range begins."""
SHOWN = {
    "$__timeFilter(window_start)": "window_start BETWEEN $__timeFrom() AND $__timeTo()",
    "$__timeFrom()": "timestamptz '2024-01-01 00:00+00'",
    "$__timeTo()": "timestamptz '2025-01-01 00:00+00'",
    "$slice": "c",
    "$series": "drift x",
    "$segment": "late",
}


def put(
    connection: psycopg.Connection, segment: str, values: list[float], monitor: d.Monitor = MONITOR
) -> None:
    """Store a drift of x a day of a segment, '' for the whole."""
    for n, value in enumerate(values):
        window = monitor.every.window(date(2024, 1, 1) + timedelta(days=n))
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " column_name, slice_column, slice_value, value, unit, row_count, alert_above)"
            " values (%s, %s, %s, 'drift', 'x', %s, %s, %s, 'distance', 50, 0.4)",
            [
                monitor.name,
                window.start,
                window.end,
                "c" if segment else "",
                segment,
                value,
            ],
        )


def ask(connection: psycopg.Connection, query: str, since: str = "") -> list[tuple[object, ...]]:
    """What a panel's query answers. since: the day on which its range begins."""
    if since:
        query = query.replace("$__timeFilter(window_start)", SHOWN["$__timeFilter(window_start)"])
        query = query.replace("$__timeFrom()", f"timestamptz '{since} 00:00+00'")
    for macro, text in SHOWN.items():
        query = query.replace(macro, text)
    return connection.execute(query.encode()).fetchall()


@pytest.fixture
def segmented(connection: psycopg.Connection) -> psycopg.Connection:
    """The whole is quiet; `late` is in alert since the 8th, `odd` was, `a` had two odd days."""
    put(connection, "", [QUIET] * DAYS)
    put(connection, "a", [QUIET, BEYOND, QUIET, BEYOND, *[QUIET] * 8])
    put(connection, "b", [QUIET] * DAYS)
    put(connection, "late", [*[QUIET] * 7, *[BEYOND] * 3, QUIET, BEYOND])
    put(connection, "odd", [*[BEYOND] * 6, *[QUIET] * 6])
    return connection


def test_who_is_in_alert_comes_first_and_since_when(segmented: psycopg.Connection) -> None:
    """An alert stands from its third breach of five on, as the rule says, and while it does; an
    alert that has ended comes later, however often it was in breach."""
    rows = ask(segmented, segment_sql.in_alert(MONITOR))

    assert [row[:6] for row in rows] == [
        ("c = late", "drift x", 2, "2024-01-10", "4 of 12", "0 of 12"),
        ("c = odd", "drift x", 0, None, "6 of 12", "0 of 12"),
        ("c = a", "drift x", 0, None, "2 of 12", "0 of 12"),
        ("c = b", "drift x", 0, None, "0 of 12", "0 of 12"),
    ]


def test_an_alert_is_as_old_in_a_shorter_range(segmented: psycopg.Connection) -> None:
    """What stands since the 10th does not stand since the third day of the range; nor does it begin
    with the range where it is older than what is looked at."""
    put(segmented, "b2", [*[QUIET] * 9, *[BEYOND] * 3])
    shown = ask(segmented, segment_sql.in_alert(MONITOR), since="2024-01-11")

    assert [row[:6] for row in shown[:2]] == [
        ("c = b2", "drift x", 2, "2024-01-12", "2 of 2", "0 of 2"),
        ("c = late", "drift x", 2, "2024-01-10", "1 of 2", "0 of 2"),
    ]

    put(segmented, "ever", [BEYOND] * 200)
    rows = {day: ask(segmented, segment_sql.in_alert(MONITOR), since=day) for day in RANGES}
    ever = {day: row[3] for day, listed in rows.items() for row in listed if row[0] == "c = ever"}

    assert ever == RANGES


def test_the_alert_of_a_segment_that_is_gone_has_ended(connection: psycopg.Connection) -> None:
    """The rule looks back so far and no further; who was in alert last spring is not today."""
    put(connection, "late", [BEYOND] * 4)
    put(connection, "b", [QUIET] * 50)
    [here, *_] = ask(connection, segment_sql.in_alert(MONITOR))
    put(connection, "odd", [QUIET] * 100)
    gone = ask(connection, segment_sql.in_alert(MONITOR))

    assert here[:4] == ("c = late", "drift x", 2, "2024-01-03")
    assert {row[0]: row[3] for row in gone} == dict.fromkeys(("c = late", "c = b", "c = odd"))
    drift = MONITOR.metrics[0]
    levels = ask(connection, firing.breached_query(MONITOR, drift, "above", "value"))
    assert [segment for _, segment, _ in levels if segment == "c = late"] == []


def test_the_rule_says_the_same(segmented: psycopg.Connection) -> None:
    """Who is listed as in alert is whom the rule names: the segment, and not the whole."""
    drift = MONITOR.metrics[0]
    values, limits = (
        {
            row[:2]: row[2]
            for row in ask(segmented, firing.breached_query(MONITOR, drift, "above", what))
        }
        for what in ("value", "level")
    )
    fires = [key for key, value in values.items() if value > limits[key]]
    listed = [row[0] for row in ask(segmented, segment_sql.in_alert(MONITOR)) if row[3]]

    assert fires == [("x", "c = late")]
    assert listed == ["c = late"]


def test_the_worst_is_shown_at_first(segmented: psycopg.Connection) -> None:
    """A variable's first answer is what the dashboard opens with."""
    [slice_, *_], [series, *_], [segment, *_] = (
        ask(segmented, query(MONITOR))
        for query in (segment_sql.slices, segment_sql.series, segment_sql.segments)
    )

    assert (slice_, series, segment) == (("c",), ("drift x",), ("late",))
    assert {row[0] for row in ask(segmented, segment_sql.series(MONITOR))} == set(
        segment_sql.list_series(MONITOR)
    )


def test_an_expected_breach_is_no_alert_of_a_segment(segmented: psycopg.Connection) -> None:
    """What somebody knows of does not count, as in rules."""
    known = small_monitor(
        slices=MONITOR.slices,
        expected=(
            d.Expected(metric="drift", column="x", until="2024-01-31", because="everybody knows"),
        ),
    )

    assert ask(segmented, segment_sql.in_alert(known)) == []


def test_worst_by_the_bad_side(segmented: psycopg.Connection) -> None:
    """That in alert first, which the table says, then those in breach most often; beside the mean
    of the whole."""
    rows = ask(segmented, segment_sql.worst(MONITOR))

    assert [(row[0], row[4], round(row[5], 2)) for row in rows] == [
        ("late", "firing", 0.33),
        ("odd", None, 0.5),
        ("a", None, 0.17),
        ("b", None, 0.0),
    ]
    assert all(row[2] == pytest.approx(QUIET) for row in rows)


def test_one_beside_the_whole(segmented: psycopg.Connection) -> None:
    """Both, and the segment's own alert threshold; not that of the whole."""
    rows = ask(segmented, segment_sql.beside_whole(MONITOR))
    lines = {name: sum(row[1] == name for row in rows) for name in {row[1] for row in rows}}

    assert lines == {"whole": DAYS, "segment": DAYS, "alert": DAYS}


def test_the_timeline_has_room_for_its_names(connection: psycopg.Connection) -> None:
    """Of forty segments those in breach most often, the end of the newest window aside."""
    names = [f"s{n:02}" for n in range(40)]
    for n, name in enumerate(names):
        put(connection, name, [BEYOND if day < n / 10 else QUIET for day in range(4)])
    bands = {row[1] for row in ask(connection, segment_sql.states(MONITOR))}

    assert len(bands) == segment_sql.BANDS
    assert bands <= {f"{name} x" for name in names[20:]}


def test_an_unjudged_slice_has_no_list_of_alerts() -> None:
    """What can never fire is not listed as quiet."""
    of = site(IsolatedSettings())
    titles = [
        [item.panel.title for row in segments.rows(of, monitor, "u") for item in row.items]
        for monitor in (MONITOR, small_monitor(slices=(d.by("c"),)), small_monitor())
    ]

    assert titles[0][0] == "Judged segments, worst first"
    assert not any("udged" in title for title in titles[1])
    assert titles[2] == []


def test_a_column_is_shown_beside_each_of_its_baselines(connection: psycopg.Connection) -> None:
    """The thresholds are of the first that it has: a column without a reference has its own."""
    window = MONITOR.every.window(date(2024, 1, 1))
    for metric, baseline in (("drift", "reference"), ("drift_same", "same")):
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " column_name, baseline, value, unit, row_count, alert_above)"
            " values ('small', %s, %s, %s, 'x', %s, 0.3, 'distance', 50, 0.4)",
            [window.start, window.end, metric, baseline],
        )
    names = ["drift", "drift_same"]
    query = sql.column_detail(MONITOR, names).replace("$column", "x")
    both = {row[1] for row in ask(connection, query)}
    connection.execute("delete from monitoring.metric_value where metric = 'drift'")
    alone = {row[1] for row in ask(connection, query)}

    assert both == {"drift", "against windows like it", "alert"}
    assert alone == {"against windows like it", "alert"}


@pytest.mark.parametrize(
    ("metric", "least", "most"),
    [
        (d.duplicates(key=("id",), alert=0.001), 0, 0.0013),
        (d.duplicates(key=("id",), unjudged="new"), 0, 0.01),
        (d.constant_columns(alert=0), 0, 1),
        (d.measure("m:f", title="F", unit=d.Unit("dollars", "currencyUSD", low=0), alert=8), 0, 10),
        (d.measure("m:f", title="F", unjudged="new"), None, None),
        (d.accuracy(alert=0.6), None, None),
    ],
)
def test_an_axis_of_flat_zeros_ends_at_what_matters(
    metric: d.Metric, least: float | None, most: float | None
) -> None:
    """Not at 10000 %: at a quarter beyond the alert threshold, or where a first one would show."""
    monitor = small_monitor(metrics=(metric,))
    panel = metric_panel(site(IsolatedSettings()), monitor, "u", metric)
    defaults = panel.to_json_data()["fieldConfig"]["defaults"]

    assert defaults.get("min") == least
    assert defaults["custom"].get("axisSoftMax") == most


@pytest.mark.parametrize(
    ("every", "most"), [(d.Daily(), None), (d.Hourly(), sql.MANY_LINES), (d.Weekly(), None)]
)
def test_many_lines_have_no_more_points_than_one_sees(every: Every, most: int | None) -> None:
    """Of hours, which share them: a month has three in each, a year a day."""
    monitor = small_monitor(every=every, late_after=d.Hours(24))
    missing = next(metric for metric in monitor.metrics if metric.name == "missing_share")
    panel = metric_panel(site(IsolatedSettings()), monitor, "u", missing)

    assert panel.to_json_data()["maxDataPoints"] == most
    assert [round_interval(days * 86_400 / sql.MANY_LINES) / 3600 for days in (7, 30, 365)] == [
        0.5, 3, 24,
    ]  # fmt: skip
