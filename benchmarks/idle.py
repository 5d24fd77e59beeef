"""What `due` costs where nothing is due: many monitors of files, one of a large table.

python -m benchmarks.idle [COUNT] times the whole command. The monitors' folders are hard links to
the same thirty files, since idle only asks for their names, sizes and times. The table is compared
with reading each of its windows again through psycopg, as one writes it first.
"""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from benchmarks.results import SCRATCH, format_summary, ratios, record, summary
from driftdeck.collectors.jobs.store import store
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.postgres import Database
from driftdeck.collectors.sources.state import SETTLED, describe_states
from driftdeck.collectors.values import Measurement, Status, Value, WindowResult
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.database import Role, connect, migrate, uri
from driftdeck.database.embedded import Embedded
from driftdeck.declare import Monitor, Table
from driftdeck.load import load
from driftdeck.settings import Settings

PORT = 5497
MONITORS, DAYS, ROWS, COLUMNS, ROUNDS = 1000, 30, 100_000, 16, 3
FOLDER = SCRATCH / "idle"
TEXT = '''"""Idle {number}."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="{name}",
    title="Idle {number}",
    description="One of many.",
    owner="nobody",
    source={source},
    starts="{starts}",
    columns=({columns}),
    metrics=(d.missing(alert=0.5), d.row_count(unjudged="-")),
    never_late="-",
)
'''


def main() -> None:
    """Measure, say, record."""
    count = int(sys.argv[1]) if sys.argv[1:] else MONITORS
    settings = Settings(postgres_port=PORT, postgres_host="127.0.0.1", stack_dir=FOLDER)
    server = Embedded(SCRATCH / "idle-postgres", PORT)
    server.start(settings.postgres_user, settings.postgres_password, settings.postgres_db)
    try:
        migrate(settings)
        results = {"files": _files(settings, count), "table": _table(settings)}
    finally:
        server.stop()
    record("idle", results)
    files, table = results["files"], results["table"]
    print(f"{count} monitors of files  {format_summary(files['due_seconds'], ' s')}")
    print(f"one table, {DAYS} days     {format_summary(table['due_seconds'], ' s')}")
    print(f"  each row read again  {format_summary(table['read_again_seconds'], ' s')},", end=" ")
    print(f"{format_summary(table['read_again_times_due'], 'x')}")
    print(f"a window as Arrow      {format_summary(table['window_seconds'], ' s')}")
    print(f"  by psycopg           {format_summary(table['psycopg_times_window'], 'x')}")


def _files(settings: Settings, count: int) -> dict[str, Any]:
    """`due` over so many monitors whose files have not changed."""
    data, declared = FOLDER / "data", FOLDER / "monitors"
    shutil.rmtree(FOLDER, ignore_errors=True)
    names = [f"idle_{n:04}" for n in range(count)]
    for day in _days():
        place = data / "first" / f"date={day}"
        place.mkdir(parents=True)
        _rows(day).to_parquet(place / "part-0.parquet", index=False)
    for name in names:
        for day in _days():
            (data / name / f"date={day}").mkdir(parents=True)
            part = Path(f"date={day}") / "part-0.parquet"
            os.link(data / "first" / part, data / name / part)
        _declare(declared, name, f'd.Parquet("{name}", time="at")')
    settings = settings.model_copy(update={"data_dir": data, "monitors": (str(declared),)})
    time.sleep(2 * SETTLED)
    _collect(settings)
    return {"monitors": count, "due_seconds": summary([_due(settings) for _ in range(ROUNDS)])}


