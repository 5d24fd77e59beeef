"""The same rows are read however they lie: by folder, by file, in one file, as CSV, in a table."""

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.sources import csv, parquet
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.settings import Settings

DAYS = [date(2024, 1, n) for n in (1, 2, 3)]
NOW = datetime(2024, 6, 1, tzinfo=UTC)
Lay = Callable[[Path], d.Source]


def day(one: date) -> pd.DataFrame:
    """Rows whose text and codes are easily taken for something else."""
    frame = rows(one, count=60)
    frame["c"] = ["007", "A1", "x"] * 20 if one.day == 2 else ["007", "007", "008"] * 20
    frame["version"] = "v1"
    frame.loc[frame.index % 7 == 0, "x"] = None
    frame["y"] = frame["y"].astype("float").where(frame.index % 5 > 0)
    return frame


def hive(folder: Path) -> d.Source:
    """A folder a day."""
    for one in DAYS:
        write_day(folder, one, day(one))
    return d.Parquet(str(folder), time="at")


def dated(folder: Path) -> d.Source:
    """A file a day, the day in its name without dashes."""
    folder.mkdir()
    for one in DAYS:
        day(one).to_parquet(folder / f"log_{one:%Y%m%d}.parquet", index=False)
    return d.Parquet(str(folder), time="at", layout="dated")


def undated(folder: Path) -> d.Source:
    """One file, its days mixed."""
    folder.mkdir()
    mixed = pd.concat(map(day, DAYS)).sample(frac=1, random_state=0)
    mixed.to_parquet(folder / "log.parquet", index=False)
    return d.Parquet(str(folder / "log.parquet"), time="at", layout="undated")


def hive_csv(folder: Path) -> d.Source:
    """A folder a day, of CSV."""
    for one in DAYS:
        (folder / f"day={one}").mkdir(parents=True)
        day(one).to_csv(folder / f"day={one}" / "part.csv", index=False)
    return d.Csv(str(folder), time="at", partition="day")


def dated_csv(folder: Path) -> d.Source:
    """A packed file a day, its numbers as Germans write them."""
    folder.mkdir()
    for one in DAYS:
        with gzip.open(folder / f"{one}.csv.gz", "wt") as file:
            day(one).to_csv(file, index=False, sep=";", decimal=",")
    return d.Csv(str(folder), time="at", layout="dated", separator=";", decimal=",")


def undated_csv(folder: Path) -> d.Source:
    """One CSV file whose times name no zone."""
    folder.mkdir()
    mixed = pd.concat(map(day, DAYS))
    mixed["at"] = mixed["at"].dt.tz_localize(None)
    mixed.to_csv(folder / "log.csv", index=False)
    return d.Csv(str(folder), time="at", layout="undated", naive="UTC")


def epochs(folder: Path) -> d.Source:
    """One CSV file whose times are milliseconds since 1970."""
    folder.mkdir()
    mixed = pd.concat(map(day, DAYS))
    mixed["at"] = mixed["at"].map(lambda at: int(at.timestamp() * 1000))
    mixed.to_csv(folder / "log.csv", index=False)
    return d.Csv(str(folder), time="at", layout="undated", format="ms")


def read(source: d.Source, settings: Settings, one: date) -> Rows:
    """The rows of a day of a source."""
    monitor = small_monitor(source=source)
    return Reader(monitor, settings).read(monitor.every.window(one), NOW)


@pytest.mark.parametrize("lay", [dated, undated, hive_csv, dated_csv, undated_csv])
def test_layouts_read_the_same_rows(lay: Lay, settings: Settings, tmp_path: Path) -> None:
    """Each layout gives every day the same values and the same fingerprint as a folder a day."""
    plain, other = hive(tmp_path / "hive"), lay(tmp_path / "other")
    for one in DAYS:
        left, right = read(plain, settings, one), read(other, settings, one)
        assert len(left.frame) == len(right.frame) == 60
        assert left.fingerprint == right.fingerprint
    assert read(other, settings, date(2024, 1, 9)).frame.empty
    reader = Reader(small_monitor(source=other, starts=""), settings)
    assert reader.first_day(NOW) == DAYS[0]


