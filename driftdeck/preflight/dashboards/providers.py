"""dashboards/*.yaml: the providers, and what of them Grafana refuses or ignores."""

from pathlib import Path
from typing import Annotated, Any

from driftdeck.preflight.read.documents import Items, Record, Scalar, plain
from driftdeck.preflight.read.fields import Entry, Flag, Options, Pointers, Text, Whole, is_null
from driftdeck.preflight.read.files import File, TopLevel, files, parse
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import BARE_LIST_PANICS, TITLES_FREE
from driftdeck.preflight.uids import complaint


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
        path = self.options.get("path")
        path = path if isinstance(path, str) else self.options.get("folder")
        return path if isinstance(path, str) else None

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


def read(tree: Path, reading: Reading) -> list[Provider]:
    """The providers, in the order in which Grafana meets them."""
    providers: list[Provider] = []
    for file in files(tree, "dashboards", reading):
        model = _as_new(file)
        parsed = parse(model, ProviderFile) if model else None
        names: set[str] = set()
        for provider in parsed.providers if parsed else []:
            if provider.name in names:
                reading.report.fatal(
                    provider.place("name"),
                    "duplicate-provider",
                    f"provider {provider.name!r} is here twice",
                )
            elif provider.name in {other.name for other in providers}:
                reading.report.lost(
                    provider.place("name"),
                    "duplicate-provider",
                    f"provider {provider.name!r} is in two files: each deletes the other's"
                    " dashboards",
                )
            names.add(provider.name)
            _check(provider, reading)
            providers.append(provider)
    return providers


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
        items = Items(_modern(provider) for provider in value)
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


def _check(provider: Provider, reading: Reading) -> None:
    report = reading.report
    if provider.org not in reading.organisations:
        report.fatal(
            provider.place("orgId"),
            "unknown-organisation",
            f"organisation {provider.org} does not exist on a fresh server (--organisation"
            f" {provider.org} says that it does)",
        )
    if provider.type not in ("", "file"):
        report.fatal(
            provider.place("type"), "provider-type", f"type {provider.type!r} is not 'file'"
        )
    if provider.path is None or (reading.release >= TITLES_FREE and not provider.has_path):
        report.fatal(
            provider.place("options"), "provider-path", "options.path is missing or no text"
        )
    if provider.update_interval_seconds < 0:
        report.fatal(
            provider.place("updateIntervalSeconds"),
            "interval",
            f"updateIntervalSeconds {provider.update_interval_seconds}: Grafana panics; write 10",
        )
    _check_folder(provider, reading)


def _check_folder(provider: Provider, reading: Reading) -> None:
    report, older = reading.report, reading.release < TITLES_FREE
    if provider.by_folders and provider.folder and provider.folder_uid:
        report.fatal(
            provider.place("options", "foldersFromFilesStructure"),
            "provider-folder",
            "foldersFromFilesStructure excludes folder and folderUid; remove them",
        )
    if provider.by_folders and provider.folder and not provider.folder_uid:
        report.doubtful(
            provider.place("folder"),
            "provider-folder",
            "folder is ignored beside foldersFromFilesStructure; remove one",
        )
    if older and not provider.by_folders and provider.folder.strip().lower() == "general":
        report.fatal(
            provider.place("folder"),
            "provider-folder",
            "a folder cannot be named General; leave folder out to put dashboards there",
        )
    if problem := complaint(provider.folder_uid):
        ends = report.fatal if older else report.lost
        ends(
            provider.place("folderUid"),
            "uid",
            f"folderUid {provider.folder_uid!r} {problem}",
        )
    if provider.folder_uid == "general":
        ends = report.fatal if older else report.lost
        ends(provider.place("folderUid"), "uid", "folderUid 'general' is Grafana's own")
    if not older and provider.folder_uid and not provider.folder and not provider.by_folders:
        report.doubtful(
            provider.place("folderUid"), "folder-uid", "folderUid is ignored without folder"
        )
