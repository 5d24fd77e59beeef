"""Previews: numbers, colours and axes as Grafana has them; pages, drop-downs, the server."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import psycopg
import pytest
import uvicorn
from litestar.testing import TestClient
from playwright.sync_api import Page, expect, sync_playwright

from collectors.runner import Runner
from collectors.windows import window_of
from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from database import Role, connect
from database.embedded import free_port, port_taken
from generator.artefacts import artefacts
from preflight.macros import Range
from settings import ROOT, CommittedSettings, Settings
from stack.built import Built
from stack.look import FLAGS, browser_program
from stack.preview import axes, lines, pages, serve, timeline, units, words
from stack.preview.draw import Asked, draw
from stack.preview.fields import Clock, Field, ago, config_of
from stack.preview.frames import Answer, AskError, asker, series
from stack.preview.source import Build, Source

Json = dict[str, Any]
NOW = datetime(2024, 1, 13, 12, tzinfo=UTC)
CLOCK = Clock(NOW, UTC)
SPAN = Range(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 5, tzinfo=UTC))
DAYS = [SPAN.start + timedelta(days=n) for n in range(4)]


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("none", 0.29247, "0.292"),
        ("none", 0.0000657, "0.0000657"),
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
    assert units.write(unit, value) == written


def test_decimals_are_kept() -> None:
    """Asked decimals are written out, zeros too, halves upwards."""
    assert units.write("none", 1.0, 3) == "1.000"
    assert units.write("none", 0.125, 2) == "0.13"
    assert units.write("none", -0.0001, 2) == "0.00"


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
    assert axes.padded(least, most) == pytest.approx(ends)


def test_ticks_are_round_numbers() -> None:
    """So many as stand apart, each 1, 2, 2.5 or 5 of something."""
    assert axes.ticks(0, 2.7, 216) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert axes.ticks(0.2, 1, 216) == [0.2, 0.4, 0.6, 0.8, 1.0]


PANEL: Json = {
    "id": 7,
    "type": "timeseries",
    "title": "Drift",
    "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
    "fieldConfig": {
        "defaults": {
            "unit": "percentunit",
            "color": {"mode": "palette-classic"},
            "custom": {"thresholdsStyle": {"mode": "line"}},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": "green", "value": None}, {"color": "#D92D3A", "value": 0.5}],
            },
            "mappings": [
                {"type": "value", "options": {"1": {"text": "one", "color": "red", "index": 0}}},
                {"type": "range", "options": {"from": 5, "to": 9, "result": {"text": "many"}}},
                {"type": "special", "options": {"match": "null", "result": {"text": "not"}}},
            ],
        },
        "overrides": [
            {
                "matcher": {"id": "byName", "options": "b"},
                "properties": [
                    {"id": "color", "value": {"mode": "fixed", "fixedColor": "#123456"}},
                    {"id": "custom.lineStyle", "value": {"fill": "dash"}},
                    {"id": "displayName", "value": "the b"},
                ],
            },
            {
                "matcher": {"id": "byRegexp", "options": "/^b.*/"},
                "properties": [{"id": "decimals", "value": 1}],
            },
        ],
    },
    "options": {"legend": {"displayMode": "table", "placement": "right", "calcs": ["mean"]}},
}
LONG = Answer(
    ["time", "metric", "value"],
    [(DAYS[0], "b", 0.2), (DAYS[0], "a", 0.1), (DAYS[1], "a", 0.3), (DAYS[3], "b", 0.8)],
)


def column(name: str, values: list[Any], kind: str = "number") -> Field:
    """A field of the panel above."""
    return Field(name, kind, values, config_of(PANEL, name, kind), CLOCK)


def test_overrides_change_what_they_fit() -> None:
    """By name and by pattern; the panel's own options stay as they are."""
    one, other = column("a", [0.25]), column("b", [0.25])

    assert (one.title, one.show(0.25).text) == ("a", "25%")
    assert (other.title, other.show(0.25).text, other.color) == ("the b", "25.0%", "#123456")
    assert PANEL["fieldConfig"]["defaults"]["custom"] == {"thresholdsStyle": {"mode": "line"}}


