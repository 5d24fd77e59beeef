"""Reads CSV without guessing by the day: a column's words are the same in every file."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from collectors.sources.errors import SourceError
from monitors.declare import Csv

NUMBER = r"[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
"""How a number is written that is no code: 007 is text."""
LOGICAL = {"true": True, "false": False}


def read_csv(
    path: Path, source: Csv, names: Sequence[str] | None, texts: Collection[str]
) -> pd.DataFrame:
    """The named columns that a file has, all where names is None. Raises SourceError.

    texts: columns that are no numbers; one is of numbers all the same where each value is.
    """
    try:
        head = pd.read_csv(path, sep=source.separator, nrows=0, encoding="utf-8-sig")
        there = [name for name in names or head.columns if name in head.columns]
        as_text = {name: "str" for name in there if name in texts or name == source.time}
        frame = pd.read_csv(
            path, sep=source.separator, decimal=source.decimal, usecols=there,
            dtype=as_text, encoding="utf-8-sig", low_memory=False, float_precision="round_trip",
        )  # fmt: skip
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (ValueError, OSError) as error:
        said = str(error).strip().splitlines()[-1]
        raise SourceError(f"{path}: is no CSV in UTF-8 that can be read: {said}") from error
    for name in as_text:
        if name != source.time:
            frame[name] = plain(frame[name], source.decimal)
    return frame[list(dict.fromkeys(there))]


def plain(values: pd.Series, decimal: str = ".") -> pd.Series:
    """Text as numbers, or as yes and no, where every value that is there is one."""
    there = values.dropna().astype(str)
    if there.empty:
        return values
    words = there.str.lower()
    if words.isin(LOGICAL).all():
        return values.astype(object).map(lambda v: LOGICAL[v.lower()], na_action="ignore")
    pointed = there if decimal == "." else there.str.replace(decimal, ".", regex=False)
    if not pointed.str.fullmatch(NUMBER).all():
        return values
    return pd.to_numeric(pointed).reindex(values.index)