def test_numbers_since_1970_are_times(settings: Settings, tmp_path: Path) -> None:
    """Milliseconds give the rows of their days; without a format they are refused, with one."""
    source = epochs(tmp_path / "log")
    assert [len(read(source, settings, one).frame) for one in DAYS] == [60, 60, 60]

    with pytest.raises(SourceError, match=r"log.csv: 'at'.* say format="):
        read(d.Csv(str(tmp_path / "log"), time="at", layout="undated"), settings, DAYS[0])


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_a_table_reads_the_same_rows(
    kind: str, settings: Settings, tmp_path: Path, connection: psycopg.Connection
) -> None:
    """A table gives the values of files, in a column with a zone and in one without."""
    connection.execute("create schema outages")
    connection.execute(
        f"create table outages.log (id text, at {kind}, x float, c text, p float, y int, version"
        " text); grant usage on schema outages to collector;"
        " grant select on outages.log to collector"
    )
    plain = hive(tmp_path / "hive")
    for row in pd.concat(map(day, DAYS)).itertuples(index=False):
        values = [None if pd.isna(value) else value for value in row]
        values[1] = values[1].tz_convert(None) if kind == "timestamp" else values[1]
        connection.execute("insert into outages.log values (%s, %s, %s, %s, %s, %s, %s)", values)
    connection.commit()
    table = d.Table("outages.log", time="at", naive="UTC" if kind == "timestamp" else "")

    for one in DAYS:
        left, right = read(plain, settings, one).frame, read(table, settings, one).frame
        for name in ("x", "p", "y"):
            assert left[name].astype(float).round(9).equals(right[name].astype(float).round(9))
        assert list(left["c"]) == list(right["c"])
    assert Reader(small_monitor(source=table, starts=""), settings).first_day(NOW) == DAYS[0]
    if kind == "timestamp":
        with pytest.raises(SourceError, match=r"outages.log: 'at' names no time zone; say naive="):
            read(d.Table("outages.log", time="at"), settings, DAYS[0])


def test_times_without_a_zone_are_of_the_one_declared(settings: Settings, tmp_path: Path) -> None:
    """23:30 of Lisbon's summer is the same day there and the day before midnight UTC."""
    frame = rows(date(2024, 7, 2), count=2)
    frame["at"] = ["2024-07-02 23:30:00", "2024-07-02 00:30:00"]
    frame.to_csv(tmp_path / "log.csv", index=False)
    plain = d.Csv(str(tmp_path), time="at", layout="undated")
    with pytest.raises(SourceError, match=r"log.csv: 'at' names no time zone; say naive="):
        read(plain, settings, date(2024, 7, 2))

    lisbon = d.Csv(str(tmp_path), time="at", layout="undated", naive="Europe/Lisbon")
    assert len(read(lisbon, settings, date(2024, 7, 2)).frame) == 1
    assert len(read(lisbon, settings, date(2024, 7, 1)).frame) == 1


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York"])
def test_no_row_is_lost_where_clocks_change(zone: str, settings: Settings, tmp_path: Path) -> None:
    """Every row of naive times is in one window, also in the hour that is there twice, or never."""
    for spring in ("2024-03-09", "2024-03-30", "2024-10-26", "2024-11-02"):
        times = pd.date_range(f"{spring} 00:00", periods=72 * 4, freq="15min")
        frame = pd.DataFrame({"at": times.astype(str), "x": 1.0})
        frame.to_csv(tmp_path / "log.csv", index=False)
        source = d.Csv(str(tmp_path), time="at", layout="undated", naive=zone)
        days = [times[0].date() + pd.Timedelta(days=n) for n in (-1, 0, 1, 2, 3)]
        assert sum(len(read(source, settings, one).frame) for one in days) == len(frame)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("yesterday", r"log.csv: 'at': 'yesterday' \(2 of 3\) is not a time as ISO 8601"),
        ("2024-01-01T10:00:00", r"log.csv: 'at': some times name a zone and some do not"),
    ],
)
def test_a_bad_time_is_named(value: str, said: str, settings: Settings, tmp_path: Path) -> None:
    """A time that cannot be read is an error with file, column and value."""
    good = "2024-01-01T10:00:00Z"
    pd.DataFrame({"at": [good, value, value], "x": 1.0}).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(SourceError, match=said):
        read(d.Csv(str(tmp_path), time="at", layout="undated"), settings, DAYS[0])


