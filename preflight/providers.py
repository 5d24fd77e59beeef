"""dashboards/*.yaml: the providers, the folders they make and the dashboard files they read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from preflight.documents import Record, Scalar, UnreadableError, json_line, plain, read_json
from preflight.fields import Entry, Flag, Free, Pointers, Text, Whole, is_null
from preflight.files import File, TopLevel, files, parse, shown
from preflight.findings import Place
from preflight.reading import Reading
from preflight.releases import FOLDERS_APART
from preflight.state import State, StoredDashboard, StoredFolder, slug
from preflight.uids import MOST, is_plain

ROOT = ""
"""The title of the folder that is none: General."""
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
    options: Free = {}

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
    def by_folders(self) -> bool:
        """Whether each sub-folder on disk becomes a folder."""
        return self.options.get("foldersFromFilesStructure") is True


class ProviderFile(TopLevel):
    """A file of dashboards/."""

    api_version: Any = None
    providers: Annotated[list[Provider], Pointers] = []


@dataclass(frozen=True)
class DashboardFile:
    """A dashboard as it lies on disk, and the provider that reads it.

    inside: its path below the provider's folder, by which Grafana knows it from start to start.
    folder: the title of its folder, '' for none.
    """

    provider: Provider
    file: str
    inside: str
    folder: str
    text: str
    content: dict[str, Any]

    @property
    def title(self) -> str:
        """The title as Grafana keeps it."""
        found = self.content.get("title")
        return found.strip() if isinstance(found, str) else ""

    @property
    def uid(self) -> str:
        """The uid, '' where it is no text."""
        found = self.content.get("uid")
        return found.strip() if isinstance(found, str) else ""

    def place(self, *path: str | int) -> Place:
        """Where the value at a path stands."""
        return Place(self.file, json_line(self.text, path))


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
    if is_null(content):
        return None
    version = content.get("apiVersion") if isinstance(content, Record) else None
    if isinstance(version, Scalar) and version.kind in ("int", "float") and plain(version) > 0:
        return file
    if isinstance(content, list):
        record = Record.empty(1)
        record["providers"] = content
        record.lines["providers"] = getattr(content, "line", 1)
        return File(file.name, file.source, record)
    report.fatal(
        file.source.place(content),
        "wrong-value",
        "without apiVersion: 1 (a number) the file must be a list, the old format",
    )
    return None


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
    if one.path is None:
        report.fatal(one.place("options"), "provider-path", "options.path is missing or no text")
    if one.by_folders and one.folder and one.folder_uid:
        report.fatal(
            one.place("options", "foldersFromFilesStructure"),
            "provider-folder",
            "foldersFromFilesStructure excludes folder and folderUid; remove them",
        )
    if one.update_interval_seconds < 0:
        report.fatal(
            one.place("updateIntervalSeconds"),
            "interval",
            f"updateIntervalSeconds {one.update_interval_seconds}: Grafana panics; write 10",
        )
    titles = [] if one.by_folders else [one.folder]
    if any(title.lower() == "general" for title in titles):
        report.fatal(
            one.place("folder"),
            "provider-folder",
            "a folder cannot be named General; leave folder out to put dashboards there",
        )
    if one.folder_uid and (not is_plain(one.folder_uid) or len(one.folder_uid) > MOST):
        report.fatal(
            one.place("folderUid"),
            "uid",
            f"folderUid {one.folder_uid!r} is not made of at most {MOST} letters, digits, - and _",
        )
    if one.folder_uid == "general":
        report.fatal(one.place("folderUid"), "uid", "folderUid 'general' is Grafana's own")


def apply(
    tree: Path, providers: list[Provider], state: State, reading: Reading
) -> list[DashboardFile]:
    """Make the folders, save the dashboards, and say which dashboards were found on disk."""
    names = {provider.name for provider in providers}
    for gone in sorted(state.providers - names):
        kept = {d.file for d in state.dashboards if d.provider != gone}
        for one in [d for d in state.dashboards if d.provider == gone]:
            if one.file not in kept:
                reading.report.doubtful(
                    one.place,
                    "provider-gone",
                    f"provider {gone!r} is gone, so Grafana deletes dashboard {one.uid!r}; under"
                    " another provider's name it comes back with a new id",
                )
        state.dashboards = [d for d in state.dashboards if d.provider != gone]
    state.providers = names
    found: list[DashboardFile] = []
    for provider in providers:
        disk = on_disk(tree, provider, reading)
        if disk is None:
            continue
        _delete_missing(provider, disk, state)
        for board in disk:
            _save(board, found, state, reading)
            found.append(board)
        if not disk and not provider.by_folders:
            _folder(provider, provider.folder, state, reading)
    return found


def on_disk(tree: Path, provider: Provider, reading: Reading) -> list[DashboardFile] | None:
    """The dashboards that a provider reads; None where its folder is not there."""
    folder = _local(tree, provider, reading)
    return None if folder is None else list(_on_disk(folder, provider, reading))


def _local(tree: Path, provider: Provider, reading: Reading) -> Path | None:
    if provider.path is None:
        return None
    here = reading.local(provider.path)
    if here == Path(provider.path) and provider.path.startswith(MOUNTED):
        here = tree / provider.path.removeprefix(MOUNTED).lstrip("/")
    if not here.is_absolute() and not here.is_dir():
        here = tree / here
    if not here.is_dir():
        reading.report.lost(
            provider.place("options", "path"),
            "provider-path",
            f"{provider.path} is not there, so none of its dashboards is; if it is elsewhere here,"
            f" say --map {provider.path}=FOLDER",
        )
        return None
    return here


def _on_disk(folder: Path, provider: Provider, reading: Reading) -> Iterator[DashboardFile]:
    """Every *.json below a folder, hidden folders left out, that is a dashboard."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts[:-1]) or not path.is_file():
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
        if (content := _dashboard(path, reading)) is not None:
            text, parsed = content
            yield DashboardFile(provider, shown(path), inside.as_posix(), title, text, parsed)


