"""The committed file of calibrated thresholds beside a declaration: NAME.thresholds.toml."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftdeck.declare import Column, DeclarationError, Metric, Monitor, Slice, Thresholds
from driftdeck.declare.canonical import canonical, later
from driftdeck.declare.thresholds import ThresholdKey

SUFFIX = ".thresholds.toml"
ENOUGH = 10
"""So many days with a value are needed to find a threshold."""
VERSION = 1
"""Of the fingerprints that are written. A file that names none is of the first."""
BARE = re.compile(r"[A-Za-z0-9_-]+")
WHOLE, ESCAPED = "all", "column:"
"""The key of the whole data set; what stands before a column that is called like it."""
HEADING, SEGMENTS, LIKE = "calibration", "segments", "like"
"""The tables of a file beside those of metrics: what its thresholds were found on, those of
segments, and those of each hour or weekday."""


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` wrote: thresholds by series key, and what they were found on.

    fingerprint: of the declaration's reference, columns, methods and quantiles.
    data: hash of the reference rows that were read.
    version: of the fingerprint.
    """

    fingerprint: str
    data: str
    thresholds: Mapping[ThresholdKey, Thresholds]
    version: int = 1


def locate(declaration: Path) -> Path:
    """The threshold file of a declaration file."""
    return declaration.with_name(declaration.stem + SUFFIX)


def fingerprint(monitor: Monitor, version: int = VERSION) -> str:
    """16 hex digits over everything in a declaration that calibrated thresholds depend on.

    version: of the way of making it; an older one where a file of that version is checked.
    """
    basis = BASES[version](monitor)
    return hashlib.sha256(json.dumps(basis).encode()).hexdigest()[:16]


def _first_basis(monitor: Monitor) -> list[object]:
    """What version 1 hashes; what was declared by later versions only, where it is set."""
    calibrated = [
        (
            series.key,
            series.method.name if series.method else "",
            canonical(series.metric.quantiles),
            *_later(series.metric),
        )
        for series in monitor.series()
        if series.metric.quantiles is not None
    ]
    judged = [
        [canonical(slice_), sorted(slice_.judged), slice_.min_rows]
        for slice_ in monitor.slices
        if slice_.judged
    ]
    return [
        canonical(monitor.source),
        canonical(monitor.labels),
        canonical(monitor.reference),
        canonical(monitor.every),
        monitor.min_rows,
        [_column(column) for column in monitor.all_columns()],
        calibrated,
        *([judged] if judged else []),
    ]


def _later(metric: Metric) -> list[str]:
    """What a value depends on beside its column and method, where something is declared."""
    if not (metric.options or metric.baseline.suffix):
        return []
    return [canonical((metric.baseline, metric.options))]


def _column(column: Column) -> list[object]:
    """Of a column: its unit and its role move no threshold."""
    newer = later(column)
    return [column.name, column.kind, column.cut, *([newer] if newer else [])]


BASES: Mapping[int, Callable[[Monitor], list[object]]] = {1: _first_basis}
"""What the fingerprints of each version are made of: a file of an older one stays valid."""


def format_heading(monitor: Monitor, data: str) -> list[str]:
    """The lines of a file that say what its thresholds were found on. data: as in a Calibration."""
    version = [f"version = {VERSION}"] if VERSION > 1 else []
    return [
        "[calibration]",
        *version,
        f'fingerprint = "{fingerprint(monitor, VERSION)}"',
        f'data = "{data}"',
    ]


def format_key(column: str) -> str:
    """The key of a column's thresholds as TOML writes it; '' is the whole data set."""
    if not column:
        return WHOLE
    if column == WHOLE or column.startswith(ESCAPED):
        column = ESCAPED + column
    return _quote(column)


def _quote(key: str) -> str:
    """A key as TOML writes it."""
    if BARE.fullmatch(key):
        return key
    return json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")


def parse_key(key: str) -> str:
    """The column of a key; '' is the whole data set."""
    return "" if key == WHOLE else key.removeprefix(ESCAPED)


