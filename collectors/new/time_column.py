"""Which column says when a row happened, and how it writes it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.sources.times import ENDS_WITH_ZONE, is_zoned
from driftdeck.declare.sources import EPOCHS

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
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
"""How text writes times where it is not ISO 8601."""
DAYS, ISO = "%Y%m%d", r"\d{4}-\d{2}-\d{2}"
ENOUGH, ASKED_ENOUGH = 0.99, 0.5
"""The share of a column that times are: of one that nobody names, and of one that a person does."""
LABELS_OPTION = "--labels-time"
LOOKED_AT = 20_000
YEARS = (pd.Timestamp("2000-01-01").timestamp(), pd.Timestamp("2100-01-01").timestamp())


@dataclass(frozen=True)
class TimeColumn:
    """A column of times. format: as a source declares it. zoned: whether times name their zone."""

    name: str
    format: str
    zoned: bool


def choose(
    frame: pd.DataFrame, asked: str, format: str, place: str, option: str, twice: Sequence[str] = ()
) -> TimeColumn:
    """The column of times among a frame's.

    asked, format: what a person has said, '' where nothing. option: how they say the column.
    twice: names that are there more than once, whose columns the frame has not.
    Raises: ValueError naming the place, what was found, and the option that mends it.
    """
    _check_format(format)
    if asked and asked not in frame:
        has = "more than one" if asked in twice else "no"
        raise ValueError(f"{place} has {has} column {asked!r}; there are {names_of(frame)}")
    names = [asked] if asked else [str(name) for name in frame.columns]
    found = [one for name in names if (one := _time_column(name, frame[name], format, bool(asked)))]
    if not found:
        raise ValueError(f"{place}: {_without(frame, names, asked, format, option, twice)}")
    best = min(_rank(one.name) for one in found)
    first = [one for one in found if _rank(one.name) == best]
    if len(first) > 1:
        several = ", ".join(one.name for one in first)
        raise ValueError(f"{place}: {several} all hold times; say which with {option}")
    return first[0]


def _check_format(format: str) -> None:
    """Raise ValueError where a format is none."""
    mend = f"write it as strptime has it, %d/%m/%Y %H:%M, or one of {', '.join(EPOCHS)}"
    if not format or format in EPOCHS:
        return
    if "%" not in format:
        raise ValueError(f"--time-format {format!r}: {mend}")
    try:
        pd.to_datetime(pd.Series(["x"]), format=format, errors="coerce")
    except ValueError as error:
        raise ValueError(f"--time-format {format!r}: {error}; {mend}") from error


def _without(
    frame: pd.DataFrame, names: Sequence[str], asked: str, format: str, option: str,
    twice: Sequence[str],
) -> str:  # fmt: skip
    """Why no column is of times, and what mends it."""
    there = f"there are {names_of(frame)}"
    if twice:
        there += f", and more than once {', '.join(twice)}"
    if not asked:
        mixed = [name for name in names if _time_column(name, frame[name], format, True)]
        for name in mixed:
            if frame[name].dtype == object:
                odd = _first_unreadable(frame[name].dropna(), format)
                return f"{name!r} holds times, and others such as {odd!r}; {option} {name} takes it"
    how = f" written as {format}" if format else ""
    what = f"column {asked!r} holds no times{how}" if asked else f"no column holds times{how}"
    said = (
        f"{what}; name one with {option}, and how it writes them with --time-format"
        f" (%d/%m/%Y %H:%M, s, ms); {there}"
    )
    if len(frame.columns) == 1 and not asked:
        said += "; of CSV, is the separator one of , ; | or a tab?"
    if option == LABELS_OPTION:
        said += "; a label needs the time from which on it was known"
    elif not asked:
        said += (
            "; where none says when a row happened, add one: a day of rows is compared with others"
        )
    return said


def _first_unreadable(there: pd.Series, format: str) -> str:
    times = pd.to_datetime(there.astype(str), format=format or "ISO8601", errors="coerce", utc=True)
    return str(there[times.isna()].iloc[0]) if times.isna().any() else str(there.iloc[0])


def names_of(frame: pd.DataFrame) -> str:
    """A frame's columns, for an error."""
    names = [plain(str(name)) for name in frame.columns]
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def plain(name: str) -> str:
    """A column's name in a sentence: in quotes where it would be misread without."""
    return (
        name if re.fullmatch(r"[^\s,;:'\"](?:[^\n\r\t,;:'\"]*[^\s,;:'\"])?", name) else repr(name)
    )


