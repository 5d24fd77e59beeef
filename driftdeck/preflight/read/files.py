"""Finds and reads the files of one folder of a provisioning tree, as Grafana's readers choose."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from driftdeck.preflight.findings import Place, Severity
from driftdeck.preflight.read.documents import Items, Record, UnreadableError, line_of, read_yaml
from driftdeck.preflight.read.fields import Entry
from driftdeck.preflight.read.reading import Reading, Source
from driftdeck.preflight.releases import Release

YAML = (".yaml", ".yml")
SECTIONS = {
    "datasources": ("datasources", "deleteDatasources"),
    "dashboards": ("providers",),
    "alerting": (
        "groups", "deleteRules", "contactPoints", "deleteContactPoints", "policies",
        "resetPolicies", "muteTimes", "deleteMuteTimes", "templates", "deleteTemplates",
    ),
}  # fmt: skip
"""What each folder's files hold."""
TEXTUAL = (".yaml", ".yml", ".json", ".toml")


@dataclass(frozen=True)
class File:
    """A file that Grafana reads, with what stands in it."""

    name: str
    source: Source
    content: Any


def files(
    tree: Path, kind: str, reading: Reading, suffixes: tuple[str, ...] = YAML
) -> Iterator[File]:
    """The files of a folder in the order of their names."""
    opened = (read(path, kind, reading, suffixes) for path in paths(tree, kind))
    return (file for file in opened if file is not None)


def paths(tree: Path, kind: str) -> list[Path]:
    """What lies in a folder, in the order in which Grafana reads it."""
    folder = tree / kind
    lying = folder.iterdir() if folder.is_dir() else iter(())
    return sorted(lying, key=lambda path: path.name.encode())


def read(path: Path, kind: str, reading: Reading, suffixes: tuple[str, ...] = YAML) -> File | None:
    """A file of a folder; None where Grafana passes over it. Unreadable ones are fatal findings."""
    source = Source(reading, shown(path))
    if not path.name.endswith(suffixes):
        if path.is_dir():
            _below(path, kind, reading, suffixes)
        else:
            _left_out(path, kind, source, suffixes)
        return None
    if path.is_dir():
        reading.report.fatal(
            Place(source.file), "not-a-file", "is a folder; Grafana opens it as a file"
        )
        return None
    try:
        content, second = read_yaml(path)
    except (UnreadableError, OSError) as error:
        line = getattr(error, "line", 1)
        reading.report.fatal(Place(source.file, line), "unreadable", f"{error}")
        return None
    if second:
        reading.report.lost(
            Place(source.file, second),
            "second-document",
            "Grafana reads a file's first document only; move what follows --- to a file of"
            " its own",
        )
    return File(path.name, source, content)


