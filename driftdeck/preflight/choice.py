"""Which findings somebody wants to see: by rule, and by file."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from driftdeck.preflight.findings import Finding
from driftdeck.preflight.rules import parse_ids

FILE: Final = "grafana-preflight.toml"
"""Read from where the check runs, where it lies there."""
PER_FILE: Final = "per-file-ignores"


@dataclass(frozen=True)
class Choice:
    """Which findings count.

    select: rules; all where empty. ignore: rules that do not count. per_file: rules that do not
    count in the files of a pattern such as `dashboards/old/*.json`, as findings name them.
    """

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    per_file: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Choice":
        """That of a configuration file. Raises ValueError naming the file and the place."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: is no TOML: {error}") from error
        unknown = sorted(table.keys() - {"select", "ignore", PER_FILE})
        if unknown:
            raise ValueError(f"{path}: {unknown[0]}: is none of select, ignore, {PER_FILE}")
        per_file = table.get(PER_FILE, {})
        if not isinstance(per_file, dict):
            raise ValueError(f"{path}: {PER_FILE}: is no table; write [{PER_FILE}]")
        return cls(
            _ids(path, "select", table.get("select", [])),
            _ids(path, "ignore", table.get("ignore", [])),
            {pattern: _ids(path, pattern, ids) for pattern, ids in per_file.items()},
        )

    def also(self, select: Iterable[str], ignore: Iterable[str]) -> "Choice":
        """With what the command line says: its rules are selected instead, ignored besides.

        Raises ValueError for an id of no rule.
        """
        selected = parse_ids(select)
        return Choice(selected or self.select, self.ignore | parse_ids(ignore), self.per_file)

    def keeps(self, finding: Finding) -> bool:
        """Whether a finding counts."""
        rule = finding.rule
        if rule in self.ignore or (self.select and rule not in self.select):
            return False
        return not any(
            rule in ids and fnmatch(finding.place.file, pattern)
            for pattern, ids in self.per_file.items()
        )


def _ids(path: Path, place: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f'{path}: {place}: is no list of rules; write ["overlap", "sql"]')
    try:
        return parse_ids(value)
    except ValueError as error:
        raise ValueError(f"{path}: {place}: {error}") from error
