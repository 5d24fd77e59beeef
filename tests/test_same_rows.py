"""The same rows come out the same to the last bit, whichever way they are stored."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from driftdeck import declare as d
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import WindowResult
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(3)]
WORDS = (
    "1.10", "1.1", "1.0", "1", "007", "7", "1e5", "100000", "NA", "None", "null", "nan", "N/A",
    "true", "True", "FALSE", "unknown", "2024-01-31", "inf", "-0", "a,b", 'say "x"', "line\nbreak",
    "größe", " lead", "(other)", "\t",
)  # fmt: skip
"""Words that are easily taken for something else."""
ROW = st.fixed_dictionaries(
    {
        "second": st.integers(0, 86_399),
        "x": st.one_of(st.none(), st.floats(-1e6, 1e6, allow_subnormal=False)),
        "f": st.one_of(st.none(), st.floats(0, 1, width=32, allow_subnormal=False)),
        "n": st.one_of(st.none(), st.integers(-5, 5)),
        "c": st.one_of(st.none(), st.sampled_from(WORDS)),
        "b": st.one_of(st.none(), st.booleans()),
        "k": st.integers(2**53, 2**53 + 3),
        "m": st.one_of(st.none(), st.decimals("-9", "9", places=2)),
        "p": st.floats(0, 1, width=32, allow_subnormal=False),
        "y": st.one_of(st.none(), st.sampled_from(["churn", "stay"])),
        "z": st.one_of(st.none(), st.sampled_from([0, 1])),
        "v": st.sampled_from(["1.9", "1.10"]),
    }
)
LOG = st.lists(st.lists(ROW, min_size=1, max_size=30), min_size=len(DAYS), max_size=len(DAYS))
POSTGRES = (
    "at timestamptz, x float8, f float4, n int4, c text, b bool, k int8, m numeric, p float4,"
    " y varchar(20), z int2, v text, id int8"
)
ARROW = {
    "x": pa.float64(), "f": pa.float32(), "n": pa.int64(), "c": pa.large_string(), "b": pa.bool_(),
    "k": pa.uint64(), "m": pa.decimal128(20, 4), "p": pa.float32(), "y": pa.string(),
    "z": pa.int8(), "v": pa.string(), "id": pa.int64(),
}  # fmt: skip
Table = pd.DataFrame


def frame(rows: list[dict[str, Any]], day: date) -> Table:
    """The rows of a day as Python has them, each column of objects."""
    made = pd.DataFrame({n: pd.Series([row[n] for row in rows], dtype=object) for n in rows[0]})
    at = [pd.Timestamp(day, tz="UTC") + pd.Timedelta(seconds=int(s)) for s in made.pop("second")]
    return made.assign(at=at, id=[day.toordinal() * 100 + n for n in range(len(made))])


def for_pandas(rows: Table) -> Table:
    """In the types that pandas users have."""
    return rows.assign(
        x=rows["x"].astype(float),
        f=rows["f"].astype(float).astype("float32"),
        n=rows["n"].astype("Int64"),
        b=rows["b"].astype("boolean"),
        k=rows["k"].astype("uint64"),
        p=rows["p"].astype("float32"),
        z=rows["z"].astype(float).astype("Int64"),
    )


def as_csv(folder: Path, log: list[Table]) -> d.Source:
    """A CSV file a day, as pandas writes it."""
    for day, rows in zip(DAYS, log, strict=True):
        for_pandas(rows).to_csv(folder / f"{day}.csv", index=False)
    return d.Csv(str(folder), time="at", layout="dated")


def as_packed_csv(folder: Path, log: list[Table]) -> d.Source:
    """Packed, German."""
    for day, rows in zip(DAYS, log, strict=True):
        with gzip.open(folder / f"{day}.csv.gz", "wt", newline="") as file:
            plain = for_pandas(rows)
            plain = plain.assign(m=plain["m"].map(german), v=plain["v"])
            plain.to_csv(file, index=False, sep=";", decimal=",")
    return d.Csv(str(folder), time="at", layout="dated", separator=";", decimal=",")


def german(value: Decimal | None) -> str | None:
    """A number as Germans write it: pandas does not do so for decimals."""
    return None if value is None else str(value).replace(".", ",")


def as_parquet(folder: Path, log: list[Table]) -> d.Source:
    """Parquet from pandas."""
    for day, rows in zip(DAYS, log, strict=True):
        (folder / f"date={day}").mkdir()
        for_pandas(rows).to_parquet(folder / f"date={day}" / "part.parquet", index=False)
    return d.Parquet(str(folder), time="at")


def as_arrow(folder: Path, log: list[Table]) -> d.Source:
    """One Parquet file of Arrow's own types, words as dictionaries, its rows shuffled."""
    rows = pd.concat(log, ignore_index=True).sample(frac=1, random_state=0)
    columns = {name: pa.array(rows[name].tolist(), kind) for name, kind in ARROW.items()}
    for name in ("c", "y", "v"):
        columns[name] = columns[name].dictionary_encode()
    columns["at"] = pa.array(rows["at"].tolist(), pa.timestamp("ms", "UTC"))
    pq.write_table(pa.table(columns), folder / "log.parquet", row_group_size=7)
    return d.Parquet(str(folder / "log.parquet"), time="at", layout="undated")


