"""Looks at data nobody has declared yet: where its days lie, and a sample of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.chunks import Chunks, CsvChunks
from driftdeck.collectors.new.time_column import TimeColumn, choose, names_of, some_name_no_zone
from driftdeck.collectors.sources.ledger import Ledger, sum_ledgers
from driftdeck.collectors.sources.paths import list_files, parse_day
from driftdeck.collectors.sources.times import parse_times
from driftdeck.declare import Csv, Parquet, Source

SAMPLE = 200_000


@dataclass(frozen=True)
class Options:
    """What a person has said of the data; '' where nothing. zone: of the days."""

    time: str = ""
    format: str = ""
    zone: str = "UTC"
    option: str = "--time"


@dataclass(frozen=True)
class Looked:
    """What was seen.

    source: as it is to be declared. sample: rows spread over all of it. on: the day of each of
    them. days: by day, `rows`, and the seconds from midnight to its `first` and `last` row.
    zoned: whether times name their zone, all of them. raw: the sample as it is stored, in which
    ids and words are what the collectors see. spread: that only every so many-th row is in the
    sample. ledger: of all rows. twice: names that are there more than once. nested: columns that
    are not looked at, since their values are no single ones. mixed: whether only some times name
    a zone.
    """

    source: Source
    sample: pd.DataFrame
    on: pd.Series
    days: pd.DataFrame
    zoned: bool
    raw: pd.DataFrame
    spread: int = 1
    ledger: Ledger = field(default_factory=Ledger)
    twice: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()
    mixed: bool = False


def look_at_files(path: Path, options: Options) -> Looked:
    """See what a file or a folder of files holds. Raises ValueError, SourceError."""
    kind, layout, partition, paths = _find(path)
    reading = CsvChunks.of(paths) if kind is Csv else Chunks()
    head = next((c for p in paths for c in reading.chunks(p) if len(c)), None)
    if head is None:
        files = "is a file" if len(paths) == 1 else f"holds {len(paths)} files"
        raise ValueError(f"{path}: {files} without a row; put some in, or name another")
    twice = tuple(dict.fromkeys(name for path in paths for name in reading.twice(path)))
    column = choose(head, options.time, options.format, str(path), options.option, twice)
    read = _read(reading, paths, column, options.zone, layout)
    given: dict[str, Any] = {"folder": str(path), "time": column.name, "format": column.format}
    if read.bare:
        given["naive"] = options.zone
    if layout == "folders":
        given["partition"] = partition
    source: Parquet | Csv = kind(**{**given, "layout": layout, **reading.said()})
    if read.astray == "own":
        source = replace(source, timezone="UTC")
    elif read.astray:
        source = replace(source, layout="undated", partition="date")
    sample = pd.concat(read.kept, ignore_index=True)
    on = sample.pop(DAY)
    frame = tidy(sample, reading.decimal)
    return Looked(
        source,
        frame,
        on,
        _days(read.days),
        not read.bare,
        sample,
        read.spread,
        sum_ledgers(read.ledgers),
        twice,
        mixed=read.bare and column.zoned,
    )


DAY = "\0day"
CODE = r"[+-]?0\d"
"""How text begins that is a code, whatever numbers it looks like: 007."""


def tidy(sample: pd.DataFrame, decimal: str = ".") -> pd.DataFrame:
    """A sample whose text that is numbers, or yes and no, is that; the rest as it is."""
    return pd.DataFrame({name: _tidy(sample[name], decimal) for name in sample})


def _tidy(values: pd.Series, decimal: str) -> pd.Series:
    there = values.dropna()
    if there.empty or not there.map(lambda value: isinstance(value, str)).all():
        return values
    if there.isin(list(cells.BOOLEANS)).all():
        return values.map({text: word == "true" for text, word in cells.BOOLEANS.items()})
    found = cells.numbers(values.astype(object), decimal)
    if found.unusable is not None or np.isnan(found.values).all():
        return values
    if there.str.match(CODE).any():
        return values
    return pd.Series(found.values, values.index)


def _find(path: Path) -> tuple[type[Parquet] | type[Csv], str, str, list[Path]]:
    """(kind, layout, partition, files) of what lies at a path."""
    suffixes = (*Parquet.suffixes, *Csv.suffixes)
    if path.is_file() and not path.name.endswith(suffixes):
        raise ValueError(
            f"{path}: ends in none of {', '.join(suffixes)}; convert it (of .tsv, the name)"
        )
    if not path.exists():
        raise ValueError(f"no file or folder {path}; name one that is there, or a database's URI")
    if (path / "_delta_log").is_dir():
        raise ValueError(
            f"{path}: is a Delta table, whose files hold deleted rows, too; export it as Parquet"
        )
    paths = [path] if path.is_file() else list_files(path, suffixes)
    if not paths:
        raise ValueError(
            f"{path}: holds no file that ends in {', '.join(suffixes)}; name another folder, or"
            " convert what it holds (of .tsv, the name is enough)"
        )
    parquet = [one for one in paths if one.name.endswith(Parquet.suffixes)]
    if parquet and len(parquet) < len(paths):
        raise ValueError(
            f"{path}: holds files of two kinds, {len(parquet)} of Parquet and"
            f" {len(paths) - len(parquet)} of CSV; give a folder with one kind"
        )
    kind = Parquet if parquet else Csv
    if path.is_file():
        return kind, "undated", "", paths
    partition = _partition(path, paths)
    if partition:
        return kind, "folders", partition, paths
    dated = all(parse_day(one.name) for one in paths)
    return kind, "dated" if dated else "undated", "", paths


def _partition(root: Path, paths: Sequence[Path]) -> str:
    """The name before = of the folders of a day, at any depth; '' where files do not lie so."""
    names = {_day_folder(path.relative_to(root).parts[:-1]) for path in paths}
    return names.pop() or "" if len(names) == 1 else ""


def _day_folder(folders: Sequence[str]) -> str | None:
    """The name of the one folder on the way to a file that is of a day, None without one."""
    found = [part.partition("=") for part in folders]
    days = [name for name, _, day in found if len(day) == len("YYYY-MM-DD") and _is_day(day)]
    return days[0] if len(days) == 1 else None


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass
class _Rows:
    """What was read of the files so far.

    kept: a sample, of only every `spread`-th row once it gets too long. fits: whether rows lie in
    the day of their file's name, by the zone of the days. bare: whether a time names no zone.
    """

    days: list[pd.DataFrame] = field(default_factory=list)
    kept: list[pd.DataFrame] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    fits: dict[str, bool] = field(default_factory=lambda: {"": True, "own": True})
    spread: int = 1
    bare: bool = False

    def keep(self, rows: pd.DataFrame) -> None:
        """Add rows to the sample, which is thinned out whenever it gets too long."""
        self.kept.append(rows.iloc[:: self.spread])
        if sum(map(len, self.kept)) > 2 * SAMPLE:
            self.kept = [pd.concat(self.kept, ignore_index=True).iloc[::2]]
            self.spread *= 2

    @property
    def astray(self) -> str:
        """The zone of the days in the files' names, "undated" where no zone fits."""
        return next((how for how, all_fit in self.fits.items() if all_fit), "undated")


