"""Writes previews as files: every dashboard, or what a change makes of those it touches."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from driftdeck.facts import Json
from driftdeck.generator.differences import find_touched
from driftdeck.generator.resources import Difference, describe, differences, read_resources
from driftdeck.preview.draw import DashboardRequest, draw
from driftdeck.preview.frames import RunQuery, make_query_runner
from driftdeck.preview.page import (
    DashboardView,
    render_comparison,
    render_dashboard_file,
    render_list,
)

NOTE = "Previews, drawn without Grafana from the built JSON and its own queries"


def write_pages(connection: psycopg.Connection, dashboards: list[Json], folder: Path) -> Path:
    """Write a page for each dashboard, and a list of them; the list's path.

    Raises psycopg.OperationalError where the database does not answer.
    """
    run, now = make_query_runner(connection), datetime.now(UTC)
    _clear(folder)
    lines = []
    for dashboard in sorted(dashboards, key=lambda dashboard: dashboard["title"]):
        name = f"{dashboard['uid']}.html"
        model = draw(dashboard, run, DashboardRequest(), now)
        _write(folder / name, render_dashboard_file(DashboardView(model), "index.html"))
        lines.append((name, dashboard["title"], dashboard.get("description", "")))
    _write(folder / "index.html", render_list("Dashboards", NOTE, lines))
    return folder / "index.html"


def write_comparison(
    connection: psycopg.Connection,
    before: Mapping[str, str],
    after: Mapping[str, str],
    base: str,
    folder: Path,
) -> tuple[Path, int]:
    """Write a page with both sides of each dashboard that differs; (the list's path, their number).

    before, after: built files by path. base: the revision of `before`, for people.
    """
    run, now = make_query_runner(connection), datetime.now(UTC)
    changed = [
        difference
        for difference in differences(read_resources(before), read_resources(after))
        if difference.resource.kind == "dashboard"
    ]
    _clear(folder)
    lines = []
    for difference in changed:
        name = f"{difference.resource.uid}.html"
        page = render_comparison(
            difference.resource.name,
            list(_draw_sides(difference, base, run, now)),
            list(describe(difference)),
        )
        _write(folder / name, page)
        count = len(difference.changes)
        word = (
            "added" if difference.before is None else "removed" if difference.after is None else ""
        )
        lines.append((name, difference.resource.name, word or f"{count} change{'s' * (count > 1)}"))
    differ = "Dashboards that differ" if lines else "No dashboard differs"
    note = f"{differ} from {base}. {NOTE}."
    _write(folder / "index.html", render_list("What changes", note, lines))
    return folder / "index.html", len(changed)


def _draw_sides(
    difference: Difference, base: str, run: RunQuery, now: datetime
) -> Iterator[tuple[str, DashboardView]]:
    contents = [side.content for side in (difference.before, difference.after) if side is not None]
    ids = list(find_touched(contents[0], contents[1])) if len(contents) > 1 else []
    for label, side in ((f"Before ({base})", difference.before), ("After", difference.after)):
        if side is not None:
            yield label, DashboardView(draw(side.content, run, DashboardRequest(), now), ids)


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for page in folder.glob("*.html"):
        page.unlink()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
