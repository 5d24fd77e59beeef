"""Finds declarations by file name: each `*.py` of a folder that holds a MONITOR."""

import dataclasses
import importlib.util
import traceback
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from driftdeck import threshold_files
from driftdeck.declare import Contact, DeclarationError, Monitor
from driftdeck.errors import UsageError

CONTACTS = "contacts"
"""The file beside the monitors that says who is told; it may be missing."""
MOVED = {
    "monitors": "write `from driftdeck import declare as d`, as since 0.2",
    "dashboards_src": "write `from driftdeck.dashboards import ...`, as since 0.2",
}
"""Modules of an older release that a declaration may still name."""
RESERVED = frozenset({"collectors", "overview"})
"""Dashboards that are built beside those of the monitors: a monitor called so would replace one."""


class UnknownMonitorError(UsageError):
    """A monitor that no declaration is of: lists those there are."""


@cache
def load(folder: Path, *others: Path) -> tuple[Monitor, ...]:
    """Every declared monitor of some folders, by name, with its calibrated thresholds.

    Raises: DeclarationError naming the file, the line, the field and the mend.
    """
    files = sorted(
        (path for where in (folder, *others) for path in list_declarations(where)), key=_name
    )
    for path, next_path in pairwise(files):
        if path.stem == next_path.stem:
            raise DeclarationError(
                f"{next_path}: name", f"{path} is called so, too", "rename one of the files"
            )
    monitors = tuple(_read(path) for path in files)
    titles = Counter(monitor.title for monitor in monitors)
    for monitor, path in zip(monitors, files, strict=True):
        if titles[monitor.title] > 1:
            raise DeclarationError(
                f"{_place(path)}: title",
                f"{monitor.title!r} is used twice",
                "dashboards are told apart by title, choose another",
            )
    return monitors


def list_declarations(folder: Path) -> list[Path]:
    """The declaration files of a folder, sorted."""
    return [path for path in sorted(folder.glob("[!_]*.py")) if path.stem != CONTACTS]


def find_declaration(name: str, folders: Sequence[Path]) -> Path:
    """The file of a monitor that is declared in one of some folders. Raises UnknownMonitorError."""
    for folder in folders:
        if (path := folder / f"{name}.py").is_file():
            return path
    raise UnknownMonitorError(f"no monitor {name!r}")


def _name(path: Path) -> str:
    return path.stem


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _read(path: Path) -> Monitor:
    place = _place(path)
    monitor = execute(path).get("MONITOR")
    if not isinstance(monitor, Monitor):
        raise DeclarationError(f"{place}: MONITOR", "is missing", "assign MONITOR = Monitor(...)")
    calibration = threshold_files.read(threshold_files.locate(path))
    if monitor.name != path.stem:
        raise DeclarationError(
            f"{place}: name", f"{monitor.name!r}", f"name it {path.stem!r} or rename the file"
        )
    if monitor.name in RESERVED:
        raise DeclarationError(
            f"{place}: name",
            f"{monitor.name!r} is another dashboard's",
            f"choose any but {', '.join(sorted(RESERVED))}, and rename the file",
        )
    if calibration is None:
        return monitor
    return dataclasses.replace(monitor, calibrated=MappingProxyType(dict(calibration.thresholds)))


@cache
def load_contacts(folder: Path, *others: Path) -> tuple[Contact, ...]:
    """Who is told, as `contacts.py` of the first folder says; nobody where there is none.

    others: the further folders of monitors.

    Raises: DeclarationError naming the file, the line, the field and the mend.
    """
    path = folder / f"{CONTACTS}.py"
    if not path.exists():
        return ()
    place = f"{folder.name}/{path.name}"
    contacts = execute(path).get("CONTACTS")
    if not isinstance(contacts, tuple) or not all(
        isinstance(contact, Contact) for contact in contacts
    ):
        raise DeclarationError(
            f"{place}: CONTACTS", "is no tuple of contacts", "assign CONTACTS = (Contact(...),)"
        )
    names = [contact.name for contact in contacts]
    watched = {monitor.name for monitor in load(folder, *others)}
    for contact in contacts:
        unknown = sorted(set(contact.monitors) - watched)
        if names.count(contact.name) > 1 or unknown:
            problem = f"no monitor {', '.join(unknown)}" if unknown else "is there twice"
            raise DeclarationError(f"{place}: {contact.name}", problem, "name what is there, once")
    if len(rest := [contact.name for contact in contacts if contact.others]) > 1:
        problem = "all are told of what fits no contact"
        raise DeclarationError(f"{place}: {', '.join(rest)}", problem, "leave others=True with one")
    return contacts


def execute(path: Path) -> dict[str, object]:
    """The names that a file of the project assigns.

    Raises: DeclarationError naming the file, the line and the mend.
    """
    place = _place(path)
    spec = importlib.util.spec_from_file_location(f"driftdeck_declared.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise DeclarationError(place, "is no Python file", "write a module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except DeclarationError as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        at = f"{place}:{lines[-1]}" if lines else place
        raise DeclarationError(f"{at}: {error.field}", error.problem, error.mend) from error
    except ImportError as error:
        mend = MOVED.get((error.name or "").partition(".")[0], "the file must run by itself")
        raise DeclarationError(place, str(error), mend) from error
    except Exception as error:
        raise DeclarationError(
            place, f"{type(error).__name__}: {error}", "the file must run by itself"
        ) from error
    return vars(module)


def find_monitor(name: str, folder: Path, *others: Path) -> Monitor:
    """The monitor of that name. Raises UnknownMonitorError listing the names there are."""
    monitors = {monitor.name: monitor for monitor in load(folder, *others)}
    if name not in monitors:
        declared = ", ".join(monitors) or "none"
        raise UnknownMonitorError(f"no monitor {name!r}; declared are: {declared}")
    return monitors[name]
