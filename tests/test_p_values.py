"""A monitor whose drift is told by p-values: low is bad, wherever drift is shown."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from conftest import REFERENCE_DAYS, house
from driftdeck.collectors.reports.explore import Explorer
from driftdeck.dashboards import overview_sql
from driftdeck.database import Role, connect
from driftdeck.firing import breached_query
from driftdeck.generator.artefacts import artefacts
from driftdeck.load import load
from driftdeck.preview.draw import DashboardRequest, draw
from driftdeck.preview.frames import make_query_runner
from driftdeck.settings import Settings
from driftdeck.verify.provisioning import Provisioning
from own_previews import NOW, Json, drawings, of_small

P_VALUES = "number=d.KS, category=d.CHI_SQUARE, warn=0.01, alert=0.001"
DECLARED = (
    f"metrics=(d.drift({P_VALUES}), d.prediction_drift({P_VALUES}), d.target_drift({P_VALUES}),"
    " d.row_count(warn=(200, 600), alert=(100, 800)))"
)
QUIET, DRIFTED = REFERENCE_DAYS + 4, 4
"""So many days are like the reference; so many after them are not, but for the column c."""


@pytest.fixture
def tested(settings: Settings, connection: psycopg.Connection, tmp_path: Path) -> Settings:
    """A folder with the small monitor, its drift by tests, its twelve days collected."""
    return house(settings, connection, tmp_path, DECLARED)


def lines(model: Json, title: str) -> dict[str, Sequence[float | None]]:
    """The lines of the one panel of that title: their values by name."""
    [found] = [drawn for _, drawn in drawings(model) if drawn["title"] == title]
    return {trace["name"]: trace["y"] for trace in found["traces"] if trace.get("mode") != "none"}


def drawn(settings: Settings, **values: Any) -> Json:
    """The monitor's dashboard with a choice of its variables."""
    dashboards = Provisioning(artefacts(settings), {}).dashboards()
    asked = DashboardRequest(
        values={name: (value,) for name, value in values.items()}, all_choices=False
    )
    with connect(settings, Role.READER) as reader:
        return draw(of_small(dashboards), make_query_runner(reader), asked, NOW)


def test_the_drift_panel_is_beyond_1_on_drifted_days(tested: Settings) -> None:
    """The column that moved runs to 2, where its p-value is 0; the other stays on the good side."""
    found = lines(
        drawn(tested, column="x"), "Drift of every column, in units of its alert threshold"
    )

    assert max(found["x"][:QUIET]) < 1
    assert found["x"][QUIET:] == pytest.approx([2] * DRIFTED, abs=1e-6)
    assert max(found["c"]) < 1


@pytest.mark.parametrize("column", ["x", "c", "p"])
def test_the_column_panel_has_the_levels_below(tested: Settings, column: str) -> None:
    """The p-values beside the two levels of their bad side, and no line of the other side."""
    found = lines(drawn(tested, column=column), f"{column}: drift and its thresholds")

    assert set(found) == {"drift", "warning", "alert"}
    assert [set(found[name]) for name in ("warning", "alert")] == [{0.01}, {0.001}]
    beyond = [value < 0.001 for value in found["drift"]]
    assert beyond == [False] * QUIET + [column != "c"] * DRIFTED


def test_levels_of_both_sides_are_drawn(tested: Settings, connection: psycopg.Connection) -> None:
    """Where somebody has set both, the lower two have names of their own, also after the fact."""
    connection.execute(
        "update monitoring.metric_value set warn_above = 0.7, alert_above = 0.8, alert_below = null"
        " where column_name = 'x' and metric = 'drift' and window_start >= '2024-01-09'"
    )
    connection.commit()
    found = lines(drawn(tested, column="x"), "x: drift and its thresholds")

    assert found["warning"] == [0.01] * QUIET + [0.7] * DRIFTED
    assert found["alert"] == [0.001] * QUIET + [0.8] * DRIFTED
    assert list(found["low warning"]) == [None] * QUIET + [0.01] * DRIFTED
    assert "low alert" not in found


def test_panels_say_which_side_is_bad(tested: Settings) -> None:
    """Nothing is divided, and no distance is spoken of."""
    titles = ("Drift of every column", "$column: drift", "Prediction drift", "Target drift")
    [board] = [of_small(Provisioning(artefacts(tested), {}).dashboards())]
    said = [p["description"] for p in board["panels"] if p["title"].startswith(titles)]

    assert len(said) == len(titles)
    for text in said:
        assert "p-value" in text
        assert "ivided" not in text
        assert "distance" not in text


def test_the_explanation_names_what_moved(tested: Settings, connection: psycopg.Connection) -> None:
    """The column, with its direction, on each drifted day; quiet days have none."""
    rows = connection.execute("select explanation from monitoring.collection order by window_start")
    said = [text for (text,) in rows]

    assert said[:QUIET] == [""] * QUIET
    assert all(text.startswith("x is higher: median ") for text in said[QUIET:])
    assert not any("c:" in text for text in said)


def test_exploring_puts_the_column_that_moved_first(tested: Settings) -> None:
    """In times its threshold, as in the panel; spans that are alike are all on the good side."""
    explorer = Explorer("small", tested)
    before = date(2024, 1, 1), date(2024, 1, 4)
    moved = explorer.between(before, (date(2024, 1, 9), date(2024, 1, 12)))
    alike = explorer.between(before, (date(2024, 1, 5), date(2024, 1, 8)))

    assert moved["x"] == moved.iloc[0] == pytest.approx(2, abs=1e-6)
    assert moved["c"] < 1
    assert set(alike.index) == set(moved.index) == {"x", "c", "p", "y"}
    assert alike.max() < 1


def test_exploring_without_levels_still_orders(tested: Settings) -> None:
    """Before a calibration what a p-value lacks of 1 is told, which is no breach."""
    declaration = tested.monitors_dir / "small.py"
    declaration.write_text(declaration.read_text().replace(", warn=0.01, alert=0.001", ""))
    load.cache_clear()
    between = Explorer("small", tested).between
    moved = between((date(2024, 1, 1), date(2024, 1, 4)), (date(2024, 1, 9), date(2024, 1, 12)))

    assert moved["x"] == pytest.approx(1, abs=1e-6)
    assert 0 <= moved["c"] < 1


def test_the_overview_shows_the_p_value_and_its_levels(tested: Settings) -> None:
    """The model is in alert; the series that moved stand first, below the level they crossed."""
    with connect(tested, Role.READER) as reader:
        [monitor] = load(*tested.monitor_folders)
        [model] = reader.execute(overview_sql.models([monitor], ["uid"]).encode()).fetchall()
        worst = reader.execute(overview_sql.worst_series([monitor], ["uid"]).encode()).fetchall()

    assert model[1:4] == (2, "drift x", pytest.approx(0, abs=1e-6))
    assert {row[2] for row in worst[:3]} == {"x", "p", "y"}
    assert [row[5:8] for row in worst[:3]] == [(0.01, 0.001, 2)] * 3
    assert all(row[4] < 0.001 for row in worst[:3])
    assert [row[7] for row in worst[3:]] == [0, 0]


def test_a_rule_fires_on_drifted_days_only(tested: Settings) -> None:
    """Its two queries ask of the side below."""
    [monitor] = load(*tested.monitor_folders)
    [drift, *_] = monitor.metrics
    with connect(tested, Role.READER) as reader:
        value, level = (
            dict(reader.execute(breached_query(monitor, drift, "below", name).encode()).fetchall())
            for name in ("value", "level")
        )

    assert value["x"] < level["x"] == 0.001
    assert value["c"] > level["c"]
