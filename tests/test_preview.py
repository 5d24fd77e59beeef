"""Previews of dashboards, asked of a database: every choice, and what cannot be drawn."""

import json

import plotly.graph_objects as go
import psycopg
import pytest

from driftdeck.database import Role, connect
from driftdeck.generator.artefacts import artefacts
from driftdeck.preview.draw import DashboardRequest, draw
from driftdeck.preview.frames import make_query_runner
from driftdeck.settings import IsolatedSettings, Settings
from driftdeck.stack.steps import make_own_tables
from driftdeck.verify.provisioning import Provisioning
from own_previews import NOW, PANEL, Json, drawings, of_small
from repository import small_project

EVERY = [
    dashboard
    for project in (IsolatedSettings(), small_project())
    for dashboard in Provisioning(artefacts(project), {}).dashboards()
]


@pytest.fixture(scope="module")
def own_tables(settings: Settings) -> None:
    """Those that the examples here bring."""
    make_own_tables(settings)


@pytest.mark.usefixtures("own_tables")
@pytest.mark.parametrize("dashboard", EVERY, ids=lambda one: one["uid"])
def test_every_dashboard_is_drawn_without_data(reader: psycopg.Connection, dashboard: Json) -> None:
    """Also before anything was collected: no query is refused, no panel is missing."""
    model = draw(dashboard, make_query_runner(reader), DashboardRequest(), NOW)

    found = list(drawings(model))
    assert [drawn["error"] for _, drawn in found if drawn.get("error")] == []
    panels = [one for one in dashboard["panels"] if one["type"] != "row"]
    assert len({panel["id"] for panel, _ in found}) == len(panels)


def test_a_collected_dashboard_is_drawn_for_every_choice(
    collected: tuple[Settings, list[Json]],
) -> None:
    """Every figure is Plotly's, and each value of the variable has drawings of its own."""
    settings, dashboards = collected
    with connect(settings, Role.READER) as reader:
        ask = make_query_runner(reader)
        for dashboard in dashboards:
            for _, drawn in drawings(draw(dashboard, ask, DashboardRequest(), NOW)):
                if "traces" in drawn:
                    go.Figure(drawn["traces"], drawn["layout"])
        model = draw(of_small(dashboards), ask, DashboardRequest(), NOW)
        one = draw(
            of_small(dashboards),
            ask,
            DashboardRequest(values={"column": ("x",)}, all_choices=False),
            NOW,
        )
    titles = [drawn["title"] for _, drawn in drawings(model)]

    [variable] = model["variables"]
    [options] = variable["options"]["by"].values()
    columns = [option["value"] for option in options]
    assert {"x", "c"} <= set(columns)
    for column_name in columns:
        assert f"{column_name}: drift and its thresholds" in titles
    assert [t for t in titles if t.startswith("Recall") or "Log loss" in t]
    drawn_kinds = {panel["kind"] for panel, drawn in drawings(model) if drawn.get("traces")}
    assert drawn_kinds == {"timeseries", "state-timeline", "barchart"}
    assert sum("drift and its thresholds" in drawn["title"] for _, drawn in drawings(one)) == 1


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
    asked = DashboardRequest(start="2024-01-05", end="2024-01-09", all_choices=False)
    with connect(settings, Role.READER) as reader:
        model = draw(of_small(dashboards), make_query_runner(reader), asked, NOW)

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
    found = [
        drawn
        for _, drawn in drawings(draw(board, make_query_runner(reader), DashboardRequest(), NOW))
    ]

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
    one = draw(board, make_query_runner(reader), DashboardRequest(all_choices=False), NOW)
    every = draw(board, make_query_runner(reader), DashboardRequest(), NOW)

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
    model = draw(board, make_query_runner(reader), DashboardRequest(start="now-9d"), NOW)

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
    found = [
        drawn
        for _, drawn in drawings(draw(board, make_query_runner(reader), DashboardRequest(), NOW))
    ]

    assert "statement timeout" in found[0]["error"]
    assert found[1]["traces"]
