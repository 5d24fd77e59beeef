"""Chooses the columns whose values are segments worth a look."""

from collections.abc import Sequence

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.column_values import is_named_as_identity, to_numbers

MOST_SLICES, MOST_VALUES = 2, 20


def choose_slices(
    sample: pd.DataFrame,
    categories: Sequence[str],
    windows: pd.Series,
    stride: int,
    least: int,
) -> list[tuple[str, float]]:
    """At most two columns of few values, of each of which nearly every window has enough rows:
    (column, rows of the value of which there are fewest).

    Words come before codes, and these before yes and no; of each, the first.
    sample: rows of the reference; windows: the name of the window of each. stride: one in so many
    rows is in the sample. least: rows.
    """
    choices = []
    ranks = {name: _rank(sample[name]) for name in categories}
    for column in sorted(categories, key=lambda name: ranks[name]):
        low = _count_thinnest(sample[column], windows) * stride
        if low >= least and not is_named_as_identity(column):
            choices.append((column, low))
    return choices[:MOST_SLICES]


def _rank(values: pd.Series) -> int:
    if pd.api.types.is_bool_dtype(values.dropna().infer_objects()):
        return 2
    return 0 if to_numbers(values) is None else 1


def _count_thinnest(values: pd.Series, windows: pd.Series) -> float:
    """The rows that 19 of 20 windows with any have of the value of which they have fewest; 0 where
    there are too few values, or too many."""
    words = pd.Series(cells.words(values).categorical(), index=values.index).astype(object)
    if not 2 <= words.nunique() <= MOST_VALUES:
        return 0.0
    counts = pd.crosstab(windows, words)
    return float(counts.quantile(0.05).min())
