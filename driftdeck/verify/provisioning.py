"""The built files, as they lie in the folder that Grafana reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from driftdeck.facts import Json
from driftdeck.generator.artefacts import pages
from driftdeck.generator.files import present
from driftdeck.settings import Settings

Excuses = Mapping[str, Mapping[int, str]]


@dataclass(frozen=True)
class Provisioning:
    """Built files by path, and by dashboard the panels that may be empty, with their reason."""

    files: Mapping[str, str]
    may_be_empty: Excuses

    @classmethod
    def read(cls, settings: Settings, folder: Path) -> "Provisioning":
        """The files of a folder, with the reasons that the source of the dashboards gives."""
        excuses = {page.uid: page.may_be_empty() for page in pages(settings)}
        return cls(present(folder), excuses)

    def dashboards(self) -> list[Json]:
        """Every dashboard, by file name."""
        return [json.loads(text) for name, text in self.files.items() if name.endswith(".json")]

    def rules(self) -> list[tuple[str, Json]]:
        """(group, rule) of every alert rule."""
        groups = self._alerting("groups")
        return [(group["name"], rule) for group in groups for rule in group["rules"]]

    def receivers(self) -> dict[str, str]:
        """The contact point of every receiver's uid."""
        points = self._alerting("contactPoints")
        return {
            receiver["uid"]: point["name"] for point in points for receiver in point["receivers"]
        }

    def routes(self) -> list[Json]:
        """The routes of the policies; none where there are no policies."""
        return [route for tree in self._alerting("policies") for route in tree["routes"]]

    def root(self) -> str:
        """The contact point of alerts that no route fits; '' where there are no policies."""
        return next((str(tree["receiver"]) for tree in self._alerting("policies")), "")

    def _alerting(self, section: str) -> list[Json]:
        documents = (
            yaml.safe_load(text)
            for name, text in self.files.items()
            if name.startswith("alerting/") and name.endswith(".yaml")
        )
        return [item for document in documents for item in document.get(section, [])]
