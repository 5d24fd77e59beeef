"""Where an axis begins and ends, and where its ticks stand, as in uPlot, which Grafana draws with.

Source: rangeNum and findIncr of leeoniya/uPlot; UPlotScaleBuilder.ts of grafana/grafana.
"""

import math
from collections.abc import Sequence
from typing import Any

from driftdeck.preview import units
from driftdeck.preview.fields import Field

PAD, APART = 0.1, 30
"""Room beyond the values, as a share of their range; pixels between ticks, at least."""


def limits(fields: Sequence[Field], values: Sequence[float]) -> tuple[float, float]:
    """The range of an axis on which fields with these values lie."""
    low, high = _hard(fields, "min", min), _hard(fields, "max", max)
    soft_low, soft_high = _soft(fields, "axisSoftMin", min), _soft(fields, "axisSoftMax", max)
    if low is not None and high is not None:
        return _valid(low, high)
    least = low if low is not None else min(values, default=0.0)
    most = high if high is not None else max(values, default=1.0)
    found = padded(least, most, soft_low, soft_high)
    return _valid(found[0] if low is None else low, found[1] if high is None else high)


def _valid(low: float, high: float) -> tuple[float, float]:
    return (low, high) if low < high else (0.0, 100.0)


def padded(
    least: float, most: float, soft_low: float | None = None, soft_high: float | None = None
) -> tuple[float, float]:
    """A range with room around its values; zero is in it where it is near, soft ends where set."""
    delta = most - least
    greatest = max(abs(least), abs(most))
    if delta < 1e-24:
        delta = 0.0
    size = delta or greatest or 1e3
    step = 10.0 ** math.floor(math.log10(size)) / 10
    room_low = size * ((0.1 if least == 0 else 1.0) if delta == 0 else PAD)
    room_high = size * ((0.1 if most == 0 else 1.0) if delta == 0 else PAD)
    low = math.floor(round((least - room_low) / step, 6)) * step
    high = math.ceil(round((most + room_high) / step, 6)) * step
    return _valid(_softened(least, low, soft_low, 1), _softened(most, high, soft_high, -1))


def _softened(value: float, padded_end: float, soft: float | None, sign: int) -> float:
    """An end of the range: the soft end, or zero, if no value lies beyond it."""
    end = soft or 0.0
    inside = sign * value >= sign * end
    if inside and (soft is not None or sign * padded_end <= sign * end):
        return end
    return padded_end


def _hard(fields: Sequence[Field], key: str, choose: Any) -> float | None:
    given = [field.config[key] for field in fields if field.config.get(key) is not None]
    return choose(given) if given else None


def _soft(fields: Sequence[Field], key: str, choose: Any) -> float | None:
    given = [field.custom[key] for field in fields if field.custom.get(key) is not None]
    return choose(given) if given else None


def ticks(low: float, high: float, pixels: float, apart: float = APART) -> list[float]:
    """Round numbers on an axis of so many pixels."""
    most = max(1.0, pixels / apart)
    step = _step((high - low) / most)
    first = math.ceil(round(low / step, 6))
    last = math.floor(round(high / step, 6))
    return [round(number * step, 12) for number in range(first, last + 1)]


def _step(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * f for f in (1, 2, 2.5, 5, 10) if size * f >= least * (1 - 1e-9))


def labelled(field: Field, marks: Sequence[float]) -> list[str]:
    """Ticks as the field's unit writes them."""
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    decimals = _decimals(step)
    given = field.config.get("decimals")
    if given is not None:
        return [units.write(field.unit, mark, given) for mark in marks]
    return [
        units.trimmed(field.unit, mark, decimals) if decimals else units.write(field.unit, mark)
        for mark in marks
    ]


def _decimals(step: float) -> int:
    text = f"{step:.6f}".rstrip("0")
    return len(text.partition(".")[2])
