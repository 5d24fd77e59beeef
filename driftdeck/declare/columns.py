"""Columns of the watched data: name, kind and unit, so that nothing is inferred from values."""

import re
from collections.abc import Mapping, Sequence
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
        classes: The words that a label or a predicted class may be, in the order of panels; empty
            where there are but yes and no, or numbers.
        probabilities: The columns with the predicted probability of each class; empty for none.
        derived: Whether the predicted class is not in the data, but that of the largest
            probability.

    Raises:
        DeclarationError: An empty name, a cut outside (0, 1), two words or columns that are alike,
            or a single class.

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
    classes: tuple[str, ...] = ()
    probabilities: tuple[str, ...] = ()
    derived: bool = False

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
        self._check_classes()

    def _check_classes(self) -> None:
        for field, words in (("classes", self.classes), ("probabilities", self.probabilities)):
            place = f"column {self.name}: {field}"
            twice = sorted({word for word in words if words.count(word) > 1})
            require(not twice, place, f"{', '.join(twice)} is there twice", "name each once")
            require(all(words), place, "an empty name", "name each as the source spells it")
        require(
            len(self.classes) != 1,
            f"column {self.name}: classes",
            f"only {', '.join(self.classes)}",
            "name every class, two or more",
        )
        require(
            not (self.classes and self.positive),
            f"column {self.name}: classes",
            "beside a positive word",
            "give classes, or positive and negative",
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


PREDICTED_CLASS = "predicted_class"
"""What the predicted class is called where no column of the data holds it."""


def classes(probabilities: Mapping[str, str], *, predicted: str = "") -> Column:
    """A predicted class among several, with the probability of each.

    Args:
        probabilities: The column with the probability of each class, by the class as labels spell
            it: {"late": "p_late", "on time": "p_on_time"}. Two classes or more, in the order in
            which panels show them.
        predicted: The column with the predicted class; '' takes that of the largest probability, of
            equal ones the first.

    Returns:
        The column, for `d.Monitor(prediction=...)`.

    Raises:
        DeclarationError: A single class, a column that is there twice, or an empty name.

    Example:
        >>> d.classes({"late": "p_late", "on time": "p_on_time"}).classes
        ('late', 'on time')
    """
    return Column(
        name=predicted or PREDICTED_CLASS,
        kind="category",
        role=Role.PREDICTION,
        classes=tuple(map(format_word, probabilities)),
        probabilities=tuple(probabilities.values()),
        derived=not predicted,
    )


def label(
    name: str, *, positive: object = "", negative: object = "", classes: Sequence[object] = ()
) -> Column:
    """A class in words: what turned out to be true, or what was predicted.

    Labels of 0 and 1 need only the column's name. Where neither words nor classes are given, they
    are those of the other side: of the target beside a prediction, or the other way round.

    Args:
        name: As the source spells it.
        positive: The word, number or boolean that means yes.
        negative: The one that means no; any other is then unusable, and counted. Without it, a
            window may have one word beside the positive one.
        classes: The words where there are more than yes and no, in the order in which panels show
            them; any other is unusable, and counted.

    Returns:
        The column, for `d.Monitor(target=...)` or `d.Monitor(prediction=...)`.

    Raises:
        DeclarationError: A single class, classes beside a positive word, or two words alike.

    Example:
        >>> d.label("outcome", positive="churned", negative="stayed").positive
        'churned'
        >>> d.label("outcome", classes=("late", "on time", "cancelled")).classes
        ('late', 'on time', 'cancelled')
    """
    yes, no = format_word(positive), format_word(negative)
    require(not no or bool(yes), f"label {name}: positive", "''", "give the word that means yes")
    words = tuple(map(format_word, classes))
    return Column(
        name=name, kind="category", role=Role.TARGET, positive=yes, negative=no, classes=words
    )


def format_word(word: object) -> str:
    """A word of a category or label as it is read: 1.0 is 1, True is true."""
    if word is None:
        return ""
    if isinstance(word, float) and word.is_integer():
        return str(int(word))
    text = str(word)
    if text in ("True", "TRUE", "False", "FALSE"):
        return text.lower()
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def format_category(value: object) -> str:
    """A value of a category as it is read: text stays as it is, but True is true."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return value
    return format_word(value)