def _dashboard(path: Path, reading: Reading) -> tuple[str, dict[str, Any]] | None:
    place = Place(shown(path))
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
        content = read_json(text)
    except (UnreadableError, OSError) as error:
        line = getattr(error, "line", 1)
        why = "a byte order mark" if text.startswith("\ufeff") else str(error)
        reading.report.lost(
            Place(place.file, line), "unreadable", f"is no JSON to Grafana ({why}); it is left out"
        )
        return None
    if isinstance(content, dict) and ("spec" in content and "apiVersion" in content):
        reading.report.lost(
            place,
            "resource-format",
            "is a resource (apiVersion, kind, spec); file provisioning reads the classic format"
            " only: export it as Classic",
        )
        return None
    if not isinstance(content, dict) or not isinstance(content.get("title"), str):
        reading.report.lost(
            place, "no-title", "is no dashboard: no title at its top level; it is left out"
        )
        return None
    return text, content


def _delete_missing(provider: Provider, disk: list[DashboardFile], state: State) -> None:
    there = {one.inside for one in disk}
    gone = [d for d in state.dashboards if d.provider == provider.name and d.file not in there]
    for one in gone:
        if provider.disable_deletion:
            one.provider = ""
        else:
            state.dashboards.remove(one)


def _save(one: DashboardFile, earlier: list[DashboardFile], state: State, reading: Reading) -> None:
    report, release, org = reading.report, reading.release, one.provider.org
    if not one.title:
        report.lost(one.place("title"), "no-title", "the title is empty; the dashboard is left out")
        return
    if one.uid and (not is_plain(one.uid) or len(one.uid) > MOST):
        report.lost(
            one.place("uid"),
            "uid",
            f"uid {one.uid!r} is not made of at most {MOST} letters, digits, - and _; the"
            " dashboard is left out",
        )
        return
    if not one.uid:
        report.doubtful(
            one.place("uid"), "no-uid", "without a uid (a text) each server makes up its own"
        )
    _folder(one.provider, one.folder, state, reading)
    if state.folder(org, one.title) is not None:
        certain = release < FOLDERS_APART
        (report.lost if certain else report.doubtful)(
            one.place("title"),
            "title-is-folder",
            f"{one.title!r} is the title of a folder, so the dashboard"
            f" {'is' if certain else 'may be'} not saved; rename one",
        )
        if certain:
            return
    same_uid = next(
        (d for d in earlier if one.uid and d.uid == one.uid and d.provider.org == org), None
    )
    same_title = next(
        (
            d for d in earlier
            if slug(d.title) == slug(one.title)
            and slug(d.folder) == slug(one.folder)
            and d.provider.org == org
        ),
        None,
    )  # fmt: skip
    if same_uid or same_title:
        other = same_uid or same_title
        assert other is not None
        what = f"uid {one.uid!r}" if same_uid else f"title {one.title!r} in folder {one.folder!r}"
        report.lost(
            one.place("uid" if same_uid else "title"),
            "duplicate-uid" if same_uid else "duplicate-title",
            f"{other.file} has the same {what}: one of the two is lost, and their provider stops"
            " writing",
        )
        return
    _store(one, state, reading)


