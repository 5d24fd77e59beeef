"""python -m changes plan | apply | pull: the source against a live Grafana."""

import argparse
import os
import sys

from driftdeck.diagnostics import add_verbose, keep_log, tell
from driftdeck.settings import Settings, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0: nothing is left to do, 2: something differs, 1: it could not be told."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        keep_log(settings.stack_dir, verbose=parsed.verbose)
        return int(parsed.run(settings, parsed))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        tell("changes", error)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m changes", description=__doc__)
    add_verbose(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    plan = commands.add_parser("plan", help="say what differs; exit 2 if something does")
    plan.set_defaults(run=_plan)
    apply = commands.add_parser("apply", help="bring Grafana to what the source builds")
    apply.add_argument(
        "--force", action="store_true", help="also where dashboards were edited in Grafana"
    )
    apply.set_defaults(run=_apply)
    pull = commands.add_parser("pull", help="write what was edited in Grafana as Python")
    pull.add_argument("uids", nargs="*", metavar="UID", help="of dashboards; by default all")
    pull.set_defaults(run=_pull)
    for command in (plan, apply, pull):
        command.add_argument(
            "--format", choices=("classic", "v2"), default="classic",
            help="v2: with tabs, for Grafana 13, or 12.4 with its toggle",
        )  # fmt: skip
    return parser


def _plan(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.changes.plan import Target, lines, plan, summary

    target = Target.of(settings, v2=parsed.format == "v2")
    steps = plan(target, target.live())
    for line in lines(steps):
        print(line)
    print(summary(steps))
    return 2 if steps else 0


def _apply(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.changes.apply import apply
    from driftdeck.changes.plan import Target

    return apply(Target.of(settings, v2=parsed.format == "v2"), force=parsed.force)


def _pull(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.changes.plan import Target
    from driftdeck.changes.pull import pull

    return pull(Target.of(settings, v2=parsed.format == "v2"), parsed.uids)


if __name__ == "__main__":
    sys.exit(main())
