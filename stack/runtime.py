"""Which runtime: Docker, else a native Grafana, else the embedded database alone."""

from typing import Protocol

from generator.artefacts import Place
from settings import Settings
from stack.compose import Compose, engine_reachable
from stack.local import Local, grafana_binary


class Runtime(Protocol):
    """What every runtime can do. settings, place: as this runtime builds and connects."""

    settings: Settings
    place: Place

    @property
    def name(self) -> str:
        """For people: which runtime, and with what."""

    def up(self) -> None:
        """Start everything and fill it. Raises RuntimeError."""

    def down(self) -> None:
        """Stop everything, keep the data."""

    def status(self) -> list[tuple[str, bool, str]]:
        """(part, runs, address) for each part."""

    def complaints(self) -> list[str]:
        """Lines of the parts' logs that complain."""

    def reset_password(self) -> None:
        """Set Grafana's admin password to the setting's. Raises RuntimeError."""


def choose(settings: Settings) -> Runtime:
    """The best runtime there is, or the one that RUNTIME names. Raises RuntimeError."""
    kind = _kind(settings)
    if kind == "docker":
        return Compose(settings)
    return Local(settings, grafana=kind == "grafana")


def has_grafana(settings: Settings) -> bool:
    """Whether there is a Grafana to ask."""
    return bool(settings.grafana_url) or _kind(settings) != "embedded"


def _kind(settings: Settings) -> str:
    asked = settings.runtime
    if asked == "docker" and not engine_reachable():
        raise RuntimeError(
            "RUNTIME=docker, but no Docker Engine answers; start it, or unset RUNTIME"
        )
    if asked == "grafana" and not grafana_binary(settings):
        raise RuntimeError("RUNTIME=grafana, but there is no grafana; set GRAFANA_BIN to one")
    if asked != "auto":
        return asked
    if engine_reachable():
        return "docker"
    return "grafana" if grafana_binary(settings) else "embedded"