def _store(one: DashboardFile, state: State, reading: Reading) -> None:
    """Save as Grafana does: the file is known by its path, then the title beats the uid."""
    org, name = one.provider.org, one.provider.name
    made = StoredDashboard(
        org, one.uid, one.title, slug(one.folder), name, one.inside, one.place("uid")
    )
    known = next((d for d in state.dashboards if (d.provider, d.file) == (name, one.inside)), None)
    titled = next(
        (
            d for d in state.dashboards
            if d.org == org and d.folder == made.folder and slug(d.title) == slug(one.title)
        ),
        None,
    )  # fmt: skip
    held = state.dashboard(org, one.uid) if one.uid else None
    if known and one.uid and known.uid != one.uid and known.uid:
        reading.report.lost(
            one.place("uid"),
            "uid-changed",
            f"uid {known.uid!r} became {one.uid!r} in the same file: Grafana refuses it for ever"
            " and keeps the old dashboard; put the new one into a file of another name",
        )
        return
    if titled and titled is not known and titled.uid != one.uid:
        reading.report.lost(
            one.place("title"),
            "title-taken",
            f"the title {one.title!r} belongs to dashboard {titled.uid!r}: its content is"
            f" overwritten and {one.uid!r} is not made; give titles that were never used before",
        )
        titled.file, titled.provider = one.inside, name
        return
    for old in (known, held):
        if old is not None and old in state.dashboards:
            state.dashboards.remove(old)
    state.dashboards.append(made)


def _folder(provider: Provider, title: str, state: State, reading: Reading) -> None:
    """Find or make the folder of a title, as the provider's reader does."""
    if not title:
        return
    report, release, org = reading.report, reading.release, provider.org
    there = state.folder(org, title)
    dashboard = state.dashboard_titled(org, title)
    if dashboard and not there:
        certain = release < FOLDERS_APART
        (report.fatal if certain else report.doubtful)(
            provider.place("folder"),
            "folder-is-title",
            f"folder {title!r} bears the title of dashboard {dashboard.uid!r}; rename one",
        )
        if certain:
            return
    asked = "" if provider.by_folders else provider.folder_uid
    if there is not None:
        if asked and there.uid != asked:
            report.doubtful(
                provider.place("folderUid"),
                "folder-uid",
                f"folder {title!r} exists already"
                f"{' as the folder of alert rules' if there.alerting else ''}, so folderUid"
                f" {asked!r} is ignored; give the folders different titles",
            )
        return
    holder = next((f for f in state.folders if asked and (f.org, f.uid) == (org, asked)), None)
    if holder is not None:
        report.doubtful(
            provider.place("folderUid"),
            "folder-uid",
            f"folderUid {asked!r} belongs to folder {holder.title!r}, now named {title!r}",
        )
        holder.title = title
        return
    if asked and state.dashboard(org, asked):
        report.fatal(provider.place("folderUid"), "uid", f"{asked!r} is the uid of a dashboard")
    state.folders.append(StoredFolder(org, title, asked, provider.place("folder"), False))
