"""How long panels take at 36.5 million values: 100 monitors of 100 series over ten years of days.

python -m benchmarks.panels [--explain] fills a database of its own once, builds the dashboards of
those monitors, and asks the very queries that are in the JSON, as Grafana's reader would.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from benchmarks import many
from benchmarks.results import SCRATCH, record
from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded
from driftdeck.generator.artefacts import artefacts
from driftdeck.load import load
from driftdeck.preflight.sql.macros import expand
from driftdeck.settings import Settings
from driftdeck.verify.checks import current_value
from driftdeck.verify.database import run_query
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import Query, list_queries, list_variable_queries

PORT = 5499
MONITORS, COLUMNS, YEARS = 100, 45, 10
LAST = date(2026, 10, 31)
FIRST = LAST - timedelta(days=3650 - 1)
HISTOGRAM_DAYS = 400
ASKED = ("overview", "collectors", "bench-0000", "bench-0050", "bench-0099")
REPEATS = 15
SPANS = {"30 days": 30, "a year": 365}
TARGET_MS = {"30 days": 50.0, "a year": 250.0}


def main() -> None:
    """Fill, ask, say, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--explain", action="store_true", help="the plans of the slowest queries")
    parsed = parser.parse_args()
    settings = prepare()
    with connect(settings, Role.READER) as connection:
        results = {name: measure(settings, connection, days) for name, days in SPANS.items()}
        for name, queries in results.items():
            slowest = sorted(queries, key=lambda timing: -timing["p95_ms"])
            print(f"{name}: {len(queries)} queries; p95 of the slowest {slowest[0]['p95_ms']} ms")
            for timing in slowest[:5]:
                print(f"  {timing['p95_ms']:8.1f} ms  {timing['rows']:6} rows  {timing['place']}")
            if parsed.explain:
                for timing in slowest[:3]:
                    print(f"\n-- {timing['place']}\n{timing['sql']}\n")
                    for (line,) in connection.execute(
                        f"explain (analyze, buffers) {timing['sql']}"
                    ):
                        print(line)
        values = connection.execute("select count(*) from monitoring.metric_value").fetchone()
    summary = {
        name: {
            "queries": len(queries),
            "worst_p95_ms": max(timing["p95_ms"] for timing in queries),
            "median_ms": round(statistics.median(timing["median_ms"] for timing in queries), 2),
            "target_ms": TARGET_MS[name],
            "slowest": [
                {key: timing[key] for key in ("place", "rows", "median_ms", "p95_ms")}
                for timing in sorted(queries, key=lambda timing: -timing["p95_ms"])[:8]
            ],
        }
        for name, queries in results.items()
    }
    record("panels", {"values": values[0] if values else 0, **summary})


def prepare() -> Settings:
    """A database with the values, and the dashboards built beside it."""
    folder = SCRATCH / "panels"
    settings = Settings(postgres_port=PORT, postgres_host="127.0.0.1").model_copy(
        update={
            "monitors": (str(folder / "monitors"),),
            "provisioning_dir": folder / "provisioning",
        }
    )
    many.declare(settings.monitors_dir, MONITORS, COLUMNS)
    load.cache_clear()
    Embedded(folder / "postgres", PORT).start(
        settings.postgres_user, settings.postgres_password, settings.postgres_db
    )
    migrate(settings)
    with connect(settings, Role.ADMIN, autocommit=True) as connection:
        connection.execute("delete from monitoring.clock")
        connection.execute("insert into monitoring.clock (played_at) values (%s)", [_now()])
        if not connection.execute("select 1 from monitoring.window_status limit 1").fetchone():
            fill(settings, connection)
    return settings


def _now() -> datetime:
    return datetime.combine(LAST + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=8)


VALUES = """\
insert into monitoring.metric_value (monitor, window_start, window_end, metric, column_name,
  model_version, value, unit, method, warn_below, alert_below, warn_above, alert_above, row_count,
  label_coverage)
select m.name, d.day, d.day + interval '1 day', s.metric, s.column_name,
  'v' || extract(year from d.day), s.base + s.width * random(), s.unit, '',
  s.warn_below, s.alert_below, s.warn_above, s.alert_above, 1000, s.coverage
from generate_series(%s::timestamptz, %s::timestamptz, interval '1 day') as d(day)
cross join unnest(%s::text[]) as m(name)
cross join bench_series as s"""
SERIES = """\
create table if not exists bench_series as
select metric, column_name, base, width, unit, warn_below, alert_below, warn_above, alert_above,
  null::float8 as coverage
from (values ('drift', 0.02, 0.12, 'distance', null::float8, null::float8, 0.1, 0.13),
  ('missing_share', 0.0, 0.02, 'share', null, null, 0.015, 0.05)) as
  t(metric, base, width, unit, warn_below, alert_below, warn_above, alert_above),
  (select 'column_' || to_char(n, 'FM00') as column_name from generate_series(0, %s - 1) n) c
union all select * from (values
  ('prediction_drift', 'p', 0.02, 0.2, 'distance', null::float8, null::float8, 0.1, 0.2,
    null::float8),
  ('target_drift', 'y', 0.02, 0.2, 'distance', null, null, 0.1, 0.2, 1.0),
  ('row_count', '', 900, 200, 'count', 800, 500, 1200, 1500, null),
  ('accuracy', '', 0.7, 0.2, 'share', 0.72, 0.6, null, null, 1.0),
  ('precision', '', 0.7, 0.2, 'share', 0.72, 0.6, null, null, 1.0),
  ('recall', '', 0.7, 0.2, 'share', 0.72, 0.6, null, null, 1.0),
  ('roc_auc', '', 0.7, 0.2, 'share', 0.72, 0.6, null, null, 1.0),
  ('log_loss', '', 0.3, 0.2, 'log_loss', null, null, 0.45, 0.6, 1.0),
  ('prediction_mean', 'p', 0.2, 0.1, 'number', null, null, null, null, null),
  ('target_mean', 'y', 0.2, 0.1, 'number', null, null, null, null, 1.0)) as
  t(metric, column_name, base, width, unit, warn_below, alert_below, warn_above, alert_above, c)"""
