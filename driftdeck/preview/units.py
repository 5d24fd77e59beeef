"""Numbers as Grafana writes them: its value formats, for the units that dashboards here use.

Source: packages/grafana-data/src/valueFormats of grafana/grafana.
"""

import math
from collections.abc import Callable, Mapping, Sequence

TINY = 1e-6
"""Smaller numbers, as p-values may be, are written with an exponent, as JavaScript does."""
Format = Callable[[float, int | None], tuple[str, str]]
"""From a number and its decimals, None for as many as it needs, to (text, suffix)."""


def format_value(unit: str, value: float, decimals: int | None = None) -> str:
    """A number with its unit. unit: Grafana's id; an unknown one is written behind the number.
    decimals: None for as many as the number needs."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "NaN")
    text, suffix = _find_format(unit)(value, decimals)
    return _prefix(unit) + text + suffix


def format_tick(unit: str, value: float, decimals: int) -> str:
    """A number of a tick, with its unit: at most so many decimals, without trailing zeros."""
    text, suffix = _find_format(unit)(value, decimals)
    return _prefix(unit) + f"{float(text):.15g}" + suffix


def format_number(value: float, decimals: int | None = None) -> str:
    """A number rounded to so many decimals; None for as many as show three digits of it."""
    if decimals is None and 0 < abs(value) < TINY:
        digits, _, power = f"{value:.2e}".partition("e")
        return f"{float(digits):g}e{int(power)}"
    places = _count_decimals(value) if decimals is None else decimals
    rounded = math.floor(value * 10**places + 0.5) / 10**places
    return f"{rounded or 0.0:.{places}f}"


def _count_decimals(value: float) -> int:
    whole = value == 0 or float(value).is_integer()
    return 0 if whole else max(0, 2 - math.floor(math.log10(abs(value))))


def _find_format(unit: str) -> Format:
    if unit in FORMATS:
        return FORMATS[unit]
    kind, _, rest = unit.partition(":")
    if kind == "suffix":
        return _with_suffix(" " + rest)
    if kind == "prefix":
        return _with_suffix("")
    return _with_suffix(f" {unit}" if unit else "")


def _prefix(unit: str) -> str:
    return unit.removeprefix("prefix:") if unit.startswith("prefix:") else PREFIXES.get(unit, "")


def _with_suffix(suffix: str) -> Format:
    return lambda value, decimals: (format_number(value, decimals), suffix)


def _multiplied(factor: float, suffix: str) -> Format:
    return lambda value, decimals: (format_number(value * factor, decimals), suffix)


def _scaled(base: float, suffixes: Sequence[str], bare: int = 0) -> Format:
    """A number divided by the largest power of the base that fits: 1.2 K, 3.4 Mil.

    suffixes: of the powers in order. bare: the position of the suffix of power 0.
    """

    def write_scaled(value: float, decimals: int | None) -> tuple[str, str]:
        power = math.floor(math.log(abs(value), base) + 1e-12) if value else 0
        power = min(max(power, -bare), len(suffixes) - 1 - bare)
        return format_number(value / base**power, decimals), suffixes[bare + power]

    return write_scaled


def _si(unit: str, offset: int = 0) -> Format:
    """A number with a metric prefix: µs, ms, s, ks. offset: of the numbers' own prefix."""
    prefixes = [*"fpnµm", "", *"kMGTPEZY"]
    return _scaled(1000, [f" {prefix}{unit}" for prefix in prefixes], prefixes.index("") + offset)


def _durations(*steps: tuple[float, float, str]) -> Format:
    """A duration. steps: (upper bound, size of the unit, suffix), the last one unbounded."""

    def write_duration(value: float, decimals: int | None) -> tuple[str, str]:
        for below, size, suffix in steps:
            if abs(value) < below:
                return format_number(value / size, decimals), suffix
        raise AssertionError("the last step has no bound")

    return write_duration


def _seconds(value: float, decimals: int | None) -> tuple[str, str]:
    return ("0", " s") if value == 0 else _SECONDS(value, decimals)


_SECONDS = _durations(
    (1e-6, 1e-9, " ns"), (1e-3, 1e-6, " µs"), (1, 1e-3, " ms"), (60, 1, " s"), (3600, 60, " min"),
    (86400, 3600, " hour"), (604800, 86400, " day"), (31536000, 604800, " week"),
    (math.inf, 31556900, " year"),
)  # fmt: skip
PREFIXES = {"currencyUSD": "$", "currencyEUR": "€", "currencyGBP": "£"}
FORMATS: Mapping[str, Format] = {
    "none": _with_suffix(""),
    "short": _scaled(1000, ("", " K", " Mil", " Bil", " Tri", " Quadr", " Quint")),
    "percent": _with_suffix("%"),
    "percentunit": _multiplied(100, "%"),
    "s": _seconds,
    "ms": _durations(
        (1000, 1, " ms"), (60000, 1000, " s"), (3600000, 60000, " min"),
        (86400000, 3600000, " hour"), (31536000000, 86400000, " day"),
        (math.inf, 31536000000, " year"),
    ),
    "m": _durations(
        (60, 1, " min"), (1440, 60, " hour"), (10080, 1440, " day"), (604800, 10080, " week"),
        (math.inf, 525948, " year"),
    ),
    "h": _durations(
        (24, 1, " hour"), (168, 24, " day"), (8760, 168, " week"), (math.inf, 8760, " year")
    ),
    "d": _durations((7, 1, " day"), (365, 7, " week"), (math.inf, 365, " year")),
    "bytes": _scaled(1024, [f" {prefix}B" for prefix in ("", "Ki", "Mi", "Gi", "Ti", "Pi")]),
    "decbytes": _si("B"),
    "celsius": _with_suffix(" °C"),
    "fahrenheit": _with_suffix(" °F"),
    "velocityms": _with_suffix(" m/s"),
    "velocitykmh": _with_suffix(" km/h"),
    "lengthmi": _with_suffix(" mi"),
    "lengthm": _si("m"),
    "lengthmm": _si("m", -1),
    "pressurehpa": _with_suffix(" hPa"),
    **dict.fromkeys(PREFIXES, _scaled(1000, ("", "K", "M", "B", "T"))),
    "reqps": _scaled(1000, (" req/s", "K req/s", "M req/s", "B req/s", "T req/s")),
    "ops": _scaled(1000, (" ops/s", "K ops/s", "M ops/s", "B ops/s", "T ops/s")),
}  # fmt: skip
