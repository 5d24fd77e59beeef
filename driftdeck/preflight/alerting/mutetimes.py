"""Mute times: when nobody is told. As prometheus/alertmanager's timeinterval package reads them."""

import re
from collections.abc import Callable
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field

from driftdeck.preflight.read.documents import Scalar
from driftdeck.preflight.read.fields import NAMES, Entry, Listed, OrganisationEntry

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
CLOCK = re.compile(r"((([01][0-9])|(2[0-3])):[0-5][0-9])$|(^24:00$)")
NUMBER = re.compile(r"[-+]?[0-9]+")
SHORTEST_MONTH = 28


def _written(value: Any) -> str:
    if not isinstance(value, Scalar):
        raise ValueError(f"is {NAMES.get(type(value), 'nothing')} where a text belongs")
    return "" if value.kind == "null" else str(value)


def _range(member: Callable[[str], int], ordered: bool = True) -> Callable[[Any], tuple[int, int]]:
    """Reads `a` or `a:b`."""

    def read(value: Any) -> tuple[int, int]:
        text = _written(value).lower()
        parts = text.split(":")
        if len(parts) > 2:
            raise ValueError(f"{text!r} is no range; write first:last")
        begin, end = member(parts[0]), member(parts[-1])
        if ordered and begin > end:
            raise ValueError(f"{text!r} ends before it begins")
        return begin, end

    return read


def _named(names: tuple[str, ...], what: str, numbered: bool) -> Callable[[str], int]:
    def member(text: str) -> int:
        if text in names:
            return names.index(text) + 1
        if numbered and NUMBER.fullmatch(text):
            return int(text)  # Grafana takes any number for a month
        raise ValueError(f"{text!r} is no {what}; write {names[0]}, {names[1]}, ...")

    return member


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _days(value: Any) -> tuple[int, int]:
    begin, end = _range(_number, ordered=False)(value)
    for day in (begin, end):
        if day == 0 or abs(day) > 31:
            raise ValueError(f"{day} is no day of a month")
    if begin < 0 < end:
        raise ValueError("an end counted from the month's first day follows a start counted back")
    first, last = (SHORTEST_MONTH + day if day < 0 else day for day in (begin, end))
    if first > last:
        raise ValueError(f"day {end} is always before day {begin}")
    return begin, end


def _clock(value: Any) -> str:
    text = _written(value)
    if not CLOCK.fullmatch(text):
        raise ValueError(f"{text!r} is no time of day; write 09:00")
    return text


def _zone(value: Any) -> str:
    text = _written(value)
    try:
        if text not in ("", "Local"):
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{text!r} is no time zone; write Europe/Berlin") from error
    return text


class Times(Entry):
    """From a time of day until before another."""

    start_time: Annotated[str, BeforeValidator(_clock)] = Field(alias="start_time")
    end_time: Annotated[str, BeforeValidator(_clock)] = Field(alias="end_time")

    def model_post_init(self, context: Any, /) -> None:
        """The end is later than the start."""
        if self.start_time >= self.end_time:
            raise ValueError(f"{self.start_time} is not before {self.end_time}")


Weekday = Annotated[
    tuple[int, int], BeforeValidator(_range(_named(WEEKDAYS, "weekday", numbered=False)))
]
Month = Annotated[tuple[int, int], BeforeValidator(_range(_named(MONTHS, "month", numbered=True)))]
Year = Annotated[tuple[int, int], BeforeValidator(_range(_number))]
Day = Annotated[tuple[int, int], BeforeValidator(_days)]
Zone = Annotated[str, BeforeValidator(_zone)]


class TimeInterval(Entry):
    """When all of the given parts hold."""

    times: Annotated[list[Times], Listed] = []
    weekdays: Annotated[list[Weekday], Listed] = []
    days_of_month: Annotated[list[Day], Listed] = Field(default=[], alias="days_of_month")
    months: Annotated[list[Month], Listed] = []
    years: Annotated[list[Year], Listed] = []
    location: Zone = ""


def _name(value: Any) -> str:
    text = _written(value)
    if not text:
        raise ValueError("is missing")
    return text


class MuteTime(OrganisationEntry):
    """Intervals under the name by which policies refer to them."""

    name: Annotated[str, BeforeValidator(_name)]
    time_intervals: Annotated[list[TimeInterval], Listed] = Field(
        default=[], alias="time_intervals"
    )
