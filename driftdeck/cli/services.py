"""The commands that run until they are stopped, and log a line each event."""

from typing import Annotated

import typer

from driftdeck.cli import session


def watch() -> int:
    """Prepare, and collect what is missing every hour."""
    from driftdeck.stack.steps import watch as collect_for_ever

    collect_for_ever(session.settings(service=True))
    return 0


def evidently(
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", envvar="EVIDENTLY_HOST", help="The address that it listens on."
        ),
    ] = "127.0.0.1",
) -> int:
    """Serve Evidently's UI over its database, and the addresses that Grafana's links use."""
    from driftdeck.stack.evidently import serve

    serve(session.settings(service=True), host)
    return 0
