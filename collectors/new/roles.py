"""Guesses which columns of unknown data are the prediction, the label and the model's version, from
a sample and a person's overrides."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from driftdeck.collectors.frames import cells
from driftdeck.collectors.new import intervals
from driftdeck.collectors.new.class_columns import find_class_columns
from driftdeck.collectors.new.column_values import (
    MOST_WORDS,
    is_binary,
    is_class,
    is_flat,
    is_named_as_identity,
    is_share,
    list_labels,
    to_snake_case,
)
from driftdeck.collectors.new.time_column import has_times
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError

PREDICTION_NAMES = (
    r"(prediction|predictions|predicted|pred|preds|y_?pred|y_?hat)",
    r"(predicted|prediction|pred)_.+|.+_(predicted|prediction|pred|hat)",
    r"(probability|probabilities|proba|prob|likelihood)|.+_(probability|proba|prob)",
    r"(score|scores|forecast)|.+_(score|forecast)|(p|prob|proba)_.+",
)
"""Names of a prediction, the surest first."""
TARGET_NAMES = (
    r"(target|label|y|y_?true|truth|ground_truth|actual|actuals|observed|outcome)",
    r"(actual|observed|true)_.+|.+_(actual|observed|label|outcome|target)",
)
PREDICTED_CLASS_NAME = r"(.+_)?(answer|answered|decision|decided|classified|guess)(_.+)?"
"""Names of a predicted class, where its words are the label's."""
EARLIER_NAME = r"(.+_)?(last|previous|prev|prior|earlier|lag\d*|before)(_.+)?"
"""Names of what was known before: a feature, although its words are the label's."""
VERSION_NAMES = ("model_version", "model_id", "model_name", "model", "version")


@dataclass(frozen=True)
class Roles:
    """Which columns are what; '' where there is none.

    prediction: of classes with probabilities, the predicted class, '' where it is that of the
    largest. probabilities: (class, column) of each class; empty where there are not several.
    outputs: (column, why) of what the model answered beside, and is no feature. predicted: those of
    them that are predicted classes. remarks: sentences for a person.
    """

    prediction: str = ""
    target: str = ""
    version: str = ""
    probabilities: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    predicted: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def has_prediction(self) -> bool:
        """Whether it is known what the model answered."""
        return bool(self.prediction or self.probabilities)

    @property
    def columns(self) -> list[str]:
        """All that have a role, or are no features."""
        columns = [self.prediction, self.target, self.version]
        columns += [column for _, column in self.probabilities]
        return [*filter(None, columns), *(column for column, _ in self.outputs)]


@dataclass(frozen=True)
class Overrides:
    """What a person states, and is not guessed.

    prediction, target: a column, "none", or '' for a guess. positive: the label that means yes.
    kinds: of columns, by name; None for one that is left out. reserved: columns that have a use
    already, such as the time, and can have no role.
    """

    prediction: str = ""
    target: str = ""
    positive: str = ""
    kinds: Mapping[str, Kind | None] = field(default_factory=dict)
    reserved: tuple[str, ...] = ()


def guess_roles(sample: pd.DataFrame, overrides: Overrides, place: str) -> Roles:
    """Prediction, target and version by their names, unless stated. Raises UsageError.

    place: the source, for errors.
    """
    available = [str(name) for name in sample if name not in overrides.reserved]
    roles = _guess_classes(sample, available, overrides, place)
    if not roles.has_prediction:
        roles = _guess_prediction(sample, available, roles, overrides, place)
    roles = _add_predicted_classes(sample, available, roles, overrides)
    remaining = [
        name for name in available if name not in roles.columns and name not in overrides.kinds
    ]
    versions = {to_snake_case(name): name for name in remaining}
    version = next((versions[name] for name in VERSION_NAMES if name in versions), "")
    if version and sample[version].nunique() > MOST_WORDS:
        version = ""
    return replace(roles, version=version)


