"""What Grafana would do with a provisioning folder: for any repository, whoever wrote it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from driftdeck.cli.options import (
    Config,
    FolderMap,
    Form,
    FormOption,
    Ignore,
    Maps,
    Organisations,
    Release,
    Select,
    by_path,
    folder_map,
)
from driftdeck.preflight.releases import DEFAULT


def _print_rules(value: bool) -> None:
    if value:
        from driftdeck.preflight.rules import table

        print(table(), end="")
        raise typer.Exit


def preflight(
    tree: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="The provisioning folder: it holds datasources/, dashboards/, alerting/.",
        ),
    ],
    maps: Maps = None,
    before: Annotated[
        str,
        typer.Option(
            metavar="OLD", show_default=False,
            help="What a running Grafana has read already: a folder, or a git revision of DIR; by"
            " default nothing.",
        ),
    ] = "",
    before_maps: Annotated[
        list[FolderMap] | None,
        typer.Option(
            "--before-map", metavar="THERE=HERE", parser=folder_map,
            help="The same as --map, by default so, where it differs for OLD.",
        ),
    ] = None,
    grafana: Release = DEFAULT,
    organisations: Organisations = None,
    select: Select = None,
    ignore: Ignore = None,
    config: Config = None,
    form: FormOption = Form.TEXT,
    _rules: Annotated[
        bool,
        typer.Option(
            "--rules", callback=_print_rules, is_eager=True, help="List every rule, and exit."
        ),
    ] = False,
) -> int:  # fmt: skip
    """Say what Grafana would do with a provisioning folder, without starting it.

    Ends with 1 where something is lost, or fatal to the server; a finding may be doubtful only.
    """
    from driftdeck.preflight import command
    from driftdeck.preflight.choice import Choice

    return command.preflight(
        tree,
        command.reading(grafana, by_path(maps), organisations or ()),
        before=before,
        before_maps=by_path(before_maps) or None,
        choice=Choice.of(config, select or (), ignore or ()),
        form=form.value,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `driftdeck-preflight`, for hooks of repositories that hold no driftdeck."""
    from driftdeck.cli.app import main as run

    return run(["preflight", *(sys.argv[1:] if arguments is None else arguments)])
