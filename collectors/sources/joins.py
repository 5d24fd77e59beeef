"""Which label belongs to which row: ids are the same however each side stores them."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from collectors import cells
from collectors.sources.errors import SourceError
from collectors.sources.ledger import Reason
from collectors.sources.parts import Part

EXAMPLES, MANY = 2, 200


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
        return pd.Categorical(values)
    return cells.words(values, spell=cells.identifier).categorical()


def _are_plain(words: pd.Index) -> bool:
    """Whether words are identifiers as they stand: texts, and none of a UUID."""
    if pd.api.types.infer_dtype(words, skipna=False) not in ("string", "empty"):
        return False
    texts = pa.array(words.tolist(), pa.string())
    return not pc.any(pc.match_substring_regex(texts, f"^{cells.UUID_TEXT.pattern}$")).as_py()


def usable(part: Part, names: Labels, now: pd.Timestamp) -> Part:
    """One label a row, of those known by `now`: the newest; what else there is, is left out.

    Raises SourceError where two that differ became known at once.
    """
    frame, ledger = part.frame, part.ledger
    if frame.empty:
        return part
    later = frame[names.time] > now
    ledger = ledger.without(Reason.LATER, int(later.sum()))
    ids = pd.Series(identifiers(frame[names.on]))
    nameless = ids.isna().to_numpy() & ~later.to_numpy()
    ledger = ledger.without(Reason.NO_ID, int(nameless.sum()))
    frame = frame.assign(**{names.on: ids.to_numpy()})[~later.to_numpy() & ~nameless]
    frame = frame.sort_values(names.time, kind="stable", ignore_index=True)
    newest = frame[names.time] == frame.groupby(names.on, observed=True)[names.time].transform(
        "max"
    )
    twice = frame.duplicated([names.on, names.time], keep=False) & newest
    if twice.any():
        _refuse_contradictions(frame[twice], names)
    superseded = frame.duplicated(names.on, keep="last")
    ledger = ledger.without(
        Reason.DUPLICATE, int(superseded.sum()), _example(frame[superseded], names)
    )
    return Part(frame[~superseded].reset_index(drop=True), ledger)


def _refuse_contradictions(twice: pd.DataFrame, names: Labels) -> None:
    """Raise SourceError where labels of one moment differ: nobody can tell which is true."""
    same = twice.groupby([names.on, names.time], observed=True)[names.target].nunique(dropna=False)
    if (same > 1).any():
        one, moment = same.index[same > 1][0]
        raise SourceError(
            f"{names.place}: several labels that differ for a row, known at one time, e.g."
            f" {names.on} = {one!r} at {moment}; keep one label a row"
        )


def _example(frame: pd.DataFrame, names: Labels) -> str:
    return f"{names.on} = {frame[names.on].iloc[0]!r}" if len(frame) else ""


def with_labels(rows: pd.DataFrame, names: Labels, labels: pd.DataFrame) -> pd.DataFrame:
    """Rows with the label that belongs to each, missing where there is none.

    labels: as `usable` gives them.
    """
    if labels.empty:
        nothing = pd.Categorical.from_codes(np.full(len(rows), -1), pd.Index([], dtype=object))
        return rows.assign(**{names.target: nothing})
    place = match(rows[names.on], labels[names.on])
    columns = [str(name) for name in labels if _speaks_of(str(name), names.target)]
    taken = {
        name: labels[name].reset_index(drop=True).reindex(place).set_axis(rows.index)
        for name in columns
    }
    return rows.assign(**taken)


def _speaks_of(name: str, target: str) -> bool:
    return name == target or name.startswith(cells.beside(target, ""))


def match(rows: pd.Series, labels: pd.Series) -> np.ndarray:
    """(rows,) the place of each row's label, -1 where there is none. labels: each id once."""
    ids = identifiers(rows)
    known = pd.Index(labels.astype(object))
    place = known.get_indexer(pd.Index(ids.categories, dtype=object))
    found: np.ndarray = np.append(place, -1)[ids.codes]
    return found


def forms(values: pd.Series) -> set[str]:
    """How ids are written: `9` for digits, `0` for such as begin with 0, `a` for letters."""
    letters = (re.sub(r"[^\W\d_]+", "a", text) for text in distinct(values)[:MANY])
    return {re.sub(r"\d+", lambda found: _digits(found[0]), text) for text in letters}


def _digits(text: str) -> str:
    return "0" if text[0] == "0" and len(text) > 1 else "9"


def distinct(values: pd.Series) -> list[str]:
    """The different ids that are there, in the order of their first row."""
    ids = identifiers(values)
    codes = pd.unique(ids.codes)
    return [str(one) for one in ids.categories[codes[codes >= 0]]]


def examples(values: pd.Series) -> list[str]:
    """Some ids, as they are read."""
    return distinct(values)[:EXAMPLES]


def mismatch(rows: pd.Series, labels: pd.Series, place: str, owner: str) -> SourceError:
    """The error of labels that are there and belong to no row. place: of the labels."""
    mine, theirs = (", ".join(map(repr, examples(values))) for values in (rows, labels))
    return SourceError(
        f"{place}: no label belongs to a row: the labels have {labels.name} = {theirs}, the rows of"
        f" {owner} {rows.name} = {mine}; write the ids alike on both sides, or name the column that"
        " both share with on="
    )
