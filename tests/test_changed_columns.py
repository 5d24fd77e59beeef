"""Columns of a source that are gone, new or of another type, declared or not."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines.quality import schema_differences
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.frames.schema import SCHEMA
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.calibrate import list_calibrated, measure_windows
from driftdeck.collectors.values import WindowResult
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
REFERENCE = [date(2024, 1, n) for n in range(1, REFERENCE_DAYS + 1)]
DAY = date(2024, 1, 10)
METRICS = (d.changed_columns(warn=0, alert=2), d.row_count(unjudged="-"))
Change = Callable[[pd.DataFrame], pd.DataFrame]


def wide(day: date) -> pd.DataFrame:
    """Rows with columns that nobody declares."""
    frame = rows(day, count=60)
    return frame.assign(note="n", score=1.5, seen=1, kind=pd.Categorical(["k"] * 60))


def measure(
    settings: Settings, source: d.Source, days: list[date] | None = None, **changes: Any
) -> tuple[WindowResult, d.Monitor]:
    """Collect the day."""
    given = {"metrics": METRICS, "min_rows": 1, **changes}
    monitor = small_monitor(source=source, **given)
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    window = find_window(monitor, DAY)
    return collect(monitor, window, reader, lambda _: reference, NOW, check_every=1), monitor


def number(result: WindowResult) -> float | None:
    """How many columns have changed."""
    [value] = [
        v for v in result.values if v.series.metric.name == "changed_columns" and not v.segment
    ]
    return value.outcome.value


CHANGES: list[tuple[Change, int, str]] = [
    (lambda f: f, 0, ""),
    (lambda f: f[list(reversed(f.columns))], 0, ""),
    (lambda f: f.drop(columns="note"), 1, "Columns of the source: gone: note."),
    (lambda f: f.assign(extra=1), 1, "Columns of the source: new: extra."),
    (
        lambda f: f.assign(seen=f["seen"].astype(float)),
        1,
        "Columns of the source: of another type: seen (int64, now double).",
    ),
    (
        lambda f: f.assign(x=f["x"].map(str)).drop(columns=["note", "score"]).assign(z=1),
        4,
        "gone: note, score; new: z; of another type: x (double, now string).",
    ),
    (lambda f: f.assign(note=None), 0, ""),
    (lambda f: f.assign(kind=pd.Categorical(range(60)).astype(str)), 0, ""),
    (lambda f: f.set_index(pd.Index(range(5, 65))), 0, ""),
]


@pytest.mark.parametrize(("change", "count", "sentence"), CHANGES)
def test_parquet_of_a_day(
    settings: Settings, tmp_path: Path, change: Change, count: int, sentence: str
) -> None:
    """Types are those of the files; a column without a value has none, nor has a nameless index."""
    for day in REFERENCE:
        write_day(tmp_path, day, wide(day))
    folder = tmp_path / f"date={DAY}"
    folder.mkdir()
    change(wide(DAY)).to_parquet(folder / "part-0.parquet")
    result, _ = measure(settings, d.Parquet(str(tmp_path), time="at"))

    assert number(result) == count
    assert sentence in result.explanation
    assert bool(result.explanation) == bool(count)


def test_only_the_files_of_the_rows_count(settings: Settings, tmp_path: Path) -> None:
    """Of undated files, each row's own says which columns there are."""
    for n, day in enumerate([*REFERENCE, DAY, date(2024, 1, 11)]):
        extra = {} if day <= DAY else {"tomorrow": 1}
        wide(day).assign(**extra).to_parquet(tmp_path / f"{n}.parquet")
    source = d.Parquet(str(tmp_path), time="at", layout="undated")
    assert number(measure(settings, source)[0]) == 0
    both = pd.concat([wide(DAY), wide(date(2024, 1, 11))]).assign(today=1)
    both.to_parquet(tmp_path / "9.parquet")

    assert number(measure(settings, source)[0]) == 1


def test_csv_has_names_only(settings: Settings, tmp_path: Path) -> None:
    """Each column is text; undated, of one file or several."""
    for day in [*REFERENCE, DAY]:
        frame = wide(day).assign(note=1.5) if day == DAY else wide(day)
        frame.drop(columns="score" if day == DAY else []).to_csv(
            tmp_path / f"{day}.csv", index=False
        )
    for layout in ("dated", "undated"):
        result, _ = measure(settings, d.Csv(str(tmp_path), time="at", layout=layout))
        assert number(result) == 1, layout
        assert result.explanation == "Columns of the source: gone: score."


