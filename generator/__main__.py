"""python -m generator build | check | diff | retire: write what Grafana reads, and prove it."""

import argparse
import sys
from typing import TYPE_CHECKING

from driftdeck.preflight import __main__ as preflight

if TYPE_CHECKING:
    from driftdeck.project import Project


def main(arguments: list[str] | None = None, settings: "Project | None" = None) -> int:
    """Run one command; 0: all is well, 1: something is stale or refused, 2: it cannot be told.

    settings: of other folders than this project's.
    """
    parsed = _parser().parse_args(arguments)
    from driftdeck.declare import DeclarationError  # not before --help has been answered
    from driftdeck.garbage import pause_collection
    from driftdeck.project import Project, SettingsError

    try:
        with pause_collection():
            return int(parsed.run(settings or Project(), parsed))
    except (SettingsError, DeclarationError, ValueError, OSError) as error:
        print(f"generator: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="write every generated file")
    build.add_argument(
        "--format",
        choices=("classic", "v2"),
        default="classic",
        help="v2: dashboards as objects with tabs, into a folder of their own",
    )
    build.set_defaults(run=_build)
    check = commands.add_parser(
        "check",
        help="fail if a generated file is stale or Grafana would refuse one",
        description="Without --tree: this project's artefacts and thresholds. With it: what"
        " Grafana would do with any provisioning folder. Exit 1 if something is lost or fatal.",
    )
    preflight.arguments(check, tree_needed=False)
    check.set_defaults(run=_check)
    diff = commands.add_parser(
        "diff", help="what a change of the source changes, by panel and field"
    )
    diff.add_argument(
        "base", nargs="?", default="", help="a revision of git; by default origin/main, or main"
    )
    diff.add_argument("--markdown", action="store_true", help="for a pull request")
    diff.set_defaults(run=_diff)
    retire = commands.add_parser("retire", help="have Grafana delete what no file holds any more")
    retire.add_argument(
        "kind", choices=("rule", "receiver", "mute-time", "template", "datasource", "policies")
    )
    retire.add_argument(
        "name",
        help="its uid; the name of a mute time, template or datasource; the policies' organisation",
    )
    retire.set_defaults(run=_retire)
    return parser


def _build(settings: "Project", parsed: argparse.Namespace) -> int:
    if getattr(parsed, "format", "") == "v2":
        return _build_objects(settings)
    from driftdeck.generator import reference
    from driftdeck.generator.artefacts import artefacts, pages
    from driftdeck.generator.files import write

    every = pages(settings)
    wanted = artefacts(settings, every=every)
    changed = write(settings.provisioning_dir, wanted)
    for name in changed:
        print(f"{'wrote' if name in wanted else 'removed'} {name}")
    page = reference.reference(settings, every)
    if reference.present(settings) != page:
        path = reference.path(settings)
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, encoding="utf-8")
        print(f"wrote docs/{path.name}")
    print(f"{len(wanted)} files, {len(changed)} changed")
    return 0


def _build_objects(settings: "Project") -> int:
    from driftdeck.generator.artefacts import artefacts
    from driftdeck.generator.v2.tree import write

    count, changed = write(settings, artefacts(settings))
    for name in changed:
        print(f"wrote {settings.objects_dir.name}/{name}")
    print(f"{count} files, {len(changed)} changed")
    return 0


def _check(settings: "Project", parsed: argparse.Namespace) -> int:
    if parsed.tree:
        return preflight.run(parsed)
    from driftdeck.generator import reference
    from driftdeck.generator.artefacts import artefacts, pages, unused_edits
    from driftdeck.generator.files import stale
    from driftdeck.generator.gate import own, withheld_variables
    from driftdeck.generator.thresholds import stale_thresholds
    from driftdeck.generator.v2 import tree
    from driftdeck.preflight.state import FIRST

    every = pages(settings)
    wanted = artefacts(settings, every=every)
    name = settings.provisioning_dir.name
    problems = [
        f"{name}/{path}: is not what the source builds; run `make build`"
        for path in stale(settings.provisioning_dir, wanted)
    ]
    problems += [
        f"{settings.objects_dir.name}/{path}: is not what the source builds;"
        " run `make build FORMAT=v2`"
        for path in tree.stale(settings, wanted)
    ]
    if reference.present(settings) != reference.reference(settings, every):
        problems.append("docs/reference.md: is not what the source builds; run `make build`")
    problems += unused_edits(settings, wanted) + stale_thresholds(settings)
    problems += withheld_variables(settings)
    for problem in problems:
        print(problem)
    found, against = own(settings)
    found = preflight.chosen(found, parsed)
    refused = preflight.say(found, parsed.format)
    if parsed.format == "text":
        if any(FIRST in one.message for one in found):
            print("`python -m generator retire KIND NAME` writes such a deletion")
        count = len(problems) + len(found)
        print(f"{len(wanted)} files checked against the source and {against}: {count} problems")
    return 1 if problems or refused else 0


def _diff(settings: "Project", parsed: argparse.Namespace) -> int:
    from driftdeck.generator.artefacts import artefacts
    from driftdeck.generator.gate import before
    from driftdeck.generator.things import differences, markdown, things, told

    files, against = before(settings, parsed.base)
    found = differences(things(files), things(artefacts(settings)))
    if parsed.markdown:
        print(markdown(found), end="")
        return 0
    for one in found:
        print(*told(one), sep="\n")
    print(f"{len(found)} things differ from {against}")
    return 0


def _retire(settings: "Project", parsed: argparse.Namespace) -> int:
    from driftdeck.generator.retired import FILE, add

    path = settings.provisioning_dir / FILE
    new = add(path, parsed.kind, parsed.name)
    print(f"{parsed.kind} {parsed.name} is {'now' if new else 'already'} in {path.name}")
    return _build(settings, parsed) if new else 0


if __name__ == "__main__":
    sys.exit(main())