def _guess_prediction(
    sample: pd.DataFrame, available: Sequence[str], roles: Roles, overrides: Overrides, place: str
) -> Roles:
    """The roles with a prediction and a target by their names."""
    available = [name for name in available if name not in roles.columns]
    prediction = _guess_role(
        sample, available, PREDICTION_NAMES, overrides.prediction, overrides, place, "prediction"
    )
    available = [name for name in available if name != prediction]
    target = _guess_role(
        sample, available, TARGET_NAMES, overrides.target, overrides, place, "target"
    )
    return replace(roles, prediction=prediction, target=target)


def _guess_classes(
    sample: pd.DataFrame, available: Sequence[str], overrides: Overrides, place: str
) -> Roles:
    """The probabilities of the classes of a label, and the predicted class beside them, where both
    are named so; else no roles, but columns that are no features, since they are named so, too."""
    target = _guess_label(sample, available, overrides, place)
    if not target:
        return Roles()
    usable = _list_usable(sample, [name for name in available if name != target], overrides)
    columns = find_class_columns(sample, usable, target)
    if columns.problem:
        kept = [name for name in columns.left_out if name != overrides.prediction]
        outputs = tuple((name, "named as the probability of a class") for name in kept)
        mend = "they are left out; --number watches one as a feature"
        return Roles(outputs=outputs, remarks=(f"{columns.problem}: {mend}",))
    if not columns.by_class:
        return Roles()
    return _place_classes(sample, usable, columns.by_class, target, overrides, place)


def _guess_label(
    sample: pd.DataFrame, available: Sequence[str], overrides: Overrides, place: str
) -> str:
    """The target of a classifier, '' where there is none, or a person says what rules it out."""
    stated = (overrides.prediction, overrides.target)
    if "none" in stated or overrides.kinds.get(overrides.target) == "number":
        return ""
    if not overrides.target:
        available = [name for name in available if not _is_named(name, PREDICTION_NAMES)]
    try:
        target = _guess_role(
            sample, available, TARGET_NAMES, overrides.target, overrides, place, "target"
        )
    except UsageError:  # it is raised again where the prediction is known
        return ""
    return target if target and is_flat(sample[target]) else ""


def _place_classes(
    sample: pd.DataFrame,
    usable: Sequence[str],
    by_class: Mapping[str, str],
    target: str,
    overrides: Overrides,
    place: str,
) -> Roles:
    """The roles where there is a probability of each class. Where a person names another
    prediction, or which of two labels means yes, they are no prediction, and no features either."""
    predicted, labels = overrides.prediction, list(by_class)
    others = [name for name in usable if name not in by_class.values()]
    is_stored = predicted in others and set(list_labels(sample[predicted])) <= set(labels)
    yes = cells.label(overrides.positive) or ""
    has_yes = len(labels) == 2 and yes in by_class
    if predicted and (has_yes or not is_stored):
        why = f"the probability of a class, beside {predicted}, which you name"
        rest = [name for name in by_class.values() if name != predicted]
        return Roles(outputs=tuple((name, why) for name in rest))
    if has_yes:
        no = next(column for word, column in by_class.items() if word != yes)
        return Roles(by_class[yes], target, outputs=((no, f"what {by_class[yes]} lacks of 1"),))
    if not predicted:
        predicted = _choose_predicted(_list_predicted(sample, others, labels), place)
    return Roles(predicted, target, probabilities=tuple(by_class.items()))


def _list_predicted(
    sample: pd.DataFrame, available: Sequence[str], labels: Sequence[str]
) -> list[str]:
    """The columns that are named as a predicted class, and hold words of the label only."""
    named = [
        name
        for name in available
        if _is_named(name, (*PREDICTION_NAMES[:2], PREDICTED_CLASS_NAME))
        and not _is_named(name, [EARLIER_NAME])
    ]
    return [
        name
        for name in named
        if sample[name].notna().any() and set(list_labels(sample[name])) <= set(labels)
    ]


