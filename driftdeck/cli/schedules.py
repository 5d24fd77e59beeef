"""The commands that have `driftdeck due` run every hour."""

from driftdeck.cli import session


def cron() -> int:
    """Print a line for a crontab that collects what is due every hour."""
    from driftdeck.schedules.cron import cron_line

    print(cron_line(session.project().root))
    return 0


def prefect() -> int:
    """Serve the Prefect flow, with a server, until Ctrl-C."""
    from driftdeck.schedules.server import prefect as serve

    return serve(session.settings())