def shown(path: Path) -> str:
    """A path as people write it: relative to where they are, if it lies below."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _below(folder: Path, kind: str, reading: Reading, suffixes: tuple[str, ...]) -> None:
    """Files that are meant for this reader, in a folder that it does not look into."""
    if folder.name.startswith("."):
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not path.name.endswith(suffixes):
            continue
        try:
            content, _ = read_yaml(path)
        except (UnreadableError, OSError):
            continue
        if isinstance(content, Record) and any(
            isinstance(content.get(s), Items) for s in SECTIONS[kind]
        ):
            reading.report.lost(
                Place(shown(path)),
                "not-read",
                f"Grafana looks into no folder below {kind}/; move the file up",
            )


def _left_out(path: Path, kind: str, source: Source, suffixes: tuple[str, ...]) -> None:
    """A file that looks like provisioning, in a form that this reader passes over."""
    if not path.name.lower().endswith(TEXTUAL) or kind == "dashboards":
        return
    try:
        content, _ = read_yaml(path)
    except (UnreadableError, OSError):
        return
    if isinstance(content, Record | Items):
        source.reading.report.lost(
            Place(source.file),
            "wrong-suffix",
            f"Grafana reads only {' and '.join(suffixes)} here; rename the file",
        )


Model = TypeVar("Model", bound=Entry)


def parse(file: File, model: type[Model]) -> Model | None:
    """A file as a model; what does not fit is a fatal finding."""
    if file.content is None:
        return None
    try:
        entry = model.model_validate(file.content, context=file.source)
    except ValidationError as error:
        report_errors(file, file.content, error)
        return None
    unknown_keys(file.source, entry)
    return entry


def report_errors(
    file: File, content: Any, error: ValidationError, above: tuple[str | int, ...] = ()
) -> None:
    """Each error of a model as a fatal finding at the place of its field."""
    for fault in error.errors(include_url=False):
        path = (*above, *(step for step in fault["loc"]))
        name = ".".join(step.rstrip("_") for step in path if isinstance(step, str))
        message = fault["msg"].removeprefix("Value error, ")
        place = Place(file.source.file, line_of(content, path))
        file.source.reading.report.fatal(
            place, "wrong-value", f"{name} {message}" if name else f"the file {message}"
        )


def unknown_keys(source: Source, entry: Entry, top: bool = True) -> None:
    """Keys that Grafana does not know and silently passes over, at every level."""
    known = _keys(type(entry))
    for key in entry.model_extra or {}:
        if key.startswith(("x-", "_", ".")):
            continue  # people keep anchors under such keys
        alone = top and not any(map(entry.is_set, known.keys() - {"apiVersion"}))
        _unknown_key(source, entry, key, sorted(known), alone)
    for key, born in _newer(type(entry)):
        if entry.is_set(key) and source.reading.release < born:
            source.reading.report.doubtful(
                entry.place(key),
                "newer-key",
                f"Grafana {source.reading.release} ignores {key}, which came with {born}",
            )
    for inner in entry.__dict__.values():
        for item in inner if isinstance(inner, list) else [inner]:
            if isinstance(item, Entry):
                unknown_keys(source, item, top=False)


@cache
def _keys(model: type[Entry]) -> dict[str, Release | None]:
    """The keys that a mapping may have, and since which release, where older ones ignore it."""
    keys: dict[str, Release | None] = {}
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        born = extra.get("since") if isinstance(extra, dict) else None
        keys[field.alias or name] = Release.of(str(born)) if born else None
    return keys


@cache
def _newer(model: type[Entry]) -> list[tuple[str, Release]]:
    """Those that older releases ignore."""
    return [(key, born) for key, born in _keys(model).items() if born is not None]


def _unknown_key(source: Source, entry: Entry, key: str, known: list[str], alone: bool) -> None:
    """A near miss is named; a section of an unknown name is content that is lost."""
    value = entry._record.get(key)
    home = next((kind for kind, sections in SECTIONS.items() if key in sections), "")
    if home and isinstance(entry, TopLevel) and isinstance(value, Items) and value:
        source.reading.report.lost(
            entry.place(key), "unknown-section", f"Grafana reads {key} in {home}/ only; move it"
        )
        return
    near = next((name for name in known if _bare(name) == _bare(key)), None)
    near = near or next(iter(get_close_matches(key, known, n=1, cutoff=0.75)), None)
    if near and entry.is_set(near):
        return  # it is there, so that this is another
    meant = f"; {near} is meant?" if near else f"; known are {', '.join(known)}"
    if isinstance(value, Items) and value and (alone or (near and isinstance(entry, TopLevel))):
        source.reading.report.lost(
            entry.place(key), "unknown-section", f"Grafana passes over {key}{meant}"
        )
    elif near:
        born = _keys(type(entry))[near]
        meant_now = born is None or source.reading.release >= born
        alike = _bare(near) == _bare(key) and meant_now
        lost = alike and entry.passed_over is Severity.LOST
        (source.reading.report.lost if lost else source.reading.report.doubtful)(
            entry.place(key), "unknown-key", f"Grafana passes over {key}{meant}"
        )


def _bare(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").rstrip("s")


class TopLevel(Entry):
    """A whole file."""
