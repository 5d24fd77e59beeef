"""The command that shows dashboards where no Grafana is."""

from pathlib import Path
from typing import Annotated

import typer

from driftdeck.cli import session
from driftdeck.cli.options import Uri


def preview(
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Draw when asked, and again when the source changes; logs lines."
        ),
    ] = False,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REVISION",
            help="Before and after of what differs from a revision of git; by default what is.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="For the pages; by default .stack/preview.")
    ] = None,
    uri: Uri = "",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="TCP port to serve on; by default Grafana's."),
    ] = None,
) -> int:
    """Draw every dashboard as a page, without Grafana."""
    from driftdeck.errors import UsageError
    from driftdeck.preview import command

    if serve and base:
        raise UsageError("--serve shows the source as it is; --base compares it: choose one")
    settings = session.settings(service=serve)
    if serve:
        return command.serve(settings, uri=uri, port=port)
    return command.write(settings, uri=uri, base=base, out=out)
