"""What one cell of data says, decided by that cell alone: the only rule, of every reader.

A word is what a category or an identifier says. Text is the text that is written; a number that is
whole has its digits, exactly, any other its shortest decimal; a boolean, typed or written as
True, true or TRUE, is true or false. Missing is an empty cell, and nothing else is: `NA`, `None`
and `null` are words. A number is a float64: of text that writes one, correctly rounded; of a
float32 the decimal that it stands for, so that 0.7 is 0.7 however it is stored.
"""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from driftdeck.declare.columns import WHOLE

NOT_NUMBERS = frozenset(
    {
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
        "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
    }
)  # fmt: skip
"""The words that say, in a column of numbers, that there is none; those of pandas."""
BOOLEANS = {
    **dict.fromkeys(("True", "true", "TRUE"), "true"),
    **dict.fromkeys(("False", "false", "FALSE"), "false"),
}
"""How programs write the two booleans, and their word."""
OTHERS = frozenset(("", None, *BOOLEANS))
"""Texts that are no word as they stand."""
LOGICAL = {"true": "1", "false": "0"}
DIGITS = r"(?:[0-9]+{point}?[0-9]*|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
INFINITE = r"(?:[iI]nf|[iI]nfinity|INF|INFINITY)"
UUID_TEXT = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXACT = 2.0**63
"""Whole floats beyond it are written as floats: their digits would be made up."""


UNUSABLE, TWICE, UNREADABLE = "unusable", "twice", "unreadable"
"""What a column beside another says of it: the text of cells that are no numbers; whether the name
is there more than once in that row's file; why the column cannot be read there."""


@dataclass(frozen=True)
class Words:
    """A column of words. codes: (rows,) the place in `words`, -1 where missing. words: distinct."""

    codes: np.ndarray
    words: np.ndarray

    def categorical(self) -> pd.Categorical:
        """The same column for a frame."""
        words = pd.CategoricalDtype(pd.Index(self.words, dtype=object))
        return pd.Categorical.from_codes(self.codes, dtype=words, validate=False)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    values: (rows,) float64, NaN where there is none. unusable: (rows,) the text of each cell that
    is there and is no number, None elsewhere; None where there is no such cell.
    """

    values: np.ndarray
    unusable: np.ndarray | None = None


def beside(name: str, what: str) -> str:
    """The name of the column that says something of another; no source's column is called so."""
    return f"{name}\0{what}"


@singledispatch
def word(value: Any) -> str | None:
    """The word of a cell, None where it is missing."""
    return str(value)


@word.register(type(None))
@word.register(type(pd.NaT))
@word.register(type(pd.NA))
def _(value: object) -> None:
    return None


@word.register
def _(value: str) -> str | None:
    return BOOLEANS.get(value, value) or None


@word.register(bool)
@word.register(np.bool_)
def _(value: object) -> str:
    return "true" if value else "false"


@word.register(int)
@word.register(np.integer)
def _(value: Any) -> str:
    return str(int(value))


@word.register
def _(value: float) -> str | None:
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return repr(float(value))


@word.register
def _(value: np.floating) -> str | None:
    return word(float(str(value)))  # a narrow one by the decimal that it stands for


@word.register
def _(value: Decimal) -> str | None:
    """By value: the digits behind the point depend on what else its file holds."""
    if not value.is_finite():
        return word(float(value))
    if value == value.to_integral_value():
        return str(int(value))
    return f"{value:f}".rstrip("0")


@word.register
def _(value: date) -> str:
    return value.isoformat()


@word.register
def _(value: datetime) -> str:
    moment = value.astimezone(UTC) if value.tzinfo else value
    return moment.isoformat(sep=" ")


@word.register
def _(value: bytes) -> str | None:
    try:
        return word(value.decode())
    except UnicodeDecodeError:
        return value.hex()


def identifier(value: Any) -> str | None:
    """The word of a cell that names a row: of a UUID, too, however its text is written."""
    text = word(value)
    return text.lower() if text is not None and UUID_TEXT.fullmatch(text) else text


