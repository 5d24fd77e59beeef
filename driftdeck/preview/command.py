"""What `python -m stack preview` does: pages to send around, a server, or before and after."""

import argparse

import psycopg

from driftdeck.database import Role, uri
from driftdeck.settings import Settings
from driftdeck.stack.steps import say


def preview(settings: Settings, parsed: argparse.Namespace) -> int:
    """Serve the dashboards, write them, or write what a change does to them; 0 when it went well.

    parsed: uri, serve, base, out, port. Raises ValueError for options that contradict, RuntimeError
    where no database answers.
    """
    where = parsed.uri or uri(settings, Role.READER)
    if parsed.serve and parsed.base:
        raise ValueError("--serve shows the source as it is; --base compares it: choose one")
    if parsed.serve:
        from driftdeck.database.embedded import port_taken
        from driftdeck.preview.serve import serve
        from driftdeck.preview.source import Source

        port = parsed.port or settings.grafana_port
        if not 1 <= port <= 65535 or port_taken(port):
            raise ValueError(f"port {port} is no port, or taken; name another with --port")
        source = Source(settings, settings.stack_dir / "preview" / f"built-{port}")
        say(f"previews: http://127.0.0.1:{port}, drawn when asked; Ctrl-C ends it")
        serve(settings, source, lambda: psycopg.connect(where, connect_timeout=10), port)
        return 0
    try:
        connection = psycopg.connect(where, connect_timeout=10)
    except psycopg.OperationalError as error:
        said = f"{error}; `make up` starts the stack's database, --uri names another"
        raise RuntimeError(f"no database to ask: {said}") from error
    with connection:
        return _write_previews(settings, parsed, connection)


def _write_previews(
    settings: Settings, parsed: argparse.Namespace, connection: psycopg.Connection
) -> int:
    from driftdeck.generator.artefacts import artefacts
    from driftdeck.generator.gate import before
    from driftdeck.preview.pages import write_comparison, write_pages
    from driftdeck.project import Project
    from driftdeck.stack.runtime import choose
    from driftdeck.verify.built import Built

    folder = parsed.out or settings.stack_dir / "preview"
    if parsed.base is None:
        dashboards = Built(choose(settings).artefacts(), {}).dashboards()
        say(f"dashboards: {write_pages(connection, dashboards, folder)}")
        return 0
    committed = Project()
    old, base = before(committed, parsed.base)
    folder = parsed.out or folder / "changes"
    index, count = write_comparison(connection, old, artefacts(committed), base, folder)
    say(f"{count} dashboard{'s differ' if count != 1 else ' differs'} from {base}: {index}")
    return 0
