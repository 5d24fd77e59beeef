"""What the values of an unknown column look like, and what its name promises."""

import re

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells

MOST_WORDS = 200
"""Text with more different values than these, or than a tenth of the rows, is no category."""
MOST_CODES = 10
"""Whole numbers with at most so many different values are categories: they look like codes."""
PROBABILITY_NAME = re.compile(r".*(proba|prob|score|likelihood)|p_.+|.*_prob(a|ability)")
IDENTITY_NAME = re.compile(r"(.+_)?(id|uuid|guid|key|index|rownum|row_number)|unnamed_.*")


def to_snake_case(name: str) -> str:
    """A name in lower case with _ between its words."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"\W+", "_", separated).strip("_").lower()


def is_named_as_probability(name: str) -> bool:
    """Whether a name promises a probability."""
    return bool(PROBABILITY_NAME.fullmatch(to_snake_case(name)))


def is_named_as_identity(name: str) -> bool:
    """Whether a name promises an identifier."""
    return bool(IDENTITY_NAME.fullmatch(to_snake_case(name)))


def is_binary(values: pd.Series) -> bool:
    """Whether all present values are 0 and 1, or no and yes."""
    numbers = to_numbers(values)
    return numbers is not None and set(numbers.unique()) <= {0.0, 1.0}


def is_class(values: pd.Series) -> bool:
    """Whether a column has at most two different values, as predicted classes have."""
    return is_flat(values) and values.nunique() <= 2


def is_share(values: pd.Series) -> bool:
    """Whether all present values are numbers from 0 to 1."""
    numbers = to_numbers(values)
    return numbers is not None and bool(numbers.between(0, 1).all())


def is_code(values: pd.Series) -> bool:
    """Whether all present values are whole numbers, of at most MOST_CODES different ones."""
    numbers = to_numbers(values)
    return (
        numbers is not None and bool((numbers % 1 == 0).all()) and numbers.nunique() <= MOST_CODES
    )


def to_numbers(values: pd.Series) -> "pd.Series[float] | None":
    """The present values as numbers, None where some are none."""
    present = values.dropna()
    if present.empty or not is_flat(values) or any(isinstance(value, str) for value in present):
        return None
    try:
        return present.astype(float)
    except (TypeError, ValueError):
        return None


def is_flat(values: pd.Series) -> bool:
    """Whether each value is a single one: no list, and no bytes."""
    present = values.dropna()
    nested = (list, dict, tuple, set, np.ndarray, bytes, memoryview)
    return not any(isinstance(value, nested) for value in present.head(1000))


def spell_labels(values: pd.Series) -> "pd.Series[str]":
    """Labels as texts, spelled as the collectors spell them."""
    spelled = cells.words(values, spell=cells.label).categorical()
    return pd.Series(spelled, index=values.index).astype(object)


def list_labels(values: pd.Series) -> list[str]:
    """The different labels of a column, numbers by size, then words by the alphabet."""
    words = set(spell_labels(values).dropna())
    return sorted(words, key=lambda word: (*_as_number(word), word))


def _as_number(word: str) -> tuple[bool, float]:
    try:
        return False, float(word)
    except ValueError:
        return True, 0.0