def test_a_file_without_a_day_is_refused_where_days_are_declared(
    settings: Settings, tmp_path: Path
) -> None:
    """A file whose rows would be lost without a word is an error that names the mend."""
    source = dated(tmp_path / "log")
    rows(DAYS[0]).to_parquet(tmp_path / "log" / "more.parquet")
    with pytest.raises(SourceError, match=r"more.parquet: its name holds no day.*undated"):
        read(source, settings, DAYS[0])


def test_of_undated_parquet_only_row_groups_of_the_window_are_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file sorted by time is not read whole for a day."""
    frame = pd.concat(map(day, DAYS), ignore_index=True)
    frame.to_parquet(tmp_path / "log.parquet", row_group_size=60, index=False)
    taken: list[int] = []

    class Spy(pq.ParquetFile):  # type: ignore[misc]
        def read_row_groups(self, groups: list[int], **given: object) -> object:
            taken.extend(groups)
            return super().read_row_groups(groups, **given)

    monkeypatch.setattr(parquet.pq, "ParquetFile", Spy)
    source = d.Parquet(str(tmp_path / "log.parquet"), time="at", layout="undated")
    assert len(read(source, settings, DAYS[1]).frame) == 60
    assert taken == [1]


def test_undated_csv_is_parsed_once_until_it_changes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows share one parse; a row that is added is seen."""
    source = undated_csv(tmp_path / "log")
    parsed: list[Path] = []
    parse = csv.read_batches
    monkeypatch.setattr(
        csv, "read_batches", lambda p, *rest: (parsed.append(p), parse(p, *rest))[1]
    )

    assert [len(read(source, settings, one).frame) for one in DAYS] == [60, 60, 60]
    assert len(parsed) == 1
    with (tmp_path / "log" / "log.csv").open("a") as file:
        file.write("new,2024-01-03 12:00:00,0.1,x,0.5,1,v1\n")
    assert len(read(source, settings, DAYS[2]).frame) == 61


def test_labels_of_an_undated_file_are_joined_and_wait(settings: Settings, tmp_path: Path) -> None:
    """A label counts once it is known, wherever it lies, its ids text or numbers."""
    frame = day(DAYS[0])
    frame["id"] = range(len(frame))
    labels = frame[["id", "y"]].assign(known=frame["at"] + pd.Timedelta(days=20)).dropna()
    write_day(tmp_path / "log", DAYS[0], frame.drop(columns="y").assign(id=frame["id"].map(str)))
    labels.to_csv(tmp_path / "labels.csv", index=False)
    monitor = small_monitor(
        str(tmp_path / "log"),
        labels=d.Csv(str(tmp_path / "labels.csv"), time="known", on="id", layout="undated"),
    )
    window = monitor.every.window(DAYS[0])
    reader = Reader(monitor, settings)

    assert reader.read(window, window.end).frame["y"].notna().sum() == 0
    assert reader.read(window, NOW).frame["y"].notna().sum() == len(labels)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"layout": "daily"}, "source: layout: 'daily'; choose among folders, dated, undated"),
        ({"naive": "Lisbon"}, "source: naive: no time zone 'Lisbon'"),
        ({"format": "epoch"}, "source: format: 'epoch'; write it as strptime has it"),
        ({"separator": "; "}, "source: separator: '; '; give one character"),
    ],
)
def test_a_wrong_field_is_refused(given: dict[str, str], said: str) -> None:
    """Names the field and what to write."""
    with pytest.raises(d.DeclarationError) as refused:
        d.Csv("log", time="at", **given)
    assert said in str(refused.value)
