"""dashboards/*.yaml: the providers and the dashboard files that they read."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from driftdeck.preflight.dashboards import objects
from driftdeck.preflight.dashboards.objects import Claims
from driftdeck.preflight.findings import Place, Report
from driftdeck.preflight.read.documents import (
    Items,
    Record,
    Scalar,
    UnreadableError,
    json_line,
    plain,
    read_json,
)
from driftdeck.preflight.read.fields import Entry, Flag, Options, Pointers, Text, Whole, is_null
from driftdeck.preflight.read.files import File, TopLevel, files, parse, shown
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import BARE_LIST_PANICS, TITLES_FREE
from driftdeck.preflight.uids import complaint

ROOT = ""
"""The title of the folder that is none: General."""
TOOLS = (".git", ".ipynb", ".vscode", ".idea", ".venv", ".cache", ".terraform", ".trash")
MOUNTED = "/etc/grafana/provisioning"
"""Where Grafana's images read the tree, so that a path below it needs no mapping."""


class Provider(Entry):
    """A folder that Grafana reads dashboards from."""

    name: Text = ""
    type: Text = ""
    org_id: Whole = 0
    folder: Text = ""
    folder_uid: Text = ""
    editable: Flag = False
    disable_deletion: Flag = False
    update_interval_seconds: Whole = 0
    allow_ui_updates: Flag = False
    options: Options = {}

    @property
    def org(self) -> int:
        """The organisation; 1 where none is given."""
        return self.org_id or 1

    @property
    def path(self) -> str | None:
        """The folder on Grafana's machine; None where there is none."""
        found = self.options.get("path")
        found = found if isinstance(found, str) else self.options.get("folder")
        return found if isinstance(found, str) else None

    @property
    def has_path(self) -> bool:
        """Whether it is there under its present name."""
        return isinstance(self.options.get("path"), str)

    @property
    def by_folders(self) -> bool:
        """Whether each sub-folder on disk becomes a folder."""
        return self.options.get("foldersFromFilesStructure") is True


class ProviderFile(TopLevel):
    """A file of dashboards/."""

    api_version: Any = None
    providers: Annotated[list[Provider], Pointers] = []


@dataclass(frozen=True)
class Candidate:
    """A file that a provider takes for a dashboard.

    inside: its path below the provider's folder, by which Grafana knows it from start to start.
    folder: the title of its folder, '' for none.
    """

    path: Path
    inside: str
    folder: str


@dataclass(frozen=True)
class DashboardFile:
    """A dashboard as it lies on disk, and what stands in it.

    within: where in the file it stands, () for the file itself, ("spec",) of an object.
    """

    candidate: Candidate
    file: str
    text: str
    content: dict[str, Any]
    uid: Any
    within: tuple[str, ...] = ()
    claims: Claims = field(default_factory=Claims)

    def place(self, *path: str | int) -> Place:
        """Where the value at a path stands."""
        return Place(self.file, json_line(self.text, (*self.within, *path)))

    @property
    def is_classic(self) -> bool:
        """Whether it is in the classic format; else it has elements and a layout."""
        return "elements" not in self.content

    @property
    def is_v2(self) -> bool:
        """Whether it is an object whose version has elements."""
        return self.claims.version.startswith("v2")


def read(tree: Path, reading: Reading) -> list[Provider]:
    """The providers, in the order in which Grafana meets them."""
    found: list[Provider] = []
    for file in files(tree, "dashboards", reading):
        model = _as_new(file)
        made = parse(model, ProviderFile) if model else None
        names: set[str] = set()
        for one in made.providers if made else []:
            if one.name in names:
                reading.report.fatal(
                    one.place("name"), "duplicate-provider", f"provider {one.name!r} is here twice"
                )
            elif one.name in {other.name for other in found}:
                reading.report.lost(
                    one.place("name"),
                    "duplicate-provider",
                    f"provider {one.name!r} is in two files: each deletes the other's dashboards",
                )
            names.add(one.name)
            _check(one, reading)
            found.append(one)
    return found


def _as_new(file: File) -> File | None:
    """A file in the old format, a bare list, as the new one; None where there is nothing."""
    content, report = file.content, file.source.reading.report
    if content is None:
        return None
    if is_null(content):
        report.fatal(
            file.source.place(content), "wrong-value", "holds an empty document: Grafana panics"
        )
        return None
    version = content.get("apiVersion") if isinstance(content, Record) else None
    if isinstance(version, Scalar) and version.kind in ("int", "float") and plain(version) > 0:
        return file
    if isinstance(content, list) and file.source.reading.release >= BARE_LIST_PANICS:
        report.fatal(
            file.source.place(content),
            "old-format",
            "is a bare list, the old format, on which Grafana panics; write apiVersion: 1 and"
            " providers:",
        )
        return None
    if isinstance(content, list):
        record = Record.empty(1)
        record["providers"] = _modern(content)
        record.lines["providers"] = getattr(content, "line", 1)
        return File(file.name, file.source, record)
    report.fatal(
        file.source.place(content),
        "wrong-value",
        "without apiVersion: 1 (a number) the file must be a list, the old format",
    )
    return None


OLD_KEYS = {"org_id": "orgId", "orgId": "x-orgId"}
YES = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON")
NO = ("n", "N", "no", "No", "NO", "off", "Off", "OFF")