def label(value: Any, decimal: str = ".", *, logical: bool = False) -> str | None:
    """The word of a label: 1.0 written as text is 1, since a missing label makes floats of whole
    ones.

    decimal: the mark before a fraction in text. logical: whether true is 1 and false is 0.
    """
    text = word(value)
    if text is None:
        return None
    whole = WHOLE.fullmatch(text.replace(decimal, "."))
    if whole:
        return "0" if whole[1] == "-0" else whole[1]
    return LOGICAL.get(text, text) if logical else text


def words(
    column: pa.Array | pa.ChunkedArray | pd.Series,
    missing: Collection[str] = (),
    spell: Callable[[Any], str | None] = word,
) -> Words:
    """A column as words.

    missing: words that say that a cell is. spell: `word`, `identifier` or `label`.
    """
    if isinstance(column, pd.Series):
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, distinct = column.cat.codes.to_numpy(), column.cat.categories.tolist()
            return _spell_distinct(codes, distinct, missing, spell)
        column = _as_arrow(column)
        if isinstance(column, np.ndarray):
            return _spell_distinct(np.arange(len(column)), column.tolist(), missing, spell)
    array = _unite_chunks(column)
    if not pa.types.is_dictionary(array.type):
        try:
            array = array.dictionary_encode()
        except (
            pa.ArrowNotImplementedError,
            pa.ArrowInvalid,
        ):  # lists: Arrow has no code for them
            return _spell_distinct(np.arange(len(array)), array.to_pylist(), missing, spell)
    values = _list_distinct(array.dictionary)
    if spell is word and _say_themselves(array.dictionary.type, values, missing):
        return Words(_read_codes(array), np.array([*values, None], object)[:-1])
    return _spell_distinct(_read_codes(array), values, missing, spell)


def _say_themselves(kind: pa.DataType, distinct: Sequence[Any], missing: Collection[str]) -> bool:
    """Whether every one of distinct texts is a word as it stands."""
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    return OTHERS.isdisjoint(distinct) and not any(text in distinct for text in missing)


def _read_codes(array: pa.DictionaryArray) -> np.ndarray:
    """(rows,) the place in the dictionary, -1 where missing."""
    indices = array.indices
    if indices.null_count or pa.types.is_unsigned_integer(indices.type):
        indices = pc.cast(indices, pa.int64()).fill_null(-1)
    codes: np.ndarray = indices.to_numpy(zero_copy_only=False)
    return codes


def _list_distinct(values: pa.Array) -> Sequence[Any]:
    """Distinct values as Python knows them."""
    if pa.types.is_floating(values.type):
        return [float(value) for value in _widen(values).tolist()]
    if pa.types.is_timestamp(values.type) or pa.types.is_date64(values.type):
        return list(values.to_pandas().map(_parse_moment))
    plain: list[Any] = values.to_pylist()
    return plain


def _parse_moment(value: Any) -> Any:
    return value if value is pd.NaT else pd.Timestamp(value).to_pydatetime(warn=False)


def _spell_distinct(
    codes: np.ndarray,
    values: Sequence[Any],
    missing: Collection[str],
    spell: Callable[[Any], str | None],
) -> Words:
    """Codes of values as codes of their words: several values may be spelled alike."""
    place: dict[str, int] = {}
    moved = np.full(len(values) + 1, -1, np.int32)  # the last is that of a missing cell
    for n, value in enumerate(values):
        text = None if isinstance(value, str) and value in missing else spell(value)
        if text is not None and text not in missing:
            moved[n] = place.setdefault(text, len(place))
    return Words(moved[codes], np.array([*place, None], object)[:-1])


def numbers(
    column: pa.Array | pa.ChunkedArray | pd.Series,
    decimal: str = ".",
    missing: Collection[str] = (),
) -> Numbers:
    """A column as numbers.

    decimal: the mark before a fraction in text. missing: words that, beside NOT_NUMBERS, say that a
    cell is.
    """
    if isinstance(column, pd.Series):
        if column.dtype == np.float64:
            return Numbers(column.to_numpy())
        column = _as_arrow(column)
        if isinstance(column, np.ndarray):  # values of several types
            column = pa.array([word(value) for value in column], pa.string())
    array = _unite_chunks(column)
    if pa.types.is_dictionary(array.type):
        return _take_numbers(numbers(array.dictionary, decimal, missing), _read_codes(array))
    return _parse_typed(array, decimal, missing)


