"""Every link that the built dashboards hold, and where it leads."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from driftdeck.facts import Json
from driftdeck.facts.panels import walk_panels

OF_ROW = re.compile(r"\$\{__data\.fields(?:\.([\w ]+)|\[\"([^\"]+)\"\])\}")
OF_BROWSER = re.compile(r"\$\{__\w[^}]*\}")


@dataclass(frozen=True)
class Link:
    """A link. place: for people. panel: the id of its panel, 0 for the dashboard's own."""

    place: str
    url: str
    panel: int = 0

    def addresses(self, columns: Mapping[str, tuple[object, ...]]) -> set[str]:
        """The addresses that it leads to, one for each row of its panel.

        columns: of the panel's results, by name, alike in length.
        """
        names = {next(filter(None, groups)) for groups in OF_ROW.findall(self.url)}
        if not names:
            return {self._of({})}
        rows = zip(*(columns.get(name, ()) for name in sorted(names)), strict=False)
        return {
            self._of(dict(zip(sorted(names), row, strict=True)))
            for row in rows
            if not any(value in (None, "") for value in row)  # 0 is a value
        }

    def _of(self, row: Mapping[str, object]) -> str:
        text = OF_ROW.sub(lambda match: str(row[match[1] or match[2]]), self.url)
        return OF_BROWSER.sub("", text.replace("${__value.time}", "newest"))


def check_address(address: str) -> str:
    """Why nothing is shown at an address outside Grafana, '' where something is."""
    try:
        status = httpx.get(address, follow_redirects=True, timeout=30).status_code
    except httpx.HTTPError as error:
        return f"{address}: {error}"
    return "" if status < 400 else f"{address}: {status}"


def list_links(dashboard: Json) -> list[Link]:
    """The links of a dashboard, its panels and their values, each once."""
    return list(dict.fromkeys(_iter_links(dashboard)))


def _iter_links(dashboard: Json) -> Iterator[Link]:
    title = dashboard["title"]
    for link in dashboard.get("links", []):
        if link.get("type") == "link":
            yield Link(f"{title} / {link['title']}", link["url"])
    for _, panel in walk_panels(dashboard):
        for link in _iter_panel_links(panel):
            yield Link(f"{title} / {panel['title']} / {link['title']}", link["url"], panel["id"])


def _iter_panel_links(panel: Json) -> Iterator[Json]:
    config = panel.get("fieldConfig", {})
    yield from panel.get("links", [])
    yield from config.get("defaults", {}).get("links", [])
    for override in config.get("overrides", []):
        for property_ in override["properties"]:
            if property_["id"] == "links":
                yield from property_["value"]