def some_name_no_zone(values: pd.Series) -> bool:
    """Whether a column of text has times, as ISO 8601 writes them, that name no zone."""
    if values.dtype != object:
        return False
    there = values.dropna()
    there = there[[isinstance(value, str) for value in there]].astype(str)
    iso = there.str.match(ISO)
    return bool((iso & ~there.str.contains(ENDS_WITH_ZONE, regex=True)).any())


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
    if is_zoned(values):
        return TimeColumn(name, "", True)
    if pd.api.types.is_datetime64_dtype(values) or isinstance(there.iloc[0], date):
        return TimeColumn(name, "", getattr(there.iloc[0], "tzinfo", None) is not None)
    if pd.api.types.is_numeric_dtype(there):
        return _number(name, there, format) if sure or _rank(name) <= len(NAMES) else None
    text = there.map(lambda value: isinstance(value, str)).all()
    return _text(name, there.astype(str), format, sure) if text else None


def _number(name: str, there: pd.Series, format: str) -> TimeColumn | None:
    """Of numbers: days such as 20240131, or so many since 1970."""
    days = pd.Series(cells.words(there).categorical().astype(str))
    if format in ("", DAYS) and _are_days(days):
        return TimeColumn(name, DAYS, False)
    return TimeColumn(name, format or _unit(there), True) if _unit(there) else None


def _text(name: str, there: pd.Series, format: str, sure: bool) -> TimeColumn | None:
    enough = ASKED_ENOUGH if sure else ENOUGH
    if format:
        zoned = "%z" in format or format in EPOCHS
        return TimeColumn(name, format, zoned) if _reads(there, format, enough) else None
    iso = there.str.match(ISO)
    if iso.mean() >= enough and _reads(there, "ISO8601", enough):
        there = there[iso]
        zoned = bool(there.str.contains(ENDS_WITH_ZONE, regex=True).mean() > 0.5)
        return TimeColumn(name, "", zoned)
    if _rank(name) <= len(NAMES) and _are_days(there):
        return TimeColumn(name, DAYS, False)
    if there.str.fullmatch(r"\d{9,19}(?:\.\d+)?").mean() >= ENOUGH:
        return _time_column(name, pd.to_numeric(there, errors="coerce"), format, False)
    marked = there.str.match(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
    if not marked.mean() >= enough:
        return None
    there = there[marked]
    formats = [one for one in FORMATS if _reads(there, one, enough)]
    if len(formats) > 1:
        raise ValueError(
            f"{name!r} may be written as {' or as '.join(formats)}, e.g. {there.iloc[0]!r};"
            " say which with --time-format"
        )
    return TimeColumn(name, formats[0], False) if formats else None


def _are_days(there: pd.Series) -> bool:
    """Whether text is of days without marks between: 20240131."""
    return bool(there.str.fullmatch(r"(19|20)\d{6}").mean() >= ENOUGH and _reads(there, DAYS))


def _reads(there: pd.Series, format: str, enough: float = ENOUGH) -> bool:
    if format in EPOCHS:
        return bool(pd.to_numeric(there, errors="coerce").notna().mean() >= enough)
    if format == "ISO8601":
        there = there.str.replace(r"\s*UTC$", "Z", regex=True)
    zoned = format == "ISO8601" or "%z" in format
    times = pd.to_datetime(there, format=format, errors="coerce", utc=zoned)
    return bool(times.notna().mean() >= enough)


def _unit(numbers: pd.Series) -> str:
    """The unit since 1970 in which numbers lie in this century, '' where none does."""
    middle = float(numbers.astype(float).median())
    scales = dict(zip(EPOCHS, (1, 1e3, 1e6, 1e9), strict=True))
    return next((u for u, s in scales.items() if YEARS[0] <= middle / s < YEARS[1]), "")
