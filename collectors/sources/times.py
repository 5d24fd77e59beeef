"""Parses the time of each row to UTC, however the source writes it."""

import re
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.ledger import Ledger, Reason
from driftdeck.collectors.sources.errors import SourceError, no_zone
from driftdeck.declare.sources import EPOCHS

ENDS_WITH_ZONE = r":\d{2}(?:[.,]\d+)?\s*(?:[zZ]|UTC|[+-]\d{2}(?::?\d{2})?)$"
FIRST, LAST = pd.Timestamp("1677-09-23"), pd.Timestamp("2262-04-10")
"""Times outside cannot be a row's; all inside are exact to the nanosecond."""
MOST_UNREADABLE = 0.5
"""A larger share of times that cannot be read is an error of the whole column."""
WHOLE = re.compile(r"-?[0-9]+")
PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
Times: TypeAlias = "pd.Series[pd.Timestamp]"


@dataclass(frozen=True)
class ParsedTimes:
    """The times of a column. times: in UTC, NaT where there is none. ledger: counts these."""

    times: Times
    ledger: Ledger


def is_zoned(values: pd.Series) -> bool:
    """Whether a column is of pandas times with a zone."""
    return isinstance(values.dtype, pd.DatetimeTZDtype)


def parse_times(values: pd.Series, place: str, *, format: str = "", naive: str = "") -> ParsedTimes:
    """The times of a column, in UTC.

    place: file and column, for the error. format, naive: as the source declares them.
    Raises: SourceError naming the place, a bad value, and the mend, where the column as a whole
    cannot be read so.
    """
    times, expected = _parse_column(values, format, naive, place)
    if not times.hasnans:
        return ParsedTimes(times, Ledger(len(values)))
    missing = values.isna().to_numpy() | _is_empty(values)
    bad = times.isna().to_numpy() & ~missing
    count = int(bad.sum())
    example = repr(_to_python(values[bad].iloc[0])) if count else ""
    if count > MOST_UNREADABLE * len(values):
        raise SourceError(f"{place}: {example} ({count} of {len(values)}) is not {expected}")
    ledger = Ledger(len(values)).without(Reason.NO_TIME, int(missing.sum()))
    return ParsedTimes(times, ledger.without(Reason.UNREADABLE_TIME, count, example))


def _to_python(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _is_empty(values: pd.Series) -> np.ndarray:
    if values.dtype.kind in "iufMm":
        return np.zeros(len(values), bool)
    empty: np.ndarray = (values.astype(object) == "").to_numpy(bool)
    return empty


def _parse_column(values: pd.Series, format: str, naive: str, place: str) -> tuple[Times, str]:
    """(times in UTC, NaT where there is none or it cannot be read; how a time should look)."""
    if is_zoned(values):
        return values.dt.tz_convert("UTC"), ""
    if format in EPOCHS:
        return _parse_epochs(values, format), f"a number of {format} since 1970"
    if pd.api.types.is_datetime64_dtype(values):
        return localise(values, naive, place), ""
    text = _spell(values)
    if not text.notna().any():
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]"), ""
    if format:
        times = pd.to_datetime(text, format=format, errors="coerce", utc="%z" in format)
        zoned = times if "%z" in format else localise(times, naive, place)
        return zoned, f"written as {format}"
    _refuse_numbers(text, place)
    return _parse_iso(
        text, naive, place
    ), "a time as ISO 8601 writes it; say format= if it is another"


def _refuse_numbers(text: "pd.Series[str]", place: str) -> None:
    """Raise SourceError where times are numbers, unless they are days such as 20240131."""
    numbers = text[text.str.fullmatch(r"-?\d+(?:\.\d+)?", na=False).astype(bool)]
    if len(numbers) > MOST_UNREADABLE * len(text) and (numbers.str.len() != len("20240131")).any():
        raise SourceError(
            f"{place} holds numbers, e.g. {numbers.iloc[0]}; say format= with the unit since 1970,"
            f" one of {', '.join(EPOCHS)}, or as strptime has it"
        )


def localise(times: Times, naive: str, place: str) -> Times:
    """Times without a zone in UTC, read as local times of zone `naive`.

    An hour that comes twice is the first; one that is skipped moves forward. Raises SourceError
    where no zone is declared.
    """
    if not naive:
        raise no_zone(place)
    first = [True] * len(times)
    zone = ZoneInfo(naive)
    times = times.where((times >= FIRST) & (times <= LAST))
    # pandas-stubs know neither a list for `ambiguous` nor a Series as times; pandas does.
    local = times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")  # type: ignore[arg-type]
    return local.dt.tz_convert("UTC")


def _parse_epochs(values: pd.Series, unit: str) -> Times:
    """Times of numbers since 1970: whole ones exactly, others as floats, NaT beyond LAST."""
    if values.dtype.kind in "iu":
        numbers = values.astype(object).tolist()
    else:
        floats = cells.numbers(values).values
        words = _spell(values).tolist()
        numbers = [
            int(text) if isinstance(text, str) and WHOLE.fullmatch(text) else float(number)
            for text, number in zip(words, floats, strict=True)
        ]
    most = LAST.value // PER_UNIT[unit]
    kept = [number if pd.notna(number) and abs(number) <= most else None for number in numbers]
    nanoseconds = [
        None if number is None else _nanoseconds(number, PER_UNIT[unit]) for number in kept
    ]
    times = pd.to_datetime(pd.array(nanoseconds, dtype="Int64"), unit="ns", utc=True)
    return pd.Series(times, index=values.index)


def _nanoseconds(number: float, per_unit: int) -> int:
    return number * per_unit if isinstance(number, int) else round(number * per_unit)


def _spell(values: pd.Series) -> "pd.Series[str]":
    """Times as text; a day in a column of whole numbers as its digits."""
    spelled = cells.words(values, spell=cells.label)
    return pd.Series(spelled.categorical(), index=values.index).astype(object)


def _parse_iso(text: "pd.Series[str]", naive: str, place: str) -> Times:
    """ISO 8601 texts in UTC; those that name no zone are local times of zone `naive`."""
    zoned = text.str.contains(ENDS_WITH_ZONE, regex=True, na=False).astype(bool)
    text = text.str.replace(r"\s*UTC$", "Z", regex=True)
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    without_zone = times.notna() & ~zoned
    if not without_zone.any():
        return times
    if zoned.any() and not naive:
        raise SourceError(
            f"{place}: some times name a zone and some do not, e.g."
            f" {text[without_zone].iloc[0]!r}; write all of them alike, or say"
            ' naive="..." for the zone of those that name none'
        )
    return times.where(~without_zone, localise(times.dt.tz_localize(None), naive, place))
