"""Which label belongs to which row: ids are the same however each side stores them.

Ids are a categorical here, as `normalise_ids` makes it once of a column.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.extensions import take

from driftdeck.collectors.frames import cells
from driftdeck.collectors.ledger import Reason
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.parts import Part

MOST_EXAMPLES, MOST_MASKED = 2, 200
UUID_LENGTH = 36


@dataclass(frozen=True)
class LabelColumns:
    """The columns of the source of labels.

    on: identifies the row. target: the label. time: when it became known. place: the source, for
    errors.
    """

    on: str
    target: str
    time: str
    place: str


def normalise_ids(values: pd.Series) -> pd.Categorical:
    """A column of ids as words that are the same on both sides, whatever types store them."""
    if isinstance(values.dtype, pd.CategoricalDtype) and _are_plain(values.cat.categories):
        ids: pd.Categorical = values.array
        return ids
    return cells.words(values, spell=cells.identifier).categorical()


def _are_plain(words: pd.Index) -> bool:
    """Whether words need no normalising: all are texts, and none is a UUID."""
    if pd.api.types.infer_dtype(words, skipna=False) not in ("string", "empty"):
        return False
    return not any(len(text) == UUID_LENGTH and cells.UUID_TEXT.fullmatch(text) for text in words)


def keep_newest(part: Part, columns: LabelColumns) -> Part:
    """One label a row, the newest; labels without an id and older ones are left out.

    part: labels, their ids by `normalise_ids`. Raises SourceError where two labels of a row that
    differ became known at the same time.
    """
    frame, ledger = part.frame, part.ledger
    ids = frame[columns.on].array.codes
    nameless = ids < 0
    ledger = ledger.without(Reason.NO_ID, int(nameless.sum()))
    if nameless.any():
        frame = frame[~nameless].reset_index(drop=True)
    if len(np.unique(ids[~nameless])) == len(frame):
        return Part(frame, ledger)
    superseded = _find_superseded(frame, columns)
    example = f"{columns.on} = {frame[columns.on][superseded].iloc[0]!r}"
    ledger = ledger.without(Reason.DUPLICATE, int(superseded.sum()), example)
    return Part(frame[~superseded].reset_index(drop=True), ledger)


def _find_superseded(frame: pd.DataFrame, columns: LabelColumns) -> "pd.Series[bool]":
    """(labels,) whether a row has a newer label than this, or the same one again.

    Raises SourceError where labels of one moment differ: nobody can tell which is true.
    """
    by_time = frame.sort_values(columns.time, kind="stable")
    newest = by_time[columns.time] == by_time.groupby(columns.on, observed=True)[
        columns.time
    ].transform("max")
    twice = by_time[by_time.duplicated([columns.on, columns.time], keep=False) & newest]
    same = twice.groupby([columns.on, columns.time], observed=True)[columns.target].nunique(
        dropna=False
    )
    if (same > 1).any():
        row, moment = same.index[same > 1][0]
        raise SourceError(
            f"{columns.place}: several labels that differ for a row, known at one time, e.g."
            f" {columns.on} = {row!r} at {moment}; keep one label a row"
        )
    return by_time.duplicated(columns.on, keep="last").reindex(frame.index)


def join_labels(rows: pd.DataFrame, labels: pd.DataFrame, columns: LabelColumns) -> pd.DataFrame:
    """Rows with the label that belongs to each, missing where there is none.

    labels: one a row, by `keep_newest`.
    """
    if labels.empty:
        no_labels = pd.Categorical.from_codes(np.full(len(rows), -1), pd.Index([], dtype=object))
        return rows.assign(**{columns.target: no_labels})
    positions = find_labels(normalise_ids(rows[columns.on]), labels[columns.on].array)
    label_columns = [str(name) for name in labels if _is_of(str(name), columns.target)]
    return rows.assign(
        **{name: take(labels[name].array, positions, allow_fill=True) for name in label_columns}
    )


def _is_of(name: str, target: str) -> bool:
    return name == target or name.startswith(cells.beside(target, ""))


def find_labels(rows: pd.Categorical, labels: pd.Categorical) -> np.ndarray:
    """(rows,) the position of each row's label, -1 where it has none. labels: each id once."""
    label_of = np.full(len(labels.categories) + 1, -1)
    label_of[labels.codes] = np.arange(len(labels))
    label_of[-1] = -1  # a label without an id is of no row
    categories = labels.categories.get_indexer(rows.categories)
    positions: np.ndarray = label_of[np.append(categories, -1)[rows.codes]]
    return positions


def may_belong(labels: pd.Categorical, rows: pd.Categorical) -> np.ndarray:
    """(labels,) whether each label may belong to one of the rows; one without an id may."""
    present = np.append(np.isin(np.arange(len(rows.categories)), rows.codes), False)
    of_rows = present[rows.categories.get_indexer(labels.categories)]
    belongs: np.ndarray = np.append(of_rows, True)[labels.codes]
    return belongs


def mask_ids(ids: pd.Categorical) -> set[str]:
    """The patterns of ids: `9` for digits, `0` for digits that begin with 0, `a` for letters.

    Two sides without a pattern in common write their ids differently: 7, 007, user-7.
    """
    letters = (re.sub(r"[^\W\d_]+", "a", text) for text in list_distinct(ids)[:MOST_MASKED])
    return {re.sub(r"\d+", lambda match: _mask_digits(match[0]), text) for text in letters}


def _mask_digits(text: str) -> str:
    return "0" if text[0] == "0" and len(text) > 1 else "9"


def list_distinct(ids: pd.Categorical) -> list[str]:
    """The different ids, in the order of their first row, without missing ones."""
    codes = pd.unique(ids.codes)
    return [str(text) for text in ids.categories[codes[codes >= 0]]]


def list_examples(ids: pd.Categorical) -> list[str]:
    """Some ids, as they are read."""
    return list_distinct(ids)[:MOST_EXAMPLES]


def mismatch_error(
    rows: pd.Categorical, labels: pd.Categorical, on: str, places: Collection[str]
) -> SourceError:
    """The error of labels of which none belongs to any row.

    rows, labels: their ids. on: the column of ids. places: (of the labels, of the rows).
    """
    row_ids, label_ids = (", ".join(map(repr, list_examples(ids))) for ids in (rows, labels))
    label_place, row_place = places
    return SourceError(
        f"{label_place}: no label belongs to a row: the labels have {on} = {label_ids}, the rows of"
        f" {row_place} {on} = {row_ids}; write the ids alike on both sides, or name the column that"
        " both share with on="
    )
