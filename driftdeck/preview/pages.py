"""Writes previews as files: every dashboard, or what a change makes of those it touches."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from driftdeck.facts import Json
from driftdeck.generator.differences import find_touched
from driftdeck.generator.things import Difference, differences, things, told
from driftdeck.preview.draw import Asked, draw
from driftdeck.preview.frames import Ask, asker
from driftdeck.preview.page import Shown, comparison_file, dashboard_file, list_file

NOTE = "Previews, drawn without Grafana from the built JSON and its own queries"


def write_pages(connection: psycopg.Connection, dashboards: list[Json], folder: Path) -> Path:
    """Write a page for each dashboard, and a list of them; the list's path.

    Raises psycopg.OperationalError where the database does not answer.
    """
    ask, now = asker(connection), datetime.now(UTC)
    _emptied(folder)
    lines = []
    for dashboard in sorted(dashboards, key=lambda one: one["title"]):
        name = f"{dashboard['uid']}.html"
        model = draw(dashboard, ask, Asked(), now)
        _write(folder / name, dashboard_file(Shown(model), "index.html"))
        lines.append((name, dashboard["title"], dashboard.get("description", "")))
    _write(folder / "index.html", list_file("Dashboards", NOTE, lines))
    return folder / "index.html"


def write_comparison(
    connection: psycopg.Connection,
    before: Mapping[str, str],
    after: Mapping[str, str],
    base: str,
    folder: Path,
) -> tuple[Path, int]:
    """Write a page for each dashboard that differs, both sides of it; the list and their number.

    before, after: built files by path. base: what they are compared with, for people.
    """
    ask, now = asker(connection), datetime.now(UTC)
    found = [
        one for one in differences(things(before), things(after)) if one.thing.kind == "dashboard"
    ]
    _emptied(folder)
    lines = []
    for one in found:
        name = f"{one.thing.uid}.html"
        page = comparison_file(one.thing.name, list(_sides(one, base, ask, now)), list(told(one)))
        _write(folder / name, page)
        count = len(one.changes)
        word = "added" if one.before is None else "removed" if one.after is None else ""
        lines.append((name, one.thing.name, word or f"{count} change{'s' * (count > 1)}"))
    differ = "Dashboards that differ" if lines else "No dashboard differs"
    note = f"{differ} from {base}. {NOTE}."
    _write(folder / "index.html", list_file("What changes", note, lines))
    return folder / "index.html", len(found)


def _sides(one: Difference, base: str, ask: Ask, now: datetime) -> Iterator[tuple[str, Shown]]:
    contents = [side.content for side in (one.before, one.after) if side is not None]
    ids = list(find_touched(contents[0], contents[1])) if len(contents) > 1 else []
    for label, side in ((f"Before ({base})", one.before), ("After", one.after)):
        if side is not None:
            yield label, Shown(draw(side.content, ask, Asked(), now), ids)


def _emptied(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for page in folder.glob("*.html"):
        page.unlink()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
