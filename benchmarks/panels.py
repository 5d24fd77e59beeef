"""How long panels take at 36.5 million values: ten years of days of 94 monitors, and six monitors
that have what is most: segments by the dozen, windows of hours, and both.

python -m benchmarks.panels [--explain] fills a database of its own once, builds the dashboards of
those monitors, and asks the very queries that are in the JSON, as Grafana's reader would.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from benchmarks import many
from benchmarks.results import SCRATCH, record
from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded
from driftdeck.facts.durations import round_interval
from driftdeck.garbage import pause_collection
from driftdeck.generator.artefacts import artefacts
from driftdeck.load import load
from driftdeck.preflight.sql.macros import Range, expand
from driftdeck.settings import Settings
from driftdeck.verify.checks import current_value
from driftdeck.verify.database import run_query
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import POINTS, Query, list_queries, list_variable_queries

PORT = 5499
YEARS = 10
LAST = date(2026, 10, 31)
FIRST = LAST - timedelta(days=3650 - 1)
HISTOGRAM_DAYS = 400
ASKED = ("overview", "collectors", "bench-0000", "bench-0094", "bench-0096", "bench-0099")
"""Dashboards: of both kinds of pages for all, and of a monitor of each larger sort."""
REPEATS = 15
SPANS = {"30 days": 30, "a year": 365}
COUNT = "select reltuples::bigint from pg_class where oid = 'monitoring.metric_value'::regclass"
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
        values = connection.execute(COUNT).fetchone()
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
    first = 0
    for sort in SORTS:
        first += len(many.declare(settings.monitors_dir, sort.count, sort.kind, first))
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


class AsDrawn(Query):
    """A query with the interval that the browser gives its panel."""

    @property
    def span(self) -> Range:
        length = (self.end - self.start).total_seconds()
        points = self.panel.get("maxDataPoints") or POINTS
        return Range(self.start, self.end, round_interval(length / points))


@dataclass(frozen=True)
class Sort:
    """So many monitors with one history. step: of their windows; years: of values. slices: by how
    many segments each; sliced: which metrics their segments have, empty for all."""

    count: int
    kind: many.Kind
    step: str = "1 day"
    years: int = YEARS
    slices: tuple[tuple[str, int], ...] = ()
    sliced: tuple[str, ...] = ()


PERFORMANCE = ("accuracy", "precision", "recall", "roc_auc", "log_loss", "row_count")
BY_THREE = """\
slices=(
        d.by("column_00", judged=("recall",)),
        d.by("column_03"),
        d.by("column_06"),
    )"""
HOURLY = "every=d.Hourly()"
HOURLY_BY_ONE = f"""\
{HOURLY},
    slices=(d.by("column_00", metrics={PERFORMANCE}, judged=("recall",)),)"""
SORTS = (
    Sort(32, many.Kind(45)),
    Sort(62, many.Kind(20)),
    Sort(2, many.Kind(20, BY_THREE), years=3,
         slices=(("column_00", 20), ("column_03", 20), ("column_06", 20))),
    Sort(3, many.Kind(20, HOURLY), "1 hour", 3),
    Sort(1, many.Kind(20, HOURLY_BY_ONE), "1 hour", 2,
         slices=(("column_00", 20),), sliced=PERFORMANCE),
)  # fmt: skip
TABLES = """\
create table bench_series (sort int, metric text, column_name text, slice_column text,
  slice_value text, base float8, width float8, unit text, warn_below float8, alert_below float8,
  warn_above float8, alert_above float8, coverage float8);
create table bench_monitor (name text, sort int, step interval, since timestamptz);
create index on bench_series (sort);"""
WHOLE = """\
insert into bench_series
select %(sort)s, metric, column_name, '', '', base, width, unit, warn_below, alert_below,
  warn_above, alert_above, null
from (values ('drift', 0.02, 0.12, 'distance', null::float8, null::float8, 0.1, 0.13),
  ('missing_share', 0.0, 0.02, 'share', null, null, 0.015, 0.05)) as
  t(metric, base, width, unit, warn_below, alert_below, warn_above, alert_above),
  (select 'column_' || to_char(n, 'FM00') as column_name
   from generate_series(0, %(columns)s - 1) n) c
union all select %(sort)s, metric, column_name, '', '', base, width, unit, warn_below, alert_below,
  warn_above, alert_above, c
