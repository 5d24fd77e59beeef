"""Which runtime: Docker, else a native Grafana, else the embedded database alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from driftdeck.generator.artefacts import artefacts
from driftdeck.project import Project
from driftdeck.settings import Settings
from driftdeck.stack.compose import Compose, engine_problem, engine_reachable
from driftdeck.stack.errors import StackError
from driftdeck.stack.local import Local, grafana_binary
from driftdeck.stack.own import Own


class Runtime(Protocol):
    """What every runtime can do.

    settings: as this runtime builds and connects. folder: that Grafana reads, on this machine.
    """

    settings: Settings
    folder: Path

    @property
    def name(self) -> str:
        """For people: which runtime, and with what."""

    def artefacts(self) -> dict[str, str]:
        """What should lie in the folder, by path."""

    def up(self) -> None:
        """Start everything and fill it. Raises StackError."""

    def down(self) -> None:
        """Stop everything, keep the data."""

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command where the collectors run; its exit status."""

    def status(self) -> list[tuple[str, bool, str]]:
        """(part, runs, address) for each part."""

    def complaints(self) -> list[str]:
        """Lines of the parts' logs that complain."""

    def grafana_log(self) -> str | None:
        """What the Grafana server has logged, None where there is none to read."""

    def reset_password(self) -> None:
        """Set Grafana's admin password to the setting's. Raises StackError."""


@dataclass(frozen=True)
class VerifyTarget:
    """What `verify` looks at.

    folder: holds the built files. wanted: what should lie there, by path. log: of the server,
    None where it cannot be read. settings: as the files were built.
    """

    settings: Settings
    folder: Path
    wanted: Mapping[str, str]
    log: str | None


def find_target(settings: Settings) -> VerifyTarget:
    """The Grafana of GRAFANA_URL and the committed files, else the runtime. Raises StackError."""
    if settings.grafana_url:
        project = Project(root=settings.root)  # settings have the ports of this machine, too
        folder = project.provisioning_dir
        return VerifyTarget(settings.as_committed(), folder, artefacts(project), None)
    runtime = choose(settings)
    return VerifyTarget(
        runtime.settings, runtime.folder, runtime.artefacts(), runtime.grafana_log()
    )


def choose(settings: Settings) -> Runtime:
    """The best runtime there is, or the one that RUNTIME names. Raises StackError."""
    kind = _kind(settings)
    if kind == "docker":
        return Compose(settings)
    return Local(settings, grafana=kind == "grafana")


def where_collected(settings: Settings) -> Runtime | Own:
    """Where collections run: here with DATABASE_URL, else in the runtime. Raises StackError."""
    return Own(settings) if settings.database_url else choose(settings)


def has_grafana(settings: Settings) -> bool:
    """Whether there is a Grafana to ask."""
    return bool(settings.grafana_url) or _kind(settings) != "embedded"


def _kind(settings: Settings) -> str:
    kind = settings.runtime
    if kind == "docker" and not engine_reachable():
        raise StackError(f"RUNTIME=docker, but {engine_problem()}; mend it, or unset RUNTIME")
    if kind == "grafana" and not grafana_binary(settings):
        raise StackError("RUNTIME=grafana, but there is no grafana; set GRAFANA_BIN to one")
    if kind != "auto":
        return kind
    if engine_reachable():
        return "docker"
    return "grafana" if grafana_binary(settings) else "embedded"
