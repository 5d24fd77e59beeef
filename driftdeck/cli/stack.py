"""The commands that run the stack, and prove it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from driftdeck.cli import session
from driftdeck.cli.options import (
    SECRET,
    Form,
    FormOption,
    Layout,
    LayoutOption,
    Maps,
    Organisations,
    Release,
    by_path,
)
from driftdeck.preflight.releases import DEFAULT


def up() -> int:
    """Start everything, collect, build, verify."""
    from driftdeck.stack import commands

    try:
        return commands.up(session.settings())
    except KeyboardInterrupt:
        print("\ndriftdeck: interrupted; the next `up` goes on from here", file=sys.stderr)
        raise


def down() -> int:
    """Stop everything, keep the data."""
    from driftdeck.stack import commands

    return commands.down(session.settings())


def status() -> int:
    """Say what runs, and where."""
    from driftdeck.stack import commands

    return commands.status(session.settings())


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep Grafana's answers, to be proved again; by default nowhere."
        ),
    ] = None,
    layout: LayoutOption = Layout.CLASSIC,
) -> int:
    """Prove datasource, dashboards, queries and rules."""
    from driftdeck.stack import commands

    return commands.verify(
        session.settings(), as_json=as_json, record=record, v2=layout is Layout.V2
    )


def look(
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="For the pictures; by default .stack/pictures."),
    ] = None,
) -> int:
    """See every dashboard in a browser, keep the pictures."""
    from driftdeck.stack import commands

    return commands.look(session.settings(), out)


def explain(
    tree: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", exists=True, file_okay=False,
            help="A provisioning folder; by default the project's.",
        ),
    ] = None,
    uri: Annotated[
        str,
        typer.Option(
            metavar="URI", show_default=False,
            help=f"Of a database with the tables; by default an empty one. {SECRET}",
        ),
    ] = "",
    maps: Maps = None,
    grafana: Release = DEFAULT,
    organisations: Organisations = None,
    form: FormOption = Form.TEXT,
) -> int:  # fmt: skip
    """Ask PostgreSQL about every statement of a tree."""
    from driftdeck.preflight.command import reading
    from driftdeck.stack import commands

    settings = session.settings()
    how = reading(grafana, by_path(maps), organisations or ())
    return commands.explain(tree or settings.provisioning_dir, how, uri=uri, form=form.value)


def password() -> int:
    """Set Grafana's admin password to GRAFANA_ADMIN_PASSWORD."""
    from driftdeck.stack import commands

    return commands.password(session.settings())


def clean() -> int:
    """Stop everything local and remove .stack."""
    from driftdeck.stack import commands

    return commands.clean(session.settings())


def exec_(
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND...", help="The command, behind --, and its arguments."),
    ],
) -> int:
    """Run a command where the collectors run; its exit code is this one's."""
    from driftdeck.stack.runtime import where_collected

    return where_collected(session.settings()).run(command)
