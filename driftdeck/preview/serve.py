"""Serves previews, each drawn when it is requested, under the addresses that Grafana has."""

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
from driftdeck.preview.draw import DashboardRequest, draw
from driftdeck.preview.frames import make_query_runner
from driftdeck.preview.page import DashboardView, read_plotly, render_list, render_served_dashboard
from driftdeck.preview.source import Build, Source
from driftdeck.settings import Settings
from driftdeck.stack.guard import Guard

Connect = Callable[[], psycopg.Connection]
NOTE = "Drawn without Grafana, as their source stands. Alerts need a Grafana."
HOME = "overview"


def parse_request(parameters: MultiDict[Any]) -> DashboardRequest:
    """The request of an address's query, in Grafana's parameters: from, to, refresh, var-NAME."""
    values = {
        name.removeprefix("var-"): tuple(parameters.getall(name))
        for name in parameters
        if name.startswith("var-")
    }
    start, end = parameters.get("from", ""), parameters.get("to", "")
    return DashboardRequest(start, end, parameters.get("refresh", ""), values, all_choices=False)


def make_app(settings: Settings, source: Source, connect: Connect) -> Litestar:
    """The server's application. connect: opens a connection that may read; where that fails the
    response is 503."""

    def draw_dashboard(uid: str, request: Request[Any, Any, Any]) -> tuple[Build, Json]:
        build = source.newest()
        if uid not in build.dashboards:
            raise NotFoundException(build.problem or f"The source builds no dashboard {uid!r}.")
        dashboard_request = parse_request(request.query_params)
        try:
            with connect() as connection:
                run = make_query_runner(connection)
                model = draw(build.dashboards[uid], run, dashboard_request, datetime.now(UTC))
                return build, model
        except psycopg.OperationalError as error:
            message = f"No database answers: {error}; `make up` starts it."
            raise HTTPException(message, status_code=503) from error
        except (UsageError, ValueError, OverflowError) as error:
            raise HTTPException(f"{error}.", status_code=400) from error

    @get("/d/{uid:str}", sync_to_thread=True)
    def show_dashboard(uid: str, request: Request[Any, Any, Any]) -> Response[str]:
        build, model = draw_dashboard(uid, request)
        text = render_served_dashboard(DashboardView(model), build.version, build.problem)
        return Response(text, media_type=MediaType.HTML)

    @get("/d/{uid:str}/{title:str}", sync_to_thread=False)
    def drop_title(uid: str, title: str, request: Request[Any, Any, Any]) -> Redirect:
        """Grafana writes a dashboard's title behind its uid, for people."""
        return Redirect(f"/d/{uid}?{request.url.query}")

    @get("/api/preview/dashboards/{uid:str}", sync_to_thread=True)
    def redraw(uid: str, request: Request[Any, Any, Any]) -> Json:
        build, model = draw_dashboard(uid, request)
        return {"model": model, "version": build.version, "problem": build.problem}

    @get("/api/preview/source", sync_to_thread=True)
    def show_build() -> Json:
        build = source.newest()
        return {"version": build.version, "problem": build.problem}

    @get("/dashboards", sync_to_thread=True)
    def show_list() -> Response[str]:
        build = source.newest()
        lines = [
            (f"/d/{uid}", dashboard["title"], dashboard.get("description", ""))
            for uid, dashboard in build.dashboards.items()
        ]
        text = render_list(
            "Dashboards", build.problem or NOTE, sorted(lines, key=lambda line: line[1])
        )
        return Response(text, media_type=MediaType.HTML)

    @get("/", sync_to_thread=True)
    def show_home() -> Redirect:
        uid = f"{settings.uid_prefix}{HOME}"
        return Redirect(f"/d/{uid}" if uid in source.newest().dashboards else "/dashboards")

    @get("/plotly.js", sync_to_thread=True, cache_control=CacheControlHeader(max_age=86400))
    def send_plotly() -> Response[str]:
        return Response(read_plotly(), media_type="text/javascript")

    return Litestar(
        [show_dashboard, drop_title, redraw, show_build, show_list, show_home, send_plotly],
        exception_handlers={HTTPException: _render_error},
    )


def _render_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if request.url.path.startswith("/api/"):
        return Response({"detail": error.detail}, status_code=error.status_code)
    text = render_list("Not drawn", error.detail, [("/dashboards", "All dashboards", "")])
    return Response(text, status_code=error.status_code, media_type=MediaType.HTML)


def serve(settings: Settings, source: Source, connect: Connect, port: int) -> None:
    """Answer on this machine only, until stopped."""
    guarded = Guard(make_app(settings, source, connect), settings)
    uvicorn.run(guarded, host="127.0.0.1", port=port, log_level="warning", log_config=None)
