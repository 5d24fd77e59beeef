"""Profiles files that nobody has declared yet: the rows of each day, and a sample."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.ledger import Ledger, sum_ledgers
from driftdeck.collectors.new.chunks import ChunkReader, CsvChunkReader
from driftdeck.collectors.new.time_column import (
    TimeColumn,
    choose_time_column,
    has_times_without_zone,
    list_names,
)
from driftdeck.collectors.sources.paths import list_files, parse_day
from driftdeck.collectors.sources.times import parse_times
from driftdeck.declare import Csv, Parquet, Source
from driftdeck.errors import UsageError

SAMPLE_ROWS = 200_000


@dataclass(frozen=True)
class TimeOptions:
    """What a person states of the times, '' where nothing.

    time: the column. format: of its values. zone: of the days. option: of the command line, that
    states the column.
    """

    time: str = ""
    format: str = ""
    zone: str = "UTC"
    option: str = "--time"


@dataclass(frozen=True)
class DataProfile:
    """The days of data, and a sample of its rows.

    source: the declaration of it. sample: rows spread over all of it, text parsed. row_days,
    row_hours: the local day of each row of the sample, and its hour of that. days: by day, `rows`,
    the seconds from midnight to its `first` and `last` row, and the rows of each hour, under 0 to
    23. zoned: whether all times name their zone. raw: the sample as it is
    stored, in which ids and words are what the collectors see. stride: one in so many rows is in
    the sample. ledger: of all rows. repeated: names of several columns. nested: columns that are
    left out, since their values are no single ones. mixed: whether only some times name a zone.
    """

    source: Source
    sample: pd.DataFrame
    row_days: pd.Series
    row_hours: pd.Series
    days: pd.DataFrame
    zoned: bool
    raw: pd.DataFrame
    stride: int = 1
    ledger: Ledger = field(default_factory=Ledger)
    repeated: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    mixed: bool = False


def profile_files(path: Path, options: TimeOptions) -> DataProfile:
    """The profile of a file or of a folder of files. Raises UsageError, SourceError."""
    kind, layout, partition, paths = _detect_layout(path)
    reader = CsvChunkReader.of(paths) if kind is Csv else ChunkReader()
    head = next((chunk for path in paths for chunk in reader.read(path) if len(chunk)), None)
    if head is None:
        files = "is a file" if len(paths) == 1 else f"holds {len(paths)} files"
        raise UsageError(f"{path}: {files} without a row; put some in, or name another")
    repeated = tuple(
        dict.fromkeys(name for path in paths for name in reader.list_repeated_names(path))
    )
    column = choose_time_column(
        head, options.time, options.format, str(path), options.option, repeated
    )
    scan = _scan(reader, paths, column, options.zone, layout)
    arguments: dict[str, Any] = {"folder": str(path), "time": column.name, "format": column.format}
    if scan.lacks_zone:
        arguments["naive"] = options.zone
    if layout == "folders":
        arguments["partition"] = partition
    source: Parquet | Csv = kind(**{**arguments, "layout": layout, **reader.declared_options()})
    if scan.partition_zone == "own":
        source = replace(source, timezone="UTC")
    elif scan.partition_zone:
        source = replace(source, layout="undated", partition="date")
    sample = pd.concat(scan.sample_parts, ignore_index=True)
    row_days, row_hours = sample.pop(DAY), sample.pop(HOUR)
    frame = parse_text(sample, reader.decimal)
    return DataProfile(
        source,
        frame,
        row_days,
        row_hours,
        _merge_days(scan.days),
        not scan.lacks_zone,
        sample,
        scan.stride,
        sum_ledgers(scan.ledgers),
        repeated,
        mixed=scan.lacks_zone and column.zoned,
    )


DAY, HOUR = "\0day", "\0hour"
CODE_BEGINNING = r"[+-]?0\d"
"""The beginning of a code such as 007, which is no number although it looks like one."""


def parse_text(sample: pd.DataFrame, decimal: str = ".") -> pd.DataFrame:
    """A sample whose columns of text are parsed where all of it is numbers, or yes and no."""
    return pd.DataFrame({name: _parse_text_column(sample[name], decimal) for name in sample})


def _parse_text_column(values: pd.Series, decimal: str) -> pd.Series:
    present = values.dropna()
    if present.empty or not present.map(lambda value: isinstance(value, str)).all():
        return values
    if present.isin(list(cells.BOOLEANS)).all():
        return values.map({text: word == "true" for text, word in cells.BOOLEANS.items()})
    numbers = cells.numbers(values.astype(object), decimal)
    if numbers.unusable is not None or np.isnan(numbers.values).all():
        return values
    if present.str.match(CODE_BEGINNING).any():
        return values
    return pd.Series(numbers.values, values.index)


def _detect_layout(path: Path) -> tuple[type[Parquet] | type[Csv], str, str, list[Path]]:
    """(class of the source, layout, partition, files) of what lies at a path."""
    suffixes = (*Parquet.suffixes, *Csv.suffixes)
    if path.is_file() and not path.name.endswith(suffixes):
        raise UsageError(
            f"{path}: ends in none of {', '.join(suffixes)}; convert it (of .tsv, the name)"
        )
    if not path.exists():
        raise UsageError(f"no file or folder {path}; name one that is there, or a database's URI")
    if (path / "_delta_log").is_dir():
        raise UsageError(
            f"{path}: is a Delta table, whose files hold deleted rows, too; export it as Parquet"
        )
    paths = [path] if path.is_file() else list_files(path, suffixes)
    if not paths:
        raise UsageError(
            f"{path}: holds no file that ends in {', '.join(suffixes)}; name another folder, or"
            " convert what it holds (of .tsv, the name is enough)"
        )
    parquet = [file for file in paths if file.name.endswith(Parquet.suffixes)]
    if parquet and len(parquet) < len(paths):
        raise UsageError(
            f"{path}: holds files of two kinds, {len(parquet)} of Parquet and"
            f" {len(paths) - len(parquet)} of CSV; give a folder with one kind"
        )
    kind = Parquet if parquet else Csv
    if path.is_file():
        return kind, "undated", "", paths
    partition = _find_partition(path, paths)
    if partition:
        return kind, "folders", partition, paths
    are_dated = all(parse_day(file.name) for file in paths)
    return kind, "dated" if are_dated else "undated", "", paths


def _find_partition(root: Path, paths: Sequence[Path]) -> str:
    """The name before = of the folders of days, at any depth; '' where files do not lie in such."""
    names = {_find_day_folder(path.relative_to(root).parts[:-1]) for path in paths}
    return names.pop() or "" if len(names) == 1 else ""


def _find_day_folder(folders: Sequence[str]) -> str | None:
    """The name before = of the one folder of a day in a path, None without one, or with several."""
    parts = [part.partition("=") for part in folders]
    days = [name for name, _, day in parts if len(day) == len("YYYY-MM-DD") and _is_day(day)]
    return days[0] if len(days) == 1 else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass
class _Scan:
    """What was read of the files so far.

    days: of each chunk. sample_parts: the sample, of only every `stride`-th row once it gets too
    long. days_fit: by zone, "" for the monitor's and "own" for UTC, whether all rows lie in the day
    of their file's name. lacks_zone: whether some time names no zone.
    """

    days: list[pd.DataFrame] = field(default_factory=list)
    sample_parts: list[pd.DataFrame] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    days_fit: dict[str, bool] = field(default_factory=lambda: {"": True, "own": True})
    stride: int = 1
    lacks_zone: bool = False

    def keep(self, rows: pd.DataFrame) -> None:
        """Add rows to the sample, which is thinned out whenever it gets too long."""
        self.sample_parts.append(rows.iloc[:: self.stride])
        if sum(map(len, self.sample_parts)) > 2 * SAMPLE_ROWS:
            self.sample_parts = [pd.concat(self.sample_parts, ignore_index=True).iloc[::2]]
            self.stride *= 2

    @property
    def partition_zone(self) -> str:
        """The zone of the days in the files' names, as in `days_fit`; "undated" where none fits."""
        return next((zone for zone, all_fit in self.days_fit.items() if all_fit), "undated")


