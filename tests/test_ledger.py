"""Nothing is left out without a word: what was read is what is used and what is left out."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.collect import collect
from driftdeck.dashboards_src.collectors import left_out
from driftdeck.settings import Settings

DAY = date(2024, 1, 5)
NOW = datetime(2024, 2, 1, tzinfo=UTC)
GOOD = [f"{DAY}T{n // 60:02}:{n % 60:02}:00Z" for n in range(600)]
TIMES = st.one_of(
    st.integers(0, 599).map(lambda n: GOOD[n]),
    st.integers(0, 599).map(lambda n: GOOD[n]),
    st.integers(0, 599).map(lambda n: GOOD[n]),
    st.just(""),
    st.sampled_from(["yesterday", "2024-13-01T00:00:00Z", "24:00"]),
    st.just(f"{DAY + timedelta(days=1)}T00:00:30Z"),
)
LABELS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(-2, 40), st.integers(0, 1)), max_size=40
)
LAYOUTS = ("folders", "dated", "undated")


def monitor(source: d.Source, truth: d.Source | None = None) -> d.Monitor:
    """One that needs nothing but rows, and perhaps labels."""
    return small_monitor(
        source=source, labels=truth, columns=(d.number("x"),), reference=None, model_version="",
        prediction=d.probability("p", cut=0.5), target="y",
        metrics=(d.missing(alert=0.5), d.row_count(alert=(0, 10_000))),
    )  # fmt: skip


def write(folder: Path, layout: str, frame: pd.DataFrame, on: str = "") -> d.Source:
    """A log of one day in CSV."""
    place = {"folders": folder / f"date={DAY}" / "part.csv", "dated": folder / f"{DAY}.csv"}
    path = place.get(layout, folder / "log.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return d.Csv(str(folder), time="at", on=on, layout=layout)


def run(found: d.Monitor, settings: Settings) -> WindowResult:
    """What the day amounts to."""
    window = found.every.window(DAY)
    reader = Reader(found, settings)
    return collect(found, window, reader, lambda _: None, NOW, backfill=True, report=False)


@tuned(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    times=st.lists(TIMES, max_size=60),
    known=LABELS,
    layouts=st.tuples(*[st.sampled_from(LAYOUTS)] * 2),
)
def test_read_is_used_and_left_out(
    times: list[str],
    known: list[tuple[int, int, int]],
    layouts: tuple[str, str],
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Over random logs, of rows and of labels; and nobody is counted whom the file has not."""
    folder = tmp_path_factory.mktemp("log")
    rows = pd.DataFrame({"at": times, "id": range(len(times)), "x": 1.0, "p": 0.4})
    moments = [
        (pd.Timestamp(DAY, tz="UTC") + timedelta(days=days)).isoformat() for _, days, _ in known
    ]
    truth = pd.DataFrame(
        {"id": [one for one, _, _ in known], "at": moments, "y": [y for _, _, y in known]}
    )
    source = write(folder / "rows", layouts[0], rows)
    labels = write(folder / "labels", layouts[1], truth, on="id")
    found = run(monitor(source, labels), settings)
    if found.status is Status.FAILED:
        return
    assert found.rows is not None
    assert found.rows.read == len(times)
    assert found.rows.used == found.row_count
    assert found.rows.left_out.total() == len(times) - (found.row_count or 0)
    good = sum(time in GOOD for time in times)
    assert found.row_count == good
    assert found.rows.count_by_reason().get("no time", 0) == times.count("")
    if good:
        assert found.labels is not None
        assert found.labels.read == len(known)
        assert found.labels.used == found.labelled_count
    share = (len(times) - good) / len(times) if times else 0
    if layouts[0] != "undated" and share > 0.01 and good:
        assert found.status is Status.PARTIAL
        assert f"of {len(times)} rows left out" in found.error


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_few_bad_times_are_said_and_many_stop_it(
    layout: str, settings: Settings, tmp_path: Path
) -> None:
    """Of 600 rows 5 are only counted, 60 are a warning, 400 are an error that names one."""
    rows = pd.DataFrame({"at": GOOD, "x": 1.0, "p": 0.4, "y": 0})
    outcomes = {}
    for bad in (5, 60, 400):
        frame = rows.assign(at=["soon"] * bad + GOOD[bad:])
        outcomes[bad] = run(monitor(write(tmp_path, layout, frame)), settings)

    assert outcomes[5].status is Status.OK
    assert outcomes[5].rows is not None
    assert outcomes[5].rows.count_by_reason() == {"a time that cannot be read": 5}
    assert outcomes[60].status is Status.PARTIAL
    said = "60 of 600 rows left out: 60 with a time that cannot be read, e.g. 'soon'"
    assert outcomes[60].error.endswith(f"by 'at': {said}")
    assert outcomes[400].status is Status.FAILED
    assert "'soon' (400 of 600) is not a time as ISO 8601 writes it" in outcomes[400].error