def _table(settings: Settings) -> dict[str, Any]:
    """`due` over one table that has not changed, beside reading all of it."""
    declared = FOLDER / "table-monitors"
    _declare(declared, "table", 'd.Table("public.idle", time="at")')
    settings = settings.model_copy(update={"monitors": (str(declared),)})
    with connect(settings, Role.ADMIN, autocommit=True) as connection:
        names = ", ".join(f"{name} {kind}" for name, kind in _kinds().items())
        connection.execute(f"drop table if exists idle; create table idle ({names})")
        for day in _days():
            with connection.cursor().copy("copy idle from stdin") as copy:
                copy.write(_rows(day).to_csv(sep="\t", header=False, index=False))
        connection.execute("create index on idle (at)")
        connection.execute("grant select on idle to collector")
        connection.execute("vacuum analyze idle")
    _collect(settings)
    due, again, arrow, tuples = [], [], [], []
    [monitor] = load(declared)
    assert isinstance(monitor.source, Table)
    database = Database.of(settings, monitor.source)
    query = psycopg.sql.SQL(
        f"select * from idle where at >= '{_days()[3]}' and at < '{_days()[4]}'"
    )
    for _ in range(ROUNDS):
        due.append(_due(settings))
        again.append(_timed(lambda: [_by_psycopg(settings, day) for day in _days()]))
        arrow.append(_timed(lambda: database.read(query)))
        tuples.append(_timed(lambda: _by_psycopg(settings, _days()[3])))
    return {
        "rows": ROWS * DAYS,
        "due_seconds": summary(due),
        "read_again_seconds": summary(again),
        "read_again_times_due": ratios(again, due),
        "window_seconds": summary(arrow),
        "psycopg_times_window": ratios(tuples, arrow),
    }


def _days() -> list[date]:
    today = datetime.now(UTC).date()
    return [today - timedelta(days=n) for n in range(DAYS, 0, -1)]


def _kinds() -> dict[str, str]:
    """The columns of the table, with their types: a third of them words."""
    kinds = {f"column_{n:02}": "float8" if n % 3 else "text" for n in range(COLUMNS)}
    return {"at": "timestamptz", **kinds}


def _rows(day: date) -> pd.DataFrame:
    random = np.random.default_rng(day.toordinal())
    at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.linspace(0, 86_399, ROWS), unit="s")
    values = {
        name: random.normal(size=ROWS) if kind == "float8" else random.choice(list("abcdef"), ROWS)
        for name, kind in _kinds().items()
        if name != "at"
    }
    return pd.DataFrame({"at": at, **values})


def _declare(folder: Path, name: str, source: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"float8": "number", "text": "category"}
    columns = [f'd.{kinds[k]}("{n}"),' for n, k in _kinds().items() if n != "at"]
    text = TEXT.format(
        name=name, number=name, source=source, starts=_days()[0], columns=" ".join(columns)
    )
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def _collect(settings: Settings) -> None:
    """Store every window as if it had been collected, with the state that its source has."""
    now = datetime.now(UTC)
    with connect(settings) as connection:
        for monitor in load(*settings.monitor_folders):
            store(connection, _stored(monitor, settings, now))
            connection.commit()


def _stored(monitor: Monitor, settings: Settings, now: datetime) -> list[WindowResult]:
    windows = list(list_complete_windows(monitor, now, monitor.first_day or now.date()))
    known = describe_states(Sources(monitor, settings), windows, now)
    series = list(monitor.series())[:1]
    if not all(known.values()):
        raise RuntimeError(f"{monitor.name}: the state of its source is not known")
    return [
        WindowResult(
            monitor.name,
            window,
            Status.OK,
            tuple(Value(item, Measurement(0.0), ROWS, item.thresholds) for item in series),
            row_count=ROWS,
            source_state=known[window],
        )
        for window in windows
    ]


def _due(settings: Settings) -> float:
    """Seconds of the whole command, which must find nothing."""
    variables = {
        "MONITORS": settings.monitors_dir, "STACK_DIR": FOLDER, "DATA_DIR": settings.data,
        "POSTGRES_PORT": PORT, "POSTGRES_HOST": "127.0.0.1",
    }  # fmt: skip
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "driftdeck", "due"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    lines = done.stdout.splitlines()
    if not lines or not all(line.endswith(": nothing is due") for line in lines):
        raise RuntimeError(f"something was due: {done.stdout[:400]}{done.stderr[:400]}")
    return seconds


def _by_psycopg(settings: Settings, day: date) -> pd.DataFrame:
    with psycopg.connect(uri(settings)) as connection:
        cursor = connection.execute(
            "select * from idle where at >= %s and at < %s", [day, day + timedelta(days=1)]
        )
        names = [column.name for column in cursor.description or []]
        return pd.DataFrame(cursor.fetchall(), columns=names)


def _timed(act: Any) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
