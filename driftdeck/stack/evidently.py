"""The Evidently UI over its own database, on the settings' port.

Evidently's file workspace is unusable after a few hundred reports, so its SQL storage it is. The
configuration is made here, not in a file: it holds a password.
"""

import os

os.environ["DO_NOT_TRACK"] = "1"  # before the import: the UI reports usage otherwise

# Imported for its effect: it makes the sections `database` and `storage: sql` known.
import html
from datetime import UTC, datetime

import evidently.ui.service.storage.sql.components  # noqa: F401
import psycopg
import uvicorn
from evidently.ui.service.app import create_app
from evidently.ui.service.config import load_config
from evidently.ui.service.local_service import LocalConfig
from evidently.ui.service.storage.sql.utils import migrate_database
from litestar import MediaType, Response, get
from litestar.response import Redirect
from markdown_it import MarkdownIt

from driftdeck.database import Role, alone_with_evidently, connect, evidently_uri
from driftdeck.events import announce
from driftdeck.generator.reference import reference
from driftdeck.load import UnknownMonitorError, find_monitor
from driftdeck.settings import Settings, load_settings
from driftdeck.stack.guard import Guard

NEAREST = """\
SELECT report_path, window_start FROM monitoring.window_status
WHERE monitor = %s AND report_path <> '' AND (%s::timestamptz IS NULL
  OR (window_start <= %s AND window_end > %s))
ORDER BY window_start DESC LIMIT 1"""


def configuration(settings: Settings, host: str) -> LocalConfig:
    """The UI's configuration for the settings' database and port."""
    sections = {"storage": {"type": "sql"}, "database": {"url": evidently_uri(settings)}}
    config = load_config(LocalConfig, sections)
    config.service.host = host
    config.service.port = settings.evidently_port
    return config


@get("/window/{monitor:str}/{moment:str}", sync_to_thread=True)
def window(monitor: str, moment: str) -> Response[str]:
    """To the report of the window at a moment in milliseconds, or of the newest that has one.

    A stable address: reports are replaced, and dashboards know times, not reports.
    """
    try:
        at = None if moment == "newest" else datetime.fromtimestamp(int(moment) / 1000, UTC)
        with connect(load_settings(), Role.READER) as connection:
            row = connection.execute(NEAREST, [monitor, at, at, at]).fetchone()
        if row:
            return Redirect(row[0])
        text, status = _no_report(monitor, at), 404
    except (ValueError, OverflowError, OSError, psycopg.DataError):
        text, status = "<p>This address names no monitor, or no moment in milliseconds.</p>", 404
    except psycopg.OperationalError:
        text, status = "<p>No database answers; <code>driftdeck up</code> starts it.</p>", 503
    return Response(text, media_type=MediaType.HTML, status_code=status)


@get("/reference", sync_to_thread=True)
def reference_page() -> Response[str]:
    """What is watched and what to do when it fires: where the alerts' runbook links lead."""
    return Response(as_page(reference(load_settings())), media_type=MediaType.HTML)


def as_page(text: str) -> str:
    """Markdown as a page."""
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return (
        f"<!doctype html><meta charset=utf-8><title>Reference</title><style>{STYLE}</style>{body}"
    )


STYLE = """\
body { font: 15px/1.5 Inter, Helvetica, Arial, sans-serif; max-width: 72em; margin: 2em auto; }
td, th { border-bottom: 1px solid #ddd; padding: 4px 10px; text-align: left; }
:target + strong, p:has(> :target) { background: #fff3c4; }"""


def _no_report(monitor: str, at: datetime | None) -> str:
    try:
        every = find_monitor(monitor, *load_settings().monitor_folders).every
    except UnknownMonitorError:
        return f"<p>There is no monitor {html.escape(monitor)}.</p>"
    name = every.pattern if at is None else every.containing(at).name
    return (
        f"<p>No report of {html.escape(monitor)} is kept for {name}. Make it:</p>"
        f"<pre>driftdeck report {html.escape(monitor)} --window {name}</pre>"
    )


def app(settings: Settings, host: str) -> Guard:
    """The UI with our addresses, behind the guard. host: the address that it listens on."""
    served = create_app(configuration(settings, host))
    served.register(window)
    served.register(reference_page)
    return Guard(served, settings)


def serve(settings: Settings, host: str) -> None:
    """Serve the UI, and the addresses that Grafana's links use, until stopped.

    host: the address that it listens on.
    """
    with alone_with_evidently(settings):  # collectors may be making the same tables
        migrate_database(evidently_uri(settings))
    port = settings.evidently_port
    announce(f"Evidently UI: http://{host}:{port}", "serving", address=f"http://{host}:{port}")
    uvicorn.run(app(settings, host), host=host, port=port, log_config=None)