def _parse_typed(array: pa.Array, decimal: str, missing: Collection[str]) -> Numbers:
    """The numbers of an array of one type."""
    kind = array.type
    if pa.types.is_floating(kind):
        return Numbers(_widen(array))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return Numbers(_cast_to_floats(array))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _parse(array, decimal, missing)
    if pa.types.is_decimal(kind):
        return _parse(pc.cast(array, pa.string()), ".", ())
    spelled = words(array).categorical().astype(object)
    return _parse(pa.array(spelled, pa.string(), from_pandas=True), ".", missing)


def _take_numbers(distinct: Numbers, codes: np.ndarray) -> Numbers:
    """The numbers of rows from those of their distinct values."""
    unusable = distinct.unusable
    if unusable is not None:
        unusable = np.array([*unusable, None], object)[codes]
    return Numbers(np.append(distinct.values, np.nan)[codes], unusable)


def _parse(array: pa.Array, decimal: str, missing: Collection[str]) -> Numbers:
    """Text as numbers."""
    text = pc.utf8_trim_whitespace(array)
    none = pc.is_in(text, value_set=pa.array(sorted({*NOT_NUMBERS, *missing}), text.type))
    none = pc.or_(none, pc.is_null(text))
    logical = pc.is_in(text, value_set=pa.array(list(BOOLEANS), text.type))
    is_number = pc.fill_null(pc.match_substring_regex(text, _make_pattern(decimal)), False)
    usable = pc.and_not(is_number, none)
    plain = pc.if_else(usable, text, pa.scalar(None, text.type))
    if decimal != ".":
        plain = pc.replace_substring(plain, decimal, ".")
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    values = _cast_to_floats(plain)
    if pc.any(logical).as_py():
        for spelling, boolean in BOOLEANS.items():
            is_it = pc.fill_null(pc.equal(text, spelling), False).to_numpy(False)
            values[is_it] = boolean == "true"
    unusable = pc.and_not(pc.and_not(pc.invert(none), usable), logical)
    if not pc.any(unusable).as_py():
        return Numbers(values)
    kept = pc.if_else(unusable, array, pa.scalar(None, array.type))
    return Numbers(values, kept.to_numpy(zero_copy_only=False))


def _make_pattern(decimal: str) -> str:
    digits = DIGITS.format(point=re.escape(decimal))
    return rf"^[+-]?(?:{digits}|{INFINITE})$"


def _cast_to_floats(array: pa.Array) -> np.ndarray:
    """An array that may be cast as float64, NaN for null; writable."""
    cast = pc.cast(array, pa.float64(), safe=False)
    values: np.ndarray = cast.to_numpy(zero_copy_only=False)
    return values if values.flags.writeable else values.copy()


def _widen(array: pa.Array) -> np.ndarray:
    """Floats of any width as float64: a narrow one by the shortest decimal that it stands for."""
    if pa.types.is_float64(array.type):
        values: np.ndarray = array.to_numpy(zero_copy_only=False)
        return values
    if pa.types.is_float16(array.type):
        narrow: np.ndarray = array.to_numpy(zero_copy_only=False)
        return narrow.astype(str).astype(float)
    return _cast_to_floats(pc.cast(array, pa.string()))


def _unite_chunks(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array, of the storage of an extension type where Arrow can do nothing with it."""
    if isinstance(column, pa.ChunkedArray):
        # Dictionaries of chunks differ; what is joined has one.
        column = column.unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if isinstance(column, pa.ExtensionArray):
        if column.type.extension_name == "arrow.uuid":
            return pa.array(
                [None if v is None else str(v) for v in column.to_pylist()], pa.string()
            )
        return column.storage
    if pa.types.is_string_view(column.type):
        return pc.cast(column, pa.large_string())
    return column


def _as_arrow(values: pd.Series) -> "pa.Array | np.ndarray":
    """A column of a frame as Arrow has it, or as objects where its values are of several types."""
    if values.dtype == object:
        kinds = {type(value) for value in values.dropna()}
        if len(kinds) > 1:
            return values.astype(object).where(values.notna(), None).to_numpy(object)
    try:
        return pa.Array.from_pandas(values)
    except (pa.ArrowException, OverflowError):
        return values.astype(object).where(values.notna(), None).to_numpy(object)
