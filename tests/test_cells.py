"""A cell's word is its own: it does not depend on what else its file holds."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.frames import cells
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST = date(2024, 1, 1)
RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("1.10", "1.10"), ("1e5", "1e5"), ("007", "007"), ("NA", "NA"), ("None", "None"),
        ("null", "null"), (" a", " a"), ("", None), (None, None), (float("nan"), None),
        (pd.NaT, None), (pd.NA, None), (True, "true"), (np.bool_(False), "false"),
        ("True", "true"), ("FALSE", "false"), (7, "7"), (2**53 + 1, str(2**53 + 1)),
        (np.uint64(2**64 - 1), str(2**64 - 1)), (7.0, "7"), (-0.0, "0"), (0.1, "0.1"),
        (np.float32(0.1), "0.1"), (1e300, "1e+300"), (Decimal("1.10"), "1.1"), (Decimal(5), "5"),
        (Decimal("5.00"), "5"), (Decimal("1E+3"), "1000"), (Decimal("NaN"), None),
        (date(2024, 1, 31), "2024-01-31"), (b"ab", "ab"), (b"\xff", "ff"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ],
)  # fmt: skip
def test_the_word_of_a_cell(value: object, word: str | None) -> None:
    """Text as it is written, whole numbers exact, booleans true and false, empty is missing."""
    assert cells.word(value) == word


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1.0), (" 1.5 ", 1.5), ("+2", 2.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0),
        ("-0", -0.0), ("true", 1.0), ("False", 0.0), ("inf", np.inf), ("-Infinity", -np.inf),
        ("0.1", 0.1), ("123456789012345678901", 123456789012345678901.0), ("1e400", np.inf),
    ],
)  # fmt: skip
def test_the_number_of_a_text(text: str, number: float) -> None:
    """Correctly rounded, as Python reads it."""
    found = cells.numbers(pa.array([text]))
    assert found.values.tolist() == [number]
    assert found.unusable is None


@pytest.mark.parametrize("text", ["1_0", "0x1", "1,5", "1.2.3", "e5", "--1", "1 2", "£1", "½"])
def test_text_that_is_no_number_is_unusable(text: str) -> None:
    """It is kept, for the complaint."""
    found = cells.numbers(pa.array(["1", text, None, "NA"]))
    assert np.isnan(found.values).tolist() == [False, True, True, True]
    assert found.unusable is not None
    assert found.unusable.tolist() == [None, text, None, None]


def write(folder: Path, column: str, words: list[list[str]]) -> d.Csv:
    """A CSV file a day, with one column of words."""
    for n, day in enumerate(words):
        at = [f"{FIRST + timedelta(days=n)} {i // 60:02}:{i % 60:02}:00Z" for i in range(len(day))]
        frame = pd.DataFrame({"at": at, column: day})
        frame.to_csv(folder / f"{FIRST + timedelta(days=n)}.csv", index=False)
    return d.Csv(str(folder), time="at", layout="dated")


def newest(settings: Settings, source: d.Source, column: d.Column, days: int) -> WindowResult:
    """What the last of some days amounts to, against all before it."""
    last = FIRST + timedelta(days=days - 1)
    monitor = small_monitor(
        source=source, columns=(column,), prediction=None, target=None, model_version="",
        reference=d.Between(str(FIRST), str(last - timedelta(days=1))),
        metrics=(d.drift(warn=0.1, alert=0.2), d.missing(alert=0.5)),
    )  # fmt: skip
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    window = monitor.every.window(last)
    return collect(monitor, window, reader, lambda _: reference, NOW, backfill=True, report=False)


def drift(found: WindowResult) -> float:
    """Of the one column."""
    [value] = [v for v in found.values if v.series.metric.name == "drift"]
    assert value.outcome.value is not None
    return value.outcome.value


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        (["true", "false"], "unknown"),
        (["1.9", "1.10", "1.1"], "2.0-beta"),
        (["1", "2", "3"], "x"),
        (["007", "7"], "M"),
    ],
)
def test_one_odd_word_moves_no_other(
    usual: list[str], odd: str, settings: Settings, tmp_path: Path
) -> None:
    """Of 200 rows one says something new: 199 stay in their bins, one is of none."""
    days = [list(RANDOM.choice(usual, 200)) for _ in range(4)]
    days[-1][17] = odd
    found = newest(settings, write(tmp_path, "c", days), d.category("c"), 4)
    [histogram] = found.histograms

    assert drift(found) < 0.1
    assert set(histogram.bins) == {*usual, "(other)", "(missing)"}
    assert dict(zip(histogram.bins, histogram.counts, strict=True))["(other)"] == 1


@pytest.mark.parametrize(
    ("before", "after"), [("1.10", "1.1"), ("1e5", "100000"), ("007", "7"), ("NA", "None")]
)
def test_words_that_look_like_one_number_are_two(
    before: str, after: str, settings: Settings, tmp_path: Path
) -> None:
    """A release whose whole traffic moves is loud: Jensen-Shannon is 0.83 at most."""
    days = [[before, "2.0"] * 100] * 3 + [[after, "2.0"] * 100]
    found = newest(settings, write(tmp_path, "c", days), d.category("c"), 4)
    assert drift(found) > 0.5


def test_missing_words_are_words_unless_declared(settings: Settings, tmp_path: Path) -> None:
    """Namibia is a country; na=("NA",) says that it is none; of a number it never was one."""
    days = [["NA", "DE", "", "None"] * 50] * 2
    source = write(tmp_path, "c", days)

    def missing(source: d.Csv, column: d.Column) -> float | None:
        found = newest(settings, source, column, 2)
        return next(
            v.outcome.value for v in found.values if v.series.metric.name == "missing_share"
        )

    assert missing(source, d.category("c")) == 0.25
    declared = d.Csv(str(tmp_path), time="at", layout="dated", na=("NA",))
    assert missing(declared, d.category("c")) == 0.5
    numbers = tmp_path / "numbers"
    numbers.mkdir()
    plain = write(numbers, "x", [["1", "NA", "2.5", ""] * 50] * 2)
    assert missing(plain, d.number("x")) == 0.5


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64", "decimal"])
def test_identifiers_beyond_floats_are_exact(
    dtype: str, settings: Settings, tmp_path: Path
) -> None:
    """Four neighbours are four bins, of the names that are in the data."""
    ids = [2**53 + n for n in range(4)]
    for n in range(2):
        day = FIRST + timedelta(days=n)
        values = pd.Series(ids * 10, dtype=object)
        frame = pd.DataFrame(
            {
                "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(range(40), unit="min"),
                "c": values.map(Decimal) if dtype == "decimal" else values.astype(dtype),
            }
        )
        frame.to_parquet(tmp_path / f"{day}.parquet", index=False)
    source = d.Parquet(str(tmp_path), time="at", layout="dated")
    [histogram] = newest(settings, source, d.category("c"), 2).histograms

    assert set(histogram.bins) == {*map(str, ids), "(other)", "(missing)"}
    assert sorted(histogram.counts) == [0, 0, 10, 10, 10, 10]


def test_a_day_of_whole_floats_is_a_day_of_whole_numbers(
    settings: Settings, tmp_path: Path
) -> None:
    """Where one code of a day is missing, pandas writes floats; the words stay."""
    for n in range(3):
        day = FIRST + timedelta(days=n)
        codes = pd.Series([1, 2, 3, 4] * 50)
        frame = pd.DataFrame(
            {
                "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(range(200), unit="min"),
                "c": codes.where(codes.index > 0) if n == 2 else codes,
            }
        )
        frame.to_parquet(tmp_path / f"{day}.parquet", index=False)
    source = d.Parquet(str(tmp_path), time="at", layout="dated")
    assert drift(newest(settings, source, d.category("c"), 3)) < 0.02


@pytest.mark.parametrize("kind", ["float32", "float64", "text"])
def test_a_probability_at_the_cut_is_positive(
    kind: str, settings: Settings, tmp_path: Path
) -> None:
    """0.7 is at 0.7, in single precision, too: every row is said to be positive, and is."""
    day = FIRST
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(range(100), unit="min"),
            "x": 1.0, "p": 0.7, "y": [1, 0] * 50,
        }
    )  # fmt: skip
    if kind == "float32":
        frame["p"] = frame["p"].astype("float32")
    elif kind == "text":
        frame["p"] = "0.7"
    frame.to_parquet(tmp_path / f"{day}.parquet", index=False)
    monitor = small_monitor(
        source=d.Parquet(str(tmp_path), time="at", layout="dated"), columns=(d.number("x"),),
        prediction=d.probability("p", cut=0.7), reference=None, model_version="",
        metrics=(d.recall(alert=0.5), d.precision(alert=0.1)),
    )  # fmt: skip
    found = collect(
        monitor, monitor.every.window(day), Reader(monitor, settings), lambda _: None, NOW,
        backfill=True, report=False,
    )  # fmt: skip
    assert found.status is Status.OK
    assert {v.series.key[0]: v.outcome.value for v in found.values} == {
        "recall": 1.0, "precision": 0.5,
    }  # fmt: skip


def test_a_name_that_is_there_twice_costs_that_column(settings: Settings, tmp_path: Path) -> None:
    """Of a CSV and of a Parquet file; the others keep their numbers."""
    lines = ["at,x,x,c", *(f"2024-01-0{n}T00:0{i}:00Z,1,2,a" for n in (1, 2) for i in range(9))]
    for n in (1, 2):
        day = [line for line in lines[1:] if line.startswith(f"2024-01-0{n}")]
        (tmp_path / f"2024-01-0{n}.csv").write_text("\n".join([lines[0], *day]) + "\n")
    monitor = small_monitor(
        source=d.Csv(str(tmp_path), time="at", layout="dated"), reference=None, prediction=None,
        target=None, model_version="", metrics=(d.missing(alert=0.5),),
    )  # fmt: skip
    found = collect(
        monitor, monitor.every.window(FIRST), Reader(monitor, settings), lambda _: None, NOW,
        backfill=True, report=False,
    )  # fmt: skip
    outcomes = {v.series.key[1]: v.outcome for v in found.values}

    assert found.status is Status.PARTIAL
    assert outcomes["c"].value == 0.0
    assert outcomes["x"].reason == "column x is there more than once"
