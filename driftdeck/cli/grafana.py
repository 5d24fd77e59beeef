"""The commands that hold the source against a live Grafana."""

from typing import Annotated

import typer

from driftdeck.cli import session
from driftdeck.cli.options import Layout, LayoutOption


def plan(layout: LayoutOption = Layout.CLASSIC) -> int:
    """Say what differs in Grafana, hand edits too; end with 3 if something does."""
    from driftdeck.changes.plan import Target, show

    return show(Target.of(session.settings(), v2=layout is Layout.V2))


def apply(
    force: Annotated[
        bool, typer.Option("--force", help="Also where dashboards were edited in Grafana.")
    ] = False,
    layout: LayoutOption = Layout.CLASSIC,
) -> int:
    """Bring Grafana to what the source builds; end with 3 where hand edits would be lost."""
    from driftdeck.changes.apply import apply as bring
    from driftdeck.changes.plan import Target

    return bring(Target.of(session.settings(), v2=layout is Layout.V2), force=force)


def pull(
    uids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="UID", show_default=False,
            help="Of dashboards; by default all that were edited.",
        ),
    ] = None,
    layout: LayoutOption = Layout.CLASSIC,
) -> int:  # fmt: skip
    """Write what was edited in Grafana as Python."""
    from driftdeck.changes.plan import Target
    from driftdeck.changes.pull import pull as write

    return write(Target.of(session.settings(), v2=layout is Layout.V2), uids or ())
