"""Detects the column that says when a row happened, and the format of its times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.sources.times import ENDS_WITH_ZONE, is_zoned
from driftdeck.declare.sources import EPOCHS
from driftdeck.errors import UsageError

NAMES = (
    "predicted_at", "prediction_time", "prediction_timestamp", "scored_at", "served_at",
    "timestamp", "event_time", "event_timestamp", "event_at", "time", "ts", "datetime",
    "date_time", "created_at", "requested_at", "logged_at", "date", "day",
)  # fmt: skip
"""Names of such a column, the surest first."""
ENDINGS = ("_at", "_time", "_timestamp", "_ts", "_datetime", "_date", "_hour")
TEXT_FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y",
)  # fmt: skip
"""Formats of times in text that is not ISO 8601."""
DAY_FORMAT, ISO_BEGINNING = "%Y%m%d", r"\d{4}-\d{2}-\d{2}"
ENOUGH, ENOUGH_IF_NAMED = 0.99, 0.5
"""The share of values that must be times in a column that nobody names, and in one that a person
does."""
LABELS_OPTION = "--labels-time"
MOST_ROWS = 20_000
YEARS = (pd.Timestamp("2000-01-01").timestamp(), pd.Timestamp("2100-01-01").timestamp())


@dataclass(frozen=True)
class TimeColumn:
    """A column of times. format: as a source declares it. zoned: whether times name their zone."""

    name: str
    format: str
    zoned: bool


def choose_time_column(
    frame: pd.DataFrame,
    stated: str,
    format: str,
    place: str,
    option: str,
    repeated: Sequence[str] = (),
) -> TimeColumn:
    """The column of times of a frame.

    stated, format: the column and its format as a person states them, '' where nothing. place: the
    source, for errors. option: of the command line, that states the column. repeated: names that
    the source has more than once, whose columns the frame lacks.
    Raises: UsageError naming the place, what was found, and the option that mends it.
    """
    _check_format(format)
    if stated and stated not in frame:
        count_text = "more than one" if stated in repeated else "no"
        raise UsageError(
            f"{place} has {count_text} column {stated!r}; there are {list_names(frame)}"
        )
    names = [stated] if stated else [str(name) for name in frame.columns]
    candidates = [
        candidate
        for name in names
        if (candidate := _detect(name, frame[name], format, bool(stated)))
    ]
    if not candidates:
        raise UsageError(
            f"{place}: {_explain_missing(frame, names, stated, format, option, repeated)}"
        )
    best_rank = min(_rank_name(candidate.name) for candidate in candidates)
    best_candidates = [
        candidate for candidate in candidates if _rank_name(candidate.name) == best_rank
    ]
    if len(best_candidates) > 1:
        listing = ", ".join(candidate.name for candidate in best_candidates)
        raise UsageError(f"{place}: {listing} all hold times; say which with {option}")
    return best_candidates[0]


def _check_format(format: str) -> None:
    """Raise UsageError where a format is neither strptime's nor a unit since 1970."""
    mend = f"write it as strptime has it, %d/%m/%Y %H:%M, or one of {', '.join(EPOCHS)}"
    if not format or format in EPOCHS:
        return
    if "%" not in format:
        raise UsageError(f"--time-format {format!r}: {mend}")
    try:
        pd.to_datetime(pd.Series(["x"]), format=format, errors="coerce")
    except ValueError as error:
        raise UsageError(f"--time-format {format!r}: {error}; {mend}") from error


def _explain_missing(
    frame: pd.DataFrame, names: Sequence[str], stated: str, format: str, option: str,
    repeated: Sequence[str],
) -> str:  # fmt: skip
    """Why no column is of times, and what mends it."""
    listing = f"there are {list_names(frame)}"
    if repeated:
        listing += f", and more than once {', '.join(repeated)}"
    if not stated:
        partial = [name for name in names if _detect(name, frame[name], format, True)]
        for name in partial:
            if frame[name].dtype == object:
                odd = _first_unreadable(frame[name].dropna(), format)
                return f"{name!r} holds times, and others such as {odd!r}; {option} {name} takes it"
    form = f" written as {format}" if format else ""
    problem = (
        f"column {stated!r} holds no times{form}" if stated else f"no column holds times{form}"
    )
    message = (
        f"{problem}; name one with {option}, and how it writes them with --time-format"
        f" (%d/%m/%Y %H:%M, s, ms); {listing}"
    )
    if len(frame.columns) == 1 and not stated:
        message += "; of CSV, is the separator one of , ; | or a tab?"
    if option == LABELS_OPTION:
        message += "; a label needs the time from which on it was known"
    elif not stated:
        message += (
            "; where none says when a row happened, add one: a day of rows is compared with others"
        )
    return message


def _first_unreadable(present: pd.Series, format: str) -> str:
    times = pd.to_datetime(
        present.astype(str), format=format or "ISO8601", errors="coerce", utc=True
    )
    return str(present[times.isna()].iloc[0]) if times.isna().any() else str(present.iloc[0])


