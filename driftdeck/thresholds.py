"""The committed file of calibrated levels beside a declaration: NAME.thresholds.toml."""

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from driftdeck.declare import Column, DeclarationError, Levels, Monitor
from driftdeck.declare.canonical import canonical, later

SUFFIX = ".thresholds.toml"
ENOUGH = 10
"""So many days with a value are needed to find a level."""
VERSION = 1
"""Of the fingerprints that are written. A file that names none is of the first."""
BARE = re.compile(r"[A-Za-z0-9_-]+")
WHOLE, ESCAPED = "all", "column:"
"""The key of the whole data set; what stands before a column that is called like it."""


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found: levels by series key, and what they were found on.

    fingerprint: of the declaration's reference, columns, methods and quantiles.
    data: hash of the reference rows that were read.
    version: of the fingerprint.
    """

    fingerprint: str
    data: str
    levels: Mapping[tuple[str, str], Levels]
    version: int = 1


def path_beside(declaration: Path) -> Path:
    """The threshold file of a declaration file."""
    return declaration.with_name(declaration.stem + SUFFIX)


def fingerprint(monitor: Monitor, version: int = VERSION) -> str:
    """16 hex digits over everything in a declaration that calibrated levels depend on."""
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
    """Of a column: its unit and its role move no level."""
    newer = later(column)
    return [column.name, column.kind, column.cut, *([newer] if newer else [])]


BASES: Mapping[int, Callable[[Monitor], list[object]]] = {1: _first_basis}
"""What the fingerprints of each version are made of: a file of an older one stays valid."""


def heading(monitor: Monitor, data: str) -> list[str]:
    """The lines of a file that say what its levels were found on. data: as in a Calibration."""
    version = [f"version = {VERSION}"] if VERSION > 1 else []
    return [
        "[calibration]",
        *version,
        f'fingerprint = "{fingerprint(monitor, VERSION)}"',
        f'data = "{data}"',
    ]


def key_of(column: str) -> str:
    """The key of a column's levels as TOML writes it; '' is the whole data set."""
    if not column:
        return WHOLE
    if column == WHOLE or column.startswith(ESCAPED):
        column = ESCAPED + column
    if BARE.fullmatch(column):
        return column
    return json.dumps(column, ensure_ascii=False).replace("\x7f", "\\u007f")


def column_of(key: str) -> str:
    """The column of a key; '' is the whole data set."""
    return "" if key == WHOLE else key.removeprefix(ESCAPED)


def read(path: Path) -> Calibration | None:
    """The calibration in a file, None where there is no file. Raises DeclarationError."""
    if not path.exists():
        return None
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        head = document.pop("calibration")
        levels = {
            (metric, column_of(key)): Levels(**numbers)
            for metric, columns in document.items()
            for key, numbers in columns.items()
        }
        version = head.get("version", 1)
        calibration = Calibration(head["fingerprint"], head["data"], levels, version)
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
    for (metric, column), given in calibration.levels.items():
        given.check(f"{path.name}: {metric}.{column or 'all'}")
    return calibration


def problems(monitor: Monitor, calibration: Calibration | None) -> list[str]:
    """Why a calibration does not fit its declaration: stale, twice, missing or left over."""
    wanted = {s.key for s in monitor.series() if s.metric.quantiles is not None}
    repair = f"run `driftdeck calibrate {monitor.name}` and review the file"
    if calibration is None:
        return [f"{monitor.name}: no calibrated thresholds yet; {repair}"] if wanted else []
    found = []
    if calibration.fingerprint != fingerprint(monitor, calibration.version):
        found.append(f"{monitor.name}: thresholds are stale, the declaration has changed; {repair}")
    fixed = {s.key for s in monitor.series() if s.metric.levels is not None}
    for metric, column in sorted(set(calibration.levels) - wanted):
        place = f"{monitor.name}: {metric}.{column or 'all'}"
        why = (
            "also has levels in the declaration" if (metric, column) in fixed else "is not declared"
        )
        found.append(f"{place} {why}; delete it from {monitor.name}{SUFFIX}")
    missing = sorted(wanted - set(calibration.levels))
    found += [f"{monitor.name}: {m}.{c or 'all'} has no level; {repair}" for m, c in missing]
    return found
