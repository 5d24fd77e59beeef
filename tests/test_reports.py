"""Reports: kept once a window, made of the very numbers that are stored, never in their way."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from evidently.ui.service.managers.projects import ProjectManager
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from litestar.testing import create_test_client

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines import evidently as report
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.jobs.runner import Outcome, Runner
from driftdeck.collectors.reports.workspace import Workspace, make_dashboard, make_snapshot
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.episodes import find_confirmed
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.database import Role, connect
from driftdeck.declare.methods import BreachSide
from driftdeck.firing import breached_query, confirm, find_onsets
from driftdeck.generator.artefacts import site
from driftdeck.settings import Settings
from driftdeck.stack import evidently as ui
from repository import SMALL

DAY = date(2024, 1, REFERENCE_DAYS + 1)


@pytest.fixture
def runner(settings: Settings, connection: psycopg.Connection, tmp_path: Path) -> Runner:
    """A runner of the small monitor with six days of data, and no report yet."""
    Workspace(settings.model_copy(update={"reports_keep_days": -1})).prune(small_monitor())
    for n in range(1, REFERENCE_DAYS + 3):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n)))
    return Runner(small_monitor(str(tmp_path / "log")), settings, connection)


def run(runner: Runner, day: date = DAY) -> Outcome:
    """Collect a day with its report."""
    return runner.run(find_window(runner.monitor, day), report=True)


def kept(settings: Settings) -> list[Any]:
    """Every report of the small monitor."""
    workspace = Workspace(settings)
    return workspace._list_reports(workspace._ensure_project(small_monitor()))


def paths(connection: psycopg.Connection) -> list[str]:
    """The addresses in the status rows, in order of the windows."""
    query = "select report_path from monitoring.window_status order by window_start"
    return [row[0] for row in connection.execute(query)]


def test_a_repeated_run_replaces_its_report(
    runner: Runner, settings: Settings, connection: psycopg.Connection
) -> None:
    """One report a window, however often it runs; the status row leads to the newest."""
    first, second = run(runner), run(runner)

    assert first.report != second.report
    [one] = kept(settings)
    assert second.report == f"{settings.evidently}{paths(connection)[0]}"
    assert one.name == f"Small model, {DAY}"
    assert second.report.endswith(f"/reports/{one.id}")
    assert one.timestamp == datetime(2024, 1, DAY.day)


def test_reports_are_kept_one_at_a_time(
    runner: Runner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two new reports name the same metrics, which Evidently's tables hold once."""
    alone: list[bool] = []
    add = ProjectManager.add_snapshot

    def spied(*arguments: Any) -> Any:
        with connect(settings, Role.EVIDENTLY) as other:
            query = "select pg_try_advisory_xact_lock(hashtext('driftdeck'))"
            row = other.execute(query).fetchone()
            alone.append(row is not None and not row[0])
        return add(*arguments)

    monkeypatch.setattr(ProjectManager, "add_snapshot", spied)
    run(runner)

    assert alone == [True]


def test_the_report_holds_the_stored_numbers(runner: Runner, settings: Settings) -> None:
    """Each value of a window is a result of its report, to the last digit."""
    reader = Reader(runner.monitor, settings)
    reference = load_reference(reader, runner.monitor, list_reference_days(runner.monitor, None))
    window = find_window(runner.monitor, DAY)
    collected = collect(runner.monitor, window, reader, lambda _: reference, datetime.now(UTC))
    results = make_snapshot(runner.monitor, collected).metric_results.values()
    numbers = set()
    for one in results:
        for name in ("value", "share", "mean"):
            value = getattr(one, name, None)
            numbers.add(float(getattr(value, "value", value)) if value is not None else None)

    assert collected.values
    for value in collected.values:
        assert value.outcome.value in numbers, value.series.key


def test_a_report_that_cannot_be_kept_loses_nothing(
    runner: Runner, settings: Settings, connection: psycopg.Connection
) -> None:
    """Without the workspace's database the numbers are stored, and the reason is said."""
    runner.settings = settings.model_copy(update={"evidently_password": "wrong"})
    outcome = run(runner)

    assert outcome.status == "ok"
    assert outcome.report.startswith("no report is kept: ")
    assert "password authentication failed" in outcome.report
    assert paths(connection) == [""]
    [(count,)] = connection.execute("select count(*) from monitoring.metric_value").fetchall()
    assert count == len(list(runner.monitor.series()))


def test_old_reports_go(runner: Runner, settings: Settings, connection: psycopg.Connection) -> None:
    """By number the oldest windows' go first, by age all; no row leads to one that is gone."""
    days = [date(2024, 1, n) for n in (4, 5, 6)]
    runner.settings = settings.model_copy(update={"reports_keep": 2})
    for day in days:
        run(runner, day)
    assert [bool(path) for path in paths(connection)] == [False, True, True]
    assert len(kept(settings)) == 2

    gone = Workspace(settings.model_copy(update={"reports_keep_days": -1})).prune(runner.monitor)
    assert len(gone) == 2
    assert kept(settings) == []


