"""What a model's predictions are, and so how they are compared with the labels: as probabilities,
as numbers, or as words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new.class_columns import MOST_CLASSES
from driftdeck.collectors.new.column_values import (
    is_binary,
    is_code,
    is_named_as_probability,
    is_share,
    list_labels,
    spell_labels,
    to_numbers,
)
from driftdeck.collectors.new.roles import Roles
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError

CLASS_METRICS = ("recall", "precision", "accuracy", "f1")
CLASSES_METRICS = ("accuracy", "recall", "class_recall", "f1")
PROBABILITY_METRICS = ("roc_auc", "log_loss")
NUMBER_METRICS = ("agreement", "mae", "rmse", "mean_error")
AMOUNT_METRICS = ("wape",)
"""Of labels that are never negative, beside those of numbers."""
WORD_PAIRS = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("1", "-1"),
    ("positive", "negative"), ("pos", "neg"), ("fraud", "legit"), ("spam", "ham"),
    ("churn", "stay"), ("churned", "stayed"), ("late", "on time"), ("bad", "good"),
)  # fmt: skip
"""Labels of which the first means yes."""
YES_WORDS = (None, "", "1", "true")
"""Values of --positive that leave 1 the yes of labels 0 and 1."""
MOST_SHOWN = 5
ALIKE = 0.99
"""Of fewer rows the stored class is that of the largest probability: it is said."""
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

    shape: of the prediction, "probability", "number", "category", "classes" with a probability of
    each, "label" of a stored class, '' without one. target_kind: of the label, "number" or
    "category". words: of the label, (yes, no); empty where they are 1 and 0. classes: of a label,
    where they are not yes and no. cut: of a probability. remarks: sentences for a person.
    """

    shape: str
    target_kind: str
    metrics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    cut: float = 0.5
    remarks: tuple[str, ...] = ()


def classify(
    sample: pd.DataFrame, roles: Roles, positive: str, kinds: Mapping[str, Kind | None] = NO_KINDS
) -> ModelOutput:
    """What the prediction and the label of a sample are.

    roles: the columns of both. positive: the label that means yes, as a person states it, or ''.
    kinds: of columns, as a person states them.
    Raises UsageError where only a person can tell.
    """
    words = list_labels(sample[roles.target]) if roles.target else []
    _check_positive(positive, words, roles)
    if roles.probabilities:
        return _classify_probabilities(sample, roles)
    output = _classify(sample, roles, positive, kinds, words)
    if output.shape == "probability" and output.metrics:
        return _add_cut(output, sample, roles)
    return output


def _classify(
    sample: pd.DataFrame, roles: Roles, positive: str, kinds: Mapping[str, Kind | None],
    words: list[str],
) -> ModelOutput:  # fmt: skip
    """As `classify`, where there are not several probabilities. words: of the label."""
    prediction, target = (
        sample[name] if name else None for name in (roles.prediction, roles.target)
    )
    stated = kinds.get(roles.target)
    has_two_words = len(words) == 2 and stated != "number"
    is_number = target is not None and not has_two_words and _is_number(target)
    kind = stated or ("number" if is_number else "category")
    if prediction is None:
        return ModelOutput("", kind, remarks=(NO_PREDICTION,))
    if to_numbers(prediction) is None or kinds.get(roles.prediction) == "category":
        output = _classify_labels(prediction, words, roles, positive) if kind != "number" else None
        as_words = ModelOutput("category", kind, remarks=(f"{roles.prediction} {AS_WORDS}",))
        return output or as_words
    is_chance = is_share(prediction) and kinds.get(roles.prediction) != "number"
    if target is None:
        is_probability = is_chance and is_named_as_probability(roles.prediction)
        return ModelOutput("probability" if is_probability else "number", "category")
    if has_two_words and not is_chance:
        return _classify_scores(prediction, words, roles, positive)
    if has_two_words and not (is_binary(target) and cells.label(positive) in YES_WORDS):
        return _classify_words(prediction, target, words, roles, positive)
    return _classify_others(prediction, target, stated, roles, is_chance)


