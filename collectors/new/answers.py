"""What a model answers, and how its answers are held against the labels: as chances of yes, as
numbers, or as words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new import guess
from driftdeck.collectors.new.guess import Roles
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError

CLASSES = ("recall", "precision", "accuracy")
CHANCES = ("roc_auc", "log_loss")
NUMBERS = ("agreement", "mae", "rmse", "mean_error")
PAIRS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("1", "-1"),
    ("positive", "negative"), ("pos", "neg"), ("fraud", "legit"), ("spam", "ham"),
    ("churn", "stay"), ("churned", "stayed"), ("late", "on time"), ("bad", "good"),
)  # fmt: skip
"""Labels of which the first means yes."""
YES = (None, "", "1", "true")
"""What means yes of the labels 0 and 1, unless it is said."""
SHOWN = 5
NO_PREDICTION = "no prediction was found: only the columns are watched; --prediction names one"
AS_WORDS = (
    "is read as words: its drift is watched, no more; performance needs a probability or, of a"
    " regression, numbers"
)
NOTHING: Mapping[str, Kind | None] = MappingProxyType({})
CLEAR = 0.6
"""From this chance on that a yes has the higher prediction, the predictions tell which word it is;
below its complement they contradict the word."""


@dataclass(frozen=True)
class Answer:
    """shape: of the prediction, target_kind: of the label, as `Proposal` has them. words: of the
    label, yes and no; empty where they are 1 and 0."""

    shape: str
    target_kind: str
    metrics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def of(
    sample: pd.DataFrame, roles: Roles, positive: str, kinds: Mapping[str, Kind | None] = NOTHING
) -> Answer:
    """What the prediction and the label of a sample are.

    positive: the word that a person says means yes, or ''. kinds: of columns, as a person says.
    Raises UsageError where only a person can tell.
    """
    prediction, target = (sample[n] if n else None for n in (roles.prediction, roles.target))
    words = [] if target is None else sorted(set(_words(target).dropna()))
    _check_positive(positive, words, roles)
    said = kinds.get(roles.target)
    two = len(words) == 2 and said != "number"
    number = target is not None and not two and _is_number(target)
    kind = said or ("number" if number else "category")
    if prediction is None:
        return Answer("", kind, remarks=(NO_PREDICTION,))
    if guess.as_numbers(prediction) is None or kinds.get(roles.prediction) == "category":
        return Answer("category", kind, remarks=(f"{roles.prediction} {AS_WORDS}",))
    share = guess.is_share(prediction) and kinds.get(roles.prediction) != "number"
    if target is None:
        chance = share and guess.named_as_chance(roles.prediction)
        return Answer("probability" if chance else "number", "category")
    if two and not share:
        return _of_no_chances(prediction, words, roles)
    if two and not (guess.is_binary(target) and cells.label(positive) in YES):
        return _of_words(prediction, target, words, roles, positive)
    return _of_others(prediction, target, said, roles, share)


def _check_positive(positive: str, words: Sequence[str], roles: Roles) -> None:
    """Raise UsageError where a word that a person says means yes is of no use."""
    if not positive:
        return
    if len(words) != 2:
        has = f"{roles.target} has {_some(words)}" if words else "no target was found"
        raise UsageError(f"--positive {positive!r}: {has}; it is for labels of two words")
    if cells.label(positive) not in words:
        raise UsageError(f"--positive {positive!r} is no label; {roles.target} has {_some(words)}")


def _of_no_chances(prediction: pd.Series, words: list[str], roles: Roles) -> Answer:
    """Two words, and numbers that are no chances of one of them."""
    if guess.is_code(prediction) and set(_words(prediction).dropna()) <= set(words):
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return Answer("category", "category", remarks=(remark,))
    numbers = prediction.astype(float)
    remark = (
        f"{roles.target} is {_some(words)}, and {roles.prediction} goes from {numbers.min():.4g} to"
        f" {numbers.max():.4g}: performance needs a probability from 0 to 1; their drift is watched"
        f" (--number {roles.target} compares them as numbers)"
    )
    return Answer("number", "category", remarks=(remark,))


def _of_others(
    prediction: pd.Series, target: pd.Series, said: str | None, roles: Roles, share: bool
) -> Answer:
    """0 and 1, numbers, or codes of classes. said: what a person says that the target is."""
    if share and guess.is_binary(target) and said != "number":
        only = guess.is_binary(prediction)
        return Answer("probability", "category", CLASSES if only else (*CLASSES, *CHANCES))
    if guess.as_numbers(target) is None:
        words = sorted(set(_words(target).dropna()))
        has = f"is {_some(words)}" if len(words) < 2 else f"has {len(words)} words, {_some(words)}"
        remark = f"{roles.target} {has}: performance needs two, or numbers; its drift is watched"
        only = guess.is_binary(prediction)
        shape = "probability" if share and not only else "number"
        return Answer(shape, "category", remarks=(remark,))
    if said == "category":
        remark = f"{roles.target} is read as words, as you say: its drift is watched, no more"
        return Answer("number", "category", remarks=(remark,))
    codes = guess.is_code(target) and guess.is_code(prediction)
    if codes and said != "number":
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return Answer("category", "category", remarks=(remark,))
    remarks: tuple[str, ...] = ()
    if share and (guess.named_as_chance(roles.prediction) or not guess.is_share(target)):
        remarks = (
            f"{roles.prediction} looks like a probability, but {roles.target} is no yes or no: they"
            " are compared as numbers",
        )
    return Answer("number", "number", NUMBERS, remarks=remarks)


def _of_words(
    prediction: pd.Series, target: pd.Series, words: list[str], roles: Roles, positive: str
) -> Answer:
    """Two words of which one means yes."""
    yes, why = _positive(prediction, target, words, roles, positive)
    no = next(word for word in words if word != yes)
    remark = f"{roles.target}: {yes!r} is taken for yes and {no!r} for no ({why}); --positive says"
    metrics = CLASSES if guess.is_binary(prediction) else (*CLASSES, *CHANCES)
    return Answer("probability", "category", metrics, (yes, no), (f"{remark} otherwise",))


def _positive(
    prediction: pd.Series, target: pd.Series, words: list[str], roles: Roles, positive: str
) -> tuple[str, str]:
    """The word that means yes, and why."""
    if positive:
        return str(cells.label(positive)), "as you say"
    lower = {word.lower(): word for word in words}  # of those that differ by case only, any
    named = next((yes for yes, no in PAIRS if {yes, no} == set(lower)), None)
    first = lower[named] if named else words[0]
    chance = _chance(prediction, _words(target) == first)
    if named and chance > 1 - CLEAR:
        return first, "as people write it"
    if chance >= CLEAR or (chance <= 1 - CLEAR and not named):
        yes = first if chance >= CLEAR else words[1]
        return yes, f"{roles.prediction} is higher for it"
    raise UsageError(
        f"{roles.target}: which of {words[0]!r} and {words[1]!r} means yes? say it with --positive"
    )


def _chance(prediction: pd.Series, is_yes: pd.Series) -> float:
    """The chance that a yes has a higher prediction than a no; ties count half."""
    scores = prediction.astype(float)
    yes, no = scores[is_yes].dropna(), np.sort(scores[~is_yes].dropna())
    if not len(yes) or not len(no):
        return 0.5
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.mean() / 2 / len(no))


def _words(target: pd.Series) -> "pd.Series[str]":
    """Labels as the collectors read them."""
    spelled = cells.words(target, spell=cells.label).categorical()
    return pd.Series(spelled, index=target.index).astype(object)


def _some(words: Sequence[str]) -> str:
    """Words, the first of many."""
    return ", ".join(map(repr, words[:SHOWN])) + (", ..." if len(words) > SHOWN else "")


def _is_number(target: pd.Series) -> bool:
    return guess.as_numbers(target) is not None and not guess.is_code(target)