from (values
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
SEGMENTS = """\
insert into bench_series
select sort, metric, column_name, %(slice)s, 'word ' || n, base, width, unit,
  case when metric = 'recall' and %(slice)s = 'column_00' then warn_below end,
  case when metric = 'recall' and %(slice)s = 'column_00' then alert_below end,
  null, null, coverage
from bench_series, generate_series(1, %(count)s) n
where sort = %(sort)s and slice_column = '' and column_name <> %(slice)s
  and (metric = any(%(sliced)s) or %(sliced)s = '{}')"""
WINDOWS = """\
from generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 day') as d(day)
cross join bench_monitor as m
cross join lateral generate_series(
  d.day, d.day + interval '1 day' - m.step, m.step) as w(start)"""
VALUES = f"""\
insert into monitoring.metric_value (monitor, window_start, window_end, metric, column_name,
  slice_column, slice_value, model_version, value, unit, method, warn_below, alert_below,
  warn_above, alert_above, row_count, label_coverage)
select m.name, w.start, w.start + m.step, s.metric, s.column_name, s.slice_column, s.slice_value,
  'v' || extract(year from w.start), s.base + s.width * random(), s.unit, '',
  s.warn_below, s.alert_below, s.warn_above, s.alert_above, 1000, s.coverage
{WINDOWS}
cross join lateral (select * from bench_series s where s.sort = m.sort offset 0) s
where d.day >= m.since"""
STATUS = f"""\
insert into monitoring.window_status (monitor, window_start, window_end, status, row_count,
  labelled_count, model_version, engine, source_fingerprint, reference_hash, seconds, worst_level,
  worst_metric, worst_column, worst_value, explanation, collected_at)
select m.name, w.start, w.start + m.step, 'ok', 1000, 1000,
  'v' || extract(year from w.start), 'index', 'x', 'r', 0.02, floor(random() * 3), 'drift',
  'column_07', 0.1, case when random() < 0.1 then 'column_07 is higher.' else '' end,
  d.day + interval '26 hours'
{WINDOWS}
where d.day >= m.since"""
HISTOGRAMS = f"""\
insert into monitoring.histogram
select m.name, w.start, w.start + m.step, s.column_name, 'r',
  array(select floor(random() * 80)::int8 from generate_series(1, 18) g where d.day is not null)
{WINDOWS}
join bench_series s on s.sort = m.sort and s.slice_column = ''
  and s.metric in ('drift', 'prediction_drift')
where d.day >= m.since"""
REFERENCES = """\
insert into monitoring.reference_histogram
select m.name, 'r', column_name, array(select 'bin ' || g from generate_series(1, 18) g),
  array(select 50::int8 from generate_series(1, 18))
from bench_monitor m join bench_series s on s.sort = m.sort and s.slice_column = ''
  and s.metric in ('drift', 'prediction_drift')"""
KEY, INDEXES = "metric_value_pkey", ("metric_value_whole", "metric_value_segment")


def fill(settings: Settings, connection: psycopg.Connection) -> None:
    """A day after the other, all monitors of a day together, as daily runs would write them."""
    began = time.perf_counter()
    connection.execute("drop table if exists bench_series, bench_monitor")
    connection.execute(TABLES)
    first = 0
    for number, sort in enumerate(SORTS):
        add_sort(connection, number, sort, first)
        first += sort.count
    connection.execute("analyze bench_series, bench_monitor")
    later = [
        connection.execute(
            "select pg_get_indexdef(%s::regclass)", [f"monitoring.{name}"]
        ).fetchone()
        for name in INDEXES
    ]
    for name in INDEXES:
        connection.execute(f"drop index monitoring.{name}")
    connection.execute(f"alter table monitoring.metric_value drop constraint {KEY}")

    def year(number: int) -> None:
        day = FIRST + timedelta(days=365 * number)
        span = {"first": _start(day), "last": _start(day + timedelta(days=364))}
        with connect(settings, Role.ADMIN) as own:
            own.execute("set jit = off")
            own.execute(VALUES, span)
            own.execute(STATUS, span)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(year, reversed(range(YEARS))))
    connection.execute(
        "insert into monitoring.model_version select monitor, model_version, min(window_start),"
        " max(window_start) from monitoring.window_status group by 1, 2"
    )
    connection.execute(REFERENCES)
    recent = LAST - timedelta(days=HISTOGRAM_DAYS - 1)
    connection.execute(HISTOGRAMS, {"first": _start(recent), "last": _start(LAST)})
    connection.execute("set maintenance_work_mem = '512MB'")
    connection.execute(
        "alter table monitoring.metric_value add primary key (monitor, window_start, metric,"
        " column_name, slice_column, slice_value, baseline, model_version, window_end)"
    )
    for definition in later:
        assert definition is not None
        connection.execute(definition[0])
    connection.execute("vacuum analyze")
    print(f"filled in {time.perf_counter() - began:.0f} s")


def add_sort(connection: psycopg.Connection, number: int, sort: Sort, first: int) -> None:
    """The monitors of a sort, and their series. first: the number of its first monitor."""
    connection.execute(WHOLE, {"sort": number, "columns": sort.kind.columns})
    for name, count in sort.slices:
        connection.execute(
            SEGMENTS, {"sort": number, "slice": name, "count": count, "sliced": list(sort.sliced)}
        )
    since = _start(LAST - timedelta(days=365 * sort.years - 1))
    for n in range(first, first + sort.count):
        connection.execute(
            "insert into bench_monitor values (%s, %s, %s::interval, %s)",
            [f"bench_{n:04}", number, sort.step, since],
        )


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
        with pause_collection():  # a search through a hundred dashboards is no part of an answer
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
            drawn = question.with_values(values)
            yield AsDrawn(**{field.name: getattr(drawn, field.name) for field in fields(drawn)})
    for _, rule in built.rules():
        if rule["uid"].startswith(tuple(f"driftdeck-{name}" for name in ASKED)):
            for query in rule["data"]:
                if "rawSql" in query["model"]:
                    place = f"rule {rule['title']} / {query['refId']}"
                    sql = query["model"]["rawSql"]
                    yield Query(place, sql, "table", now - timedelta(days=days), now, "")


if __name__ == "__main__":
    main()
