"""The time of each row as moments of a known zone, however the source writes it."""

from typing import TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd

from collectors.sources.errors import SourceError
from monitors.declare.sources import EPOCHS

ENDS_WITH_ZONE = r":\d{2}(?:[.,]\d+)?\s*(?:[zZ]|UTC|[+-]\d{2}(?::?\d{2})?)$"
Times: TypeAlias = "pd.Series[pd.Timestamp]"


def known(values: pd.Series) -> bool:
    """Whether a column is of times that know their zone."""
    return isinstance(values.dtype, pd.DatetimeTZDtype)


def moments(values: pd.Series, place: str, *, format: str = "", naive: str = "") -> Times:
    """The times of a column, each with its zone; missing ones stay missing.

    place: file and column, for the error. format, naive: as declared.
    Raises: SourceError naming the place, a bad value, and the mend.
    """
    if known(values):
        return values
    if format in EPOCHS:
        return _since_1970(values, format, place)
    if pd.api.types.is_numeric_dtype(values) and values.notna().any():
        raise SourceError(
            f"{place} holds numbers, e.g. {values.dropna().iloc[0]}; say format= with the unit"
            f" since 1970, one of {', '.join(EPOCHS)}"
        )
    times = _parsed(values, format, place)
    return times.dt.tz_convert("UTC") if known(times) else localised(times, naive, place)


def localised(times: Times, naive: str, place: str) -> Times:
    """Times without a zone as those of zone `naive`, of an hour that comes twice the first."""
    if not naive:
        raise SourceError(
            f'{place} names no time zone; say naive="..." in the source for the zone that its times'
            " are of, or write them in UTC"
        )
    first = [True] * len(times)
    zone = ZoneInfo(naive)
    # pandas-stubs know neither a list for `ambiguous` nor a Series as times; pandas does.
    local = times.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")  # type: ignore[arg-type]
    return local.dt.tz_convert("UTC")


def _since_1970(values: pd.Series, unit: str, place: str) -> Times:
    numbers = pd.to_numeric(values, errors="coerce")
    _refuse_bad(values, numbers, place, f"a number of {unit} since 1970")
    return pd.to_datetime(numbers, unit=unit, utc=True)  # type: ignore[call-overload,no-any-return]


def _parsed(values: pd.Series, format: str, place: str) -> Times:
    if pd.api.types.is_datetime64_dtype(values):
        return values
    there = values.notna()
    if not there.any():
        return pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]")
    text = values.where(there).astype(object).map(str, na_action="ignore")
    if format:
        times = pd.to_datetime(text, format=format, errors="coerce", utc="%z" in format)
        _refuse_bad(values, times, place, f"written as {format}")
        return times
    zoned = text[there].str.contains(ENDS_WITH_ZONE, regex=True)
    text = text.str.replace(r"\s*UTC$", "Z", regex=True)
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    _refuse_bad(values, times, place, "a time as ISO 8601 writes it; say format= if it is another")
    if zoned.any() and not zoned.all():
        raise SourceError(
            f"{place}: some times name a zone and some do not, e.g."
            f" {text[there][~zoned].iloc[0]!r}; write all of them alike"
        )
    return times if zoned.all() else times.dt.tz_localize(None)


def _refuse_bad(values: pd.Series, times: pd.Series, place: str, wanted: str) -> None:
    bad = values.notna() & times.isna()
    if bad.any():
        raise SourceError(
            f"{place}: {values[bad].iloc[0]!r} ({int(bad.sum())} of {len(values)}) is not {wanted}"
        )
