"""Which column says when a row happened, and how it writes it."""

import re
from dataclasses import dataclass
from datetime import date

import pandas as pd

from collectors import cells
from collectors.sources.times import ENDS_WITH_ZONE, known
from monitors.declare.sources import EPOCHS

NAMES = (
    "predicted_at", "prediction_time", "prediction_timestamp", "scored_at", "served_at",
    "timestamp", "event_time", "event_timestamp", "event_at", "time", "ts", "datetime",
    "date_time", "created_at", "requested_at", "logged_at", "date", "day",
)  # fmt: skip
"""Names of such a column, the surest first."""
ENDINGS = ("_at", "_time", "_timestamp", "_ts", "_datetime", "_date", "_hour")
FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
"""How text writes times where it is not ISO 8601."""
DAYS = "%Y%m%d"
ENOUGH = 0.99
LOOKED_AT = 20_000
YEARS = (pd.Timestamp("2000-01-01").timestamp(), pd.Timestamp("2100-01-01").timestamp())


@dataclass(frozen=True)
class TimeColumn:
    """A column of times. format: as a source declares it. zoned: whether times name their zone."""

    name: str
    format: str
    zoned: bool


def choose(frame: pd.DataFrame, asked: str, format: str, place: str, option: str) -> TimeColumn:
    """The column of times among a frame's.

    asked, format: what a person has said, '' where nothing. option: how they say the column.
    Raises: ValueError naming the place, what was found, and the option that mends it.
    """
    if asked and asked not in frame:
        raise ValueError(f"{place} has no column {asked!r}; there are {names_of(frame)}")
    names = [asked] if asked else [str(name) for name in frame.columns]
    found = [one for name in names if (one := _time_column(name, frame[name], format, bool(asked)))]
    if not found:
        what = f"column {asked!r} holds no times" if asked else "no column holds times"
        raise ValueError(
            f"{place}: {what}; name one with {option}, and how it writes them with --time-format"
            f" (%d/%m/%Y %H:%M, s, ms); there are {names_of(frame)}"
        )
    best = min(_rank(one.name) for one in found)
    first = [one for one in found if _rank(one.name) == best]
    if len(first) > 1:
        several = ", ".join(one.name for one in first)
        raise ValueError(f"{place}: {several} all hold times; say which with {option}")
    return first[0]


def names_of(frame: pd.DataFrame) -> str:
    """A frame's columns, for an error."""
    names = [str(name) for name in frame.columns]
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def holds_times(values: pd.Series) -> bool:
    """Whether a column is of times, however it is called."""
    return _time_column(".", values, "", False) is not None


def _rank(name: str) -> int:
    plain = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).lower()
    if plain in NAMES:
        return NAMES.index(plain)
    return len(NAMES) if plain.endswith(ENDINGS) else len(NAMES) + 1


def _time_column(name: str, values: pd.Series, format: str, sure: bool) -> TimeColumn | None:
    there = values.dropna().head(LOOKED_AT)
    if there.empty or pd.api.types.is_bool_dtype(there):
        return None
    if known(values):
        return TimeColumn(name, "", True)
    if pd.api.types.is_datetime64_dtype(values) or isinstance(there.iloc[0], date):
        return TimeColumn(name, "", getattr(there.iloc[0], "tzinfo", None) is not None)
    if pd.api.types.is_numeric_dtype(there):
        return _number(name, there, format) if sure or _rank(name) <= len(NAMES) else None
    text = there.map(lambda value: isinstance(value, str)).all()
    return _text(name, there.astype(str), format) if text else None


def _number(name: str, there: pd.Series, format: str) -> TimeColumn | None:
    """Of numbers: days such as 20240131, or so many since 1970."""
    days = pd.Series(cells.words(there).categorical().astype(str))
    if format in ("", DAYS) and _are_days(days):
        return TimeColumn(name, DAYS, False)
    return TimeColumn(name, format or _unit(there), True) if _unit(there) else None


def _text(name: str, there: pd.Series, format: str) -> TimeColumn | None:
    if format:
        return TimeColumn(name, format, "%z" in format) if _reads(there, format) else None
    if there.str.match(r"\d{4}-\d{2}-\d{2}").mean() >= ENOUGH and _reads(there, "ISO8601"):
        zoned = bool(there.str.contains(ENDS_WITH_ZONE, regex=True).mean() > 0.5)
        return TimeColumn(name, "", zoned)
    if _rank(name) <= len(NAMES) and _are_days(there):
        return TimeColumn(name, DAYS, False)
    if there.str.fullmatch(r"\d{9,19}(?:\.\d+)?").mean() >= ENOUGH:
        return _time_column(name, pd.to_numeric(there, errors="coerce"), format, False)
    if not there.str.match(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}").mean() >= ENOUGH:
        return None
    formats = [one for one in FORMATS if _reads(there, one)]
    if len(formats) > 1:
        raise ValueError(
            f"{name!r} may be written as {' or as '.join(formats)}, e.g. {there.iloc[0]!r};"
            " say which with --time-format"
        )
    return TimeColumn(name, formats[0], False) if formats else None


def _are_days(there: pd.Series) -> bool:
    """Whether text is of days without marks between: 20240131."""
    return bool(there.str.fullmatch(r"(19|20)\d{6}").mean() >= ENOUGH and _reads(there, DAYS))


def _reads(there: pd.Series, format: str) -> bool:
    if format in EPOCHS:
        return bool(pd.to_numeric(there, errors="coerce").notna().mean() >= ENOUGH)
    if format == "ISO8601":
        there = there.str.replace(r"\s*UTC$", "Z", regex=True)
    zoned = format == "ISO8601" or "%z" in format
    times = pd.to_datetime(there, format=format, errors="coerce", utc=zoned)
    return bool(times.notna().mean() >= ENOUGH)


def _unit(numbers: pd.Series) -> str:
    """The unit since 1970 in which numbers lie in this century, '' where none does."""
    middle = float(numbers.astype(float).median())
    scales = dict(zip(EPOCHS, (1, 1e3, 1e6, 1e9), strict=True))
    return next((u for u, s in scales.items() if YEARS[0] <= middle / s < YEARS[1]), "")
