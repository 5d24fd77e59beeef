"""What the pre-flight says: one finding a line, for people, for machines and for GitHub."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum


class Severity(IntEnum):
    """What Grafana would do with it.

    FATAL: it does not start. LOST: it starts, and something asked for is not there.
    DOUBTFUL: it is there, and does not work or not as asked, or cannot be told from the files.
    NOTE: it works as written, which may not be what was meant.
    """

    NOTE = 0
    DOUBTFUL = 1
    LOST = 2
    FATAL = 3


@dataclass(frozen=True, order=True)
class Place:
    """A file, relative to where the check runs or absolute, and a line in it, from 1."""

    file: str
    line: int = 1


@dataclass(frozen=True)
class Finding:
    """One thing that Grafana would refuse, drop or misread, with its mend.

    rule: the id of a rule in `preflight.rules`.
    """

    place: Place
    severity: Severity
    rule: str
    message: str


SECRET = 6
"""A value of a variable is hidden in messages from so many characters on."""


@dataclass
class Report:
    """Collects findings; the same thing at the same place is said once.

    hidden: values of variables and files that no message may tell, with what stands for each.
    """

    findings: list[Finding] = field(default_factory=list)
    muted: bool = False
    hidden: dict[str, str] = field(default_factory=dict)
    _known: set[Finding] = field(default_factory=set)

    def _add(self, severity: Severity, place: Place, rule: str, message: str) -> None:
        for value in sorted(self.hidden, key=len, reverse=True):
            message = message.replace(value, self.hidden[value])
        self.take([Finding(place, severity, rule, message)])

    def hide(self, secrets: Mapping[str, str]) -> None:
        """Keep values out of what is said from now on. secrets: values by what names them."""
        self.hidden.update({value: name for name, value in secrets.items() if len(value) >= SECRET})

    def take(self, findings: Iterable[Finding]) -> None:
        """Add what was found elsewhere."""
        for finding in findings:
            if not self.muted and finding not in self._known:
                self._known.add(finding)
                self.findings.append(finding)

    def fatal(self, place: Place, rule: str, message: str) -> None:
        """Grafana would not start."""
        self._add(Severity.FATAL, place, rule, message)

    def lost(self, place: Place, rule: str, message: str) -> None:
        """Something asked for would not be there."""
        self._add(Severity.LOST, place, rule, message)

    def doubtful(self, place: Place, rule: str, message: str) -> None:
        """Something would not work, or not as asked."""
        self._add(Severity.DOUBTFUL, place, rule, message)

    def note(self, place: Place, rule: str, message: str) -> None:
        """It works, and may not be what was meant."""
        self._add(Severity.NOTE, place, rule, message)

    def sorted(self) -> list[Finding]:
        """By file and line, the worst first."""
        return sorted(
            self.findings, key=lambda finding: (finding.place, -finding.severity, finding.rule)
        )


def as_text(findings: Iterable[Finding]) -> str:
    """A line a finding: FILE:LINE: severity: message [rule]."""
    return "".join(
        f"{finding.place.file}:{finding.place.line}: {finding.severity.name.lower()}:"
        f" {finding.message} [{finding.rule}]\n"
        for finding in findings
    )


def as_json(findings: Iterable[Finding]) -> str:
    """A list of {file, line, severity, rule, message}."""
    rows = [
        {**asdict(finding.place), "severity": finding.severity.name.lower(), "rule": finding.rule,
         "message": finding.message}
        for finding in findings
    ]  # fmt: skip
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


LEVELS = {Severity.NOTE: "notice", Severity.DOUBTFUL: "warning"}
"""GitHub's words for what refuses nothing."""


def as_github(findings: Iterable[Finding]) -> str:
    """Workflow commands that GitHub shows beside the changed line."""
    lines = []
    for finding in findings:
        level = LEVELS.get(finding.severity, "error")
        file = _escape(finding.place.file).replace(":", "%3A").replace(",", "%2C")
        lines.append(
            f"::{level} file={file},line={finding.place.line},title={finding.rule}"
            f"::{_escape(f'{finding.severity.name.lower()}: {finding.message}')}\n"
        )
    return "".join(lines)


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


FORMATS = {"text": as_text, "json": as_json, "github": as_github}
