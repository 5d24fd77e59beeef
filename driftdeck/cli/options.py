"""Arguments and options that several commands share."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Layout(StrEnum):
    """The form of dashboards: `classic` rows, or `v2` objects with tabs."""

    CLASSIC = "classic"
    V2 = "v2"


class Form(StrEnum):
    """How findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def day(text: str) -> date:
    """A day as it is typed. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write YYYY-MM-DD") from None


@dataclass(frozen=True)
class FolderMap:
    """Where a folder of Grafana's machine lies on this one."""

    there: str
    here: Path


def folder_map(text: str) -> FolderMap:
    """A folder of Grafana's machine and of this one, as THERE=HERE. Raises BadParameter."""
    there, sign, here = text.partition("=")
    if not sign or not there or not here:
        raise typer.BadParameter(f"{text!r} is not THERE=HERE")
    return FolderMap(there, Path(here))


def by_path(maps: Iterable[FolderMap] | None) -> dict[str, Path]:
    """Folders of this machine, by those of Grafana's."""
    return {pair.there: pair.here for pair in maps or ()}


def complete_monitor() -> list[str]:
    """The monitors that a shell may complete; none where the project cannot be read."""
    from driftdeck.errors import DriftdeckError
    from driftdeck.load import load
    from driftdeck.project import Project

    try:
        return [monitor.name for monitor in load(*Project.find().monitor_folders)]
    except DriftdeckError:
        return []


SECRET = "Its password: PGPASSWORD or ~/.pgpass; others see a command line."
DAY, WINDOW = "YYYY-MM-DD", "YYYY-MM-DD[THH]|YYYY-Www|YYYY-MM"
PROCESSORS = os.cpu_count() or 1

MonitorName = Annotated[
    str, typer.Argument(metavar="MONITOR", autocompletion=complete_monitor, help="Its name.")
]
MonitorOrAll = Annotated[
    str,
    typer.Argument(metavar="MONITOR", autocompletion=complete_monitor, help="Its name, or all."),
]
NoReport = Annotated[bool, typer.Option("--no-report", help="Keep no Evidently report.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that collect.")]
Reports = Annotated[
    int,
    typer.Option(
        min=0,
        help="At most so many reports afterwards: of the newest windows and confirmed breaches.",
    ),
]
LayoutOption = Annotated[
    Layout,
    typer.Option("--format", help="v2: with tabs, for Grafana 13, or 12.4 with its toggle."),
]
FormOption = Annotated[
    Form,
    typer.Option("--format", help="github: annotations beside the changed lines."),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE", help="Look for this rule only, by default for all; may be repeated."
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE", help="Do not look for this rule, by default for all; may be repeated."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", exists=True, dir_okay=False,
        help="Which rules count, and in which files; by default grafana-preflight.toml, if there.",
    ),
]  # fmt: skip
Maps = Annotated[
    list[FolderMap] | None,
    typer.Option(
        "--map", metavar="THERE=HERE", parser=folder_map,
        help="A folder of Grafana's machine and where it lies on this one, by default the same;"
        " may be repeated.",
    ),
]  # fmt: skip
Release = Annotated[
    str,
    typer.Option("--grafana", metavar="RELEASE", help="The release that reads it, such as 9.4."),
]
Organisations = Annotated[
    list[int] | None,
    typer.Option(
        "--organisation", metavar="ID",
        help="An organisation that exists, by default 1 alone; may be repeated.",
    ),
]  # fmt: skip
Uri = Annotated[
    str,
    typer.Option(metavar="URI", help=f"Of the database to ask; by default the stack's. {SECRET}"),
]
