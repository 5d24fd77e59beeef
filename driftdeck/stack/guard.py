"""Whom the small servers answer: not a web page of somebody else's that a browser has open.

They have no login, and a browser reaches 127.0.0.1 for any page. A page under a name that it has
led to this machine (DNS rebinding) would read all; one that posts a form would write.
"""

import ipaddress
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send, WebSocketScope

from driftdeck.settings import Settings

READS = frozenset({"GET", "HEAD", "OPTIONS"})
SCHEMES = ("http", "https")
JSON = "application/json"
FORM = "multipart/form-data"
"""How Evidently uploads a data set; a page elsewhere could send it, too, but not without Origin."""


LONGEST = 255
"""Bytes of a file's name."""


class Guard:
    """A server that is asked only by its own names, and changed only by its own pages and programs.

    app: the ASGI application behind. settings: `allowed_hosts` and `evidently_url` add names to
    those of the loopback. Refusals are plain text: 400 of the Host, 404 of the path,
    403 of the Origin, 415 of the body.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._public = settings.evidently.partition("://")[2].partition("/")[0]
        added = [name.strip().lower() for name in settings.allowed_hosts.split(",")]
        self._names = {name for name in (_hostname(self._public), *added) if name}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        is_request = scope["type"] in {
            ScopeType.HTTP,
            ScopeType.WEBSOCKET,
        }  # else of the server's life
        problem = self._problem(scope) if is_request else None
        if problem is None:
            await self._app(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            status, text = problem
            content_type = (b"content-type", b"text/plain; charset=utf-8")
            await send({"type": "http.response.start", "status": status, "headers": [content_type]})
            body = f"{text}\n".encode()
            await send({"type": "http.response.body", "body": body, "more_body": False})

    def _problem(self, scope: HTTPScope | WebSocketScope) -> tuple[int, str] | None:
        headers = {n.decode("latin-1"): t.decode("latin-1") for n, t in scope["headers"]}
        host = headers.get("host", "")
        if not self._is_ours(_hostname(host)):
            return 400, f"{host!r} is no name of this server; ALLOWED_HOSTS adds one."
        if any(_unnameable(segment) for segment in scope["path"].split("/")):
            return 404, "There is no page of this address."
        if scope["type"] == ScopeType.HTTP and scope["method"] in READS:
            return None
        origin = headers.get("origin")
        own = {f"{scheme}://{name}" for scheme in SCHEMES for name in (host, self._public)}
        if origin is not None and origin not in own:
            return 403, f"A page of {origin} changes nothing here."
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        sends = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        if (sends or kind) and kind not in {JSON, FORM}:
            return 415, f"A body of {kind or 'no type'} is not read; send {JSON}."
        return None

    def _is_ours(self, name: str) -> bool:
        if name == "localhost" or name in self._names:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _unnameable(segment: str) -> bool:
    """Whether no file may be called so: asking for one is an error of the operating system."""
    return len(segment.encode(errors="replace")) > LONGEST or not segment.isprintable()


def _hostname(address: str) -> str:
    """The name in `name:port`, '' where there is none."""
    try:
        return urlsplit(f"//{address}").hostname or ""
    except ValueError:
        return ""
