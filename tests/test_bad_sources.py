"""What is no file, no time and no text costs its own day, and its own column, only."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.settings import Settings

DAY = date(2024, 1, 5)


def read(settings: Settings, source: d.Source, day: date = DAY) -> pd.DataFrame:
    """The rows of a day of a source."""
    monitor = small_monitor(source=source)
    return Reader(monitor, settings).read(monitor.every.window(day), datetime.now(UTC)).frame


def test_what_is_no_file_costs_its_own_day_only(settings: Settings, tmp_path: Path) -> None:
    """A folder, a queue and a link to nothing are told of their day; another day is read."""
    for name, make in (
        ("2024-01-05", os.mkdir), ("2024-01-06", os.mkfifo),
        ("2024-01-07", lambda path: os.symlink("/nowhere", path)),
    ):  # fmt: skip
        make(tmp_path / f"{name}.parquet")
    rows(date(2024, 1, 8), 60).to_parquet(tmp_path / "2024-01-08.parquet")
    source = d.Parquet(str(tmp_path), time="at", layout="dated")
    assert len(read(settings, source, date(2024, 1, 8))) == 60
    for day, said in ((5, "a folder where a file belongs"), (6, "no file"), (7, "a link to noth")):
        with pytest.raises(SourceError, match=f"2024-01-0{day}.parquet: is {said}"):
            read(settings, source, date(2024, 1, day))


def test_a_folder_of_parts_is_no_fault(settings: Settings, tmp_path: Path) -> None:
    """Programs write `log.parquet/part-0.parquet`."""
    (tmp_path / "log.parquet").mkdir()
    rows(DAY, 60).to_parquet(tmp_path / "log.parquet" / "part-0.parquet")
    assert len(read(settings, d.Parquet(str(tmp_path), time="at", layout="undated"))) == 60


@pytest.mark.parametrize(
    ("shift", "said"),
    [("3D", "no time zone is so far away.*mend the times"), ("9h", "timezone=")],
)
def test_wrong_times_are_told_from_a_wrong_zone(
    shift: str, said: str, settings: Settings, tmp_path: Path
) -> None:
    """What no zone explains is no matter of zones."""
    frame = rows(DAY, 60)
    write_day(tmp_path, DAY, frame.assign(at=frame["at"] + pd.Timedelta(shift)))
    with pytest.raises(SourceError, match=said):
        read(settings, d.Parquet(str(tmp_path), time="at"))


def test_a_column_that_fails_in_one_file_is_kept_of_the_other(
    settings: Settings, tmp_path: Path
) -> None:
    """What is known of a column is kept; how many rows are without it is said, with the cause."""
    write_day(tmp_path, DAY, rows(DAY, 60))
    other = rows(DAY, 40).assign(at=lambda f: f["at"] + pd.Timedelta("1s"))
    table = pa.Table.from_pandas(other, preserve_index=False)
    ends, signs = np.arange(41, dtype=np.int32), b"\xff" * 40
    bad = pa.Array.from_buffers(pa.string(), 40, [None, pa.py_buffer(ends), pa.py_buffer(signs)])
    table = table.set_column(table.column_names.index("c"), "c", bad)
    pq.write_table(table, tmp_path / f"date={DAY}" / "part-1.parquet")
    monitor = small_monitor(str(tmp_path), starts=str(DAY - timedelta(days=9)))
    cleaned = CoercedRows(monitor, read(settings, monitor.source))
    assert cleaned[monitor.columns[1]].count == 60
    assert cleaned[monitor.columns[0]].count == 100
    [complaint] = cleaned.complaints
    assert complaint.startswith("column c cannot be read in 40 rows: ")
    assert "part-1.parquet: is not written in UTF-8 " in complaint


@pytest.mark.parametrize("damage", ["lacks it", "cannot be read"])
def test_a_version_that_cannot_be_told_is_said(
    damage: str, settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Its windows would be compared with the wrong reference in silence."""
    for n in range(1, 6):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n), 60))
    path = next((tmp_path / "log" / "date=2024-01-05").glob("*.parquet"))
    frame = pd.read_parquet(path)
    frame["version"] = "one"
    table = pa.Table.from_pandas(frame.drop(columns="version" if damage == "lacks it" else []))
    if damage == "cannot be read":
        broken = pa.array([b"\xff"] * len(frame), pa.binary()).cast(pa.string(), safe=False)
        table = table.set_column(table.column_names.index("version"), "version", broken)
    pq.write_table(table, path)
    monitor = small_monitor(folder=str(tmp_path / "log"), model_version="version")
    outcome = Runner(monitor, settings, connection).run(find_window(monitor, date(2024, 1, 5)))
    assert outcome.status is Status.PARTIAL
    assert "the model's version: compared with the declared reference" in outcome.error
    assert "'version'" in outcome.error
