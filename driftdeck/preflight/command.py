"""What `driftdeck preflight` does: check a tree, and print what is to be told of it."""

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from driftdeck.preflight.check import check
from driftdeck.preflight.choice import Choice
from driftdeck.preflight.findings import FORMATS, Finding, Report, Severity
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.read.revisions import unpack_revision
from driftdeck.preflight.releases import Release


def reading(grafana: str, maps: Mapping[str, Path], organisations: Collection[int]) -> Reading:
    """How a tree is to be read.

    grafana: the release, such as 13.3. maps: folders of Grafana's machine, and where they lie on
    this one. organisations: ids of those that exist beside 1. Raises UsageError.
    """
    return Reading(
        Report(), Release.of(grafana), os.environ, dict(maps), frozenset({1, *organisations})
    )


def preflight(
    tree: Path,
    how: Reading,
    *,
    before: str = "",
    before_maps: Mapping[str, Path] | None = None,
    choice: Choice | None = None,
    form: str = "text",
) -> int:
    """Check a tree, and print the findings; 1 if something is lost, or fatal.

    before: what a running Grafana has read, a folder or a revision of git. before_maps: as `maps`
    of `reading`, for that. choice: which findings count. Raises UsageError.
    """
    with ExitStack() as stack:
        earlier = Path(before) if before else None
        if earlier is not None and not earlier.is_dir():
            earlier = stack.enter_context(unpack_revision(before, tree))
        findings = check(tree, how, earlier, dict(before_maps) if before_maps else None)
    return show(choice.among(findings) if choice else findings, form)


def show(findings: Sequence[Finding], form: str) -> int:
    """Print findings; 1 if a pipeline should stop."""
    print(FORMATS[form](list(findings)), end="")
    return int(any(finding.severity >= Severity.LOST for finding in findings))
