"""python -m stack up | down | status | verify | ...: run the stack and prove it."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from driftdeck.diagnostics import add_verbose, keep_log, tell
from driftdeck.preflight import __main__ as preflight
from driftdeck.project import SettingsError
from driftdeck.settings import Settings, load_settings
from driftdeck.stack.steps import say

if TYPE_CHECKING:
    from driftdeck.stack.runtime import Runtime
    from driftdeck.verify.checks import Check

SECRET = "Its password: PGPASSWORD or ~/.pgpass; others see a command line"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 1 when a check failed, 2 when it could not start."""
    parsed = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        keep_log(settings.stack_dir, verbose=parsed.verbose)
        return int(parsed.run(settings, parsed))
    except KeyboardInterrupt:
        print("\nstack: interrupted; the next `make up` goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `make verify | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        tell("stack", error)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    add_verbose(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser("verify", help="prove datasource, dashboards, queries and rules")
    verify.add_argument("--json", action="store_true", help="the checks as JSON")
    verify.add_argument(
        "--record", type=Path, metavar="FILE", help="keep Grafana's answers, to be proved again"
    )
    verify.add_argument(
        "--format", choices=("classic", "v2"), default="classic", help="v2: stored with tabs"
    )
    verify.set_defaults(run=_verify)
    look = commands.add_parser("look", help="see every dashboard in a browser, keep the pictures")
    look.add_argument("--out", type=Path, metavar="DIR", help="for the pictures")
    look.set_defaults(run=_look)
    explain = commands.add_parser("explain", help="ask PostgreSQL about every statement of a tree")
    explain.add_argument("--uri", help=f"with the tables; by default an empty one. {SECRET}")
    preflight.arguments(explain, tree_needed=False)
    explain.set_defaults(run=_explain)
    inside = commands.add_parser("run", help="run one of our modules where the collectors run")
    inside.add_argument("arguments", nargs=argparse.REMAINDER, metavar="MODULE ...")
    inside.set_defaults(run=_run)
    preview = commands.add_parser("preview", help="draw every dashboard as a page, without Grafana")
    preview.add_argument(
        "--serve", action="store_true", help="draw when asked, and again when the source changes"
    )
    preview.add_argument(
        "--base", metavar="REV", help="before and after of what differs from a revision of git"
    )
    preview.add_argument("--out", type=Path, metavar="DIR", help="for the pages")
    preview.add_argument("--uri", help=f"of the database to ask; by default the stack's. {SECRET}")
    preview.add_argument("--port", type=int, help="to serve on; by default Grafana's")
    preview.set_defaults(run=_preview)
    schema = commands.add_parser("migrate", help="bring the database to the newest schema")
    schema.add_argument(
        "--sql",
        action="store_true",
        help="print it as SQL, for whoever has the rights",
    )
    schema.set_defaults(run=_migrate)
    for name, run, help_text in (
        ("up", _up, "start everything, collect, build, verify"),
        ("down", _down, "stop everything, keep the data"),
        ("clean", _clean, "stop everything local and remove .stack"),
        ("status", _status, "say what runs, and where"),
        ("uri", _uri, "print the database's connection URI"),
        ("password", _password, "set Grafana's admin password to the setting's"),
        ("watch", _watch, "prepare, and collect what is missing every hour"),
    ):
        commands.add_parser(name, help=help_text).set_defaults(run=run)
    return parser


def _up(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.housekeeping import alone
    from driftdeck.stack.runtime import choose

    if settings.grafana_url:
        raise SettingsError("GRAFANA_URL names another Grafana; unset it to start one")
    if settings.database_url:
        raise SettingsError(
            "DATABASE_URL names another PostgreSQL; unset it to start one, or migrate, collect and"
            " apply to yours: docs/your-own.md"
        )
    runtime = choose(settings)
    say(f"runtime: {runtime.name}")
    with alone(settings.stack_dir):
        runtime.up()
    failed = _print_checks(_checks(load_settings()), as_lines=False)  # with the passwords made
    _print_addresses(runtime)
    return failed


def _print_addresses(runtime: "Runtime") -> None:
    from driftdeck.stack.runtime import has_grafana

    settings = runtime.settings
    if has_grafana(settings):
        first = f"{settings.grafana}/d/{settings.uid_prefix}overview"
        say(f"Grafana: {first}  (first login {_first_login(settings)})")
    else:
        first = f"{settings.grafana}/d/{settings.uid_prefix}overview"
        say(f"dashboards, without Grafana and its alerts: {first}")
    say(f"Evidently UI: {settings.evidently}")
    say(f"PostgreSQL: {settings.postgres_host}:{settings.postgres_port}/{settings.postgres_db}")


def _first_login(settings: Settings) -> str:
    """Grafana's own default, which it asks to change; a password that somebody chose is named."""
    default = Settings.model_fields["grafana_admin_password"].default
    chosen = settings.grafana_admin_password != default
    password = ", password GRAFANA_ADMIN_PASSWORD" if chosen else f"/{default}"
    return f"{settings.grafana_admin_user}{password}"


def _checks(
    settings: Settings, record: Path | None = None, *, v2: bool = False
) -> "Iterator[Check]":
    from driftdeck.generator.files import stale
    from driftdeck.stack.runtime import has_grafana, proved
    from driftdeck.verify import database as verify_database
    from driftdeck.verify import grafana as verify_grafana
    from driftdeck.verify.built import Built
    from driftdeck.verify.checks import Check

    one = proved(settings)
    differing = stale(one.folder, one.wanted)
    yield Check("artefacts", not differing, ", ".join(differing) or "what the source builds")
    built = Built.read(one.settings, one.folder)
    if has_grafana(settings):
        yield from verify_grafana.verify(one.settings, built, one.log, record, v2=v2)
    else:
        yield from verify_database.verify(one.settings, built)


def _verify(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.verify.checks import as_json

    checks = _checks(settings, parsed.record, v2=parsed.format == "v2")
    if parsed.json:
        found = list(checks)
        print(as_json(found))
        return int(not all(check.ok for check in found))
    return _print_checks(checks, as_lines=True)


def _look(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.runtime import has_grafana, proved
    from driftdeck.verify.built import Built
    from driftdeck.verify.look import look

    if not has_grafana(settings):
        raise RuntimeError("there is no Grafana to look at; the pages of `make preview` are")
    one = proved(settings)
    folder = parsed.out or settings.stack_dir / "pictures"
    failed = _print_checks(
        look(one.settings, Built.read(one.settings, one.folder), folder), as_lines=True
    )
    say(f"pictures: {folder}")
    return failed


def _print_checks(checks: "Iterator[Check]", *, as_lines: bool) -> int:
    from driftdeck.verify.checks import as_line, summary

    found: list[Check] = []
    for check in checks:
        found.append(check)
        if as_lines or not check.ok:
            print(as_line(check), flush=True)
    print(summary(found))
    return int(not all(check.ok for check in found))


def _explain(settings: Settings, parsed: argparse.Namespace) -> int:
    import psycopg

    from driftdeck.verify.explain import empty_database, explain

    reading = preflight.reading(parsed)
    tree = parsed.tree or settings.provisioning_dir
    database = psycopg.connect(parsed.uri, autocommit=True) if parsed.uri else empty_database()
    with database as connection:
        found = explain(tree, reading, connection)
    preflight.say(found, parsed.format)
    return int(bool(found))


def _down(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.housekeeping import alone
    from driftdeck.stack.runtime import choose

    with alone(settings.stack_dir):
        choose(settings).down()
    return 0


def _clean(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.housekeeping import alone, clean, stop

    own = settings.root / ".stack"
    if settings.stack_dir.resolve() != own and settings.stack_dir.exists():
        with alone(settings.stack_dir):
            stop(settings.stack_dir)
    if own.exists():
        clean(own)
    return 0


def _status(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.runtime import choose

    runtime = choose(settings)
    say(f"runtime: {runtime.name}")
    parts = runtime.status()
    for part, runs, address in parts:
        print(f"  {part:14} {'up  ' if runs else 'down'}  {address}")
    for complaint in runtime.complaints()[-10:]:
        print(f"  log: {complaint}", flush=True)
    up = all(runs for _, runs, _ in parts)
    if up:
        runtime.run(["collectors", "status", "--leftovers"])
    return int(not up)


def _migrate(settings: Settings, parsed: argparse.Namespace) -> int:
    if parsed.sql:
        from driftdeck.database.script import script

        print(script(settings), end="")
        return 0
    from driftdeck.stack.steps import migrated

    migrated(settings)
    return 0


def _watch(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.steps import watch

    watch(settings)
    return 0


def _run(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.runtime import choose

    return choose(settings).run(parsed.arguments)


def _uri(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.database import uri

    print(uri(settings))
    return 0


def _password(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.stack.runtime import choose

    choose(settings).reset_password()
    say("Grafana's admin password is now GRAFANA_ADMIN_PASSWORD")
    return 0


def _preview(settings: Settings, parsed: argparse.Namespace) -> int:
    from driftdeck.preview.command import preview

    return preview(settings, parsed)


if __name__ == "__main__":
    sys.exit(main())
