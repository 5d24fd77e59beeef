"""Lengths of time as Grafana's parts write them; each part has a grammar of its own.

A month is 30.4375 days where a duration stands by itself (gtime.ParseDuration: refresh intervals),
and a month of the calendar where it is counted from a moment (gtime.ParseInterval: macros of SQL;
the browser: now-1M). A year of Prometheus, which rules are written in, has 365 days.
Source: backend/gtime of grafana-plugin-sdk-go, model/time.go of prometheus/common.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Final

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800
JULIAN_YEAR: Final = 365.25 * DAY
_GO: Final = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": MINUTE, "h": HOUR,
}  # fmt: skip
_GRAFANA: Final = {"d": DAY, "w": WEEK, "M": JULIAN_YEAR / 12, "y": JULIAN_YEAR}
_PROMETHEUS: Final = {"y": 365 * DAY, "w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": 1}
_ROUND: Final = (
    (0.01, 0.001), (0.015, 0.01), (0.035, 0.02), (0.075, 0.05), (0.15, 0.1), (0.35, 0.2),
    (0.75, 0.5), (1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30),
    (90, MINUTE), (210, 120), (450, 300), (750, 600), (1050, 900), (1500, 1200), (2700, 1800),
    (1.5 * HOUR, HOUR), (2.5 * HOUR, 2 * HOUR), (4.5 * HOUR, 3 * HOUR), (9 * HOUR, 6 * HOUR),
    (DAY, 12 * HOUR), (WEEK, DAY), (3 * WEEK, WEEK), (6 * WEEK, 30 * DAY),
)  # fmt: skip
"""(below, interval): what the browser makes of the seconds between the points of a panel."""
_LONGEST_MS: Final = (2**63 - 1) // 1_000_000
_GO_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|[smh])")
_CALENDAR = re.compile(r"(\d+)([dwMy])")
_PROMETHEUS_TEXT = re.compile(
    r"(?:(?P<y>\d+)y)?(?:(?P<w>\d+)w)?(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m(?!s))?"
    r"(?:(?P<s>\d+)s)?(?:(?P<ms>\d+)ms)?"
)


def parse_prometheus(text: str) -> float:
    """Seconds of a duration of an alert rule or a policy, such as 1m30s. Raises ValueError."""
    if text == "0":
        return 0.0
    match = _PROMETHEUS_TEXT.fullmatch(text)
    if not text or match is None:
        problem = f"{text!r} is no duration" if text else "is missing"
        raise ValueError(f"{problem}; write whole numbers with s, m, h, d or w, such as 1m30s")
    parts = match.groupdict(default="0")
    whole = sum(int(parts[unit]) * size for unit, size in _PROMETHEUS.items())
    if whole * 1000 + int(parts["ms"]) > _LONGEST_MS:
        raise ValueError(f"{text!r} is longer than Go can count, 292 years")
    return whole + int(parts["ms"]) / 1000


def parse_duration(text: str) -> float:
    """Seconds of a duration that stands by itself, such as a dashboard's refresh interval: 1m30s,
    1d, 1M. Raises ValueError."""
    if match := _CALENDAR.fullmatch(text):
        return int(match[1]) * _GRAFANA[match[2]]
    return _parse_go(text)


def parse_interval(text: str, now: datetime) -> float:
    """Seconds of an interval that begins now, such as the width of a group in SQL: 5m, 1d, 1M.

    Raises ValueError.
    """
    if match := _CALENDAR.fullmatch(text):
        return (_add_overflowing(now, int(match[1]), match[2]) - now).total_seconds()
    return _parse_go(text)


def format_interval(seconds: float) -> str:
    """The width of a group as the browser writes it into $__interval: whole, of one unit."""
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds * 1000)}ms"


def shift(moment: datetime, number: int, unit: str) -> datetime:
    """A moment some units later, as the browser counts: of months, the day stays or is the last.

    number: below 0 for earlier. unit: one of smhdwMy; days and longer keep the hour of their zone.
    Raises OverflowError outside the years 1 to 9999.
    """
    if unit in "My":
        months = moment.year * 12 + moment.month - 1 + number * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise OverflowError(f"the year {year}")
        last = calendar.monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    if unit in "dw":
        return moment + timedelta(days=number * (7 if unit == "w" else 1))
    passed = moment.astimezone(UTC) + timedelta(seconds=number * _GO[unit])
    return passed.astimezone(moment.tzinfo)


def _add_overflowing(moment: datetime, number: int, unit: str) -> datetime:
    """As Go's AddDate: a day that the month lacks is one of the next month."""
    first = shift(moment.replace(day=1), number, unit) if unit in "My" else None
    if first is None:
        return shift(moment, number, unit)
    return first + timedelta(days=moment.day - 1)


def _parse_go(text: str) -> float:
    """Seconds of a duration of Go without a sign: 1h0m0s, 1.5h. Raises ValueError."""
    if text == "0":
        return 0.0
    parts = _GO_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.removeprefix("+"):
        raise ValueError(f"{text!r} is no duration; write 30s, 5m, 1h or 1d")
    return float(sum(float(number) * _GO[unit] for number, unit in parts))


def round_interval(seconds: float) -> float:
    """Seconds between the points of a panel, as the browser rounds them (roundInterval in
    packages/grafana-data/src/datetime/rangeutil.ts)."""
    return next((interval for below, interval in _ROUND if seconds < below), 365 * DAY)