def list_names(frame: pd.DataFrame) -> str:
    """A frame's columns, for an error, at most 30."""
    names = [format_name(str(name)) for name in frame.columns]
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def format_name(name: str) -> str:
    """A column's name in a sentence: in quotes where it would be misread without."""
    return (
        name if re.fullmatch(r"[^\s,;:'\"](?:[^\n\r\t,;:'\"]*[^\s,;:'\"])?", name) else repr(name)
    )


def has_times_without_zone(values: pd.Series) -> bool:
    """Whether a column of text has times in ISO 8601 that name no zone."""
    if values.dtype != object:
        return False
    present = values.dropna()
    present = present[[isinstance(value, str) for value in present]].astype(str)
    is_iso = present.str.match(ISO_BEGINNING)
    return bool((is_iso & ~present.str.contains(ENDS_WITH_ZONE, regex=True)).any())


def has_times(values: pd.Series) -> bool:
    """Whether a column is of times, however it is called."""
    return _detect(".", values, "", False) is not None


def _rank_name(name: str) -> int:
    snake_case = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)).lower()
    if snake_case in NAMES:
        return NAMES.index(snake_case)
    return len(NAMES) if snake_case.endswith(ENDINGS) else len(NAMES) + 1


def _detect(name: str, values: pd.Series, format: str, is_named: bool) -> TimeColumn | None:
    present = values.dropna().head(MOST_ROWS)
    if present.empty or pd.api.types.is_bool_dtype(present):
        return None
    if is_zoned(values):
        return TimeColumn(name, "", True)
    if pd.api.types.is_datetime64_dtype(values) or isinstance(present.iloc[0], date):
        return TimeColumn(name, "", getattr(present.iloc[0], "tzinfo", None) is not None)
    if pd.api.types.is_numeric_dtype(present):
        return (
            _detect_in_numbers(name, present, format)
            if is_named or _rank_name(name) <= len(NAMES)
            else None
        )
    text = present.map(lambda value: isinstance(value, str)).all()
    return _detect_in_text(name, present.astype(str), format, is_named) if text else None


def _detect_in_numbers(name: str, present: pd.Series, format: str) -> TimeColumn | None:
    """The times in numbers: days such as 20240131, or seconds and their like since 1970."""
    days = pd.Series(cells.words(present).categorical().astype(str))
    if format in ("", DAY_FORMAT) and _are_days(days):
        return TimeColumn(name, DAY_FORMAT, False)
    return TimeColumn(name, format or _guess_unit(present), True) if _guess_unit(present) else None


def _detect_in_text(
    name: str, present: pd.Series, format: str, is_named: bool
) -> TimeColumn | None:
    enough = ENOUGH_IF_NAMED if is_named else ENOUGH
    if format:
        zoned = "%z" in format or format in EPOCHS
        return TimeColumn(name, format, zoned) if _is_readable(present, format, enough) else None
    is_iso = present.str.match(ISO_BEGINNING)
    if is_iso.mean() >= enough and _is_readable(present, "ISO8601", enough):
        present = present[is_iso]
        zoned = bool(present.str.contains(ENDS_WITH_ZONE, regex=True).mean() > 0.5)
        return TimeColumn(name, "", zoned)
    if _rank_name(name) <= len(NAMES) and _are_days(present):
        return TimeColumn(name, DAY_FORMAT, False)
    if present.str.fullmatch(r"\d{9,19}(?:\.\d+)?").mean() >= ENOUGH:
        return _detect(name, pd.to_numeric(present, errors="coerce"), format, False)
    is_marked = present.str.match(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}")
    if not is_marked.mean() >= enough:
        return None
    present = present[is_marked]
    formats = [candidate for candidate in TEXT_FORMATS if _is_readable(present, candidate, enough)]
    if len(formats) > 1:
        raise UsageError(
            f"{name!r} may be written as {' or as '.join(formats)}, e.g. {present.iloc[0]!r};"
            " say which with --time-format"
        )
    return TimeColumn(name, formats[0], False) if formats else None


def _are_days(present: pd.Series) -> bool:
    """Whether text is of days without separators: 20240131."""
    return bool(
        present.str.fullmatch(r"(19|20)\d{6}").mean() >= ENOUGH
        and _is_readable(present, DAY_FORMAT)
    )


def _is_readable(present: pd.Series, format: str, enough: float = ENOUGH) -> bool:
    if format in EPOCHS:
        return bool(pd.to_numeric(present, errors="coerce").notna().mean() >= enough)
    if format == "ISO8601":
        present = present.str.replace(r"\s*UTC$", "Z", regex=True)
    zoned = format == "ISO8601" or "%z" in format
    times = pd.to_datetime(present, format=format, errors="coerce", utc=zoned)
    return bool(times.notna().mean() >= enough)


def _guess_unit(numbers: pd.Series) -> str:
    """The unit since 1970 in which numbers lie in this century, '' where none does."""
    middle = float(numbers.astype(float).median())
    scales = dict(zip(EPOCHS, (1, 1e3, 1e6, 1e9), strict=True))
    return next((u for u, s in scales.items() if YEARS[0] <= middle / s < YEARS[1]), "")