def _add_cut(output: ModelOutput, sample: pd.DataFrame, roles: Roles) -> ModelOutput:
    """The output with the cut by which a class is stored beside the probability, 0.5 without."""
    for name in roles.predicted:
        rows = sample[[roles.prediction, name]].dropna()
        yes = output.words[0] if output.words else "1"
        spelled = spell_labels(rows[name]).replace({"true": "1"} if yes == "1" else {})
        is_yes = (spelled == yes).to_numpy()
        scores = rows[roles.prediction].to_numpy(float)
        if not is_yes.any() or is_yes.all() or ((scores >= output.cut) == is_yes).all():
            continue
        low, high = scores[~is_yes].max(), scores[is_yes].min()
        if low < high:
            cut = next(
                share for digits in range(1, 17) if low < (share := round(high, digits)) <= high
            )
            remark = f"{name} is yes from a {roles.prediction} of {cut:g} on: it is the cut"
            return replace(output, cut=float(cut), remarks=(*output.remarks, remark))
        alike = float(((scores >= output.cut) == is_yes).mean())
        remark = (
            f"{name} is not what {roles.prediction} says by a cut of {output.cut:g}, in"
            f" {1 - alike:.1%} of rows: performance is that of the cut; --prediction {name} takes"
            " what was stored"
        )
        return replace(output, remarks=(*output.remarks, remark))
    return output


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


def _classify_probabilities(sample: pd.DataFrame, roles: Roles) -> ModelOutput:
    """A probability of each class, with the predicted class beside them or not."""
    classes = tuple(word for word, _ in roles.probabilities)
    columns = [column for _, column in roles.probabilities]
    remark = f"{roles.target}: {len(classes)} classes, with probabilities {', '.join(columns)}"
    remarks = [f"{remark}, which sum to 1"]
    if roles.prediction:
        rows = sample[[roles.prediction, *columns]].dropna()
        likeliest = np.array(classes, object)[rows[columns].to_numpy(float).argmax(axis=1)]
        alike = float((spell_labels(rows[roles.prediction]).to_numpy() == likeliest).mean())
        if len(rows) and alike < ALIKE:
            remarks.append(
                f"{roles.prediction} is the class of the largest probability in {alike:.0%} of rows"
                " only: it is taken for the predicted class all the same"
            )
    metrics = (*CLASSES_METRICS, *PROBABILITY_METRICS)
    return ModelOutput("classes", "category", metrics, classes=classes, remarks=tuple(remarks))


def _classify_labels(
    prediction: pd.Series, words: list[str], roles: Roles, positive: str
) -> ModelOutput | None:
    """A predicted class that is stored as a word; None where its words are not the label's.

    words: of the label.
    """
    more = sorted(set(list_labels(prediction)) - set(words))
    shared = prediction.nunique() - len(more)
    if len(words) < 2 or shared < len(more) + 1 or (more and to_numbers(prediction) is not None):
        return None
    words = [*words, *more]
    if len(words) > MOST_CLASSES:
        return None
    lower = {word.lower(): word for word in words}
    known = next((yes for yes, no in WORD_PAIRS if {yes, no} == set(lower)), None)
    if len(words) == 2 and (positive or known):
        yes = str(cells.label(positive)) if positive else lower[str(known)]
        no = next(word for word in words if word != yes)
        reason = "as you say" if positive else "as people write it"
        remark = f"{roles.target}: {yes!r} is taken for yes and {no!r} for no ({reason})"
        remarks = (f"{remark}; --positive says otherwise",)
        return ModelOutput("label", "category", CLASS_METRICS, (yes, no), remarks=remarks)
    remark = (
        f"{roles.prediction} is one of the {len(words)} classes of {roles.target},"
        f" {_format_some(words)}"
    )
    if more:
        remark += f"; no label is {_format_some(more)}"
    return ModelOutput(
        "label", "category", CLASSES_METRICS, classes=tuple(words), remarks=(remark,)
    )