def test_values_are_mapped_before_they_are_written() -> None:
    """By value, range and null, in words and colours; thresholds colour what is left."""
    field = column("a", [])

    assert (field.show(1).text, field.show(1).color) == ("one", "#F2495C")
    assert field.show(1.0).text == "one"
    assert [field.show(value).text for value in (7, None, 0.1)] == ["many", "not", "10%"]
    steps = {**field.config, "mappings": [], "color": {"mode": "thresholds"}}
    judged = Field("a", "number", [], steps, CLOCK)
    assert [judged.show(v).color for v in (0.1, 0.5, None)] == ["#73BF69", "#D92D3A", "#73BF69"]


def test_times_are_in_the_dashboards_zone() -> None:
    """A moment is written on the zone's wall clock, or as long ago."""
    clock = Clock(NOW, ZoneInfo("America/New_York"))
    moment = Field("at", "time", [NOW], {}, clock)

    assert moment.show(NOW).text == "2024-01-13 07:00:00"
    since = Field("at", "time", [NOW], {"unit": "dateTimeFromNow"}, clock)
    assert since.show(NOW - timedelta(hours=2)).text == "2 hours ago"
    assert [ago(seconds) for seconds in (3, 3000, 90_000, -7200)] == [
        "a few seconds ago", "an hour ago", "a day ago", "in 2 hours",
    ]  # fmt: skip


def test_long_rows_become_lines_with_gaps() -> None:
    """A line for each name, by name; it has no value where only others have one."""
    found = series(PANEL, {"A": LONG}, CLOCK)

    assert found.times == [DAYS[0], DAYS[1], DAYS[3]]
    assert [(one.name, one.values) for one in found.fields] == [
        ("a", [0.1, 0.3, None]),
        ("b", [0.2, None, 0.8]),
    ]
    with pytest.raises(AskError, match="no column of times"):
        series(PANEL, {"A": Answer(["value"], [(1,)])}, CLOCK)


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
    answer = Answer(["time", "metric", "value"], [(DAYS[0], "a", 1), (DAYS[1], "a", 7)])
    more = Answer(["time", "metric", "value"], [(DAYS[2], "c", 1)])
    plot = timeline.draw(panel, {"A": answer, "B": more}, SPAN, CLOCK)

    assert plot is not None
    go.Figure(plot.traces, plot.layout)
    assert plot.traces[0]["z"] == [[0, 1, 1], [None, None, 0]]
    assert len(plot.traces[0]["x"]) == 4
    assert (plot.legend.entries[0].name, plot.legend.entries[0].color) == ("one", "#F2495C")