def _scan(
    reader: ChunkReader, paths: Sequence[Path], column: TimeColumn, zone: str, layout: str
) -> _Scan:
    """Read every row's time, and a sample. Raises UsageError, SourceError.

    column: of the times. zone: of the days.
    """
    scan = _Scan(lacks_zone=not column.zoned)
    for path in paths:
        for chunk in reader.read(path):
            if column.name not in chunk:
                raise UsageError(
                    f"{path}: no column {column.name!r}, the time of each row, which other files"
                    f" have; there are {list_names(chunk)}; is it the right file, and written with"
                    " the separator of the others?"
                )
            values = chunk[column.name]
            scan.lacks_zone |= not column.format and has_times_without_zone(values)
            place = f"{path}: {column.name!r}"
            naive = zone if scan.lacks_zone else ""
            parsed = parse_times(values, place, format=column.format, naive=naive)
            scan.ledgers.append(parsed.ledger)
            local = parsed.times.dt.tz_convert(ZoneInfo(zone))
            day = local.dt.date
            scan.days.append(count_by_day(local))
            _compare_days(scan.days_fit, layout, path, day, parsed.times)
            when = pd.DataFrame({DAY: day, HOUR: local.dt.hour})
            scan.keep(pd.concat([chunk, when], axis=1)[parsed.times.notna()])
    return scan


def _compare_days(
    fits: dict[str, bool], layout: str, path: Path, day: pd.Series, times: pd.Series
) -> None:
    """Note in `fits` where rows lie outside the day of their file's name, by zone.

    day: of each row in the monitor's zone. times: of each row.
    """
    if layout == "undated":
        return
    name = path.name
    if layout == "folders":
        name = next(
            part for part in reversed(path.parent.parts) if "=" in part and _is_day(part[-10:])
        )
    named_day = parse_day(name)
    fits[""] &= bool((day.dropna() == named_day).all())
    fits["own"] &= bool((times.dt.tz_convert(UTC).dt.date.dropna() == named_day).all())


def count_by_day(local: pd.Series) -> pd.DataFrame:
    """By day, `rows`, the seconds from midnight to its `first` and `last` row, and the rows of each
    hour, under 0 to 23.

    local: the time of each row in the zone of the days.
    """
    present = local.dropna()
    days, hours = present.dt.date, present.dt.hour
    seconds = hours * 3600 + present.dt.minute * 60 + present.dt.second
    grouped = seconds.groupby(days)
    counts = pd.DataFrame({"rows": grouped.size(), "first": grouped.min(), "last": grouped.max()})
    by_hour = present.groupby([days, hours]).size().unstack(fill_value=0)
    return counts.join(by_hour.reindex(columns=range(24), fill_value=0))


def _merge_days(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    by_day = pd.concat(parts).groupby(level=0)
    merged = by_day.sum().assign(first=by_day["first"].min(), last=by_day["last"].max())
    return merged.sort_index()