def _modern(value: Any) -> Any:
    """The old format as the new one reads it: yes is true, a $ is a $, and it says org_id."""
    if isinstance(value, Items):
        items = Items(_modern(one) for one in value)
        items.line = value.line
        return items
    if isinstance(value, Record):
        record = Record.empty(value.line)
        for key, inner in value.items():
            record[OLD_KEYS.get(key, key)] = _modern(inner)
            record.lines[OLD_KEYS.get(key, key)] = value.lines[key]
        return record
    text = "true" if value in YES else "false" if value in NO else value.replace("$", "$$")
    return Scalar.of(text, value.kind, value.line)


def _check(one: Provider, reading: Reading) -> None:
    report = reading.report
    if one.org not in reading.organisations:
        report.fatal(
            one.place("orgId"),
            "unknown-organisation",
            f"organisation {one.org} does not exist on a fresh server (--organisation {one.org}"
            " says that it does)",
        )
    if one.type not in ("", "file"):
        report.fatal(one.place("type"), "provider-type", f"type {one.type!r} is not 'file'")
    if one.path is None or (reading.release >= TITLES_FREE and not one.has_path):
        report.fatal(one.place("options"), "provider-path", "options.path is missing or no text")
    if one.update_interval_seconds < 0:
        report.fatal(
            one.place("updateIntervalSeconds"),
            "interval",
            f"updateIntervalSeconds {one.update_interval_seconds}: Grafana panics; write 10",
        )
    _check_folder(one, reading)


def _check_folder(one: Provider, reading: Reading) -> None:
    report, older = reading.report, reading.release < TITLES_FREE
    if one.by_folders and one.folder and one.folder_uid:
        report.fatal(
            one.place("options", "foldersFromFilesStructure"),
            "provider-folder",
            "foldersFromFilesStructure excludes folder and folderUid; remove them",
        )
    if one.by_folders and one.folder and not one.folder_uid:
        report.doubtful(
            one.place("folder"),
            "provider-folder",
            "folder is ignored beside foldersFromFilesStructure; remove one",
        )
    if older and not one.by_folders and one.folder.strip().lower() == "general":
        report.fatal(
            one.place("folder"),
            "provider-folder",
            "a folder cannot be named General; leave folder out to put dashboards there",
        )
    if said := complaint(one.folder_uid):
        ends = report.fatal if older else report.lost
        ends(
            one.place("folderUid"),
            "uid",
            f"folderUid {one.folder_uid!r} {said}",
        )
    if one.folder_uid == "general":
        ends = report.fatal if older else report.lost
        ends(one.place("folderUid"), "uid", "folderUid 'general' is Grafana's own")
    if not older and one.folder_uid and not one.folder and not one.by_folders:
        report.doubtful(one.place("folderUid"), "folder-uid", "folderUid is ignored without folder")


def on_disk(tree: Path, provider: Provider, reading: Reading) -> list[Candidate] | None:
    """The files that a provider reads; None where its folder is not there."""
    folder = _local(tree, provider, reading)
    return None if folder is None else list(_on_disk(folder, provider, reading))


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


def _on_disk(folder: Path, provider: Provider, reading: Reading) -> Iterator[Candidate]:
    """Every *.json below a folder, hidden folders left out."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
    for path in paths:
        inside = path.relative_to(folder) if folder.is_dir() else Path(path.name)
        if not path.is_file():
            continue
        if any(part.startswith(".") for part in inside.parts[:-1]):
            _hidden(path, inside, reading)
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
        yield Candidate(path, inside.as_posix(), title)


def _hidden(path: Path, inside: Path, reading: Reading) -> None:
    """A dashboard in a hidden folder; those of git, of editors and of mounts are meant to be."""
    within = inside.parts[:-1]
    if path.suffix != ".json" or any(part.startswith((*TOOLS, "..")) for part in within):
        return
    quiet = replace(reading, report=Report(muted=True))
    if opened(Candidate(path, inside.as_posix(), ROOT), quiet) is not None:
        reading.report.lost(
            Place(shown(path)), "hidden-folder", "Grafana passes over hidden folders; rename it"
        )


def read_text(path: Path) -> str:
    """A file as Go reads it: what is no UTF-8 is replaced."""
    return path.read_bytes().decode("utf-8", errors="replace")


def opened(candidate: Candidate, reading: Reading) -> DashboardFile | None:
    """What stands in a file; None where it is no dashboard to Grafana."""
    place, text = Place(shown(candidate.path)), ""
    try:
        text = read_text(candidate.path)
        content = read_json(text)
    except (UnreadableError, OSError) as error:
        line = getattr(error, "line", 1)
        why = "a byte order mark" if text.startswith("\ufeff") else str(error)
        reading.report.lost(
            Place(place.file, line), "unreadable", f"is no JSON to Grafana ({why}); it is left out"
        )
        return None
    if objects.is_object(content, reading.release):
        if said := objects.complaint(content, reading.release):
            reading.report.lost(place, "resource-format", said)
            return None
        return DashboardFile(
            candidate,
            place.file,
            text,
            content["spec"],
            objects.name(content),
            ("spec",),
            Claims.of(content),
        )
    if not isinstance(content, dict) or not isinstance(content.get("title"), str):
        reading.report.lost(
            place, "no-title", "is no dashboard: no title at its top level; it is left out"
        )
        return None
    return DashboardFile(candidate, place.file, text, content, content.get("uid"))
