"""What is wrong with a window's data itself: values, rows and columns unlike the reference's.

A value that is missing is none here: `missing_share` counts it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from driftdeck.collectors.engines.errors import SHOWN, UnmeasurableError
from driftdeck.collectors.frames.schema import NO_TYPE

Values = np.ndarray | pd.Series
"""(rows,) one column's values: numbers with NaN, or words with None, where there is none."""
FEW = 100
"""Rows below which nobody can tell an identifier from a category of many words."""


def unseen_share(counts: pd.Series, known: Collection[str]) -> float:
    """The share of a category's present values that the reference has none of.

    counts: how often the window has each word, by word. known: the words of the reference.

    NannyML's UnseenValuesCalculator gives the same where nothing is missing; of rows, it takes the
    share, and a missing value for one more word.
    """
    present = int(counts.sum())
    if not present:
        raise UnmeasurableError("every value is missing")
    if not len(known):
        raise UnmeasurableError("every value of the reference is missing")
    return float(counts[~counts.index.isin(list(known))].sum() / present)


def out_of_range_share(values: Values, low: float, high: float) -> float:
    """The share of present numbers below `low` or above `high`, as NannyML's
    NumericalRangeCalculator, which takes the share of rows, missing ones too."""
    if not low <= high:
        raise ValueError(f"{low} to {high} is no range")
    present = _present(values)
    return float(np.mean((present < low) | (present > high)))


def learned_range(
    values: Values, quantiles: tuple[float, float] | None = None
) -> tuple[float, float]:
    """From where to where the reference's numbers go: from the least to the greatest, or between
    two quantiles.

    The extremes of many rows are those of its worst ones: a single wrong value of the reference
    hides all alike. Quantiles leave such tails out, and their share is the number of a quiet day.
    """
    present = _present(values)
    if quantiles is None:
        return float(present.min()), float(present.max())
    if not 0 <= quantiles[0] < quantiles[1] <= 1:
        raise ValueError(f"{quantiles} are no two quantiles, the lower one first")
    low, high = np.quantile(present, quantiles)
    return float(low), float(high)


def duplicate_share(frame: pd.DataFrame, keys: Sequence[str] | None = None) -> float:
    """The share of rows that repeat an earlier row.

    keys: the columns that tell rows apart; without, all of them.

    A row that lacks a part of its key repeats nobody, as in a unique constraint of SQL, and is left
    out of both sides of the share: ids that get lost are missing values, which are counted as such,
    and no duplicates of each other, for which pandas takes them. Whole rows are compared as pandas
    does, so that two rows that lack the same are alike: there, a missing value is part of what a
    row says.
    """
    if len(frame) == 0:
        raise UnmeasurableError("no rows")
    if keys is None:
        return float(frame.duplicated().mean())
    whole = frame[list(keys)].dropna()
    if whole.empty:
        raise UnmeasurableError(f"none of {len(frame)} rows has all of its key: {', '.join(keys)}")
    return float(whole.duplicated().mean())


def is_constant(values: Values) -> bool:
    """Whether all present values are the same; of fewer than two, nobody can tell."""
    present = _present(values)
    if len(present) < 2:
        raise UnmeasurableError(f"1 value in {len(values)} rows cannot vary")
    return bool((present == present[0]).all())


def constant_count(columns: Iterable[Values]) -> float:
    """How many columns are constant, of those that could vary: with two present values or more."""
    values = list(columns)
    varying = [column for column in values if np.count_nonzero(pd.notna(column)) > 1]
    if not varying:
        raise UnmeasurableError(f"none of {len(values)} columns has two values")
    return float(sum(is_constant(column) for column in varying))


def age(newest: datetime | None, end: datetime) -> float:
    """The hours that have passed from the newest row's time to the end of the window.

    Both of one zone or none; hours of time, not of the clock, which is changed twice a year.
    """
    if newest is None or pd.isna(newest):
        raise UnmeasurableError("no row has a time")
    if newest.tzinfo is not None and end.tzinfo is not None:
        newest, end = newest.astimezone(UTC), end.astimezone(UTC)
    hours = (end - newest) / timedelta(hours=1)
    if hours < 0:
        raise UnmeasurableError(f"the newest row is {-hours:.4g} hours after the window's end")
    return float(hours)


@dataclass(frozen=True)
class SchemaDifferences:
    """What differs between the columns of two frames.

    gone: then, but not now. new: now, but not then. retyped: (name, type then, type now).
    """

    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()

    @property
    def count(self) -> int:
        """How many columns differ."""
        return len(self.gone) + len(self.new) + len(self.retyped)

    @property
    def sentence(self) -> str:
        """Which columns differ, '' if none does."""
        retyped = [f"{name} ({then}, now {now})" for name, then, now in self.retyped]
        groups = (("gone", self.gone), ("new", self.new), ("of another type", retyped))
        return "; ".join(f"{what}: {_listed(names)}" for what, names in groups if names)


def schema_differences(now: Mapping[str, str], then: Mapping[str, str]) -> SchemaDifferences:
    """Which columns are gone, new or of another type. now, then: types by name, in any order.

    A column without any value has no type that could have changed.
    """
    return SchemaDifferences(
        gone=tuple(name for name in then if name not in now),
        new=tuple(name for name in now if name not in then),
        retyped=tuple(
            (name, kind, now[name])
            for name, kind in then.items()
            if NO_TYPE not in (kind, now.get(name, NO_TYPE)) and now[name] != kind
        ),
    )


def looks_like_identifier(counts: pd.Series, rows: int) -> bool:
    """Whether a category's values are nearly all different, so that no share of unseen ones tells
    anything: tomorrow's are unseen on the best of days.

    counts: how often the reference has each word. rows: how many of its rows have one.

    The limit is one word for two rows, which `driftdeck new` takes, too: an average word is there
    less than twice. A true category of k even words gets there only with fewer than 1.6 k rows, and
    so few lack a fifth of its words, which a window would bring as unseen ones on the best of days.
    Fewer than 100 rows would do so of a category of some sixty words, so nothing is said of them.
    """
    distinct = int((counts > 0).sum())
    return rows >= FEW and distinct > rows / 2


def identifier_reason(counts: pd.Series, rows: int) -> str:
    """Why a category cannot be looked through for unseen values, '' if it can."""
    if not looks_like_identifier(counts, rows):
        return ""
    return (
        f"an identifier: {int((counts > 0).sum())} different values in {rows} rows of the"
        " reference, so that every window is full of unseen ones"
    )


def _present(values: Values) -> np.ndarray:
    """The values that are there, of which there are some."""
    column = np.asarray(values)
    present: np.ndarray = column[pd.notna(column)]
    if len(present) == 0:
        raise UnmeasurableError("every value is missing" if len(column) else "no rows")
    return present


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
