"""Panels of previews: numbers, colours, axes and lines as Grafana has them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest

from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import axes, lines, plot, timeline, units, words
from driftdeck.preview.fields import Clock, Field, format_ago, merge_options
from driftdeck.preview.frames import QueryError, QueryResult, to_series
from own_previews import NOW, PANEL, Json

CLOCK = Clock(NOW, UTC)
SPAN = Range(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 5, tzinfo=UTC))
DAYS = [SPAN.start + timedelta(days=n) for n in range(4)]


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("none", 0.29247, "0.292"),
        ("none", 0.0000657, "0.0000657"),
        ("none", 0.000000657, "6.57e-7"),
        ("none", 1.2e-321, "1.2e-321"),
        ("none", -5e-200, "-5e-200"),
        ("none", 16.0, "16"),
        ("short", 1011.0, "1.01 K"),
        ("short", 923.4, "923"),
        ("percentunit", 0.00506, "0.506%"),
        ("percentunit", 1.0, "100%"),
        ("m", 82.8, "1.38 hour"),
        ("m", -5.589, "-5.59 min"),
        ("s", 0.02336, "23.4 ms"),
        ("s", 0, "0 s"),
        ("s", 7.11, "7.11 s"),
        ("lengthmm", 2500.0, "2.50 m"),
        ("celsius", 21.04, "21.0 °C"),
        ("currencyEUR", 1234.0, "€1.23K"),
        ("bytes", 2048.0, "2 KiB"),
        ("suffix: flights", 3.0, "3  flights"),
        ("none", float("inf"), "∞"),
    ],
)
def test_numbers_are_written_as_grafana_writes_them(unit: str, value: float, written: str) -> None:
    """Most of these were read off a Grafana's panels."""
    assert units.format_value(unit, value) == written


def test_decimals_are_kept() -> None:
    """Asked decimals are written out, zeros too, halves upwards."""
    assert units.format_value("none", 1.0, 3) == "1.000"
    assert units.format_value("none", 0.125, 2) == "0.13"
    assert units.format_value("none", -0.0001, 2) == "0.00"


@pytest.mark.parametrize(
    ("least", "most", "ends"),
    [
        (0.136, 2.46, (0.0, 2.7)),  # zero is near, so it is in
        (75.0, 131.0, (69.0, 137.0)),
        (0.0, 0.0, (0.0, 100.0)),
        (-49.8, 2.36, (-56.0, 8.0)),
    ],
)
def test_an_axis_has_room_around_its_values(
    least: float, most: float, ends: tuple[float, float]
) -> None:
    """As uPlot ranges it: a tenth more at each end, rounded; zero where it is near."""
    assert axes.pad_range(least, most) == pytest.approx(ends)


def test_a_tick_a_day_names_its_day_only() -> None:
    """Plotly takes the first form whose range holds the step, both ends included."""
    stops = plot.build_time_axis(SPAN.start, SPAN.end, CLOCK)["tickformatstops"]
    step = 86_400_000
    forms = [
        stop["value"]
        for stop in stops
        for low, high in [stop["dtickrange"]]
        if isinstance(low, int) and low <= step and not (isinstance(high, int) and high < step)
    ]

    assert forms[0] == "%m/%d"


def test_ticks_are_round_numbers() -> None:
    """So many as stand apart, each 1, 2, 2.5 or 5 of something."""
    assert axes.place_ticks(0, 2.7, 216) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert axes.place_ticks(0.2, 1, 216) == [0.2, 0.4, 0.6, 0.8, 1.0]


LONG = QueryResult(
    ["time", "metric", "value"],
    [(DAYS[0], "b", 0.2), (DAYS[0], "a", 0.1), (DAYS[1], "a", 0.3), (DAYS[3], "b", 0.8)],
)


def column(name: str, values: list[Any], kind: str = "number") -> Field:
    """A field of the panel above."""
    return Field(name, kind, values, merge_options(PANEL, name, kind), CLOCK)


def test_overrides_change_what_they_fit() -> None:
    """By name and by pattern; the panel's own options stay as they are."""
    one, other = column("a", [0.25]), column("b", [0.25])

    assert (one.title, one.display(0.25).text) == ("a", "25%")
    assert (other.title, other.display(0.25).text, other.color) == ("the b", "25.0%", "#123456")
    assert PANEL["fieldConfig"]["defaults"]["custom"] == {"thresholdsStyle": {"mode": "line"}}


def test_values_are_mapped_before_they_are_written() -> None:
    """By value, range and null, in words and colours; thresholds colour what is left."""
    field = column("a", [])

    assert (field.display(1).text, field.display(1).color) == ("one", "#F2495C")
    assert field.display(1.0).text == "one"
    assert [field.display(value).text for value in (7, None, 0.1)] == ["many", "not", "10%"]
    steps = {**field.config, "mappings": [], "color": {"mode": "thresholds"}}
    judged = Field("a", "number", [], steps, CLOCK)
    assert [judged.display(v).color for v in (0.1, 0.5, None)] == ["#73BF69", "#D92D3A", "#73BF69"]