def _choose_predicted(candidates: Sequence[str], place: str) -> str:
    if len(candidates) > 1:
        raise UsageError(
            f"{place}: {', '.join(map(repr, candidates))} may each be the predicted class; say"
            " which with --prediction"
        )
    return candidates[0] if candidates else ""


def _add_predicted_classes(
    sample: pd.DataFrame, available: Sequence[str], roles: Roles, overrides: Overrides
) -> Roles:
    """The roles with what a predicted class is: the prediction where there is no other, no feature
    beside one."""
    if not roles.target or overrides.prediction == "none" or not is_flat(sample[roles.target]):
        return roles
    if sample[roles.target].nunique() > MOST_WORDS:
        return roles
    labels = list_labels(sample[roles.target])
    names = _list_usable(
        sample, [name for name in available if name not in roles.columns], overrides
    )
    predicted = _list_predicted(sample, names, labels) if len(labels) > 1 else []
    if not roles.has_prediction and len(predicted) == 1:
        return replace(roles, prediction=predicted[0])
    beside = roles.prediction or "probabilities of classes"
    outputs = tuple((name, f"a predicted class, beside {beside}") for name in predicted)
    return replace(roles, outputs=(*roles.outputs, *outputs), predicted=tuple(predicted))


def _is_named(name: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, to_snake_case(name)) for pattern in patterns)


def _list_usable(sample: pd.DataFrame, available: Sequence[str], overrides: Overrides) -> list[str]:
    """The columns that may have a role: of single values, neither identifiers nor times, and of no
    kind that a person states."""
    return [
        name
        for name in available
        if name not in overrides.kinds
        and sample[name].notna().any()
        and is_flat(sample[name])
        and name == name.strip()
        and not is_named_as_identity(name)
        and not has_times(sample[name])
    ]


def _guess_role(
    sample: pd.DataFrame, available: Sequence[str], tiers: Sequence[str], stated: str,
    overrides: Overrides, place: str, role: str,
) -> str:  # fmt: skip
    """The column of a role, '' where none is.

    tiers: patterns of names, the surest first. stated: the column that a person states. A column
    whose kind a person states has no role, unless it is stated.
    """
    if stated == "none":
        return ""
    if stated:
        if stated not in available:
            reason = ", which is another thing already" if stated in sample else ""
            raise UsageError(
                f"{place} has no column {stated!r} for --{role}{reason}; there are"
                f" {', '.join(map(repr, available[:30]))}"
            )
        return stated
    usable = _list_usable(sample, available, overrides)
    pairs = intervals.list_intervals(sample, usable) if role == "prediction" else []
    ends = {end for pair in pairs for end in (pair.low, pair.high)}
    only_ends: list[str] = []
    for number, tier in enumerate(tiers):
        candidates = [name for name in usable if re.fullmatch(tier, to_snake_case(name))]
        only_ends += [name for name in candidates if name in ends]
        candidates = [name for name in candidates if name not in ends]
        if len(candidates) > 1:
            raise UsageError(_ask_which(place, candidates, role))
        if candidates:
            probabilities = (
                _find_probabilities(sample, usable) if role == "prediction" and number < 2 else []
            )
            return (
                probabilities[0]
                if is_class(sample[candidates[0]]) and len(probabilities) == 1
                else candidates[0]
            )
    medians = intervals.list_medians(usable, pairs)
    if len(medians) == 1:
        return medians[0]
    if only_ends:
        raise UsageError(_ask_which(place, only_ends, role))
    return ""


def _ask_which(place: str, candidates: Sequence[str], role: str) -> str:
    listing = ", ".join(map(repr, candidates))
    return f"{place}: {listing} may each be the {role}; say which with --{role}, or --{role} none"


def _find_probabilities(sample: pd.DataFrame, usable: Sequence[str]) -> list[str]:
    """The columns of probabilities beside a prediction of two classes."""
    candidates = [name for name in usable if re.fullmatch(PREDICTION_NAMES[2], to_snake_case(name))]
    return [name for name in candidates if is_share(sample[name]) and not is_binary(sample[name])]