def _classify_scores(
    prediction: pd.Series, words: list[str], roles: Roles, positive: str
) -> ModelOutput:
    """Labels of two words, and predictions that are no probabilities of one of them."""
    if is_code(prediction):
        output = _classify_labels(prediction, words, roles, positive)
        if output is not None:
            return output
    numbers = prediction.astype(float)
    remark = (
        f"{roles.target} is {_format_some(words)}, and {roles.prediction} goes from"
        f" {numbers.min():.4g} to {numbers.max():.4g}: performance needs a probability from 0 to 1;"
        f" their drift is watched (--number {roles.target} compares them as numbers)"
    )
    return ModelOutput("number", "category", remarks=(remark,))


def _classify_others(
    prediction: pd.Series, target: pd.Series, stated: str | None, roles: Roles, is_chance: bool
) -> ModelOutput:
    """Labels that are 0 and 1, numbers, or codes of classes.

    stated: the kind of the label that a person states. is_chance: whether predictions are from 0 to
    1.
    """
    if is_chance and is_binary(target) and stated != "number":
        is_class = is_binary(prediction)
        return ModelOutput(
            "probability",
            "category",
            CLASS_METRICS if is_class else (*CLASS_METRICS, *PROBABILITY_METRICS),
        )
    if to_numbers(target) is None:
        words = sorted(set(spell_labels(target).dropna()))
        content = (
            f"is {_format_some(words)}"
            if len(words) < 2
            else f"has {len(words)} words, {_format_some(words)}"
        )
        remark = (
            f"{roles.target} {content}: performance needs two, or numbers; its drift is watched"
        )
        is_class = is_binary(prediction)
        shape = "probability" if is_chance and not is_class else "number"
        return ModelOutput(shape, "category", remarks=(remark,))
    if stated == "category":
        remark = f"{roles.target} is read as words, as you say: its drift is watched, no more"
        return ModelOutput("number", "category", remarks=(remark,))
    are_codes = is_code(target) and is_code(prediction)
    if are_codes and stated != "number":
        output = _classify_labels(prediction, list_labels(target), roles, "")
        if output is not None:
            compared = f"they are compared as such; --number {roles.target} compares numbers"
            return replace(output, remarks=(*output.remarks, f"both look like codes: {compared}"))
        remark = "prediction and target look like codes of classes: their drift is watched, no more"
        return ModelOutput("category", "category", remarks=(remark,))
    remarks: tuple[str, ...] = ()
    if is_chance and (is_named_as_probability(roles.prediction) or not is_share(target)):
        remarks = (
            f"{roles.prediction} looks like a probability, but {roles.target} is no yes or no: they"
            " are compared as numbers",
        )
    numbers = target.dropna().astype(float)
    is_amount = bool((numbers >= 0).all()) and float(numbers.sum()) > 0
    metrics = (*NUMBER_METRICS, *(AMOUNT_METRICS if is_amount else ()))
    return ModelOutput("number", "number", metrics, remarks=remarks)


def _classify_words(
    prediction: pd.Series, target: pd.Series, words: list[str], roles: Roles, positive: str
) -> ModelOutput:
    """Labels of two words of which one means yes, and predictions from 0 to 1."""
    yes, reason = _choose_positive(prediction, target, words, roles, positive)
    no = next(word for word in words if word != yes)
    remark = (
        f"{roles.target}: {yes!r} is taken for yes and {no!r} for no ({reason}); --positive says"
    )
    metrics = CLASS_METRICS if is_binary(prediction) else (*CLASS_METRICS, *PROBABILITY_METRICS)
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
    auc = _measure_auc(prediction, spell_labels(target) == first)
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


def _format_some(words: Sequence[str]) -> str:
    """The first few words, quoted, for a sentence."""
    return ", ".join(map(repr, words[:MOST_SHOWN])) + (", ..." if len(words) > MOST_SHOWN else "")


def _is_number(target: pd.Series) -> bool:
    return to_numbers(target) is not None and not is_code(target)
