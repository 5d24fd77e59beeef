"""Finds the columns that are the ends of a forecast's interval: low and high, or two quantiles."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from driftdeck.collectors.new.column_values import to_numbers, to_snake_case

LOW = {"low": "high", "lower": "upper", "lo": "hi", "lb": "ub", "lwr": "upr"}
"""Words for the low end of an interval, and for its high one."""
QUANTILE = re.compile(r"(?:^|(?<=_))(?:p|q|quantile|percentile)_?(\d{1,3})(?=_|$)")
FORECAST_WORDS = frozenset(
    (
        *("pred", "predicted", "prediction", "forecast", "estimate", "y", "yhat", "hat"),
        *("interval", "pi", "ci", "bound", "limit"),
    )
)
"""What the name of an end may have beside the words of the prediction and of the label."""
INSIDE = 0.9
"""The prediction lies between the ends in such a share of rows, or they are another thing's."""


@dataclass(frozen=True)
class _End:
    """One end by its name. stem: the name without the end. side: the quantile, or low or high."""

    name: str
    stem: str
    side: float | str


@dataclass(frozen=True)
class Interval:
    """The columns of its ends."""

    low: str
    high: str


def list_intervals(sample: pd.DataFrame, available: Sequence[str]) -> list[Interval]:
    """Each pair of columns that is named as two ends, and is never the wrong way round."""
    ends = [end for name in available for end in _parse_ends(name)]
    return [
        Interval(low.name, high.name)
        for low in ends
        for high in ends
        if low.stem == high.stem and _are_opposite(low.side, high.side)
        if _is_ordered(sample[low.name], sample[high.name])
    ]


def list_intervals_of(
    sample: pd.DataFrame, available: Sequence[str], prediction: str, target: str
) -> list[Interval]:
    """Those of a prediction, the widest first: named after it, or after nothing else, and around
    it."""
    allowed = FORECAST_WORDS | _split(prediction) | _split(target)
    intervals = []
    for interval in list_intervals(sample, available):
        stem = next(_parse_ends(interval.low)).stem
        if _split(stem) <= allowed and _is_around(sample, interval, prediction):
            intervals.append(interval)
    return sorted(
        intervals,
        key=lambda interval: -float((sample[interval.high] - sample[interval.low]).mean()),
    )


def list_medians(available: Sequence[str], pairs: Sequence[Interval]) -> list[str]:
    """The columns that are named as the half quantile of one of these intervals."""
    stems = {end.stem for pair in pairs for end in _parse_ends(pair.low)}
    return [
        name
        for name in available
        if any(end.side in (0.5, "median") and end.stem in stems for end in _parse_ends(name))
    ]


def _parse_ends(name: str) -> Iterator[_End]:
    snake_case = to_snake_case(name)
    quantile = QUANTILE.search(snake_case)
    if quantile:
        digits = quantile[1]
        share = int(digits) / (1000 if len(digits) == 3 else 100)
        yield _End(name, QUANTILE.sub("", snake_case).strip("_"), share)
    words = snake_case.split("_")
    for number, word in enumerate(words):
        if word in LOW or word in LOW.values() or word == "median":
            yield _End(name, "_".join([*words[:number], *words[number + 1 :]]), word)


def _are_opposite(low: float | str, high: float | str) -> bool:
    if isinstance(low, str) or isinstance(high, str):
        return isinstance(low, str) and LOW.get(low) == high
    return low < high and abs(low + high - 1) < 1e-9


def _split(name: str) -> set[str]:
    return set(filter(None, to_snake_case(name).split("_")))


def _is_ordered(low: pd.Series, high: pd.Series) -> bool:
    lows, highs = to_numbers(low), to_numbers(high)
    if lows is None or highs is None:
        return False
    both = pd.DataFrame({"low": lows, "high": highs}).dropna()
    return len(both) > 0 and bool((both["low"] <= both["high"]).all())


def _is_around(sample: pd.DataFrame, interval: Interval, prediction: str) -> bool:
    rows = sample[[interval.low, prediction, interval.high]].dropna().astype(float)
    inside = rows[prediction].between(rows[interval.low], rows[interval.high])
    return len(rows) > 0 and bool(inside.mean() >= INSIDE)
