"""What `driftdeck preview` does: pages to send around, a server, or before and after."""

from pathlib import Path

import psycopg

from driftdeck.database import Role
from driftdeck.database import uri as uri_of
from driftdeck.database.errors import sentence
from driftdeck.errors import DriftdeckError, UsageError
from driftdeck.events import announce
from driftdeck.settings import Settings
from driftdeck.stack.steps import say


class NoDatabaseError(DriftdeckError):
    """No database answers that could be drawn from."""


def serve(settings: Settings, *, uri: str = "", port: int | None = None) -> int:
    """Serve the dashboards until stopped, drawn when asked, built anew when the source changes.

    uri: of the database to ask, by default the stack's. port: by default Grafana's. Raises
    UsageError where the port is taken.
    """
    from driftdeck.database.embedded import port_taken
    from driftdeck.preview.serve import serve as answer
    from driftdeck.preview.source import Source

    where = uri or uri_of(settings, Role.READER)
    port = port or settings.grafana_port
    if port_taken(port):
        raise UsageError(f"port {port} is taken; name another with --port")
    source = Source(settings, settings.stack_dir / "preview" / f"built-{port}")
    address = f"http://127.0.0.1:{port}"
    announce(f"previews: {address}, drawn when asked; Ctrl-C ends it", "serving", address=address)
    answer(settings, source, lambda: psycopg.connect(where, connect_timeout=10), port)
    return 0


def write(
    settings: Settings, *, uri: str = "", base: str | None = None, out: Path | None = None
) -> int:
    """Write the dashboards as pages, or what a change does to them.

    uri: of the database to ask, by default the stack's. base: a revision of git to compare with.
    out: the folder of the pages. Raises NoDatabaseError, NoRevisionError.
    """
    where = uri or uri_of(settings, Role.READER)
    try:
        connection = psycopg.connect(where, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise NoDatabaseError(
            f"no database to ask: {sentence(error)}",
            mend="`driftdeck up` starts the stack's database, --uri names another",
        ) from error
    with connection:
        return _write_previews(settings, connection, base, out)


def _write_previews(
    settings: Settings, connection: psycopg.Connection, base: str | None, out: Path | None
) -> int:
    from driftdeck.generator.artefacts import artefacts
    from driftdeck.generator.gate import before
    from driftdeck.preview.pages import write_comparison, write_pages
    from driftdeck.project import Project
    from driftdeck.stack.runtime import choose
    from driftdeck.verify.provisioning import Provisioning

    folder = out or settings.stack_dir / "preview"
    if base is None:
        dashboards = Provisioning(choose(settings).artefacts(), {}).dashboards()
        say(f"dashboards: {write_pages(connection, dashboards, folder)}")
        return 0
    committed = Project(root=settings.root)
    old, revision = before(committed, base)
    folder = out or folder / "changes"
    index, count = write_comparison(connection, old, artefacts(committed), revision, folder)
    say(f"{count} dashboard{'s differ' if count != 1 else ' differs'} from {revision}: {index}")
    return 0
