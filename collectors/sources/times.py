"""The time of each row as moments of a known zone, however the source writes it."""

import re
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.sources.errors import SourceError, no_zone
from driftdeck.collectors.sources.ledger import Ledger, Reason
from driftdeck.declare.sources import EPOCHS

ENDS_WITH_ZONE = r":\d{2}(?:[.,]\d+)?\s*(?:[zZ]|UTC|[+-]\d{2}(?::?\d{2})?)$"
FIRST, LAST = pd.Timestamp("1677-09-23"), pd.Timestamp("2262-04-10")
"""Times beyond are none that a row can have; those of any other are exact to the nanosecond."""
MOST_UNREADABLE = 0.5
"""A larger share of times that cannot be read is no matter of single rows."""
WHOLE = re.compile(r"-?[0-9]+")
PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
Times: TypeAlias = "pd.Series[pd.Timestamp]"


@dataclass(frozen=True)
class Moments:
    """The times of a column. times: in UTC, NaT where there is none. ledger: why not."""

    times: Times
    ledger: Ledger


def known(values: pd.Series) -> bool:
    """Whether a column is of times that know their zone."""
    return isinstance(values.dtype, pd.DatetimeTZDtype)


def moments(values: pd.Series, place: str, *, format: str = "", naive: str = "") -> Moments:
    """The times of a column, each with its zone.

    place: file and column, for the error. format, naive: as declared.
    Raises: SourceError naming the place, a bad value, and the mend, where the column as a whole
    cannot be read so.
    """
    times, wanted = _times(values, format, naive, place)
    if not times.hasnans:
        return Moments(times, Ledger(len(values)))
    missing = values.isna().to_numpy() | _is_empty(values)
    bad = times.isna().to_numpy() & ~missing
    count = int(bad.sum())
    example = repr(_plain(values[bad].iloc[0])) if count else ""
    if count > MOST_UNREADABLE * len(values):
        raise SourceError(f"{place}: {example} ({count} of {len(values)}) is not {wanted}")
    ledger = Ledger(len(values)).without(Reason.NO_TIME, int(missing.sum()))
    return Moments(times, ledger.without(Reason.UNREADABLE_TIME, count, example))


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _is_empty(values: pd.Series) -> np.ndarray:
    if values.dtype.kind in "iufMm":
        return np.zeros(len(values), bool)
    empty: np.ndarray = (values.astype(object) == "").to_numpy(bool)
    return empty


def _times(values: pd.Series, format: str, naive: str, place: str) -> tuple[Times, str]:
    """The times in UTC, NaT where there is none or it cannot be read; and how they are written."""
    if known(values):
        return values.dt.tz_convert("UTC"), ""
    if format in EPOCHS:
        return _since_1970(values, format), f"a number of {format} since 1970"
    if pd.api.types.is_datetime64_dtype(values):
        return localised(values, naive, place), ""
    text = _text(values)
    if not text.notna().any():
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]"), ""
    if format:
        times = pd.to_datetime(text, format=format, errors="coerce", utc="%z" in format)
        zoned = times if "%z" in format else localised(times, naive, place)
        return zoned, f"written as {format}"
    _refuse_numbers(text, place)
    return _iso(text, naive, place), "a time as ISO 8601 writes it; say format= if it is another"


def _refuse_numbers(text: "pd.Series[str]", place: str) -> None:
    """Raise SourceError where times are numbers, but for days such as 20240131."""
    numbers = text[text.str.fullmatch(r"-?\d+(?:\.\d+)?", na=False).astype(bool)]
    if len(numbers) > MOST_UNREADABLE * len(text) and (numbers.str.len() != len("20240131")).any():
        raise SourceError(
            f"{place} holds numbers, e.g. {numbers.iloc[0]}; say format= with the unit since 1970,"
            f" one of {', '.join(EPOCHS)}, or as strptime has it"
        )


def localised(times: Times, naive: str, place: str) -> Times:
    """Times without a zone as those of zone `naive`, of an hour that comes twice the first."""
    if not naive:
        raise no_zone(place)
    first = [True] * len(times)
    zone = ZoneInfo(naive)
    times = times.where((times >= FIRST) & (times <= LAST))
    # pandas-stubs know neither a list for `ambiguous` nor a Series as times; pandas does.
    local = times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")  # type: ignore[arg-type]
    return local.dt.tz_convert("UTC")


def _since_1970(values: pd.Series, unit: str) -> Times:
    """Whole numbers exactly, others as floats; what is beyond any time is none."""
    if values.dtype.kind in "iu":
        numbers = values.astype(object).tolist()
    else:
        floats = cells.numbers(values).values
        words = _text(values).tolist()
        numbers = [
            int(text) if isinstance(text, str) and WHOLE.fullmatch(text) else float(number)
            for text, number in zip(words, floats, strict=True)
        ]
    most = LAST.value // PER_UNIT[unit]
    kept = [n if pd.notna(n) and abs(n) <= most else None for n in numbers]
    nanoseconds = [None if n is None else _nanoseconds(n, PER_UNIT[unit]) for n in kept]
    times = pd.to_datetime(pd.array(nanoseconds, dtype="Int64"), unit="ns", utc=True)
    return pd.Series(times, index=values.index)


def _nanoseconds(number: float, each: int) -> int:
    return number * each if isinstance(number, int) else round(number * each)


def _text(values: pd.Series) -> "pd.Series[str]":
    """Times as they are written: of a day in a column of whole numbers, its digits."""
    spelled = cells.words(values, spell=cells.label)
    return pd.Series(spelled.categorical(), index=values.index).astype(object)


def _iso(text: "pd.Series[str]", naive: str, place: str) -> Times:
    """Of times that name a zone and such as name none the latter are of zone `naive`."""
    zoned = text.str.contains(ENDS_WITH_ZONE, regex=True, na=False).astype(bool)
    text = text.str.replace(r"\s*UTC$", "Z", regex=True)
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    bare = times.notna() & ~zoned
    if not bare.any():
        return times
    if zoned.any() and not naive:
        raise SourceError(
            f"{place}: some times name a zone and some do not, e.g. {text[bare].iloc[0]!r}; write"
            ' all of them alike, or say naive="..." for the zone of those that name none'
        )
    return times.where(~bare, localised(times.dt.tz_localize(None), naive, place))
