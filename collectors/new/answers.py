"""What a model answers, and how its answers are held against the labels: as chances of yes, as
numbers, or as words."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from collectors import cells
from collectors.new import guess
from collectors.new.guess import Roles

CLASSES = ("recall", "precision", "accuracy")
CHANCES = ("roc_auc", "log_loss")
NUMBERS = ("agreement", "mae", "rmse", "mean_error")
PAIRS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("1", "-1"),
    ("positive", "negative"), ("pos", "neg"), ("fraud", "legit"), ("spam", "ham"),
    ("churn", "stay"), ("churned", "stayed"), ("late", "on time"), ("bad", "good"),
)  # fmt: skip
"""Labels of which the first means yes."""
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


def of(sample: pd.DataFrame, roles: Roles, positive: str) -> Answer:
    """What the prediction and the label of a sample are.

    positive: the word that a person says means yes, or ''. Raises ValueError where only a person
    can tell.
    """
    prediction, target = (sample[n] if n else None for n in (roles.prediction, roles.target))
    kind = "category" if target is None or not _is_number(target) else "number"
    if prediction is None:
        remark = "no prediction was found: only the columns are watched; --prediction names one"
        return Answer("", kind, remarks=(remark,))
    if guess.as_numbers(prediction) is None:
        remark = "the prediction is text: its drift is watched, no more"
        return Answer("category", kind, remarks=(remark,))
    share = guess.is_share(prediction)
    if target is None:
        chance = share and guess.named_as_chance(roles.prediction)
        return Answer("probability" if chance else "number", "category")
    words = sorted(set(_words(target).dropna()))
    if share and len(words) == 2 and not guess.is_binary(target):
        return _of_words(prediction, target, words, roles, positive)
    if share and guess.is_binary(target):
        only = guess.is_binary(prediction)
        return Answer("probability", "category", CLASSES if only else (*CLASSES, *CHANCES))
    return _of_others(prediction, target, kind, roles, share)


def _of_others(
    prediction: pd.Series, target: pd.Series, kind: str, roles: Roles, share: bool
) -> Answer:
    """Neither yes nor no: numbers, or codes of classes."""
    if guess.as_numbers(target) is None:
        remark = (
            f"{roles.target} has {_words(target).nunique()} words: performance needs two, or"
            " numbers; its drift is watched"
        )
        only = guess.is_binary(prediction)
        return Answer("probability" if share and not only else "number", kind, remarks=(remark,))
    if guess.is_code(target) and guess.is_code(prediction):
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return Answer("category", "category", remarks=(remark,))
    remarks: tuple[str, ...] = ()
    if share and guess.named_as_chance(roles.prediction):
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
        said = cells.label(positive)
        if said not in words:
            raise ValueError(f"--positive {positive!r} is no label; {roles.target} has {words}")
        return said, "as you say"
    lower = {word.lower(): word for word in words}
    named = next((yes for yes, no in PAIRS if {yes, no} == set(lower)), None)
    first = lower[named] if named else words[0]
    chance = _chance(prediction, _words(target) == first)
    if named and chance > 1 - CLEAR:
        return first, "as people write it"
    if chance >= CLEAR or (chance <= 1 - CLEAR and not named):
        yes = first if chance >= CLEAR else words[1]
        return yes, f"{roles.prediction} is higher for it"
    raise ValueError(
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


def _is_number(target: pd.Series) -> bool:
    return guess.as_numbers(target) is not None and not guess.is_code(target)
