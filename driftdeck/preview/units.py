"""Numbers as Grafana writes them: its value formats, for the units that dashboards here use.

Source: packages/grafana-data/src/valueFormats of grafana/grafana.
"""

import math
from collections.abc import Callable, Mapping, Sequence

TINY = 1e-6
"""What is smaller, as a p-value may be, is written with an exponent, as JavaScript does."""
Format = Callable[[float, int | None], tuple[str, str]]
"""A number and its decimals, None for as many as it needs, to (text, suffix)."""


def write(unit: str, value: float, decimals: int | None = None) -> str:
    """A number with its unit; one that Grafana does not know is written behind the number."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "NaN")
    text, suffix = _format(unit)(value, decimals)
    return _prefix(unit) + text + suffix


def trimmed(unit: str, value: float, decimals: int) -> str:
    """As at a tick: at most so many decimals, none that say nothing."""
    text, suffix = _format(unit)(value, decimals)
    return _prefix(unit) + f"{float(text):.15g}" + suffix


def fixed(value: float, decimals: int | None = None) -> str:
    """A number with so many decimals, by default as many as show three digits of it."""
    if decimals is None and 0 < abs(value) < TINY:
        digits, _, power = f"{value:.2e}".partition("e")
        return f"{float(digits):g}e{int(power)}"
    given = _needed(value) if decimals is None else decimals
    shown = math.floor(value * 10**given + 0.5) / 10**given
    return f"{shown or 0.0:.{given}f}"


def _needed(value: float) -> int:
    whole = value == 0 or float(value).is_integer()
    return 0 if whole else max(0, 2 - math.floor(math.log10(abs(value))))


def _format(unit: str) -> Format:
    if unit in FORMATS:
        return FORMATS[unit]
    kind, _, rest = unit.partition(":")
    if kind == "suffix":
        return _plain(" " + rest)
    if kind == "prefix":
        return _plain("")
    return _plain(f" {unit}" if unit else "")


def _prefix(unit: str) -> str:
    return unit.removeprefix("prefix:") if unit.startswith("prefix:") else PREFIXES.get(unit, "")


def _plain(suffix: str) -> Format:
    return lambda value, decimals: (fixed(value, decimals), suffix)


def _times(factor: float, suffix: str) -> Format:
    return lambda value, decimals: (fixed(value * factor, decimals), suffix)


def _scaled(base: float, suffixes: Sequence[str], bare: int = 0) -> Format:
    """As many times the base as fit: 1.2 K, 3.4 Mil. bare: the place of the suffix of 1."""

    def write_scaled(value: float, decimals: int | None) -> tuple[str, str]:
        power = math.floor(math.log(abs(value), base) + 1e-12) if value else 0
        power = min(max(power, -bare), len(suffixes) - 1 - bare)
        return fixed(value / base**power, decimals), suffixes[bare + power]

    return write_scaled


def _si(unit: str, offset: int = 0) -> Format:
    """With a prefix: µs, ms, s, ks. offset: of the prefix that the numbers come in."""
    prefixes = [*"fpnµm", "", *"kMGTPEZY"]
    return _scaled(1000, [f" {one}{unit}" for one in prefixes], prefixes.index("") + offset)


def _durations(*steps: tuple[float, float, str]) -> Format:
    """(below this size, so many of the unit, suffix), the last one without a bound."""

    def write_duration(value: float, decimals: int | None) -> tuple[str, str]:
        for below, size, suffix in steps:
            if abs(value) < below:
                return fixed(value / size, decimals), suffix
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
    "none": _plain(""),
    "short": _scaled(1000, ("", " K", " Mil", " Bil", " Tri", " Quadr", " Quint")),
    "percent": _plain("%"),
    "percentunit": _times(100, "%"),
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
    "celsius": _plain(" °C"),
    "fahrenheit": _plain(" °F"),
    "velocityms": _plain(" m/s"),
    "velocitykmh": _plain(" km/h"),
    "lengthmi": _plain(" mi"),
    "lengthm": _si("m"),
    "lengthmm": _si("m", -1),
    "pressurehpa": _plain(" hPa"),
    **dict.fromkeys(PREFIXES, _scaled(1000, ("", "K", "M", "B", "T"))),
    "reqps": _scaled(1000, (" req/s", "K req/s", "M req/s", "B req/s", "T req/s")),
    "ops": _scaled(1000, (" ops/s", "K ops/s", "M ops/s", "B ops/s", "T ops/s")),
}  # fmt: skip
