"""python -m generator build | check: write what Grafana reads, or fail if it is stale."""

import argparse
import sys

from monitors.declare import DeclarationError
from settings import CommittedSettings, Settings, SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something is stale, 2 when it cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="write every generated file")
    build.set_defaults(run=_build)
    check = commands.add_parser("check", help="fail if a generated file or a threshold is stale")
    check.set_defaults(run=_check)
    try:
        return int(parser.parse_args(arguments).run(CommittedSettings()))
    except (SettingsError, DeclarationError) as error:
        print(f"generator: {error}", file=sys.stderr)
        return 2


def _build(settings: Settings) -> int:
    from generator.artefacts import artefacts
    from generator.files import write

    wanted = artefacts(settings)
    changed = write(settings.provisioning_dir, wanted)
    for name in changed:
        print(f"{'wrote' if name in wanted else 'removed'} {name}")
    print(f"{len(wanted)} files, {len(changed)} changed")
    return 0


def _check(settings: Settings) -> int:
    from generator.artefacts import artefacts
    from generator.files import stale
    from generator.thresholds import stale_thresholds

    wanted = artefacts(settings)
    problems = [
        f"{settings.provisioning_dir.name}/{name}: is not what the source builds; run `make build`"
        for name in stale(settings.provisioning_dir, wanted)
    ]
    problems += stale_thresholds(settings)
    for problem in problems:
        print(problem)
    print(f"{len(wanted)} files checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