def test_times_are_in_the_dashboards_zone() -> None:
    """A moment is written on the zone's wall clock, or as long ago."""
    clock = Clock(NOW, ZoneInfo("America/New_York"))
    moment = Field("at", "time", [NOW], {}, clock)

    assert moment.display(NOW).text == "2024-01-13 07:00:00"
    since = Field("at", "time", [NOW], {"unit": "dateTimeFromNow"}, clock)
    assert since.display(NOW - timedelta(hours=2)).text == "2 hours ago"
    assert [format_ago(seconds) for seconds in (3, 3000, 90_000, -7200)] == [
        "a few seconds ago", "an hour ago", "a day ago", "in 2 hours",
    ]  # fmt: skip


def test_long_rows_become_lines_with_gaps() -> None:
    """A line for each name, by name; it has no value where only others have one."""
    found = to_series(PANEL, {"A": LONG}, CLOCK)

    assert found.times == [DAYS[0], DAYS[1], DAYS[3]]
    assert [(one.name, one.values) for one in found.fields] == [
        ("a", [0.1, 0.3, None]),
        ("b", [0.2, None, 0.8]),
    ]
    with pytest.raises(QueryError, match="no column of times"):
        to_series(PANEL, {"A": QueryResult(["value"], [(1,)])}, CLOCK)


def test_a_line_panel_is_drawn() -> None:
    """Colours, dashes, the level, the whole range, and a legend with its means."""
    plot = lines.draw(PANEL, {"A": LONG}, SPAN, CLOCK)

    assert plot is not None
    go.Figure(plot.traces, plot.layout)  # Plotly refuses what it does not know
    assert [trace["name"] for trace in plot.traces] == ["a", "the b"]
    assert plot.traces[1]["line"]["dash"] == "dash"
    assert [shape["y0"] for shape in plot.layout["shapes"]] == [0.5]
    ends = [datetime.fromtimestamp(ms / 1000, UTC) for ms in plot.layout["xaxis"]["range"]]
    assert ends == [SPAN.start, SPAN.end]
    assert plot.layout["yaxis"]["ticktext"][:2] == ["20%", "40%"]
    assert [(one.name, one.values) for one in plot.legend.entries] == [
        ("a", ("20%",)),
        ("the b", ("50.0%",)),
    ]


def test_a_timeline_is_drawn_in_the_colours_of_its_states() -> None:
    """Every state once in the legend; a state lasts until its own query gives another."""
    panel = {**PANEL, "type": "state-timeline", "options": {}}
    answer = QueryResult(["time", "metric", "value"], [(DAYS[0], "a", 1), (DAYS[1], "a", 7)])
    more = QueryResult(["time", "metric", "value"], [(DAYS[2], "c", 1)])
    plot = timeline.draw(panel, {"A": answer, "B": more}, SPAN, CLOCK)

    assert plot is not None
    go.Figure(plot.traces, plot.layout)
    assert plot.traces[0]["z"] == [[0, 1, 1], [None, None, 0]]
    assert len(plot.traces[0]["x"]) == 4
    assert (plot.legend.entries[0].name, plot.legend.entries[0].color) == ("one", "#F2495C")


def test_queries_are_drawn_each_by_itself() -> None:
    """One's moments are no gaps of the other, a second unit has an axis, a lone point is seen."""
    answers = {
        "A": QueryResult(["time", "a"], [(DAYS[0], 1.0), (DAYS[2], 2.0)]),
        "B": QueryResult(["time", "b"], [(DAYS[1], 0.5), (DAYS[2], None), (DAYS[3], 0.7)]),
    }
    panel = {**PANEL, "fieldConfig": {"defaults": {"unit": "short"}, "overrides": [
        {"matcher": {"id": "byName", "options": "b"},
         "properties": [{"id": "unit", "value": "percentunit"}]},
    ]}}  # fmt: skip
    plot = lines.draw(panel, answers, SPAN, CLOCK)

    assert plot is not None
    go.Figure(plot.traces, plot.layout)
    assert [trace["y"] for trace in plot.traces] == [[1.0, 2.0], [0.5, None, 0.7]]
    assert [trace["mode"] for trace in plot.traces] == ["lines", "lines+markers"]
    assert plot.traces[1]["marker"]["size"] == [5, 0, 5]
    assert plot.traces[1]["yaxis"] == "y2"
    assert plot.layout["yaxis2"]["ticktext"][0].endswith("%")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/d/one?x=a:b", True),
        ("https://one.example/x", True),
        ("mailto:ana@one.example", True),
        ("javascript:alert(1)", False),
        (" \tJavaScript:alert(1)", False),
        ("data:text/html,x", False),
    ],
)
def test_data_leads_to_no_script(url: str, kept: bool) -> None:
    """What stands in a table may be anybody's."""
    assert words.disarm(url) == (url if kept else "about:blank")


def test_a_table_writes_links_and_hides_columns() -> None:
    """Of each row's own values; text is never markup."""
    panel: Json = {
        "options": {},
        "fieldConfig": {
            "defaults": {},
            "overrides": [
                {
                    "matcher": {"id": "byName", "options": "model"},
                    "properties": [
                        {"id": "links", "value": [{"url": "/d/${__data.fields.uid}?x=1&y=2"}]}
                    ],
                },
                {
                    "matcher": {"id": "byName", "options": "uid"},
                    "properties": [{"id": "custom.hidden", "value": True}],
                },
            ],
        },
    }
    html = words.render_table(panel, QueryResult(["model", "uid"], [("<b>one</b>", "one")]), CLOCK)

    assert '<a href="/d/one?x=1&amp;y=2" title="">&lt;b&gt;one&lt;/b&gt;</a>' in html
    assert html.count("<th") == 2  # thead and one head
