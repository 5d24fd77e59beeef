"""What must not grow, counted in operations: seconds are for benchmarks/."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
import sqlglot

from benchmarks import many
from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.drift_index import Index
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.dashboards import overview_sql
from driftdeck.firing import breached_query
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.gate import own
from driftdeck.load import load
from driftdeck.preflight.sql import queries
from driftdeck.preflight.sql import shape as statements
from driftdeck.settings import IsolatedSettings


def monitor(columns: int) -> d.Monitor:
    """As many numbers as categories."""
    return small_monitor(
        columns=tuple(
            d.number(f"n{n}") if n % 2 else d.category(f"n{n}") for n in range(columns)
        ),
        prediction=None, target=None, model_version="",
        metrics=(d.drift(warn=0.1, alert=0.2),),
    )  # fmt: skip


def rows(count: int, columns: int) -> pd.DataFrame:
    """Random numbers and words."""
    random = np.random.default_rng(count)
    return pd.DataFrame(
        {
            f"n{n}": random.normal(size=count) if n % 2 else random.choice(list("abc"), count)
            for n in range(columns)
        }
    )


def measuring(columns: int, reference: int) -> Callable[[], object]:
    """Measuring one window of 200 rows against an index that is there already."""
    one = monitor(columns)
    base, window = CoercedRows(one, rows(reference, columns)), rows(200, columns)

    def act() -> object:
        return Index(one, CoercedRows(one, window), base).measure(one.series())

    act()
    return act


def calls(act: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def count_one(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_one)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


def test_a_window_costs_the_same_against_any_reference() -> None:
    """A hundred times the reference, not one call more; twice the columns, twice the calls."""
    small, large = calls(measuring(8, 500)), calls(measuring(8, 50_000))
    twice = calls(measuring(16, 500))

    assert abs(large - small) <= 0.02 * small
    assert twice <= 2.1 * small


def test_nothing_of_the_reference_is_sorted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window's measurement sorts the window, and searches for no more than its values."""
    act = measuring(8, 50_000)
    sizes: list[int] = []
    sort = np.sort

    def counted(values: np.ndarray, *arguments: Any, **given: Any) -> np.ndarray:
        sizes.append(len(values))
        return sort(values, *arguments, **given)

    monkeypatch.setattr(np, "sort", counted)
    act()

    assert sizes == [200] * 4


def test_statements_that_are_asked_alike_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten more monitors cost the check no parsed statement, though each has forty of its own."""
    parsed = 0
    parse = sqlglot.parse

    def counted(*arguments: Any, **given: Any) -> object:
        nonlocal parsed
        parsed += 1
        return parse(*arguments, **given)

    monkeypatch.setattr(sqlglot, "parse", counted)
    counts = []
    for number in (2, 12):
        folder = tmp_path / str(number)
        many.declare(folder / "monitors", number, many.Kind(4))
        (folder / "provisioning").mkdir()
        settings = IsolatedSettings().model_copy(
            update={
                "monitors": (str(folder / "monitors"),),
                "provisioning_dir": folder / "provisioning",
            }
        )
        for name, text in artefacts(settings).items():
            path = settings.provisioning_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for judged in (statements.shape, queries._panel, queries._rule):
            judged.cache_clear()
        load.cache_clear()
        before = parsed
        assert own(settings)[0] == []
        counts.append(parsed - before)

    assert counts[0] == counts[1] > 0


def blocks(connection: psycopg.Connection, query: str) -> int:
    """How many pages a query touches, not counting its planning."""
    connection.execute("set local enable_seqscan = off")
    row = connection.execute(f"explain (analyze, buffers, format json) {query}").fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    connection.rollback()
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_rules_read_no_more_of_a_longer_history(connection: psycopg.Connection) -> None:
    """Five times the windows, the same pages: for a rule, and for the freshness of a monitor."""
    watched = small_monitor()
    drift = watched.metrics[0]
    fresh = f"SELECT * FROM {overview_sql.declared([watched], ['uid'])} {overview_sql.GOOD}"
    queries = [breached_query(watched, drift, "above", "value"), fresh]
    found = []
    for first, last in ((1, 400), (401, 2000)):
        connection.execute(
            "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
            " column_name, value, unit, alert_above, row_count) select 'small',"
            " timestamptz '2015-01-01 UTC' + n * interval '1 day',"
            " timestamptz '2015-01-02 UTC' + n * interval '1 day', m, c, 0.1, 'distance', 0.2, 100"
            " from generate_series(%s::int, %s::int) n, unnest(array['drift', 'missing_share']) m,"
            " unnest(array['x', 'c', 'p']) c",
            [first, last],
        )
        connection.execute(
            "insert into monitoring.window_status (monitor, window_start, window_end, status,"
            " seconds) select 'small', timestamptz '2015-01-01 UTC' + n * interval '1 day',"
            " timestamptz '2015-01-02 UTC' + n * interval '1 day', 'ok', 0.1"
            " from generate_series(%s::int, %s::int) n",
            [first, last],
        )
        connection.commit()
        connection.execute("analyze monitoring.metric_value, monitoring.window_status")
        connection.commit()
        found.append([blocks(connection, query) for query in queries])

    assert all(later <= 1.5 * before + 5 for before, later in zip(*found, strict=True)), found


def test_postgresql_knows_how_many_values_a_series_has(connection: psycopg.Connection) -> None:
    """Which metric, column and slice go together is known: each by itself would be a tenth."""
    connection.execute(
        "insert into monitoring.metric_value (monitor, window_start, window_end, metric,"
        " column_name, slice_column, slice_value, value, unit, row_count)"
        " select 'small', timestamptz '2015-01-01 UTC' + n * interval '1 day',"
        " timestamptz '2015-01-02 UTC' + n * interval '1 day', m, c, s, v, 0.1, 'share', 100"
        " from generate_series(1, 100) n, (select 'drift' m, 'x' || x c, '' s, '' v"
        " from generate_series(1, 40) x union all"
        " select 'recall', '', 'region', 'r' || r from generate_series(1, 20) r) series"
    )
    connection.execute("analyze monitoring.metric_value")
    row = connection.execute(
        "explain (format json) select * from monitoring.metric_value where monitor = 'small'"
        " and slice_column = 'region' and metric = 'recall' and column_name = ''"
    ).fetchone()

    assert row is not None
    assert 1500 < row[0][0]["Plan"]["Plan Rows"] < 2500
