"""What a model's predictions are, and so how they are compared with the labels: as probabilities,
as numbers, or as words."""

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

CLASS_METRICS = ("recall", "precision", "accuracy")
PROBABILITY_METRICS = ("roc_auc", "log_loss")
NUMBER_METRICS = ("agreement", "mae", "rmse", "mean_error")
WORD_PAIRS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("1", "-1"),
    ("positive", "negative"), ("pos", "neg"), ("fraud", "legit"), ("spam", "ham"),
    ("churn", "stay"), ("churned", "stayed"), ("late", "on time"), ("bad", "good"),
)  # fmt: skip
"""Labels of which the first means yes."""
YES_WORDS = (None, "", "1", "true")
"""Values of --positive that leave 1 the yes of labels 0 and 1."""
MOST_SHOWN = 5
NO_PREDICTION = "no prediction was found: only the columns are watched; --prediction names one"
AS_WORDS = (
    "is read as words: its drift is watched, no more; performance needs a probability or, of a"
    " regression, numbers"
)
NO_KINDS: Mapping[str, Kind | None] = MappingProxyType({})
CLEAR_AUC = 0.6
"""From this ROC AUC on, the predictions tell which word means yes; below its complement they
contradict the word."""


@dataclass(frozen=True)
class ModelOutput:
    """What the prediction and the label are, and the metrics that compare them.

    shape: of the prediction, "probability", "number", "category", '' without one. target_kind: of
    the label, "number" or "category". words: of the label, (yes, no); empty where they are 1 and 0.
    remarks: sentences for a person.
    """

    shape: str
    target_kind: str
    metrics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def classify(
    sample: pd.DataFrame, roles: Roles, positive: str, kinds: Mapping[str, Kind | None] = NO_KINDS
) -> ModelOutput:
    """What the prediction and the label of a sample are.

    roles: the columns of both. positive: the label that means yes, as a person states it, or ''.
    kinds: of columns, as a person states them.
    Raises UsageError where only a person can tell.
    """
    prediction, target = (
        sample[name] if name else None for name in (roles.prediction, roles.target)
    )
    words = [] if target is None else sorted(set(_spell_labels(target).dropna()))
    _check_positive(positive, words, roles)
    stated = kinds.get(roles.target)
    has_two_words = len(words) == 2 and stated != "number"
    is_number = target is not None and not has_two_words and _is_number(target)
    kind = stated or ("number" if is_number else "category")
    if prediction is None:
        return ModelOutput("", kind, remarks=(NO_PREDICTION,))
    if guess.to_numbers(prediction) is None or kinds.get(roles.prediction) == "category":
        return ModelOutput("category", kind, remarks=(f"{roles.prediction} {AS_WORDS}",))
    is_share = guess.is_share(prediction) and kinds.get(roles.prediction) != "number"
    if target is None:
        is_probability = is_share and guess.is_named_as_probability(roles.prediction)
        return ModelOutput("probability" if is_probability else "number", "category")
    if has_two_words and not is_share:
        return _classify_scores(prediction, words, roles)
    if has_two_words and not (guess.is_binary(target) and cells.label(positive) in YES_WORDS):
        return _classify_words(prediction, target, words, roles, positive)
    return _classify_others(prediction, target, stated, roles, is_share)


def _check_positive(positive: str, words: Sequence[str], roles: Roles) -> None:
    """Raise UsageError where a word that a person says means yes is of no use."""
    if not positive:
        return
    if len(words) != 2:
        content = f"{roles.target} has {_format_some(words)}" if words else "no target was found"
        raise UsageError(f"--positive {positive!r}: {content}; it is for labels of two words")
    if cells.label(positive) not in words:
        raise UsageError(
            f"--positive {positive!r} is no label; {roles.target} has {_format_some(words)}"
        )


def _classify_scores(prediction: pd.Series, words: list[str], roles: Roles) -> ModelOutput:
    """Labels of two words, and predictions that are no probabilities of one of them."""
    if guess.is_code(prediction) and set(_spell_labels(prediction).dropna()) <= set(words):
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return ModelOutput("category", "category", remarks=(remark,))
    numbers = prediction.astype(float)
    remark = (
        f"{roles.target} is {_format_some(words)}, and {roles.prediction} goes from"
        f" {numbers.min():.4g} to {numbers.max():.4g}: performance needs a probability from 0 to 1;"
        f" their drift is watched (--number {roles.target} compares them as numbers)"
    )
    return ModelOutput("number", "category", remarks=(remark,))


