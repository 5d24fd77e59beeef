"""The committed file of calibrated thresholds beside a declaration: NAME.thresholds.toml."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from driftdeck.declare import Column, DeclarationError, Monitor, Thresholds
from driftdeck.declare.canonical import canonical, later

SUFFIX = ".thresholds.toml"
ENOUGH = 10
"""So many days with a value are needed to find a threshold."""
VERSION = 1
"""Of the fingerprints that are written. A file that names none is of the first."""
BARE = re.compile(r"[A-Za-z0-9_-]+")
WHOLE, ESCAPED = "all", "column:"
"""The key of the whole data set; what stands before a column that is called like it."""


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` wrote: thresholds by series key, and what they were found on.

    fingerprint: of the declaration's reference, columns, methods and quantiles.
    data: hash of the reference rows that were read.
    version: of the fingerprint.
    """

    fingerprint: str
    data: str
    thresholds: Mapping[tuple[str, str], Thresholds]
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
    """What version 1 hashes; fields of sources and columns that are newer, where they are set."""
    calibrated = [
        (
            series.key,
            series.method.name if series.method else "",
            canonical(series.metric.quantiles),
        )
        for series in monitor.series()
        if series.metric.quantiles is not None
    ]
    return [
        canonical(monitor.source),
        canonical(monitor.labels),
        canonical(monitor.reference),
        canonical(monitor.every),
        monitor.min_rows,
        [_column(column) for column in monitor.all_columns()],
        calibrated,
    ]


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
    if BARE.fullmatch(column):
        return column
    return json.dumps(column, ensure_ascii=False).replace("\x7f", "\\u007f")


def parse_key(key: str) -> str:
    """The column of a key; '' is the whole data set."""
    return "" if key == WHOLE else key.removeprefix(ESCAPED)


def read(path: Path) -> Calibration | None:
    """The calibration in a file, None where there is no file. Raises DeclarationError."""
    if not path.exists():
        return None
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        head = document.pop("calibration")
        by_key = {
            (metric, parse_key(key)): Thresholds(**numbers)
            for metric, columns in document.items()
            for key, numbers in columns.items()
        }
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
    for (metric, column), fixed in calibration.thresholds.items():
        fixed.check(f"{path.name}: {metric}.{column or 'all'}")
    return calibration


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
    for metric, column in sorted(set(calibration.thresholds) - wanted):
        place = f"{monitor.name}: {metric}.{column or 'all'}"
        why = (
            "also has thresholds in the declaration"
            if (metric, column) in fixed
            else "is not declared"
        )
        problems.append(f"{place} {why}; delete it from {monitor.name}{SUFFIX}")
    missing = sorted(wanted - set(calibration.thresholds))
    problems += [
        f"{monitor.name}: {metric}.{column or 'all'} has no threshold; {repair}"
        for metric, column in missing
    ]
    return problems
