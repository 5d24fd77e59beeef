"""Rows a second into the store: our binary copy against the executemany that one writes first.

python -m benchmarks.store stores the same windows of 100 series in turns, new ones each time.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks import many
from benchmarks.results import SCRATCH, format_summary, ratios, record, summary
from driftdeck.collectors.jobs.store import STATUS, VALUES, make_status_row, make_value_rows, store
from driftdeck.collectors.values import Measurement, Status, Value, WindowResult
from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded
from driftdeck.load import load
from driftdeck.settings import Settings

PORT = 5498
Put = Callable[[psycopg.Connection, Sequence[WindowResult]], None]
SERIES_COLUMNS, BATCHES, BATCH, ROUNDS = 45, 10, 15, 5


def main() -> None:
    """Measure, say, record."""
    folder = SCRATCH / "backfill"
    settings = Settings(postgres_port=PORT, postgres_host="127.0.0.1")
    many.declare(folder / "store-monitors", 1, many.Kind(SERIES_COLUMNS))
    [monitor] = load(folder / "store-monitors")
    Embedded(folder / "postgres", PORT).start(
        settings.postgres_user, settings.postgres_password, settings.postgres_db
    )
    migrate(settings)
    series = list(monitor.series())
    day = date(2001, 1, 1)

    def windows() -> list[list[WindowResult]]:
        nonlocal day
        batches = []
        for _ in range(BATCHES):
            batch = []
            for _ in range(BATCH):
                [window] = monitor.every.days(day, day)
                values = tuple(
                    Value(item, Measurement(0.1), 1000, item.thresholds) for item in series
                )
                batch.append(WindowResult("bench_store", window, Status.OK, values))
                day += timedelta(days=1)
            batches.append(batch)
        return batches

    rows = len(series) * BATCHES * BATCH
    copied, inserted = [], []
    with connect(settings, Role.ADMIN) as connection:
        connection.execute("delete from monitoring.metric_value where monitor = 'bench_store'")
        connection.execute("delete from monitoring.window_status where monitor = 'bench_store'")
        connection.commit()
        for _ in range(ROUNDS):
            copied.append(_timed(connection, windows(), store))
            inserted.append(_timed(connection, windows(), plain))
    results: dict[str, Any] = {
        "rows": rows,
        "copy_rows_a_second": summary([rows / seconds for seconds in copied]),
        "executemany_rows_a_second": summary([rows / seconds for seconds in inserted]),
        "executemany_times_the_copy": ratios(inserted, copied),
    }
    record("store", results)
    print(f"binary copy   {format_summary(results['copy_rows_a_second'])} rows a second")
    print(f"executemany   {format_summary(results['executemany_rows_a_second'])} rows a second")
    print(f"  ratio       {format_summary(results['executemany_times_the_copy'], 'x')}")


def plain(connection: psycopg.Connection, windows: Sequence[WindowResult]) -> None:
    """A transaction a window: the upsert of each value, and of the status row."""
    names, marks = ", ".join(VALUES), ", ".join(["%s"] * len(VALUES))
    statuses = ", ".join(["%s"] * len(STATUS))
    for window in windows:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(
                f"insert into monitoring.metric_value ({names}) values ({marks})"
                " on conflict (monitor, window_start, metric, column_name, slice_column,"
                " slice_value, baseline, model_version, window_end)"
                " do update set value = excluded.value, reason = excluded.reason",
                list(make_value_rows(window, datetime.now(UTC))),
            )
            cursor.execute(
                f"insert into monitoring.window_status ({', '.join(STATUS)}) values ({statuses})",
                [_as_json(cell) for cell in make_status_row(window)],
            )
        connection.commit()


def _as_json(cell: object) -> object:
    return Jsonb(cell) if isinstance(cell, dict) else cell


def _timed(connection: psycopg.Connection, batches: list[list[WindowResult]], put: Put) -> float:
    began = time.perf_counter()
    for batch in batches:
        put(connection, batch)
        connection.commit()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
