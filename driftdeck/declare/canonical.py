"""Texts of declarations that hashes are made of: a field that comes later leaves them as they were.

A hash of a `repr` would be another one with each new field, and every user's thresholds stale.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath

LOG = ("folder", "time", "on", "partition", "timezone")
FIRST: Mapping[str, tuple[str, ...]] = {
    "Parquet": LOG,
    "Csv": LOG,
    "Table": ("name", "time", "on", "address"),
    "Between": ("first", "last"),
    "Daily": ("timezone",),
    "Hourly": ("hours", "timezone"),
    "Weekly": ("first", "timezone"),
    "Monthly": ("timezone",),
    "Quantiles": ("warn", "alert"),
    "Baseline": ("name", "unit", "weeks"),
    "By": ("name", "column", "most", "values"),
    "Where": ("name", "condition", "declared"),
    "Column": ("name", "kind", "unit", "role", "cut"),
    "Unit": ("name", "grafana", "low", "high"),
}
"""The fields that a text of each kind always has. They stay as they are: the others, those of today
and those to come, stand in a text where they are not at their default."""
MEND = "name its fields in FIRST, driftdeck/declare/canonical.py"


def canonical(value: object) -> str:
    """A declaration, or a plain value in one, as a text that is the same for ever.

    Raises TypeError for what has no such text.
    """
    if is_dataclass(value):
        first = {name: canonical(getattr(value, name)) for name in _first(value)}
        texts = ", ".join(f"{name}={text}" for name, text in {**first, **later(value)}.items())
        return f"{type(value).__name__}({texts})"
    if isinstance(value, tuple):
        texts = ", ".join(map(canonical, value))
        return f"({texts},)" if len(value) == 1 else f"({texts})"
    if isinstance(value, Enum):
        return f"<{type(value).__name__}.{value.name}: {value.value!r}>"
    if isinstance(value, str | int | float | date | PurePath | None):
        return repr(value)
    raise TypeError(f"{type(value).__name__} has no text for a hash; {MEND}")


def later(value: object) -> dict[str, str]:
    """The texts of a declaration's fields that are not among its first and not at their default."""
    assert is_dataclass(value)
    return {
        field.name: canonical(getattr(value, field.name))
        for field in fields(value)
        if field.name not in _first(value) and not _is_default(field, getattr(value, field.name))
    }


def _is_default(field: "Field[object]", value: object) -> bool:
    if field.default_factory is not MISSING:
        return value == field.default_factory()
    return field.default is not MISSING and value == field.default


def _first(value: object) -> tuple[str, ...]:
    for kind in type(value).__mro__:
        if kind.__name__ in FIRST:
            return FIRST[kind.__name__]
    raise TypeError(f"{type(value).__name__} has no text for a hash; {MEND}")