LAYOUTS: dict[str, Callable[[Path, list[Table]], d.Source]] = {
    "csv": as_csv,
    "packed": as_packed_csv,
    "parquet": as_parquet,
    "arrow": as_arrow,
}


def as_table(connection: psycopg.Connection, log: list[Table]) -> d.Source:
    """A table of PostgreSQL."""
    names = [column.split()[0] for column in POSTGRES.split(", ")]
    connection.rollback()
    connection.execute("truncate outages.log")
    with connection.cursor().copy(f"copy outages.log ({', '.join(names)}) from stdin") as copy:
        for rows in log:
            for row in rows[names].itertuples(index=False):
                copy.write_row([None if value is None else value for value in row])
    connection.commit()
    return d.Table("outages.log", time="at")


def monitors(source: d.Source) -> Iterator[d.Monitor]:
    """A classifier of words, one of 0 and 1, and a regression, with every kind of column."""
    columns = (
        *(d.number(name) for name in ("x", "f", "n", "m")),
        *(d.category(name) for name in ("c", "b", "k")),
    )
    drifts = (
        d.drift(warn=0.1, alert=0.2),
        d.prediction_drift(alert=0.2),
        d.target_drift(alert=0.2),
    )
    common = (*drifts, d.missing(alert=0.5), d.row_count(alert=(1, 100)))
    means = (d.target_mean(unjudged="-"), d.prediction_mean(unjudged="-"))
    classes = (d.accuracy, d.precision, d.recall, d.roc_auc)
    yes_or_no = (*common, *(kind(alert=0.1) for kind in classes), d.log_loss(alert=9), *means)
    numbers = (d.mae(alert=9), d.rmse(alert=9), d.mean_error(alert=9), d.agreement(alert=9), *means)
    given: dict[str, Any] = {
        "name": "small", "title": "Small", "description": "Rows.", "owner": "tests",
        "source": source, "starts": str(FIRST), "reference": d.Between(str(FIRST), str(DAYS[1])),
        "columns": columns, "model_version": "v", "never_late": "-",
    }  # fmt: skip
    chance = d.probability("p", cut=0.5)
    words = d.label("y", positive="churn", negative="stay")
    yield d.Monitor(**given, prediction=chance, target=words, metrics=yes_or_no)
    yield d.Monitor(**given, prediction=chance, target="z", metrics=yes_or_no)
    given = {**given, "columns": tuple(one for one in columns if one.name != "x")}
    yield d.Monitor(**given, prediction="x", target=d.number("z"), metrics=(*common, *numbers))


def outcome(settings: Settings, monitor: d.Monitor, day: date) -> WindowResult:
    """What a window amounts to."""
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    window = monitor.every.window(day)
    return collect(monitor, window, reader, lambda _: reference, NOW, backfill=True, report=False)


def told(found: WindowResult) -> list[tuple[object, ...]]:
    """All that is stored of a window and does not speak of its files."""
    values = [
        (*v.series.key, None if v.outcome.value is None else v.outcome.value.hex(),
         v.outcome.reason, v.rows, v.state, v.coverage)
        for v in found.values
    ]  # fmt: skip
    bins = [(h.column, h.bins, h.counts) for h in found.histograms]
    rest = (found.status, found.error, found.row_count, found.labelled_count, found.model_version,
            found.explanation, found.source_fingerprint, found.reference_hash)  # fmt: skip
    return [*values, *bins, rest]


@pytest.fixture
def table(connection: psycopg.Connection) -> psycopg.Connection:
    """A connection to the database with the empty table."""
    connection.execute(
        f"create schema outages; create table outages.log ({POSTGRES});"
        " grant usage on schema outages to collector; grant select on outages.log to collector"
    )
    connection.commit()
    return connection


@tuned(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(log=LOG)
def test_the_same_rows_give_the_same_numbers(
    log: list[list[dict[str, Any]]],
    settings: Settings,
    table: psycopg.Connection,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """CSV, packed CSV, Parquet of pandas and of Arrow, and a table: every value, reason, histogram
    and sentence of every kind of monitor is the same."""
    frames = [frame(rows, day) for rows, day in zip(log, DAYS, strict=True)]
    sources = {"table": as_table(table, frames)}
    for name, lay in LAYOUTS.items():
        sources[name] = lay(tmp_path_factory.mktemp(name), frames)
    for n, plain in enumerate(monitors(sources["parquet"])):
        expected = told(outcome(settings, plain, DAYS[-1]))
        for name, source in sources.items():
            monitor = list(monitors(source))[n]
            found = told(outcome(settings, monitor, DAYS[-1]))
            differing = [pair for pair in zip(expected, found, strict=True) if pair[0] != pair[1]]
            assert differing == [], name
