"""Finds the columns in which a classifier answers with a probability for each class."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from driftdeck.collectors.new.column_values import is_share, list_labels, to_snake_case

MOST_CLASSES = 20
"""A label with more different words is none of classes that are compared one by one."""
PROBABILITY_MARKS = frozenset(
    ("p", "prob", "probs", "proba", "probability", "probabilities", "score", "scores", "likelihood")
)
"""What a probability's name has beside the word of its class: one of these at least."""
OTHER_MARKS = frozenset(("pred", "predicted", "prediction", "class", "model", "y", "hat", "of"))
ROUNDED = 0.005
"""So far off may a probability be that was stored with two decimal places."""


@dataclass(frozen=True)
class ClassColumns:
    """The columns that are named as probabilities of classes.

    by_class: the column of each class; empty where they are not complete, or do not sum to 1.
    problem: what they lack then, a sentence; left_out: these columns, no features either way.
    """

    by_class: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    left_out: Sequence[str] = ()


def find_class_columns(sample: pd.DataFrame, available: Sequence[str], target: str) -> ClassColumns:
    """The probabilities of the classes of a label, among columns that have no other use."""
    words = list_labels(sample[target])
    if not 2 <= len(words) <= MOST_CLASSES:
        return ClassColumns()
    named = {
        word: [name for name in available if is_named_after(name, word) and is_share(sample[name])]
        for word in words
    }
    columns = list(dict.fromkeys(name for names in named.values() for name in names))
    if len(columns) < 2:
        return ClassColumns()
    columns.sort(key=available.index)
    listing = f"{', '.join(columns)} are named as the probabilities of classes of {target}"
    lacking = [word for word, names in named.items() if not names]
    if lacking:
        return ClassColumns({}, f"{listing}, but {lacking[0]!r} has none", columns)
    if any(len(names) > 1 for names in named.values()) or len(columns) < len(words):
        return ClassColumns({}, f"{listing}, but it is not clear which is whose", columns)
    sums = sample[columns].astype(float).sum(axis=1, skipna=False).dropna()
    is_off = np.abs(sums - 1) > ROUNDED * len(columns) + 1e-9
    if sums.empty or is_off.any():
        example = f", such as {sums[is_off].iloc[0]:.4g}" if len(sums) else ""
        return ClassColumns({}, f"{listing}, but do not sum to 1 in a row{example}", columns)
    of_column = {names[0]: word for word, names in named.items()}
    return ClassColumns({of_column[name]: name for name in columns})


def is_named_after(name: str, word: str) -> bool:
    """Whether a column's name is that of a class's probability: p_late, late_score."""
    spelled = to_snake_case(word)
    if not spelled:
        return False
    either = "|".join(map(re.escape, dict.fromkeys((spelled, spelled.replace("_", "")))))
    match = re.fullmatch(rf"(?:(.+)_)?(?:{either})(?:_(.+))?", to_snake_case(name))
    if not match:
        return False
    marks = {mark for part in match.groups() if part for mark in part.split("_")}
    return bool(marks & PROBABILITY_MARKS) and marks <= PROBABILITY_MARKS | OTHER_MARKS