def read(path: Path) -> Calibration | None:
    """The calibration in a file, None where there is no file. Raises DeclarationError."""
    if not path.exists():
        return None
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        head = document.pop(HEADING)
        by_key = dict(_parse(document))
        version = head.get("version", 1)
        calibration = Calibration(head["fingerprint"], head["data"], by_key, version)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise DeclarationError(
            path.name, f"cannot be read: {error}", "mend it, or write it anew with calibrate"
        ) from error
    if not isinstance(version, int) or version not in BASES:
        raise DeclarationError(
            f"{path.name}: version",
            f"{version!r} is none of {', '.join(map(str, BASES))}",
            "update driftdeck, or write the file anew with calibrate",
        )
    for key, fixed in calibration.thresholds.items():
        fixed.check(f"{path.name}: {key}")
    return calibration


def _parse(
    document: Mapping[str, Any], segment: tuple[str, str] = ("", ""), like: str = ""
) -> Iterator[tuple[ThresholdKey, Thresholds]]:
    """(key, thresholds) of each line of a file, or of one of its segments."""
    for name, table in document.items():
        if name == LIKE:
            for other, metrics in table.items():
                yield from _parse(metrics, segment, other)
        elif name == SEGMENTS:
            for slice_, values in table.items():
                for value, metrics in values.items():
                    yield from _parse(metrics, (slice_, value))
        else:
            for column, numbers in table.items():
                key = ThresholdKey(name, parse_key(column), *segment, like)
                yield key, Thresholds(**numbers)


def format_file(heading: Sequence[str], by_key: Mapping[ThresholdKey, Thresholds]) -> str:
    """The text of a file. heading: its first lines."""
    tables: dict[str, list[str]] = {}
    for key, fixed in by_key.items():
        pairs = ", ".join(f"{name} = {number!r}" for name, number in fixed.as_dict().items())
        tables.setdefault(_table(key), []).append(f"{format_key(key.column)} = {{ {pairs} }}")
    lines = [*heading]
    for table, rows in tables.items():
        lines += ["", f"[{table}]", *rows]
    return "\n".join(lines) + "\n"


def _table(key: ThresholdKey) -> str:
    """The heading under which a key stands, as TOML writes it."""
    names = [SEGMENTS, key.slice, key.value] if key.slice else []
    names += [LIKE, key.like] if key.like else []
    return ".".join(map(_quote, [*names, key.metric]))


def find_problems(monitor: Monitor, calibration: Calibration | None) -> list[str]:
    """Why a calibration does not fit its declaration: stale, twice, missing or left over."""
    wanted = {s.key for s in monitor.series() if s.metric.quantiles is not None}
    repair = f"run `driftdeck calibrate {monitor.name}` and review the file"
    if calibration is None:
        return [f"{monitor.name}: no calibrated thresholds yet; {repair}"] if wanted else []
    problems = []
    if calibration.fingerprint != fingerprint(monitor, calibration.version):
        problems.append(
            f"{monitor.name}: thresholds are stale, the declaration has changed; {repair}"
        )
    fixed = {s.key for s in monitor.series() if s.metric.thresholds is not None}
    slices = {slice_.name: slice_ for slice_ in monitor.slices}
    for key in sorted(calibration.thresholds):
        place = f"{monitor.name}: {key}"
        if (key.metric, key.column) in fixed:
            why = "also has thresholds in the declaration"
        elif (key.metric, key.column) not in wanted:
            why = "is not declared"
        elif key.slice and not _is_judged(slices.get(key.slice), key):
            why = "is not judged by its slice"
        else:
            continue
        problems.append(f"{place} {why}; delete it from {monitor.name}{SUFFIX}")
    whole = {(key.metric, key.column) for key in calibration.thresholds if not key.slice}
    problems += [
        f"{monitor.name}: {ThresholdKey(*key)} has no threshold; {repair}"
        for key in sorted(wanted - whole)
    ]
    return problems


def _is_judged(slice_: Slice | None, key: ThresholdKey) -> bool:
    """Whether the segments of a slice have such a series, and it is judged there."""
    if slice_ is None or key.metric not in slice_.judged:
        return False
    return slice_.has(key.metric, key.column)
