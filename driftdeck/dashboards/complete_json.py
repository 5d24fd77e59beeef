"""A dashboard panel by panel, as Grafana has it: what `make pull` makes of one that no module
builds. Its panels are grafanalib's; one that grafanalib cannot make is a `complete_panel`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib.core import Dashboard, Panel

from driftdeck.dashboards.page import Item, Row
from driftdeck.facts import Json

COMPLETE = "complete"
"""Marks a panel that is complete: nothing of it is modernised."""
REASON_EMPTY = "it was made in Grafana; nobody has said whether it may be empty"


class CompletePanel(Panel):  # type: ignore[misc]  # grafanalib is untyped
    """A panel of which `fields` is the JSON."""

    def __init__(self, fields: Json) -> None:
        super().__init__(
            title=fields["title"], id=fields.get("id"), description=fields.get("description")
        )
        self.fields = fields

    def to_json_data(self) -> Json:
        """The JSON, marked."""
        return {**self.fields, COMPLETE: True}


def complete_panel(
    kind: str, title: str, *, at: tuple[int, int, int, int] | None = None, **fields: Any
) -> CompletePanel:
    """A panel. at: x, y, width, height in cells. fields: the rest, by Grafana's names."""
    content = {"title": title, **fields}
    if kind:
        content["type"] = kind
    if at is not None:
        content["gridPos"] = dict(zip(("x", "y", "w", "h"), at, strict=True))
    return CompletePanel(content)


class CompleteDashboard(Dashboard):  # type: ignore[misc]  # grafanalib is untyped
    """A dashboard of which `fields` is the JSON, but for its panels."""

    def __init__(self, fields: Json, panels: Sequence[Panel]) -> None:
        super().__init__(title=fields["title"])
        self.fields, self.complete_panels = fields, panels

    def to_json_data(self) -> Json:
        """The JSON, marked."""
        return {**self.fields, "panels": list(self.complete_panels), COMPLETE: True}


@dataclass(frozen=True)
class PulledDashboard:
    """One dashboard as it was in Grafana; built like a Page."""

    uid: str
    title: str
    panels: Sequence[Panel]
    fields: Json

    @property
    def description(self) -> str:
        """For people, '' where it has none."""
        return str(self.fields.get("description") or "")

    @property
    def rows(self) -> list[Row]:
        """Every panel, under no heading."""
        return [Row("", [Item(panel, 24, 1) for panel in self.panels])]

    def may_be_empty(self) -> dict[int, str]:
        """All panels."""
        return {panel.id: REASON_EMPTY for panel in self.panels}

    def dashboard(self) -> Dashboard:
        """As grafanalib's dashboard."""
        return CompleteDashboard(
            {**self.fields, "uid": self.uid, "title": self.title}, list(self.panels)
        )


def pulled_dashboard(
    uid: str, title: str, *, panels: Sequence[Panel], **fields: Any
) -> PulledDashboard:
    """A dashboard. fields: the rest, by Grafana's names."""
    return PulledDashboard(uid, title, panels, fields)
