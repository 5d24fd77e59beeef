"""What the commands of the stack do: run it, and prove it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from driftdeck.database.errors import sentence
from driftdeck.errors import UsageError
from driftdeck.preflight.command import show
from driftdeck.preflight.read.reading import Reading
from driftdeck.project import STACK, SettingsError
from driftdeck.settings import Settings, load_settings
from driftdeck.stack.errors import StackError
from driftdeck.stack.steps import say

if TYPE_CHECKING:
    from driftdeck.stack.runtime import Runtime
    from driftdeck.verify.checks import Check


def up(settings: Settings) -> int:
    """Start everything, fill it and verify it; 1 if a check is red. Raises StackError."""
    from driftdeck.stack.housekeeping import alone
    from driftdeck.stack.runtime import choose

    if settings.grafana_url:
        raise SettingsError("GRAFANA_URL names another Grafana; unset it to start one")
    if settings.database_url:
        raise SettingsError(
            "DATABASE_URL names another PostgreSQL; unset it to start one, or use yours with"
            " migrate, build, apply and due"
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
    from driftdeck.stack.runtime import find_target, has_grafana
    from driftdeck.verify import database as verify_database
    from driftdeck.verify import grafana as verify_grafana
    from driftdeck.verify.checks import Check
    from driftdeck.verify.provisioning import Provisioning

    target = find_target(settings)
    differing = stale(target.folder, target.wanted)
    yield Check("artefacts", not differing, ", ".join(differing) or "what the source builds")
    built = Provisioning.read(target.settings, target.folder)
    if has_grafana(settings):
        yield from verify_grafana.verify(target.settings, built, target.log, record, v2=v2)
    else:
        yield from verify_database.verify(target.settings, built)


def verify(
    settings: Settings, *, as_json: bool = False, record: Path | None = None, v2: bool = False
) -> int:
    """Prove the running stack; 1 if a check is red.

    record: a file for Grafana's answers. v2: dashboards lie there with tabs. Raises StackError.
    """
    from driftdeck.verify.checks import as_json as json_of

    checks = _checks(settings, record, v2=v2)
    if as_json:
        checks_run = list(checks)
        print(json_of(checks_run))
        return int(not all(check.ok for check in checks_run))
    return _print_checks(checks, as_lines=True)


def look(settings: Settings, out: Path | None = None) -> int:
    """See every dashboard in a browser; 1 if a panel shows nothing. out: for the pictures.

    Raises UsageError where there is no Grafana, GrafanaError, NoBrowserError.
    """
    from driftdeck.stack.runtime import find_target, has_grafana
    from driftdeck.verify.look import look as look_at
    from driftdeck.verify.provisioning import Provisioning

    if not has_grafana(settings):
        raise UsageError("there is no Grafana to look at; `driftdeck preview` draws without one")
    target = find_target(settings)
    folder = out or settings.stack_dir / "pictures"
    failed = _print_checks(
        look_at(target.settings, Provisioning.read(target.settings, target.folder), folder),
        as_lines=True,
    )
    say(f"pictures: {folder}")
    return failed


def _print_checks(checks: "Iterator[Check]", *, as_lines: bool) -> int:
    from driftdeck.verify.checks import as_line, summary

    checks_run: list[Check] = []
    for check in checks:
        checks_run.append(check)
        if as_lines or not check.ok:
            print(as_line(check), flush=True)
    print(summary(checks_run))
    return int(not all(check.ok for check in checks_run))


def explain(tree: Path, reading: Reading, *, uri: str = "", form: str = "text") -> int:
    """Have PostgreSQL prepare every statement of a tree; 1 if it refuses one.

    uri: of a database with the tables, by default an empty one. form: text, json or github.
    Raises StackError where the database does not answer.
    """
    from driftdeck.stack.steps import make_own_tables
    from driftdeck.verify.explain import empty_database
    from driftdeck.verify.explain import explain as ask

    try:
        database = psycopg.connect(uri, autocommit=True) if uri else empty_database(make_own_tables)
    except psycopg.Error as error:
        raise StackError(f"the database of --uri says: {sentence(error)}") from error
    with database as connection:
        findings = ask(tree, reading, connection)
    show(findings, form)
    return int(bool(findings))


def down(settings: Settings) -> int:
    """Stop everything, keep the data. Raises StackError."""
    from driftdeck.stack.housekeeping import alone
    from driftdeck.stack.runtime import choose

    with alone(settings.stack_dir):
        choose(settings).down()
    return 0


def clean(settings: Settings) -> int:
    """Stop everything local and remove `.stack`. Raises StackError."""
    from driftdeck.stack.housekeeping import alone, stop
    from driftdeck.stack.housekeeping import clean as remove

    own = settings.root / STACK
    if settings.stack_dir.resolve() != own and settings.stack_dir.exists():
        with alone(settings.stack_dir):
            stop(settings.stack_dir)
    if own.exists():
        remove(own)
    return 0


def status(settings: Settings) -> int:
    """Say what runs, and where; 1 if a part does not. Raises StackError."""
    from driftdeck.stack.runtime import where_collected

    runtime = where_collected(settings)
    say(f"runtime: {runtime.name}")
    parts = runtime.status()
    for part, runs, address in parts:
        print(f"  {part:14} {'up  ' if runs else 'down'}  {address}")
    for complaint in runtime.complaints()[-10:]:
        print(f"  log: {complaint}", flush=True)
    up = all(runs for _, runs, _ in parts)
    if up:
        runtime.run(["python", "-m", "driftdeck", "collected", "--leftovers"])
    return int(not up)


def password(settings: Settings) -> int:
    """Set Grafana's admin password to the setting's. Raises StackError."""
    from driftdeck.stack.runtime import choose

    choose(settings).reset_password()
    say("Grafana's admin password is now GRAFANA_ADMIN_PASSWORD")
    return 0
