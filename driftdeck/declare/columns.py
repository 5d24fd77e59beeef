"""Columns of the watched data: name, kind and unit, so that nothing is inferred from values."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from driftdeck.declare.errors import require
from driftdeck.declare.units import NUMBER, SHARE, Unit

WHOLE = re.compile(r"\+?(-?(?:0|[1-9][0-9]*))(?:\.0*)?")
"""A whole number as a label may write it: 1.0 and +1 are 1."""
Kind = Literal["number", "category"]


class Role(StrEnum):
    """What a column is to the model."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    TARGET = "target"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A declared column; made by `d.number()`, `d.category()`, `d.probability()` and `d.label()`.

    Args:
        name: As the source spells it.
        kind: "number" or "category".
        unit: Of a number's values; `d.NUMBER` for none.
        role: Feature, prediction or target; a monitor sets it.
        cut: Makes a probability a yes: value >= cut, between 0 and 1; None for the rest.
        positive: The word of a label that means yes; '' where it is 1.
        negative: The word of a label that means no; '' where it is 0, or any other word.

    Raises:
        DeclarationError: An empty name, a cut outside (0, 1), or two words that are alike.

    Example:
        >>> d.number("wind_speed", d.METRES_PER_SECOND).title
        'Wind speed'
    """

    name: str
    kind: Kind
    unit: Unit = NUMBER
    role: Role = Role.FEATURE
    cut: float | None = None
    positive: str = ""
    negative: str = ""

    def __post_init__(self) -> None:
        require(
            bool(self.name) and self.name == self.name.strip(),
            "column name",
            f"{self.name!r}",
            "give the column's name as the source spells it",
        )
        require(
            self.cut is None or 0 < self.cut < 1,
            f"column {self.name}: cut",
            f"{self.cut}",
            "a cut lies between 0 and 1",
        )
        require(
            not self.negative or (bool(self.positive) and self.positive != self.negative),
            f"label {self.name}: negative",
            f"{self.negative!r} with positive {self.positive!r}",
            "give two different words",
        )

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").capitalize()


def number(name: str, unit: Unit = NUMBER) -> Column:
    """A column of numbers.

    Args:
        name: As the source spells it.
        unit: Of the values, such as `d.MINUTES`; it stands on the axes of panels.

    Returns:
        The column, for `d.Monitor(columns=..., prediction=..., target=...)`.

    Raises:
        DeclarationError: An empty name, or spaces around it.

    Example:
        >>> d.number("departure_delay", d.MINUTES).unit.name
        'minutes'
    """
    return Column(name=name, kind="number", unit=unit)


def category(name: str) -> Column:
    """A column of categories: text, whole numbers or booleans.

    Args:
        name: As the source spells it.

    Returns:
        The column, for `d.Monitor(columns=..., prediction=..., target=...)`.

    Raises:
        DeclarationError: An empty name, or spaces around it.

    Example:
        >>> d.category("plan").kind
        'category'
    """
    return Column(name=name, kind="category")


def probability(name: str, *, cut: float) -> Column:
    """A predicted probability of the positive class; it makes the model a classifier.

    Args:
        name: As the source spells it; values from 0 to 1.
        cut: From this probability on a row counts as predicted positive; between 0 and 1.

    Returns:
        The column, for `d.Monitor(prediction=...)`.

    Raises:
        DeclarationError: A cut that is not between 0 and 1.

    Example:
        >>> d.probability("churn_probability", cut=0.5).cut
        0.5
    """
    return Column(name=name, kind="number", unit=SHARE, role=Role.PREDICTION, cut=cut)


def label(name: str, *, positive: object, negative: object = "") -> Column:
    """What turned out to be true, in words. Labels of 0 and 1 need only the column's name.

    Args:
        name: As the source spells it.
        positive: The word, number or boolean that means yes.
        negative: The one that means no; any other is then unusable, and counted. Without it, a
            window may have one word beside the positive one.

    Returns:
        The column, for `d.Monitor(target=...)`.

    Raises:
        DeclarationError: No positive word, or two that are alike.

    Example:
        >>> d.label("outcome", positive="churned", negative="stayed").positive
        'churned'
    """
    yes, no = _spelled(positive), _spelled(negative)
    require(bool(yes), f"label {name}: positive", f"{positive!r}", "give the word that means yes")
    return Column(name=name, kind="category", role=Role.TARGET, positive=yes, negative=no)


def _spelled(word: object) -> str:
    """A label's word as it is read: 1.0 is 1, True is true."""
    if word is None:
        return ""
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    text = str(word)
    if text in ("True", "TRUE", "False", "FALSE"):
        return text.lower()
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text