def _classify_others(
    prediction: pd.Series, target: pd.Series, stated: str | None, roles: Roles, is_share: bool
) -> ModelOutput:
    """Labels that are 0 and 1, numbers, or codes of classes.

    stated: the kind of the label that a person states. is_share: whether predictions are from 0 to
    1.
    """
    if is_share and guess.is_binary(target) and stated != "number":
        is_class = guess.is_binary(prediction)
        return ModelOutput(
            "probability",
            "category",
            CLASS_METRICS if is_class else (*CLASS_METRICS, *PROBABILITY_METRICS),
        )
    if guess.to_numbers(target) is None:
        words = sorted(set(_spell_labels(target).dropna()))
        content = (
            f"is {_format_some(words)}"
            if len(words) < 2
            else f"has {len(words)} words, {_format_some(words)}"
        )
        remark = (
            f"{roles.target} {content}: performance needs two, or numbers; its drift is watched"
        )
        is_class = guess.is_binary(prediction)
        shape = "probability" if is_share and not is_class else "number"
        return ModelOutput(shape, "category", remarks=(remark,))
    if stated == "category":
        remark = f"{roles.target} is read as words, as you say: its drift is watched, no more"
        return ModelOutput("number", "category", remarks=(remark,))
    are_codes = guess.is_code(target) and guess.is_code(prediction)
    if are_codes and stated != "number":
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return ModelOutput("category", "category", remarks=(remark,))
    remarks: tuple[str, ...] = ()
    if is_share and (guess.is_named_as_probability(roles.prediction) or not guess.is_share(target)):
        remarks = (
            f"{roles.prediction} looks like a probability, but {roles.target} is no yes or no: they"
            " are compared as numbers",
        )
    return ModelOutput("number", "number", NUMBER_METRICS, remarks=remarks)


def _classify_words(
    prediction: pd.Series, target: pd.Series, words: list[str], roles: Roles, positive: str
) -> ModelOutput:
    """Labels of two words of which one means yes, and predictions from 0 to 1."""
    yes, reason = _choose_positive(prediction, target, words, roles, positive)
    no = next(word for word in words if word != yes)
    remark = (
        f"{roles.target}: {yes!r} is taken for yes and {no!r} for no ({reason}); --positive says"
    )
    metrics = (
        CLASS_METRICS if guess.is_binary(prediction) else (*CLASS_METRICS, *PROBABILITY_METRICS)
    )
    return ModelOutput("probability", "category", metrics, (yes, no), (f"{remark} otherwise",))


def _choose_positive(
    prediction: pd.Series, target: pd.Series, words: list[str], roles: Roles, positive: str
) -> tuple[str, str]:
    """(the word that means yes, the reason)."""
    if positive:
        return str(cells.label(positive)), "as you say"
    lower = {word.lower(): word for word in words}  # of those that differ by case only, any
    known_word = next((yes for yes, no in WORD_PAIRS if {yes, no} == set(lower)), None)
    first = lower[known_word] if known_word else words[0]
    auc = _measure_auc(prediction, _spell_labels(target) == first)
    if known_word and auc > 1 - CLEAR_AUC:
        return first, "as people write it"
    if auc >= CLEAR_AUC or (auc <= 1 - CLEAR_AUC and not known_word):
        yes = first if auc >= CLEAR_AUC else words[1]
        return yes, f"{roles.prediction} is higher for it"
    raise UsageError(
        f"{roles.target}: which of {words[0]!r} and {words[1]!r} means yes? say it with --positive"
    )


def _measure_auc(prediction: pd.Series, is_yes: pd.Series) -> float:
    """The ROC AUC: the chance that a yes has a higher prediction than a no; ties count half."""
    scores = prediction.astype(float)
    yes, no = scores[is_yes].dropna(), np.sort(scores[~is_yes].dropna())
    if not len(yes) or not len(no):
        return 0.5
    below = np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")
    return float(below.mean() / 2 / len(no))


def _spell_labels(target: pd.Series) -> "pd.Series[str]":
    """Labels as texts, spelled as the collectors spell them."""
    spelled = cells.words(target, spell=cells.label).categorical()
    return pd.Series(spelled, index=target.index).astype(object)


def _format_some(words: Sequence[str]) -> str:
    """The first few words, quoted, for a sentence."""
    return ", ".join(map(repr, words[:MOST_SHOWN])) + (", ..." if len(words) > MOST_SHOWN else "")


def _is_number(target: pd.Series) -> bool:
    return guess.to_numbers(target) is not None and not guess.is_code(target)