def test_other_rows_make_a_report_stale(
    runner: Runner, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """A window collected again from other rows leads to no report of the old ones."""
    run(runner)
    runner.run(find_window(runner.monitor, DAY))
    assert paths(connection)[0]
    write_day(tmp_path / "log", DAY, rows(DAY, shift=1.0))
    runner.run(find_window(runner.monitor, DAY))

    assert paths(connection) == [""]


def test_grafana_links_lead_to_reports(
    runner: Runner, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moment leads to the report of its window, "newest" to the newest, others say the mend."""
    url = run(runner).report.removeprefix(settings.evidently)
    watching = settings.model_copy(update={"root": SMALL, "monitors": ("monitors",)})
    monkeypatch.setattr(ui, "load_settings", lambda: watching)
    noon = int(datetime(2024, 1, DAY.day, 12, tzinfo=UTC).timestamp() * 1000)
    with create_test_client([ui.window]) as client:
        built = site(settings).report("small", str(noon)).removeprefix(settings.evidently)
        found = client.get(built, follow_redirects=False)
        newest = client.get("/window/small/newest", follow_redirects=False)
        none = client.get(f"/window/loans/{noon}")
        unknown = client.get(f"/window/nobody/{noon}")

    assert [found.headers["location"], newest.headers["location"]] == [url, url]
    assert none.status_code == unknown.status_code == 404
    assert "driftdeck report loans --window 2024-01-05" in none.text
    assert "no monitor nobody" in unknown.text


def test_the_project_has_a_dashboard() -> None:
    """Evidently's own dashboard shows drift of every column and each performance metric."""
    monitor = small_monitor()
    model = make_dashboard(monitor)

    assert [panel.title for panel in model.panels][:3] == [
        "Drift",
        "Prediction drift",
        "Target drift",
    ]
    assert {"Accuracy", "Log loss"} <= {panel.title for panel in model.panels}
    assert make_dashboard(monitor) == model


LEVEL = st.floats(0.1, 100)
VALUE = st.floats(-200, 200) | st.sampled_from([1.0, 2.0, 3.0])


@given(value=VALUE, low=LEVEL, high=LEVEL, on=st.sampled_from(["nothing", "low", "high"]))
@effort(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_test_breach_and_rule_agree(
    value: float, low: float, high: float, on: str, connection: psycopg.Connection
) -> None:
    """Evidently's test, the view's flag, our judgement and Grafana's rule say the same of a value.

    Also of a value that lies on a level: that is no breach.
    """
    levels = d.Thresholds(alert_below=-low, alert_above=high)
    value = {"low": -low, "high": high}.get(on, value)
    monitor = _of_one_number(levels)
    [(_, statuses)] = [_measured(monitor, value)]
    connection.execute("truncate monitoring.metric_value")
    window = monitor.every.window(date(2024, 1, 1))
    connection.execute(
        "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
        " column_name, value, unit, row_count, alert_below, alert_above)"
        " values ('one', %s, %s, 'prediction_mean', 'x', %s, 'number', 1, %s, %s)",
        [window.start, window.end, value, levels.alert_below, levels.alert_above],
    )
    [(breached,)] = connection.execute("select breached from monitoring.metric").fetchall()

    assert ("FAIL" in statuses) == breached == (levels.judge(value) == 2)
    assert breached == (
        _fires(connection, monitor, "above") or _fires(connection, monitor, "below")
    )


def _of_one_number(levels: d.Thresholds) -> d.Monitor:
    metric = d.prediction_mean(
        warn=None,
        alert=(levels.alert_below, levels.alert_above),
        firing=d.Firing(1, 1),
    )
    assert metric.breach_side is BreachSide.BOTH
    return d.Monitor(
        name="one", title="One", description="One number.", owner="tests",
        source=d.Table("one", time="t"), columns=(d.number("y"),), prediction=d.number("x"),
        metrics=(metric,), never_late="a test",
    )  # fmt: skip


def _measured(monitor: d.Monitor, value: float) -> tuple[float | None, set[str]]:
    """Evidently's number, and the statuses of its tests."""
    import pandas as pd

    current = CoercedRows(monitor, pd.DataFrame({"x": [value], "y": [0.0]}))
    [series] = monitor.series()
    [measured], runs = report.measure(monitor, current, None, {series: series.thresholds})
    return measured.value, {str(t.status.value) for one in runs for t in one.tests_results}


def _fires(connection: psycopg.Connection, monitor: d.Monitor, side: str) -> bool:
    """Whether Grafana's condition holds for the rule's two queries."""
    (metric,) = monitor.metrics
    pair = [
        connection.execute(breached_query(monitor, metric, side, name).encode()).fetchall()
        for name in ("value", "level")
    ]
    if not pair[0]:
        return False
    value, level = pair[0][0][1], pair[1][0][1]
    return bool(value > level if side == "above" else value < level)


def test_breaches_are_confirmed_once() -> None:
    """The first window of each span in which an alert stands."""
    stands = confirm(d.Firing(2, 3), [True, True, False, True, False, False, True, True])

    assert stands == [False, True, True, True, False, False, False, True]
    assert find_onsets(stands) == [False, True, False, False, False, False, False, True]


def test_confirmed_breaches_are_read_from_the_store(
    runner: Runner, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Drifted days confirm a breach on the day on which the third of five is in."""
    for n in range(7, 11):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n), shift=2.0))
    for n in range(5, 11):
        runner.run(find_window(runner.monitor, date(2024, 1, n)))

    assert {start.date() for start in find_confirmed(connection, runner.monitor)} == {
        date(2024, 1, 9)
    }