def _read(
    reading: Chunks, paths: Sequence[Path], column: TimeColumn, zone: str, layout: str
) -> _Rows:
    """Every row's time, and a sample. Raises ValueError, SourceError."""
    read = _Rows(bare=not column.zoned)
    for path in paths:
        for chunk in reading.chunks(path):
            if column.name not in chunk:
                raise ValueError(
                    f"{path}: no column {column.name!r}, the time of each row, which other files"
                    f" have; there are {names_of(chunk)}; is it the right file, and written with"
                    " the separator of the others?"
                )
            values = chunk[column.name]
            read.bare |= not column.format and some_name_no_zone(values)
            place = f"{path}: {column.name!r}"
            naive = zone if read.bare else ""
            found = parse_times(values, place, format=column.format, naive=naive)
            read.ledgers.append(found.ledger)
            local = found.times.dt.tz_convert(ZoneInfo(zone))
            day = local.dt.date
            read.days.append(by_day(local))
            _check_days(read.fits, layout, path, day, found.times)
            read.keep(chunk.assign(**{DAY: day})[found.times.notna()])
    return read


def _check_days(
    fits: dict[str, bool], layout: str, path: Path, day: pd.Series, times: pd.Series
) -> None:
    """Whether rows lie in the day of their file's name: in the zone asked for, or in UTC."""
    if layout == "undated":
        return
    named = path.name
    if layout == "folders":
        named = next(p for p in reversed(path.parent.parts) if "=" in p and _is_day(p[-10:]))
    wanted = parse_day(named)
    fits[""] &= bool((day.dropna() == wanted).all())
    fits["own"] &= bool((times.dt.tz_convert(UTC).dt.date.dropna() == wanted).all())


def by_day(local: pd.Series) -> pd.DataFrame:
    """Rows of each day, and the seconds from midnight to its first and last."""
    there = local.dropna()
    seconds = there.dt.hour * 3600 + there.dt.minute * 60 + there.dt.second
    grouped = seconds.groupby(there.dt.date)
    return pd.DataFrame({"rows": grouped.size(), "first": grouped.min(), "last": grouped.max()})


def _days(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    both = pd.concat(parts).groupby(level=0)
    found = pd.DataFrame(
        {"rows": both["rows"].sum(), "first": both["first"].min(), "last": both["last"].max()}
    )
    return found.sort_index()
