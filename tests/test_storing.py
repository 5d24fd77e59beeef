"""Storing beside others, and what cannot be stored."""

import multiprocessing
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from conftest import small_monitor
from driftdeck.collectors.jobs import runner
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.jobs.store import store, store_report
from driftdeck.collectors.ledger import Ledger, Reason
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.database import connect
from driftdeck.declare import Monitor, Window
from driftdeck.settings import IsolatedSettings, Settings

DAYS = [date(2024, 1, day) for day in range(1, 6)]
PROCESSES, TIMES = 8, 25


def made(monitor: Monitor, window: Window) -> WindowResult:
    """A window that could not be read: a value with a reason for every series."""
    return collect(monitor, window, None, lambda _: None, datetime.now(UTC))  # type: ignore[arg-type]


def keep_storing(given: str, number: int, gate: object, answers: object) -> None:
    """Store the same windows again and again, in a turn of one's own; what was raised."""
    settings = IsolatedSettings.model_validate_json(given)
    monitor = small_monitor()
    windows = [
        replace(made(monitor, find_window(monitor, day)), status=Status.OK, model_version="1")
        for day in DAYS
    ]
    raised: list[str] = []
    with connect(settings) as connection:
        gate.wait()  # type: ignore[attr-defined]
        for turn in range(TIMES):
            try:
                some = windows[(number + turn) % 3 :]
                store(connection, some if number % 2 else some[::-1])
                store_report(connection, windows[turn % 5], f"/{turn}", [f"/{turn - 1}"])
            except psycopg.Error as error:
                connection.rollback()
                raised.append(type(error).__name__)
    answers.put(raised)  # type: ignore[attr-defined]


def test_eight_processes_store_the_same_windows(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """None meets another's row or lock; in the end it is as if one had stored them."""
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(PROCESSES), context.Queue()
    given = settings.model_dump_json()
    processes = [
        context.Process(target=keep_storing, args=(given, n, gate, answers))
        for n in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    raised = [name for _ in processes for name in answers.get(timeout=120)]
    for process in processes:
        process.join()

    assert raised == []
    series = len(list(small_monitor().series()))
    values = connection.execute("select count(*) from monitoring.metric_value").fetchone()
    assert values == (len(DAYS) * series,)


def test_all_of_a_window_is_collected_at_the_played_moment(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """The clock is asked once for all values; that of the status row is the same."""
    monitor, moment = small_monitor(), datetime(2024, 2, 3, 4, 5, tzinfo=UTC)
    connection.execute("insert into monitoring.clock (played_at) values (%s)", [moment])
    store(connection, [replace(made(monitor, find_window(monitor, DAYS[0])), status=Status.OK)])
    collected = connection.execute(
        "select collected_at from monitoring.metric_value"
        " union select collected_at from monitoring.window_status"
    ).fetchall()

    assert collected == [(moment,)]


def bad(monitor: Monitor, day: date) -> WindowResult:
    """A window with something that PostgreSQL refuses."""
    return replace(made(monitor, find_window(monitor, day)), status=Status.OK, row_count=-1)


def nul(monitor: Monitor, day: date) -> WindowResult:
    """A window with something that psycopg refuses."""
    return replace(made(monitor, find_window(monitor, day)), status=Status.OK, engine="\0")


@pytest.mark.parametrize("refused", [bad, nul])
def test_what_cannot_be_stored_is_a_failure_of_its_window(
    refused: object, settings: Settings, connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The database is there: the windows beside it are stored, and of this one the reason."""
    monitor = small_monitor()
    collected = {
        find_window(monitor, day): made(monitor, find_window(monitor, day)) for day in DAYS[:3]
    }
    collected = {window: replace(one, status=Status.OK) for window, one in collected.items()}
    collected[find_window(monitor, DAYS[1])] = refused(monitor, DAYS[1])  # type: ignore[operator]
    monkeypatch.setattr(runner, "collect", lambda _, window, *__, **___: collected[window])
    outcomes = Runner(monitor, settings, connection).run_batch(list(collected))

    assert [outcome.status for outcome in outcomes] == ["ok", "failed", "ok"]
    assert "cannot be stored" in outcomes[1].error
    assert "is the server running" not in outcomes[1].error
    stored = connection.execute(
        "select status, error from monitoring.window_status order by window_start"
    ).fetchall()
    assert [status for status, _ in stored] == ["ok", "failed", "ok"]
    assert stored[1][1] == outcomes[1].error


def test_an_outage_is_no_failure_of_a_window(
    settings: Settings, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is raised: the window is collected again when the database is back."""
    monitor = small_monitor()
    window = find_window(monitor, DAYS[0])
    own = connect(settings)
    mine = Runner(monitor, settings, own)
    monkeypatch.setattr(runner, "collect", lambda *_, **__: made(monitor, window))
    states = mine._describe_states
    monkeypatch.setattr(
        mine, "_describe_states", lambda windows, now: _gone(connection, own, states(windows, now))
    )
    with pytest.raises(psycopg.OperationalError):
        mine.run(window)
    own.close()


def _gone(connection: psycopg.Connection, own: psycopg.Connection, states: object) -> object:
    connection.execute("select pg_terminate_backend(%s)", [own.info.backend_pid])
    return states


def test_a_status_is_stored_as_it_is(settings: Settings, connection: psycopg.Connection) -> None:
    """To the last bit and sign, numbers of NumPy among them; what no database keeps is written
    out."""
    monitor = small_monitor()
    opens_at = datetime(2024, 2, 3, 4, 5, 6, 123456, tzinfo=ZoneInfo("Asia/Kathmandu"))
    result = replace(
        made(monitor, find_window(monitor, DAYS[0])),
        status=Status.OK,
        row_count=np.int64(5),
        labelled_count=np.int64(3),
        seconds=0.1 + 0.2,
        explanation='a "b" \\ {c} €\U0001f600 \ud800 \0 \n',
        versions={"pandas": '3 "x"'},
        opens_at=opens_at,
        rows=Ledger(10, Counter({Reason.NO_TIME: 2})),
    )
    store(connection, [result])
    row = connection.execute(
        "select row_count, labelled_count, seconds, explanation, versions, opens_at, rows_read,"
        " rows_left_out, labels_read, labels_left_out, error, worst_value"
        " from monitoring.window_status"
    ).fetchone()

    assert row == (
        5, 3, 0.1 + 0.2, 'a "b" \\ {c} €\U0001f600 \\ud800 \\x00 \n', {"pandas": '3 "x"'}, opens_at,
        10, {"no time": 2}, None, {}, result.error, None,
    )  # fmt: skip
