"""What Grafana would do with a provisioning folder, without starting it.

Exit 0: nothing is lost (a finding may be doubtful). Exit 1: something is lost, or fatal to the
server. Exit 2: the check cannot run.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from driftdeck.preflight.choice import FILE, Choice
from driftdeck.preflight.findings import FORMATS, Finding, Report, Severity
from driftdeck.preflight.releases import DEFAULT, Release

if TYPE_CHECKING:
    from driftdeck.preflight.read.reading import Reading


def arguments(parser: argparse.ArgumentParser, tree_needed: bool = True) -> None:
    """Add the options of a check to a parser."""
    parser.add_argument(
        "--tree", type=Path, metavar="DIR", required=tree_needed,
        help="the provisioning folder: it holds datasources/, dashboards/, alerting/",
    )  # fmt: skip
    parser.add_argument(
        "--map", action="append", default=[], type=_moved, metavar="THERE=HERE",
        help="a folder of Grafana's machine and where it lies on this one; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--before", metavar="OLD",
        help="what a running Grafana has read already: a folder, or a git revision of DIR",
    )  # fmt: skip
    parser.add_argument(
        "--before-map", action="append", default=[], type=_moved, metavar="THERE=HERE",
        help="the same as --map, where it differs for OLD",
    )  # fmt: skip
    parser.add_argument(
        "--grafana", metavar="RELEASE", default=DEFAULT, help=f"such as 9.4; {DEFAULT} if not given"
    )
    parser.add_argument(
        "--organisation", action="append", default=[], type=int, metavar="ID",
        help="an organisation beside 1 that exists; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--select", action="append", default=[], metavar="RULE",
        help="look for this rule only; may be repeated, and name several with commas",
    )  # fmt: skip
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="RULE",
        help="do not look for this rule; may be repeated, and name several with commas",
    )  # fmt: skip
    parser.add_argument(
        "--config", type=Path, metavar="FILE",
        help=f"which rules count, and in which files; by default {FILE}, where there is one",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text",
        help="text, json, or github for annotations beside the changed line",
    )  # fmt: skip


def _moved(text: str) -> tuple[str, Path]:
    there, sign, here = text.partition("=")
    if not sign or not there or not here:
        raise argparse.ArgumentTypeError(f"{text!r} is not THERE=HERE")
    return there, Path(here)


def run(parsed: argparse.Namespace) -> int:
    """Check as asked, print, and return the exit code. Raises ValueError."""
    from driftdeck.preflight.check import check
    from driftdeck.preflight.read.revisions import unpack_revision

    with ExitStack() as stack:
        before = Path(parsed.before) if parsed.before else None
        if before is not None and not before.is_dir():
            before = stack.enter_context(unpack_revision(parsed.before, parsed.tree))
        findings = check(parsed.tree, reading(parsed), before, dict(parsed.before_map) or None)
    return say(chosen(findings, parsed), parsed.format)


def chosen(findings: list[Finding], parsed: argparse.Namespace) -> list[Finding]:
    """The findings that the options and the configuration ask for. Raises ValueError, OSError."""
    path = parsed.config or Path(FILE)
    choice = Choice.read(path) if parsed.config or path.is_file() else Choice()
    choice = choice.also(_split(parsed.select), _split(parsed.ignore))
    return [finding for finding in findings if choice.keeps(finding)]


def _split(texts: list[str]) -> list[str]:
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def reading(parsed: argparse.Namespace) -> "Reading":
    """How the options ask a tree to be read. Raises ValueError."""
    from driftdeck.preflight.read.reading import Reading

    return Reading(
        Report(),
        Release.of(parsed.grafana),
        os.environ,
        dict(parsed.map),
        frozenset({1, *parsed.organisation}),
    )


def say(findings: list[Finding], form: str) -> int:
    """Print findings; 1 if a pipeline should stop."""
    print(FORMATS[form](findings), end="")
    return int(any(finding.severity >= Severity.LOST for finding in findings))


class _Rules(argparse.Action):
    """Print the rules, whatever else is asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from driftdeck.preflight.rules import table

        print(table(), end="")
        parser.exit()


def main(words: list[str] | None = None) -> int:
    """The command `driftdeck-preflight`, for repositories that hold no driftdeck."""
    parser = argparse.ArgumentParser(prog="driftdeck-preflight", description=__doc__)
    arguments(parser)
    parser.add_argument("--rules", action=_Rules, nargs=0, help="list every rule, and exit")
    try:
        return run(parser.parse_args(words))
    except (ValueError, OSError) as error:
        print(f"driftdeck-preflight: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