STATUS = """\
insert into monitoring.window_status (monitor, window_start, window_end, status, row_count,
  labelled_count, model_version, engine, source_fingerprint, reference_hash, seconds, worst_level,
  worst_metric, worst_column, worst_value, explanation, collected_at)
select m.name, d.day, d.day + interval '1 day', 'ok', 1000, 1000,
  'v' || extract(year from d.day), 'index', 'x', 'r', 0.02, floor(random() * 3), 'drift',
  'column_07', 0.1, case when random() < 0.1 then 'column_07 is higher.' else '' end,
  d.day + interval '26 hours'
from generate_series(%s::timestamptz, %s::timestamptz, interval '1 day') as d(day)
cross join unnest(%s::text[]) as m(name)"""
HISTOGRAMS = """\
insert into monitoring.histogram
select m.name, d.day, d.day + interval '1 day', c.column_name, 'r',
  array(select floor(random() * 80)::int8 from generate_series(1, 18) g where d.day is not null)
from generate_series(%s::timestamptz, %s::timestamptz, interval '1 day') as d(day)
cross join unnest(%s::text[]) as m(name)
cross join (select column_name from bench_series where metric in ('drift', 'prediction_drift')) c"""


def fill(settings: Settings, connection: psycopg.Connection) -> None:
    """A day after the other, all monitors of a day together, as daily runs would write them."""
    names = [monitor.name for monitor in load(*settings.monitor_folders)]
    connection.execute(SERIES, [COLUMNS])
    connection.execute("alter table monitoring.metric_value drop constraint metric_value_pkey")
    began = time.perf_counter()

    def year(number: int) -> None:
        first = FIRST + timedelta(days=365 * number)
        span = [_start(first), _start(first + timedelta(days=364)), names]
        with connect(settings, Role.ADMIN) as own:
            own.execute(VALUES, span)
            own.execute(STATUS, span)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(year, range(YEARS)))
    connection.execute(
        "insert into monitoring.model_version select monitor, model_version, min(window_start),"
        " max(window_start) from monitoring.window_status group by 1, 2"
    )
    connection.execute(
        "insert into monitoring.reference_histogram select m, 'r', column_name,"
        " array(select 'bin ' || g from generate_series(1, 18) g),"
        " array(select 50::int8 from generate_series(1, 18))"
        " from unnest(%s::text[]) m, bench_series where metric in ('drift', 'prediction_drift')",
        [names],
    )
    first = LAST - timedelta(days=HISTOGRAM_DAYS - 1)
    connection.execute(HISTOGRAMS, [_start(first), _start(LAST), names])
    connection.execute(
        "alter table monitoring.metric_value add primary key (monitor, window_start, metric,"
        " column_name, slice_column, slice_value, baseline, model_version, window_end)"
    )
    connection.execute("vacuum analyze")
    print(f"filled in {time.perf_counter() - began:.0f} s")


def _start(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def measure(settings: Settings, connection: psycopg.Connection, days: int) -> list[dict[str, Any]]:
    """Each query of the asked dashboards over the newest days, warm. Times in milliseconds."""
    timings = []
    for question in iter_queries(settings, connection, days):
        first = run_query(connection, question)
        if first.error:
            raise RuntimeError(f"{question.place}: {first.error}")
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            run_query(connection, question)
            times.append(1000 * (time.perf_counter() - began))
        timings.append(
            {
                "place": question.place,
                "rows": first.rows,
                "median_ms": round(statistics.median(times), 2),
                "p95_ms": round(statistics.quantiles(times, n=20)[-1], 2),
                "sql": expand(question.sql, question.span),
            }
        )
    return timings


def iter_queries(settings: Settings, connection: psycopg.Connection, days: int) -> Iterator[Query]:
    """The questions of the dashboards, their variables replaced as the browser would."""
    built = Provisioning(artefacts(settings), {})
    now = _now()
    for dashboard in built.dashboards():
        if not dashboard["uid"].endswith(ASKED):
            continue
        dashboard["time"] = {"from": f"now-{days}d", "to": "now"}
        values: dict[str, str] = {}
        for question in list_variable_queries(dashboard, now):
            name = question.place.rpartition(" ")[2]
            values[name] = current_value(dashboard, name, run_query(connection, question))
            yield question
        for question in list_queries(dashboard, {}, now):
            yield question.with_values(values)
    for _, rule in built.rules():
        if rule["uid"].startswith(tuple(f"driftdeck-{name}" for name in ASKED)):
            for query in rule["data"]:
                if "rawSql" in query["model"]:
                    place = f"rule {rule['title']} / {query['refId']}"
                    sql = query["model"]["rawSql"]
                    yield Query(place, sql, "table", now - timedelta(days=days), now, "")


if __name__ == "__main__":
    main()
