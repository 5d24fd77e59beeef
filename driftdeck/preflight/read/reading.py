"""How a tree is read: for which release of Grafana, with which environment, and where to report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driftdeck.preflight.findings import Place, Report
from driftdeck.preflight.read.documents import Scalar
from driftdeck.preflight.read.interpolation import EXPANDER, expand
from driftdeck.preflight.releases import DEFAULT, Release


@dataclass(frozen=True)
class Reading:
    """How a tree is read: for which release, with which environment, and where to report.

    moved: folders of Grafana's machine and where they lie on this one.
    """

    report: Report = field(default_factory=Report)
    release: Release = field(default_factory=lambda: Release.of(DEFAULT))
    environment: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, Path] = field(default_factory=dict)
    organisations: frozenset[int] = frozenset({1})

    def local(self, path: str) -> Path:
        """Where a path of Grafana's machine lies on this one."""
        for there, here in self.moved.items():
            if path == there or path.startswith(there.rstrip("/") + "/"):
                return here / path[len(there.rstrip("/")) :].lstrip("/")
        return Path(path)


@dataclass
class Source:
    """The file that a model is read from, and the reading; the context of its validators."""

    reading: Reading
    file: str

    def place(self, value: Any) -> Place:
        """Where a converted value stands."""
        return Place(self.file, getattr(value, "line", 1))

    def expanded(self, value: Scalar) -> str:
        """A scalar with its `$` expanded; raises ValueError where Grafana stops."""
        if "$" not in value:
            return value
        done = expand(value, self.reading.environment, self.reading.local)
        if done.secrets:
            self.reading.report.hide({**done.secrets, str(value): done.value})
        for name in dict.fromkeys(done.unset):
            self.reading.report.doubtful(
                self.place(value),
                "unset-variable",
                f"${name} has no value here and becomes an empty text; set {name}, or write $$"
                " for a dollar",
            )
        for name in dict.fromkeys(done.mangled):
            self.reading.report.doubtful(
                self.place(value),
                "expanded-twice",
                f"what {name} gives holds a $ and is expanded twice here; write"
                + (" each $ in the file as $$" if name[0] == "$" else f" ${name} without braces"),
            )
        return done.value

    def tried(self, value: Scalar) -> None:
        """Expand as Grafana does where it keeps what is written; raises ValueError as there."""
        if EXPANDER.search(value):
            expand(value, self.reading.environment, self.reading.local)