def test_a_straggler_does_not_cost_the_day(settings: Settings, tmp_path: Path) -> None:
    """Of a partition one row of the next day is left out and counted; a wrong zone is an error."""
    after = f"{DAY + timedelta(days=1)}T00:00:30Z"
    rows = pd.DataFrame({"at": [*GOOD[1:], after], "x": 1.0, "p": 0.4, "y": 0})
    found = run(monitor(write(tmp_path, "folders", rows)), settings)
    assert found.status is Status.OK
    assert found.rows is not None
    assert found.rows.count_by_reason() == {"outside the window": 1}

    shifted = rows.assign(at=[after] * 100 + GOOD[100:])
    found = run(monitor(write(tmp_path, "folders", shifted)), settings)
    assert found.status is Status.FAILED
    assert 'say Csv(..., timezone="...")' in found.error


def test_rows_of_a_table_without_a_time_are_told(
    settings: Settings, connection: psycopg.Connection
) -> None:
    """No window has them, so every window tells of them; infinity is no time."""
    connection.execute(
        "create schema outages;"
        " create table outages.log (at timestamptz, x float8, p float8, y int);"
        " grant usage on schema outages to collector; grant select on outages.log to collector;"
        f" insert into outages.log select '{DAY}'::timestamptz + n * interval '1 minute', 1, 0.4, 0"
        " from generate_series(0, 599) n;"
        " insert into outages.log select null, 1, 0.4, 0 from generate_series(1, 20);"
        " insert into outages.log values ('infinity', 1, 0.4, 0)"
    )
    connection.commit()
    found = run(monitor(d.Table("outages.log", time="at")), settings)
    assert found.rows is not None
    assert (found.rows.read, found.row_count) == (621, 600)
    assert found.rows.count_by_reason() == {"no time": 20, "a time that cannot be read": 1}
    assert found.status is Status.PARTIAL


def test_what_was_left_out_is_stored_and_shown(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """In the status row, in the view and in the table of the collectors' dashboard."""
    frame = pd.DataFrame({"at": ["", *GOOD[1:]], "x": 1.0, "p": 0.4, "y": 0})
    watched = monitor(write(tmp_path, "dated", frame))
    Runner(watched, settings, connection).run(watched.every.window(DAY))
    row: Any = connection.execute(
        "select rows_read, row_count, rows_left_out, left_out, left_out_why"
        " from monitoring.collection"
    ).fetchone()
    assert row == (600, 599, {"no time": 1}, 1, "1 rows: no time")
    shown = connection.execute(left_out([watched]).encode()).fetchall()
    assert [line[1:4] for line in shown] == [(str(DAY), 600, 599)]


def test_a_file_without_the_time_is_no_empty_day(settings: Settings, tmp_path: Path) -> None:
    """A wrong separator, no header or an error page is an error that names what the file has."""
    for text in ("at;x\n1;2\n", "<html><body>503</body></html>\n", '{"at": 1}\n'):
        (tmp_path / f"{DAY}.csv").write_text(text)
        source = d.Csv(str(tmp_path), time="at", layout="dated")
        with pytest.raises(SourceError, match=rf"{DAY}\.csv: no column 'at', the time of each row"):
            Reader(monitor(source), settings).read(monitor(source).every.window(DAY), NOW)
    (tmp_path / f"{DAY}.csv").write_text("")
    assert run(monitor(source), settings).status is Status.EMPTY
