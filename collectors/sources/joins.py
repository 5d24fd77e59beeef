"""Which label belongs to which row: ids are the same however each side stores them.

Ids are a categorical here, as `identifiers` makes it once of a column.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import take

from driftdeck.collectors.frames import cells
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.ledger import Reason
from driftdeck.collectors.sources.parts import Part

EXAMPLES, MANY = 2, 200
UUID_LENGTH = 36


@dataclass(frozen=True)
class Labels:
    """Labels of rows. on, target, time: names of their columns; place: of them, for errors."""

    on: str
    target: str
    time: str
    place: str


def identifiers(values: pd.Series) -> pd.Categorical:
    """A column of ids as words that are the same wherever the id is."""
    if isinstance(values.dtype, pd.CategoricalDtype) and _are_plain(values.cat.categories):
        ids: pd.Categorical = values.array
        return ids
    return cells.words(values, spell=cells.identifier).categorical()


def _are_plain(words: pd.Index) -> bool:
    """Whether words are identifiers as they stand: texts, and none of a UUID."""
    if pd.api.types.infer_dtype(words, skipna=False) not in ("string", "empty"):
        return False
    return not any(len(text) == UUID_LENGTH and cells.UUID_TEXT.fullmatch(text) for text in words)


def usable(part: Part, names: Labels) -> Part:
    """One label a row: the newest; what else there is, is left out.

    part: the column of ids as `identifiers` gives it. Raises SourceError where two that differ
    became known at once.
    """
    frame, ledger = part.frame, part.ledger
    ids = frame[names.on].array.codes
    nameless = ids < 0
    ledger = ledger.without(Reason.NO_ID, int(nameless.sum()))
    if nameless.any():
        frame = frame[~nameless].reset_index(drop=True)
    if len(np.unique(ids[~nameless])) == len(frame):
        return Part(frame, ledger)
    superseded = _superseded(frame, names)
    example = f"{names.on} = {frame[names.on][superseded].iloc[0]!r}"
    ledger = ledger.without(Reason.DUPLICATE, int(superseded.sum()), example)
    return Part(frame[~superseded].reset_index(drop=True), ledger)


def _superseded(frame: pd.DataFrame, names: Labels) -> "pd.Series[bool]":
    """Labels of rows of which there is a newer one, or the same once more.

    Raises SourceError where labels of one moment differ: nobody can tell which is true.
    """
    by_time = frame.sort_values(names.time, kind="stable")
    newest = by_time[names.time] == by_time.groupby(names.on, observed=True)[names.time].transform(
        "max"
    )
    twice = by_time[by_time.duplicated([names.on, names.time], keep=False) & newest]
    same = twice.groupby([names.on, names.time], observed=True)[names.target].nunique(dropna=False)
    if (same > 1).any():
        row, moment = same.index[same > 1][0]
        raise SourceError(
            f"{names.place}: several labels that differ for a row, known at one time, e.g."
            f" {names.on} = {row!r} at {moment}; keep one label a row"
        )
    return by_time.duplicated(names.on, keep="last").reindex(frame.index)


def with_labels(rows: pd.DataFrame, labels: pd.DataFrame, names: Labels) -> pd.DataFrame:
    """Rows with the label that belongs to each, missing where there is none.

    labels: as `usable` gives them.
    """
    if labels.empty:
        nothing = pd.Categorical.from_codes(np.full(len(rows), -1), pd.Index([], dtype=object))
        return rows.assign(**{names.target: nothing})
    place = match(identifiers(rows[names.on]), labels[names.on].array)
    columns = [str(name) for name in labels if _speaks_of(str(name), names.target)]
    return rows.assign(
        **{name: take(labels[name].array, place, allow_fill=True) for name in columns}
    )


def _speaks_of(name: str, target: str) -> bool:
    return name == target or name.startswith(cells.beside(target, ""))


def match(rows: pd.Categorical, labels: pd.Categorical) -> np.ndarray:
    """(rows,) the place of each row's label, -1 where there is none. labels: each id once."""
    label_of = np.full(len(labels.categories) + 1, -1)
    label_of[labels.codes] = np.arange(len(labels))
    label_of[-1] = -1  # a label without an id is of no row
    category = labels.categories.get_indexer(rows.categories)
    found: np.ndarray = label_of[np.append(category, -1)[rows.codes]]
    return found


def belonging(labels: pd.Categorical, rows: pd.Categorical) -> np.ndarray:
    """(labels,) whether each may be of one of some rows; so may one without an id."""
    present = np.append(np.isin(np.arange(len(rows.categories)), rows.codes), False)
    of_rows = present[rows.categories.get_indexer(labels.categories)]
    found: np.ndarray = np.append(of_rows, True)[labels.codes]
    return found


def forms(ids: pd.Categorical) -> set[str]:
    """How ids are written: `9` for digits, `0` for such as begin with 0, `a` for letters."""
    letters = (re.sub(r"[^\W\d_]+", "a", text) for text in distinct(ids)[:MANY])
    return {re.sub(r"\d+", lambda found: _digits(found[0]), text) for text in letters}


def _digits(text: str) -> str:
    return "0" if text[0] == "0" and len(text) > 1 else "9"


def distinct(ids: pd.Categorical) -> list[str]:
    """The different ids that are there, in the order of their first row."""
    codes = pd.unique(ids.codes)
    return [str(text) for text in ids.categories[codes[codes >= 0]]]


def examples(ids: pd.Categorical) -> list[str]:
    """Some ids, as they are read."""
    return distinct(ids)[:EXAMPLES]


def mismatch(
    rows: pd.Categorical, labels: pd.Categorical, on: str, places: Collection[str]
) -> SourceError:
    """The error of labels that are there and belong to no row. places: of the labels and rows."""
    mine, theirs = (", ".join(map(repr, examples(ids))) for ids in (rows, labels))
    of_labels, of_rows = places
    return SourceError(
        f"{of_labels}: no label belongs to a row: the labels have {on} = {theirs}, the rows of"
        f" {of_rows} {on} = {mine}; write the ids alike on both sides, or name the column that"
        " both share with on="
    )
