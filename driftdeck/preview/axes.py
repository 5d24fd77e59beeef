"""Where an axis begins and ends, and where its ticks stand, as in uPlot, which Grafana draws with.

Source: rangeNum and findIncr of leeoniya/uPlot; UPlotScaleBuilder.ts of grafana/grafana.
"""

import math
from collections.abc import Sequence
from typing import Any

from driftdeck.preview import units
from driftdeck.preview.fields import Field

PADDING, TICK_DISTANCE = 0.1, 30
"""Space beyond the values, as a share of their range; pixels between ticks, at least."""


def find_limits(fields: Sequence[Field], values: Sequence[float]) -> tuple[float, float]:
    """The (low, high) ends of an axis for fields with these values, by the fields' options."""
    low, high = _read_hard_end(fields, "min", min), _read_hard_end(fields, "max", max)
    soft_low, soft_high = (
        _read_soft_end(fields, "axisSoftMin", min),
        _read_soft_end(fields, "axisSoftMax", max),
    )
    if low is not None and high is not None:
        return _check_range(low, high)
    least = low if low is not None else min(values, default=0.0)
    most = high if high is not None else max(values, default=1.0)
    padded = pad_range(least, most, soft_low, soft_high)
    return _check_range(padded[0] if low is None else low, padded[1] if high is None else high)


def _check_range(low: float, high: float) -> tuple[float, float]:
    return (low, high) if low < high else (0.0, 100.0)


def pad_range(
    least: float, most: float, soft_low: float | None = None, soft_high: float | None = None
) -> tuple[float, float]:
    """A range with space around its values; it includes zero where it is near, or the soft ends.

    least, most: of the values. soft_low, soft_high: ends where no value lies beyond them, None for
    zero.
    """
    delta = most - least
    greatest = max(abs(least), abs(most))
    if delta < 1e-24:
        delta = 0.0
    size = delta or greatest or 1e3
    step = 10.0 ** math.floor(math.log10(size)) / 10
    room_low = size * ((0.1 if least == 0 else 1.0) if delta == 0 else PADDING)
    room_high = size * ((0.1 if most == 0 else 1.0) if delta == 0 else PADDING)
    low = math.floor(round((least - room_low) / step, 6)) * step
    high = math.ceil(round((most + room_high) / step, 6)) * step
    return _check_range(
        _apply_soft_end(least, low, soft_low, 1), _apply_soft_end(most, high, soft_high, -1)
    )


def _apply_soft_end(value: float, padded_end: float, soft: float | None, sign: int) -> float:
    """An end of the range: the soft end, or zero, if no value lies beyond it.

    value: the outermost. padded_end: the end otherwise. sign: 1 at the low end, -1 at the high one.
    """
    end = soft or 0.0
    inside = sign * value >= sign * end
    if inside and (soft is not None or sign * padded_end <= sign * end):
        return end
    return padded_end


def _read_hard_end(fields: Sequence[Field], key: str, choose: Any) -> float | None:
    ends = [field.config[key] for field in fields if field.config.get(key) is not None]
    return choose(ends) if ends else None


def _read_soft_end(fields: Sequence[Field], key: str, choose: Any) -> float | None:
    ends = [field.custom[key] for field in fields if field.custom.get(key) is not None]
    return choose(ends) if ends else None


def place_ticks(
    low: float, high: float, pixels: float, apart: float = TICK_DISTANCE
) -> list[float]:
    """Round numbers on an axis of so many pixels, at least `apart` pixels from each other."""
    most = max(1.0, pixels / apart)
    step = _find_step((high - low) / most)
    first = math.ceil(round(low / step, 6))
    last = math.floor(round(high / step, 6))
    return [round(number * step, 12) for number in range(first, last + 1)]


def _find_step(least: float) -> float:
    size = 10.0 ** math.floor(math.log10(least))
    return next(size * f for f in (1, 2, 2.5, 5, 10) if size * f >= least * (1 - 1e-9))


def format_ticks(field: Field, marks: Sequence[float]) -> list[str]:
    """The texts of ticks, in the field's unit. marks: the ticks' values, in order."""
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    decimals = _count_decimals(step)
    fixed_decimals = field.config.get("decimals")
    if fixed_decimals is not None:
        return [units.format_value(field.unit, mark, fixed_decimals) for mark in marks]
    return [
        units.format_tick(field.unit, mark, decimals)
        if decimals
        else units.format_value(field.unit, mark)
        for mark in marks
    ]


def _count_decimals(step: float) -> int:
    text = f"{step:.6f}".rstrip("0")
    return len(text.partition(".")[2])
