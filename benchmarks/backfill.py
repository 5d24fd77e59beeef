"""A year of flights: our backfill against looping Evidently's reports over its days.

python -m benchmarks.backfill measures, in turns, 20 days as one would write it with Evidently alone
(one report of all metrics a day, its numbers inserted a row at a time) and the same days by the
index; then the whole command over the year. Both read the same Parquet and fill the same tables.
"""

import shutil
import subprocess
import time
import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg

from benchmarks.results import SCRATCH, format_summary, ratios, record, summary
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.jobs.clock import read_clock
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.collectors.windows.reference import read_windows
from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded
from driftdeck.declare import Monitor, Window
from driftdeck.load import find_monitor, load
from driftdeck.settings import Settings
from driftdeck.stack import steps
from examples.flights.prepare import prepare

ROOT = Path(__file__).parents[1]
PORT = 5498
CHECKS = {"check_every": 50}
DAYS = 20
ROUNDS = 3
DECLARED = '''"""The flights, not trained anew: each day can be measured by itself."""

from dataclasses import replace

from examples.flights.monitors.flights import MONITOR as FLIGHTS

MONITOR = replace(FLIGHTS, retrain=None)
'''


def main() -> None:
    """Measure, say, record."""
    warnings.simplefilter("ignore")
    settings = prepared()
    monitor = find_monitor("flights", *settings.monitor_folders)
    with connect(settings) as connection:
        windows = list(
            list_complete_windows(
                monitor, read_clock(connection), date(2013, 1, 1), date(2013, 12, 31)
            )
        )
        sample = windows[:: len(windows) // DAYS][:DAYS]
        looped = EvidentlyLoop(monitor, settings, connection)
        runner = Runner(monitor, settings, connection, backfill=True)
        runner.run_batch(sample[:2])
        looped.run_batch(sample[:1])
        theirs, ours, whole, checked = [], [], [], []
        for _ in range(ROUNDS):
            theirs.append(_timed(lambda: looped.run_batch(sample)) / len(sample))
            ours.append(_timed(lambda: runner.run_batch(sample)) / len(sample))
            whole.append(_timed(lambda: command(settings)))
            checked.append(_timed(lambda: command(settings.model_copy(update=CHECKS))))
    year = [seconds * len(windows) for seconds in theirs]
    results: dict[str, Any] = {
        "evidently_seconds_a_day": summary(theirs),
        "index_seconds_a_day": summary(ours),
        "evidently_times_the_index": ratios(theirs, ours),
        "year_command_seconds": summary(whole),
        "evidently_year_extrapolated_seconds": summary(year),
        "evidently_year_times_the_command": ratios(year, whole),
        "year_command_with_checks_seconds": summary(checked),
        "windows": len(windows),
    }
    record("backfill", results)
    print(f"a day by Evidently    {format_summary(results['evidently_seconds_a_day'], ' s')}")
    print(f"a day by the index    {format_summary(results['index_seconds_a_day'], ' s')}")
    print(f"  ratio               {format_summary(results['evidently_times_the_index'], 'x')}")
    year_command = format_summary(results["year_command_seconds"], " s")
    print(f"the year, a command   {year_command}, start to end")
    print(
        f"  ratio               {format_summary(results['evidently_year_times_the_command'], 'x')}"
    )
    with_checks = format_summary(summary(checked), " s")
    print(f"the same with one in 50 windows checked by Evidently {with_checks}")


def prepared() -> Settings:
    """A year of flights, an empty database, and the declaration without retraining."""
    folder = SCRATCH / "backfill"
    (folder / "monitors").mkdir(parents=True, exist_ok=True)
    (folder / "monitors" / "flights.py").write_text(DECLARED, encoding="utf-8")
    shutil.copy(ROOT / "examples/flights/monitors/flights.thresholds.toml", folder / "monitors")
    load.cache_clear()
    settings = Settings(
        postgres_port=PORT,
        postgres_host="127.0.0.1",
        data_dir=folder / "data",
        stack_dir=folder,
        check_every=0,
    ).model_copy(update={"monitors": (str(folder / "monitors"),)})
    prepare(settings.data)
    Embedded(folder / "postgres", PORT).start(
        settings.postgres_user, settings.postgres_password, settings.postgres_db
    )
    migrate(settings)
    with connect(settings, Role.ADMIN) as connection:
        connection.execute(TABLES)
    return settings


def command(settings: Settings) -> None:
    """The whole command in a process of its own, on an empty database, without reports."""
    with connect(settings, Role.ADMIN) as connection:
        connection.execute(
            "truncate monitoring.metric_value, monitoring.histogram, monitoring.window_status"
        )
    subprocess.run(
        steps.command("backfill", "flights", "--reports", "0"),
        env=steps.environment(settings),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )


class EvidentlyLoop:
    """What one would write with Evidently: a report of every metric a day, rows inserted."""

    def __init__(
        self, monitor: Monitor, settings: Settings, connection: psycopg.Connection
    ) -> None:
        from evidently import Dataset

        self._monitor, self._connection = monitor, connection
        self._reader = Reader(monitor, settings)
        rows = read_windows(self._reader, list_reference_days(monitor, None))
        reference = self._clean(pd.concat([day.frame for day in rows], ignore_index=True))
        self._bins = {
            column.name: pd.cut(reference[column.name], 16, retbins=True)[1]
            for column in monitor.columns
            if column.kind == "number"
        }
        self._reference = Dataset.from_pandas(reference, data_definition=self._definition())

    def run_batch(self, windows: Sequence[Window]) -> None:
        """One after the other."""
        for window in windows:
            self.run(window)

    def run(self, window: Window) -> None:
        """Read, report, insert: values, histograms, a status row."""
        from evidently import Dataset, Report

        frame = self._clean(self._reader.read(window, window.end + timedelta(days=900)).frame)
        current = Dataset.from_pandas(frame, data_definition=self._definition())
        results = Report(self._metrics()).run(current, self._reference).dict()["metrics"]
        key = (self._monitor.name, window.start, window.end)
        with self._connection.cursor() as cursor:
            for n, result in enumerate(results):
                value = result["value"]
                number = next(iter(value.values())) if isinstance(value, dict) else value
                cursor.execute(
                    "insert into bench_value values (%s, %s, %s, %s, %s)"
                    " on conflict (monitor, start, n) do update set value = excluded.value",
                    (*key, n, float(number)),
                )
            for name, bins in self._bins.items():
                counts = pd.cut(frame[name], bins).value_counts(sort=False).tolist()
                cursor.execute("insert into bench_histogram values (%s, %s, %s, %s, %s)",
                               (*key, name, counts))  # fmt: skip
            cursor.execute("insert into bench_status values (%s, %s, %s, %s)", (*key, len(frame)))
        self._connection.commit()

    def _clean(self, frame: pd.DataFrame) -> pd.DataFrame:
        target, prediction = self._monitor.target_column, self._monitor.prediction_column
        assert target is not None
        assert prediction is not None
        names = [column.name for column in self._monitor.all_columns()]
        frame = frame[names].dropna(subset=[target.name, prediction.name])
        return frame.astype({target.name: int})

    def _definition(self) -> Any:
        from evidently import BinaryClassification, DataDefinition

        monitor = self._monitor
        assert monitor.target_column is not None
        assert monitor.prediction_column is not None
        kinds = {
            kind: [column.name for column in monitor.all_columns() if column.kind == kind]
            for kind in ("number", "category")
        }
        roles = BinaryClassification(
            target=monitor.target_column.name,
            prediction_probas=monitor.prediction_column.name,
            pos_label=1,
        )
        return DataDefinition(
            numerical_columns=kinds["number"],
            categorical_columns=kinds["category"],
            classification=[roles],
        )

    def _metrics(self) -> list[Any]:
        from evidently.metrics import MeanValue, MissingValueCount, RowCount, ValueDrift

        from driftdeck.collectors.engines.evidently import PERFORMANCE

        metrics: list[Any] = []
        for series in self._monitor.series():
            name, column = series.key
            if series.method is not None:
                metrics.append(ValueDrift(column=column, method=series.method.name))
            elif name == "missing_share":
                metrics.append(MissingValueCount(column=column))
            elif name == "row_count":
                metrics.append(RowCount())
            elif name.endswith("_mean"):
                metrics.append(MeanValue(column=column))
            elif name in PERFORMANCE:
                metrics.append(PERFORMANCE[name]())
        return metrics


def _timed(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


TABLES = """\
create table if not exists public.bench_value
  (monitor text, start timestamptz, "end" timestamptz, n int, value float8,
   primary key (monitor, start, n));
create table if not exists public.bench_histogram
  (monitor text, start timestamptz, "end" timestamptz, name text, counts int[]);
create table if not exists public.bench_status
  (monitor text, start timestamptz, "end" timestamptz, rows int);
grant all on public.bench_value, public.bench_histogram, public.bench_status to collector"""


if __name__ == "__main__":
    main()
