"""Serves previews, each drawn when it is asked for, under the addresses that Grafana has."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import uvicorn
from litestar import Litestar, MediaType, Request, Response, get
from litestar.datastructures import CacheControlHeader, MultiDict
from litestar.exceptions import HTTPException, NotFoundException
from litestar.response import Redirect

from driftdeck.errors import UsageError
from driftdeck.facts import Json
from driftdeck.preview.draw import Asked, draw
from driftdeck.preview.frames import asker
from driftdeck.preview.page import Shown, dashboard_served, list_file, plotly
from driftdeck.preview.source import Build, Source
from driftdeck.settings import Settings
from driftdeck.stack.guard import Guard

Connect = Callable[[], psycopg.Connection]
NOTE = "Drawn without Grafana, as their source stands. Alerts need a Grafana."
HOME = "overview"


def asked_in(parameters: MultiDict[Any]) -> Asked:
    """What an address asks for, in Grafana's words: from, to, refresh, var-NAME."""
    values = {
        name.removeprefix("var-"): tuple(parameters.getall(name))
        for name in parameters
        if name.startswith("var-")
    }
    start, end = parameters.get("from", ""), parameters.get("to", "")
    return Asked(start, end, parameters.get("refresh", ""), values, every=False)


def app(settings: Settings, source: Source, connect: Connect) -> Litestar:
    """The server. connect: a new connection that may read; PostgreSQL's errors are answers 503."""

    def drawn(uid: str, request: Request[Any, Any, Any]) -> tuple[Build, Json]:
        build = source.newest()
        if uid not in build.dashboards:
            raise NotFoundException(build.problem or f"The source builds no dashboard {uid!r}.")
        asked = asked_in(request.query_params)
        try:
            with connect() as connection:
                ask = asker(connection)
                return build, draw(build.dashboards[uid], ask, asked, datetime.now(UTC))
        except psycopg.OperationalError as error:
            said = f"No database answers: {error}; `make up` starts it."
            raise HTTPException(said, status_code=503) from error
        except (UsageError, ValueError, OverflowError) as error:
            raise HTTPException(f"{error}.", status_code=400) from error

    @get("/d/{uid:str}", sync_to_thread=True)
    def page(uid: str, request: Request[Any, Any, Any]) -> Response[str]:
        build, model = drawn(uid, request)
        text = dashboard_served(Shown(model), build.version, build.problem)
        return Response(text, media_type=MediaType.HTML)

    @get("/d/{uid:str}/{title:str}", sync_to_thread=False)
    def titled(uid: str, title: str, request: Request[Any, Any, Any]) -> Redirect:
        """Grafana writes a dashboard's title behind its uid, for people."""
        return Redirect(f"/d/{uid}?{request.url.query}")

    @get("/api/preview/dashboards/{uid:str}", sync_to_thread=True)
    def again(uid: str, request: Request[Any, Any, Any]) -> Json:
        build, model = drawn(uid, request)
        return {"model": model, "version": build.version, "problem": build.problem}

    @get("/api/preview/source", sync_to_thread=True)
    def state() -> Json:
        build = source.newest()
        return {"version": build.version, "problem": build.problem}

    @get("/dashboards", sync_to_thread=True)
    def every() -> Response[str]:
        build = source.newest()
        lines = [
            (f"/d/{uid}", one["title"], one.get("description", ""))
            for uid, one in build.dashboards.items()
        ]
        text = list_file("Dashboards", build.problem or NOTE, sorted(lines, key=lambda one: one[1]))
        return Response(text, media_type=MediaType.HTML)

    @get("/", sync_to_thread=True)
    def home() -> Redirect:
        uid = f"{settings.uid_prefix}{HOME}"
        return Redirect(f"/d/{uid}" if uid in source.newest().dashboards else "/dashboards")

    @get("/plotly.js", sync_to_thread=True, cache_control=CacheControlHeader(max_age=86400))
    def script() -> Response[str]:
        return Response(plotly(), media_type="text/javascript")

    return Litestar(
        [page, titled, again, state, every, home, script],
        exception_handlers={HTTPException: _refused},
    )


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if request.url.path.startswith("/api/"):
        return Response({"detail": error.detail}, status_code=error.status_code)
    text = list_file("Not drawn", error.detail, [("/dashboards", "All dashboards", "")])
    return Response(text, status_code=error.status_code, media_type=MediaType.HTML)


def serve(settings: Settings, source: Source, connect: Connect, port: int) -> None:
    """Answer on this machine only, until stopped."""
    guarded = Guard(app(settings, source, connect), settings)
    uvicorn.run(guarded, host="127.0.0.1", port=port, log_level="warning", log_config=None)