@pytest.mark.parametrize("every", [d.Hourly(6), d.Weekly()], ids=repr)
def test_hours_and_weeks_have_columns_too(
    settings: Settings, tmp_path: Path, every: d.Every
) -> None:
    """A week has those of all its days, with late labels joined; a reference those of its first."""
    for day in [date(2024, 1, n) for n in range(1, 15)]:
        frame = wide(day).drop(columns="y")
        frame = frame.assign(late=1) if day == date(2024, 1, 4) else frame
        frame = frame.assign(new=1) if day == DAY else frame
        write_day(tmp_path / "log", day, frame)
    labels = pd.concat([wide(date(2024, 1, n)) for n in range(1, 15)])[["id", "at", "y"]]
    labels.to_parquet(tmp_path / "y.parquet")
    monitor = small_monitor(
        source=d.Parquet(str(tmp_path / "log"), time="at"), metrics=METRICS, every=every,
        labels=d.Parquet(str(tmp_path / "y.parquet"), time="at", on="id", layout="undated"),
    )  # fmt: skip
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    assert reference is not None
    assert "late" not in reference.data.schema
    name = "2024-W02" if every.noun == "week" else "2024-01-10T12"
    read = reader.read(find_window(monitor, name), NOW)
    assert {"note", "new", "id"} < read.frame.attrs[SCHEMA].keys()
    assert "y" in read.frame
    assert "y" not in read.frame.attrs[SCHEMA]
    result = collect(monitor, find_window(monitor, name), reader, lambda _: reference, NOW)
    assert number(result) == 1


def test_nobody_who_does_not_ask_pays(settings: Settings, tmp_path: Path) -> None:
    """Neither the columns nor another fingerprint."""
    write_day(tmp_path, DAY, wide(DAY))
    source = d.Parquet(str(tmp_path), time="at")
    plain = small_monitor(source=source, metrics=METRICS[1:])
    asking = small_monitor(source=source, metrics=METRICS)
    before = Reader(plain, settings).read(find_window(plain, DAY), NOW)
    asked = Reader(asking, settings).read(find_window(asking, DAY), NOW)
    write_day(tmp_path, DAY, wide(DAY).assign(extra=1))
    after = Reader(plain, settings).read(find_window(plain, DAY), NOW)
    asked_after = Reader(asking, settings).read(find_window(asking, DAY), NOW)

    assert SCHEMA not in before.frame.attrs
    assert before.fingerprint == after.fingerprint
    assert asked.fingerprint != asked_after.fingerprint, "the window is stale"


def test_calibration_compares_days(settings: Settings, tmp_path: Path) -> None:
    """A day of the reference with the first of the others."""
    for day in REFERENCE:
        write_day(tmp_path, day, wide(day).assign(**({"odd": 1} if day == REFERENCE[2] else {})))
    metrics = (d.changed_columns(quantiles=d.Quantiles()),)
    monitor = small_monitor(source=d.Parquet(str(tmp_path), time="at"), metrics=metrics)
    found = measure_windows(monitor, Reader(monitor, settings), list_calibrated(monitor))

    assert found[ThresholdKey("changed_columns")] == [0.0, 0.0, 1.0, 0.0]


def test_a_table_is_refused() -> None:
    """Its windows and its reference have the columns of this moment: the number would say so."""
    with pytest.raises(d.DeclarationError, match="a table has the same columns for every window"):
        small_monitor(source=d.Table("live.log", time="at"), metrics=METRICS)


def test_segments_have_the_columns_of_the_window(settings: Settings, tmp_path: Path) -> None:
    """Explained once."""
    for day in [*REFERENCE, DAY]:
        write_day(tmp_path, day, wide(day).assign(**({"z": 1} if day == DAY else {})))
    result, _ = measure(settings, d.Parquet(str(tmp_path), time="at"), slices=(d.by("c"),))
    of_segments = [v.outcome.value for v in result.values
                   if v.segment and v.series.metric.name == "changed_columns"]  # fmt: skip

    assert of_segments == [1.0] * 3
    assert result.explanation == "Columns of the source: new: z."


def test_a_column_without_a_value_has_no_type() -> None:
    """On either side; gone and new are told all the same."""
    then = {"a": "null", "b": "int64", "c": "null"}
    now = {"a": "string", "b": "null", "e": "null"}
    found = schema_differences(now, then)

    assert (found.gone, found.new, found.retyped) == (("c",), ("e",), ())
