"""Which findings somebody wants to see: by rule, and by file."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from driftdeck.errors import UsageError
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
    def of(
        cls, config: Path | None = None, select: Iterable[str] = (), ignore: Iterable[str] = ()
    ) -> "Choice":
        """That of a configuration file, and of a command line besides.

        config: by default grafana-preflight.toml of the current folder, where there is one.
        select, ignore: ids of rules, several with commas. Raises UsageError.
        """
        path = config or Path(FILE)
        choice = cls.read(path) if config or path.is_file() else cls()
        return choice.also(_split(select), _split(ignore))

    @classmethod
    def read(cls, path: Path) -> "Choice":
        """That of a configuration file. Raises UsageError naming the file and the place."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: is no TOML: {error}") from error
        unknown = sorted(table.keys() - {"select", "ignore", PER_FILE})
        if unknown:
            raise UsageError(f"{path}: {unknown[0]}: is none of select, ignore, {PER_FILE}")
        per_file = table.get(PER_FILE, {})
        if not isinstance(per_file, dict):
            raise UsageError(f"{path}: {PER_FILE}: is no table; write [{PER_FILE}]")
        return cls(
            _ids(path, "select", table.get("select", [])),
            _ids(path, "ignore", table.get("ignore", [])),
            {pattern: _ids(path, pattern, ids) for pattern, ids in per_file.items()},
        )

    def also(self, select: Iterable[str], ignore: Iterable[str]) -> "Choice":
        """With what the command line says: its rules are selected instead, ignored besides.

        Raises UsageError for an id of no rule.
        """
        selected = parse_ids(select)
        return Choice(selected or self.select, self.ignore | parse_ids(ignore), self.per_file)

    def among(self, findings: Iterable[Finding]) -> list[Finding]:
        """Those findings that count."""
        return [finding for finding in findings if self.keeps(finding)]

    def keeps(self, finding: Finding) -> bool:
        """Whether a finding counts."""
        rule = finding.rule
        if rule in self.ignore or (self.select and rule not in self.select):
            return False
        return not any(
            rule in ids and fnmatch(finding.place.file, pattern)
            for pattern, ids in self.per_file.items()
        )


def _split(texts: Iterable[str]) -> list[str]:
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _ids(path: Path, place: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UsageError(f'{path}: {place}: is no list of rules; write ["overlap", "sql"]')
    try:
        return parse_ids(value)
    except UsageError as error:
        raise UsageError(f"{path}: {place}: {error}") from error
