"""What the other files of a tree may meet of a dashboard, once its own file was looked at."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from driftdeck.preflight.dashboards import content as dashboards
from driftdeck.preflight.dashboards.objects import Claims
from driftdeck.preflight.dashboards.providers import Candidate, Provider, on_disk, opened, read_text
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.findings import Place
from driftdeck.preflight.read.documents import json_line, read_json
from driftdeck.preflight.read.files import shown
from driftdeck.preflight.read.reading import Reading


@dataclass(frozen=True)
class Board:
    """A dashboard by its names, its panels and its links.

    uid: '' where it is no text. panels: their ids as texts. links: the uids of the dashboards that
    it leads to. within: where in its file the dashboard stands, () for the file itself.
    claims: what an object says of its place.
    """

    candidate: Candidate
    title: str
    uid: str
    panels: frozenset[str]
    links: tuple[str, ...]
    tags: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    claims: Claims = field(default_factory=Claims)

    @property
    def file(self) -> str:
        """Its file, as people write it."""
        return shown(self.candidate.path)

    def place(self, *path: str | int) -> Place:
        """Where the value at a path stands; line 1 of a file that has changed meanwhile."""
        try:
            return Place(self.file, json_line(self._text(), (*self.within, *path)))
        except (OSError, ValueError, IndexError):
            return Place(self.file)

    def uid_place(self) -> Place:
        """Where its uid stands: as the name of an object, where it is one."""
        if not self.within:
            return self.place("uid")
        return replace(self, within=()).place("metadata", "name")

    def linking(self, uid: str) -> list[Place]:
        """Where the links to a dashboard stand."""
        return [self.place(*path) for path in dashboards.places_of(read_json(self._text()), uid)]

    def _text(self) -> str:
        """Read again: few places are asked for."""
        return read_text(self.candidate.path)


def look(
    tree: Path, provider: Provider, sources: Datasources, reading: Reading
) -> list[Board] | None:
    """The dashboards of a provider, each checked by itself; None where its folder is not there."""
    candidates = on_disk(tree, provider, reading)
    if candidates is None:
        return None
    looked = reading.each(partial(_look, sources=sources), candidates)
    return [board for board in looked if board is not None]


def _look(candidate: Candidate, reading: Reading, sources: Datasources) -> Board | None:
    file = opened(candidate, reading)
    if file is None:
        return None
    if not reading.report.muted and file.is_classic:
        dashboards.check(file, sources, reading)
    elif not file.is_v2:
        reading.report.doubtful(
            file.place("elements"),
            "resource-format",
            "elements are of v2, which reads them as an object only (apiVersion, kind, spec)",
        )
    tags = file.content.get("tags")
    return Board(
        candidate,
        _text(file.content.get("title")),
        _text(file.uid),
        frozenset(str(panel.get("id")) for _, panel in dashboards.panels_of(file.content)),
        dashboards.links(file.text),
        tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        file.within,
        file.claims,
    )


def _text(value: object) -> str:
    """A text as Grafana keeps it."""
    return value.strip() if isinstance(value, str) else ""
