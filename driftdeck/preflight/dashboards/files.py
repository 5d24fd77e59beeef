"""The dashboard files that a provider reads, and the dashboards in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from driftdeck.facts import Json
from driftdeck.facts.panels import walk_panels
from driftdeck.preflight.dashboards import links, objects
from driftdeck.preflight.dashboards.objects import Claims
from driftdeck.preflight.dashboards.providers import Provider
from driftdeck.preflight.findings import Place, Report
from driftdeck.preflight.read.documents import UnreadableError, json_line, read_json
from driftdeck.preflight.read.files import shown
from driftdeck.preflight.read.reading import Reading

ROOT = ""
"""The title of the folder that is none: General."""
TOOLS = (".git", ".ipynb", ".vscode", ".idea", ".venv", ".cache", ".terraform", ".trash")
MOUNTED = "/etc/grafana/provisioning"
"""Where Grafana's images read the tree, so that a path below it needs no mapping."""


@dataclass(frozen=True)
class DashboardFile:
    """A file that a provider takes for a dashboard.

    inside: its path below the provider's folder, by which Grafana knows it from start to start.
    folder: the title of its folder, '' for none.
    """

    path: Path
    inside: str
    folder: str

    @property
    def name(self) -> str:
        """The file, as people write it."""
        return shown(self.path)


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as its file has it.

    text: of the file. content: the dashboard in it. within: where in the file that stands, () for
    the file itself, ("spec",) of an object. uid: '' where it is no text. claims: what an object
    says of its place.
    """

    file: DashboardFile
    text: str
    content: Json
    uid: str
    within: tuple[str, ...] = ()
    claims: Claims = field(default_factory=Claims)

    @property
    def title(self) -> str:
        """The title as Grafana keeps it; '' where it is no text."""
        return _trimmed(self.content.get("title"))

    @property
    def tags(self) -> tuple[str, ...]:
        """Those of its tags that are texts."""
        tags = self.content.get("tags")
        return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()

    @property
    def panel_ids(self) -> frozenset[str]:
        """The ids of its panels, as texts."""
        return frozenset(str(panel.get("id")) for _, panel in walk_panels(self.content))

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The uids of the dashboards that it leads to."""
        return links.linked_uids(self.text)

    @property
    def is_classic(self) -> bool:
        """Whether it is in the classic format; else it has elements and a layout."""
        return "elements" not in self.content

    @property
    def is_v2(self) -> bool:
        """Whether it is an object whose version has elements."""
        return self.claims.version.startswith("v2")

    def place(self, *path: str | int) -> Place:
        """Where the value at a path stands."""
        return Place(self.file.name, json_line(self.text, (*self.within, *path)))

    def uid_place(self) -> Place:
        """Where its uid stands: as the name of an object, where it is one."""
        if not self.within:
            return self.place("uid")
        return replace(self, within=()).place("metadata", "name")

    def link_places(self, uid: str) -> list[Place]:
        """Where the links to a dashboard stand."""
        whole = replace(self, within=())
        return [whole.place(*path) for path in links.link_paths(read_json(self.text), uid)]


def find_files(tree: Path, provider: Provider, reading: Reading) -> list[DashboardFile] | None:
    """The files that a provider reads; None where its folder is not there."""
    folder = _local(tree, provider, reading)
    return None if folder is None else list(_json_files(folder, provider, reading))


def _local(tree: Path, provider: Provider, reading: Reading) -> Path | None:
    if provider.path is None:
        return None
    here = reading.local(provider.path)
    if here == Path(provider.path) and not here.is_absolute():
        reading.report.lost(
            provider.place("options", "path"),
            "provider-path",
            f"{provider.path or 'the empty path'} is searched for where Grafana was started, not"
            f" beside this file; write an absolute path (or say --map {provider.path}=FOLDER)",
        )
        return None
    if here == Path(provider.path) and provider.path.startswith(MOUNTED):
        here = tree / provider.path.removeprefix(MOUNTED).lstrip("/")
    if not here.is_absolute() and not here.is_dir():
        here = tree / here
    if here.name.startswith(".") and here.is_dir():
        reading.report.lost(
            provider.place("options", "path"),
            "provider-path",
            f"{provider.path} is a hidden folder, which Grafana passes over; rename it",
        )
        return None
    if not here.is_dir() and not (here.is_file() and here.suffix == ".json"):
        reading.report.lost(
            provider.place("options", "path"),
            "provider-path",
            f"{provider.path} is not there, so none of its dashboards is; if it is elsewhere here,"
            f" say --map {provider.path}=FOLDER",
        )
        return None
    return here


def _json_files(folder: Path, provider: Provider, reading: Reading) -> Iterator[DashboardFile]:
    """Every *.json below a folder, hidden folders left out."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
    for path in paths:
        inside = path.relative_to(folder) if folder.is_dir() else Path(path.name)
        if not path.is_file():
            continue
        if any(part.startswith(".") for part in inside.parts[:-1]):
            _report_hidden(path, inside, reading)
            continue
        if path.suffix != ".json":
            if path.suffix.lower() == ".json":
                reading.report.doubtful(
                    Place(shown(path)), "wrong-suffix", "Grafana reads *.json only; rename the file"
                )
            continue
        title = provider.folder
        if provider.by_folders:
            title = path.parent.name if len(inside.parts) > 1 else ROOT
        yield DashboardFile(path, inside.as_posix(), title)


def _report_hidden(path: Path, inside: Path, reading: Reading) -> None:
    """A dashboard in a hidden folder; those of git, of editors and of mounts are meant to be."""
    within = inside.parts[:-1]
    if path.suffix != ".json" or any(part.startswith((*TOOLS, "..")) for part in within):
        return
    quiet = replace(reading, report=Report(muted=True))
    if read_dashboard(DashboardFile(path, inside.as_posix(), ROOT), quiet) is not None:
        reading.report.lost(
            Place(shown(path)), "hidden-folder", "Grafana passes over hidden folders; rename it"
        )


def read_dashboard(file: DashboardFile, reading: Reading) -> Dashboard | None:
    """What stands in a file; None where it is no dashboard to Grafana, which is reported."""
    place, text = Place(file.name), ""
    try:
        # As Go reads it: what is no UTF-8 is replaced.
        text = file.path.read_bytes().decode("utf-8", errors="replace")
        content = read_json(text)
    except (UnreadableError, OSError) as error:
        line = getattr(error, "line", 1)
        why = "a byte order mark" if text.startswith("\ufeff") else str(error)
        reading.report.lost(
            Place(place.file, line), "unreadable", f"is no JSON to Grafana ({why}); it is left out"
        )
        return None
    if objects.is_object(content, reading.release):
        return _read_object(file, text, content, reading)
    if not isinstance(content, dict) or not isinstance(content.get("title"), str):
        reading.report.lost(
            place, "no-title", "is no dashboard: no title at its top level; it is left out"
        )
        return None
    return Dashboard(file, text, content, _trimmed(content.get("uid")))


def _read_object(
    file: DashboardFile, text: str, content: Json, reading: Reading
) -> Dashboard | None:
    if complaint := objects.complaint(content, reading.release):
        reading.report.lost(Place(file.name), "resource-format", complaint)
        return None
    uid, claims = _trimmed(objects.name(content)), Claims.of(content)
    return Dashboard(file, text, content["spec"], uid, ("spec",), claims)


def _trimmed(value: object) -> str:
    """A text as Grafana keeps it."""
    return value.strip() if isinstance(value, str) else ""
