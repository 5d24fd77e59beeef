"""Detects rows that changed: a hash of their values, however they are stored and ordered."""

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from driftdeck.collectors.ledger import Ledger

MANY_ROWS = 10_000
MISSING = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)
SHIFT = np.uint64(31)


def hash_rows(frame: pd.DataFrame, names: Iterable[Hashable] | None = None) -> np.ndarray:
    """(rows,) uint64, a hash of each row's values in the named columns, in all where None.

    Sums over columns: hashes of different columns of the same rows may be added.
    """
    total = np.zeros(len(frame), np.uint64)
    for name in frame.columns if names is None else names:
        hashes = (_hash_values(frame[name]) ^ _hash_name(str(name))) * MIX
        total += (hashes ^ (hashes >> SHIFT)) * MIX
    return total


def fingerprint(hashes: np.ndarray, names: Iterable[Hashable], ledgers: Sequence[Ledger]) -> str:
    """16 hex digits for a set of rows, whatever their order, and for the rows left out of it.

    hashes: (rows,) uint64 by `hash_rows`. names: the columns of the rows. ledgers: what was left
    out of them as a fault.
    """
    left_out = [sorted(ledger.faults.items()) for ledger in ledgers if ledger.faults]
    basis = [*sorted(map(str, names)), *map(str, left_out)]
    digest = hashlib.sha256(",".join(basis).encode(errors="backslashreplace"))
    if len(hashes):
        digest.update(np.sort(hashes).tobytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1024)
def _hash_name(name: str) -> np.uint64:
    digest = hashlib.sha256(name.encode(errors="backslashreplace")).digest()
    return np.uint64(int.from_bytes(digest[:8], "little"))


def _hash_values(values: pd.Series) -> np.ndarray:
    """(rows,) uint64, of a column's values, alike for every type that a reader chose for them."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = np.asarray(values.cat.categories, dtype=object)
        hashes = pd.util.hash_array(words, categorize=False)
        by_code: np.ndarray = np.append(hashes, MISSING)
        return by_code[values.cat.codes.to_numpy()]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.astype("datetime64[ns, UTC]").astype(np.int64)
    many = len(values) > MANY_ROWS  # fewer are hashed sooner than their distinct values found
    hashed: np.ndarray = pd.util.hash_array(values.to_numpy(), categorize=many)
    return hashed