def test_queries_are_drawn_each_by_itself() -> None:
    """One's moments are no gaps of the other, a second unit has an axis, a lone point is seen."""
    answers = {
        "A": Answer(["time", "a"], [(DAYS[0], 1.0), (DAYS[2], 2.0)]),
        "B": Answer(["time", "b"], [(DAYS[1], 0.5), (DAYS[2], None), (DAYS[3], 0.7)]),
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
    assert words.harmless(url) == (url if kept else "about:blank")


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
    html = words.rows(panel, Answer(["model", "uid"], [("<b>one</b>", "one")]), CLOCK)

    assert '<a href="/d/one?x=1&amp;y=2" title="">&lt;b&gt;one&lt;/b&gt;</a>' in html
    assert html.count("<th") == 2  # thead and one head


@pytest.fixture
def reader(settings: Settings, connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """What Grafana may read, of a database with a year's monitors declared and nothing in it."""
    with connect(settings, Role.READER) as opened:
        yield opened


def drawings(model: Json) -> Iterator[tuple[Json, Json]]:
    """(panel, drawing) for each choice."""
    for section in model["sections"]:
        for panel in section["panels"]:
            for drawn in panel["drawn"]["by"].values():
                yield panel, drawn


COMMITTED = Built(artefacts(CommittedSettings()), {}).dashboards()


@pytest.mark.parametrize("dashboard", COMMITTED, ids=lambda one: one["uid"])
def test_every_dashboard_is_drawn_without_data(reader: psycopg.Connection, dashboard: Json) -> None:
    """Also before anything was collected: no query is refused, no panel is missing."""
    model = draw(dashboard, asker(reader), Asked(), NOW)

    found = list(drawings(model))
    assert [drawn["error"] for _, drawn in found if drawn.get("error")] == []
    panels = [one for one in dashboard["panels"] if one["type"] != "row"]
    assert len({panel["id"] for panel, _ in found}) == len(panels)


@pytest.fixture
def collected(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> tuple[Settings, list[Json]]:
    """A small monitor's twelve days, and its dashboards."""
    for n in range(1, REFERENCE_DAYS + 9):
        day = date(2024, 1, n)
        write_day(tmp_path / "log", day, rows(day, shift=2.0 if n > REFERENCE_DAYS + 4 else 0.0))
    monitor = small_monitor(str(tmp_path / "log"), ends="2024-01-12")
    runner = Runner(monitor, settings, connection)
    for n in range(1, REFERENCE_DAYS + 9):
        runner.run(window_of(monitor, date(2024, 1, n)))
    connection.commit()
    declared = tmp_path / "monitors"
    declared.mkdir()
    (declared / "small.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from conftest import small_monitor\n"
        f"MONITOR = small_monitor({str(tmp_path / 'log')!r}, ends='2024-01-12')\n"
    )
    mine = settings.model_copy(update={"monitors_dir": declared})
    return mine, Built(artefacts(mine), {}).dashboards()


def of_small(dashboards: list[Json]) -> Json:
    """The monitor's own dashboard."""
    return next(one for one in dashboards if one["uid"] == "driftdeck-small")


def test_a_collected_dashboard_is_drawn_for_every_choice(
    collected: tuple[Settings, list[Json]],
) -> None:
    """Every figure is Plotly's, and each value of the variable has drawings of its own."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        ask = asker(reader)
        for dashboard in dashboards:
            for _, drawn in drawings(draw(dashboard, ask, Asked(), NOW)):
                if "traces" in drawn:
                    go.Figure(drawn["traces"], drawn["layout"])
        model = draw(of_small(dashboards), ask, Asked(), NOW)
        one = draw(of_small(dashboards), ask, Asked(values={"column": ("x",)}, every=False), NOW)
    titles = [drawn["title"] for _, drawn in drawings(model)]

    [variable] = model["variables"]
    [options] = variable["options"]["by"].values()
    columns = [option["value"] for option in options]
    assert {"x", "c"} <= set(columns)
    for column_name in columns:
        assert f"{column_name}: drift and its levels" in titles
    assert [t for t in titles if t.startswith("Recall") or "Log loss" in t]
    drawn_kinds = {panel["kind"] for panel, drawn in drawings(model) if drawn.get("traces")}
    assert drawn_kinds == {"timeseries", "state-timeline", "barchart"}
    assert sum("drift and its levels" in drawn["title"] for _, drawn in drawings(one)) == 1


def test_a_range_of_the_past_shows_its_own_reference(
    collected: tuple[Settings, list[Json]], connection: psycopg.Connection
) -> None:
    """Windows before a retraining are compared with the reference that they had."""
    settings, dashboards = collected
    connection.execute(
        "update monitoring.window_status set reference_hash = 'newer'"
        " where window_start >= '2024-01-10'"
    )
    connection.commit()
    asked = Asked(start="2024-01-05", end="2024-01-09", every=False)
    with connect(settings, Role.READER) as reader:
        model = draw(of_small(dashboards), asker(reader), asked, NOW)

    [shown] = [one for _, one in drawings(model) if "current against reference" in one["title"]]
    assert shown.get("traces")


def test_a_refused_query_is_an_error_of_its_panel(reader: psycopg.Connection) -> None:
    """The others are drawn; what cannot be asked, or is of no known kind, says so."""
    board = {
        "uid": "u",
        "title": "T",
        "panels": [
            {**PANEL, "targets": [{"refId": "A", "rawSql": "select nothing from nowhere"}]},
            {**PANEL, "id": 8, "targets": [{"refId": "A", "rawSql": "select $__other()"}]},
            {**PANEL, "id": 9, "type": "geomap"},
            {
                **PANEL,
                "id": 10,
                "targets": [{"refId": "A", "datasource": {"type": "prometheus"}, "expr": "up"}],
            },
            {**PANEL, "id": 11, "targets": [{"refId": "A", "rawSql": "select now() as time, 1"}]},
        ],
    }
    found = [drawn for _, drawn in drawings(draw(board, asker(reader), Asked(), NOW))]

    assert 'relation "nowhere" does not exist' in found[0]["error"]
    assert 'unknown macro "__other"' in found[1]["error"]
    assert "kind geomap is not drawn" in found[2]["html"]
    assert "It asks prometheus." in found[3]["html"]
    assert found[4]["traces"]


def test_one_of_several_values_is_quoted(reader: psycopg.Connection) -> None:
    """As Grafana does where a variable could have more; a chained one follows the first."""
    board = {
        "uid": "u",
        "title": "T",
        "templating": {"list": [
            {"name": "first", "type": "custom", "query": "a,b", "current": {"value": "b"}},
            {"name": "some", "type": "query", "multi": True, "includeAll": True,
             "query": "select '$first' || n::text from generate_series(1, 2) n",
             "current": {"value": ["b2"]}},
        ]},
        "panels": [{**PANEL, "type": "table", "options": {}, "targets": [
            {"refId": "A", "rawSql": "select x from (values ('b2')) v (x) where x in ($some)"}
        ]}],
    }  # fmt: skip
    one = draw(board, asker(reader), Asked(every=False), NOW)
    every = draw(board, asker(reader), Asked(), NOW)

    assert one["chosen"] == {"first": "b", "some": ("b2",)}
    assert [drawn.get("error") for _, drawn in drawings(one)] == [None]
    keys = every["sections"][0]["panels"][0]["drawn"]["by"]
    assert {'["b2"]', '["a1","a2"]'} <= {
        json.dumps(json.loads(k)[0], separators=(",", ":")) for k in keys
    }
    assert not any(drawn.get("error") for drawn in keys.values())


def test_what_is_no_number_is_a_gap(reader: psycopg.Connection) -> None:
    """JSON has no word for NaN; the page must hold."""
    sql = "select now() - n * interval '1 day' as time, v from unnest(array[1, 'NaN', 2]::float[])"
    target = {"refId": "A", "rawSql": sql + " with ordinality as u (v, n)"}
    board = {"uid": "u", "title": "T", "panels": [{**PANEL, "targets": [target]}]}
    model = draw(board, asker(reader), Asked(start="now-9d"), NOW)

    [(_, drawn)] = drawings(model)
    assert sorted(drawn["traces"][0]["y"], key=str) == [1.0, 2.0, None]
    json.dumps(model, allow_nan=False)


def test_a_slow_query_is_an_error_of_its_panel(reader: psycopg.Connection) -> None:
    """The database is there all the same."""
    reader.execute("set statement_timeout = '50ms'")
    reader.commit()
    slow = {**PANEL, "targets": [{"refId": "A", "rawSql": "select pg_sleep(5)"}]}
    quick = {**PANEL, "id": 8, "targets": [{"refId": "A", "rawSql": "select now() as time, 1"}]}
    board = {"uid": "u", "title": "T", "panels": [slow, quick]}
    found = [drawn for _, drawn in drawings(draw(board, asker(reader), Asked(), NOW))]

    assert "statement timeout" in found[0]["error"]
    assert found[1]["traces"]


def test_pages_need_nothing_but_themselves(
    collected: tuple[Settings, list[Json]], tmp_path: Path
) -> None:
    """One file holds script, style and data; nothing is loaded from anywhere."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        index = pages.write_pages(reader, dashboards, tmp_path / "out")

    assert "driftdeck-small.html" in index.read_text()
    text = (tmp_path / "out" / "driftdeck-small.html").read_text()
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?!data:)", outside) == []
    held = json.loads(re.search(r'id="page">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert held["dashboards"][0]["model"]["uid"] == "driftdeck-small"
    assert "Preview" in text


def test_a_comparison_marks_the_panels_that_differ(
    reader: psycopg.Connection, tmp_path: Path
) -> None:
    """Only dashboards that differ have a page; one that only moved is not marked."""
    files = artefacts(CommittedSettings())
    name = "dashboards/overview.json"
    board = json.loads(files[name])
    first, second = board["panels"][:2]
    first["title"] = "Renamed"
    second["gridPos"] = {**second["gridPos"], "y": 99}
    board["panels"].append({**first, "id": 99, "title": "Added"})
    after = {**files, name: json.dumps(board)}
    index, count = pages.write_comparison(reader, files, after, "main", tmp_path)

    assert (count, sorted(path.name for path in tmp_path.iterdir())) == (
        1,
        ["driftdeck-overview.html", "index.html"],
    )
    text = (tmp_path / "driftdeck-overview.html").read_text()
    held = json.loads(re.search(r'id="page">(.*?)</script>', text, re.DOTALL)[1])  # type: ignore[index]
    assert [sorted(side["touched"]) for side in held["dashboards"]] == [[99, first["id"]]] * 2
    assert "Before (main)" in text
    _, none = pages.write_comparison(reader, files, files, "main", tmp_path)
    assert none == 0
    assert "No dashboard differs from main" in index.read_text()


class Fixed:
    """A source that gives what it was given."""

    def __init__(self, build: Build) -> None:
        self.build = build

    def newest(self) -> Build:
        """What it was given."""
        return self.build


def test_the_server_draws_what_the_address_asks_for(
    collected: tuple[Settings, list[Json]],
) -> None:
    """from, to, var-NAME and refresh, as in Grafana; what cannot be drawn says why."""
    settings, dashboards = collected
    source = Fixed(Build(3, {one["uid"]: one for one in dashboards}, "line 3 is wrong"))
    app = serve.app(settings, source, lambda: connect(settings, Role.READER))  # type: ignore[arg-type]
    path = "/api/preview/dashboards/driftdeck-small"
    with TestClient(app) as client:
        home = client.get("/", follow_redirects=False)
        page = client.get("/d/driftdeck-small/small?var-column=c").text
        said = client.get(f"{path}?var-column=c&from=2024-01-02&to=1704844800000&refresh=5s").json()
        wrong = client.get(f"{path}?from=now&to=now-1d")
        unknown = client.get("/d/nothing")
        state = client.get("/api/preview/source").json()

    assert home.headers["location"] == "/d/driftdeck-overview"
    assert "line 3 is wrong" in page
    assert '"chosen":{"column":"c"}' in page
    assert said["model"]["time"]["text"] == "2024-01-02 00:00:00 to 2024-01-10 00:00:00"
    assert (said["model"]["refresh"], said["version"]) == ("5s", 3)
    assert "c: drift and its levels" in [one["title"] for _, one in drawings(said["model"])]
    assert (wrong.status_code, "ends before it begins" in wrong.text) == (400, True)
    assert (unknown.status_code, "line 3 is wrong" in unknown.text) == (404, True)
    assert state == {"version": 3, "problem": "line 3 is wrong"}


def test_a_database_that_is_away_is_said(settings: Settings) -> None:
    """The page says so, and goes on when it is back."""

    def away() -> psycopg.Connection:
        raise psycopg.OperationalError("connection refused")

    source = Fixed(Build(1, {"u": COMMITTED[0]}))
    with TestClient(serve.app(settings, source, away)) as client:  # type: ignore[arg-type]
        answer = client.get("/d/u")
    assert answer.status_code == 503
    assert "connection refused" in answer.text
    assert "make up" in answer.text


def test_the_source_is_built_again_when_it_changes(
    collected: tuple[Settings, list[Json]], tmp_path: Path
) -> None:
    """By a fresh process; what is half written is told, and the last good build stays."""
    settings, _ = collected
    declared = settings.monitors_dir / "small.py"
    good = declared.read_text()
    source = Source(settings, tmp_path / "built")
    first = source.newest()

    assert (first.version, first.problem) == (1, "")
    assert source.newest() is first
    declared.write_text(good + "MONITOR = MONITOR.title.nonsense\n")
    broken = source.newest()
    assert broken.version == 1
    assert broken.dashboards == first.dashboards
    assert "nonsense" in broken.problem
    declared.write_text(good.replace("ends=", "title='Renamed', ends="))
    mended = source.newest()
    assert (mended.version, mended.problem) == (2, "")
    assert mended.dashboards["driftdeck-small"]["title"] == "Renamed"


@pytest.fixture
def browser() -> Iterator[Page]:
    """A page of the Chromium that is installed; what goes wrong in it fails the test."""
    program = browser_program()
    if not program:
        pytest.skip("no Chromium here")
    wrong: list[str] = []
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=FLAGS)
        page = opened.new_page(viewport={"width": 1500, "height": 2400})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        yield page
        opened.close()
    assert wrong == []


def titles(page: Page) -> list[str]:
    """Of the panels that a browser shows."""
    return page.locator(".panel .title").all_inner_texts()


def test_a_browser_chooses_in_a_file(
    collected: tuple[Settings, list[Json]], tmp_path: Path, browser: Page
) -> None:
    """Drop-downs, addresses, legends and annotations work without a server."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        pages.write_pages(reader, dashboards, tmp_path)
    address = f"file://{tmp_path}/driftdeck-small.html"
    browser.goto(address)
    browser.wait_for_selector(".plot .scatterlayer path")

    assert "c: drift and its levels" not in titles(browser)
    browser.locator(".label + select").select_option("c")
    assert "c: drift and its levels" in titles(browser)
    assert browser.url.endswith("?var-column=c")
    browser.reload()
    assert "c: drift and its levels" in titles(browser)
    browser.goto(f"file://{tmp_path}/driftdeck-overview.html")
    browser.locator("td a", has_text="Small").first.click()
    browser.wait_for_selector(".plot .scatterlayer path")
    assert browser.url.startswith(address)


def test_a_browser_sees_the_source_change(
    collected: tuple[Settings, list[Json]], tmp_path: Path, browser: Page
) -> None:
    """The inner loop: a changed title, a mistake, its mend, each without a reload by hand."""
    settings, _ = collected
    source = Source(settings, tmp_path / "built")
    app = serve.app(settings, source, lambda: connect(settings, Role.READER))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    declared = settings.monitors_dir / "small.py"
    good = declared.read_text()
    try:
        wait_for(lambda: port_taken(port))
        browser.goto(f"http://127.0.0.1:{port}/d/driftdeck-small?from=2024-01-01&to=2024-01-13")
        heading = browser.locator("h1")
        expect(heading).to_have_text("Small model")
        declared.write_text(good.replace("ends=", "title='Renamed', ends="))
        expect(heading).to_have_text("Renamed", timeout=20_000)
        declared.write_text("nonsense")
        banner = browser.locator(".banner")
        expect(banner).to_contain_text("NameError", timeout=20_000)
        expect(heading).to_have_text("Renamed")
        declared.write_text(good)
        expect(heading).to_have_text("Small model", timeout=20_000)
        expect(banner).to_be_empty()
        browser.locator(".label + select").select_option("c")
        browser.wait_for_url("**var-column=c")
        expect(browser.locator(".panel .title", has_text="c: drift and its levels")).to_be_visible()
    finally:
        browser.goto("about:blank")  # or it would miss the server
        server.should_exit = True
        thread.join(timeout=20)


def wait_for(true: Callable[[], bool]) -> None:
    """Until it is true, for ten seconds."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
